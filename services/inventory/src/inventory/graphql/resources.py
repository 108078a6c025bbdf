"""What requests of *inventory* have beside the database."""

from dataclasses import dataclass, field

from inventory.exports import Workbench
from inventory.importing import Uploads

__all__ = ["Resources"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Opened when the process begins to serve."""

    workbench: Workbench = field(default_factory=Workbench)
    uploads: Uploads = field(default_factory=Uploads)

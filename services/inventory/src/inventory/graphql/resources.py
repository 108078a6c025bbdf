"""What requests of *inventory* have beside the database."""

from dataclasses import dataclass, field

from inventory.config import InventorySettings
from inventory.exports import Workbench
from inventory.importing import Uploads
from inventory.vault import Vault

__all__ = ["Resources"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Opened when the process begins to serve."""

    vault: Vault
    evidence_limit_bytes: int = InventorySettings.model_fields["evidence_limit_bytes"].default
    workbench: Workbench = field(default_factory=Workbench)
    uploads: Uploads = field(default_factory=Uploads)

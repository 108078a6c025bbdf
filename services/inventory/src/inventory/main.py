"""Assembly of *inventory*."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from chassis.service import Service
from chassis.settings import ServiceSettings
from inventory.access import READ
from inventory.config import InventorySettings
from inventory.evidence_files import EVIDENCE_FILES
from inventory.export_files import EXPORT_FILES
from inventory.graphql.resources import Resources
from inventory.graphql.schema import schema
from inventory.import_files import IMPORT_FILES
from inventory.incoming import SUBSCRIPTIONS
from inventory.vault import Vault
from inventory.worker_beside import work_off_imports

__all__ = ["SERVICE"]


@asynccontextmanager
async def opens(settings: ServiceSettings) -> AsyncIterator[Resources]:
    """What requests share beside the database."""
    if not isinstance(settings, InventorySettings):
        message = "inventory serves with settings of its own"
        raise TypeError(message)
    yield Resources(vault=Vault.open(**settings.evidence), evidence_limit_bytes=settings.evidence_limit_bytes)


SERVICE = Service(
    name="inventory",
    schema=schema,
    subscriptions=SUBSCRIPTIONS,
    reads=READ,
    opens=opens,
    files=(*EXPORT_FILES, *EVIDENCE_FILES, *IMPORT_FILES),
    tasks=(work_off_imports,),
    settings=InventorySettings,
)

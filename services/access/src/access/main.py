"""Assembly of *access*."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from access.access import READ
from access.config import AccessSettings
from access.directory.by_keycloak import open_directory
from access.graphql.resources import Resources
from access.graphql.schema import schema
from access.incoming import SUBSCRIPTIONS
from access.people import People
from access.worker import Worker
from chassis.callout.task import answer_for_outsiders
from chassis.service import Runtime, Service
from chassis.settings import ServiceSettings

__all__ = ["SERVICE"]


@asynccontextmanager
async def opens(settings: ServiceSettings) -> AsyncIterator[Resources]:
    own = _own(settings)
    async with open_directory(own) as directory:
        yield Resources(
            people=People(directory=directory, lookups_per_minute=own.person_lookups_per_minute),
            attestation_interval_days=own.attestation_interval_days,
        )


async def keep_directory(runtime: Runtime) -> None:
    own = _own(runtime.settings)
    if not isinstance(runtime.resources, Resources):
        message = "the directory is opened before the tasks begin"
        raise TypeError(message)
    worker = Worker(
        database=runtime.database,
        directory=runtime.resources.people.directory,
        root=own.root_location,
        apply_interval_s=own.access_apply_interval_s,
        sweep_interval_s=own.access_sweep_interval_s,
        drift=own.access_drift,
    )
    await worker.run()


def _own(settings: ServiceSettings) -> AccessSettings:
    """The settings, with this service's own where only the common ones were given."""
    if isinstance(settings, AccessSettings):
        return settings
    return AccessSettings(**settings.model_dump())


SERVICE = Service(
    name="access",
    schema=schema,
    subscriptions=SUBSCRIPTIONS,
    reads=READ,
    settings=AccessSettings,
    opens=opens,
    tasks=(answer_for_outsiders, keep_directory),
)

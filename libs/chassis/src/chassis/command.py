"""`python -m <service> serve|migrate|replay`. Each imports only what it needs: a migration starts in a blink."""

import sys
from importlib import import_module
from typing import TypeVar

from pydantic import ValidationError

from chassis import telemetry
from chassis.settings import ServiceSettings

__all__ = ["run", "settings_of"]

Settings = TypeVar("Settings", bound=ServiceSettings)


def settings_of(package: str, kind: type[Settings]) -> Settings:
    """The settings that the environment has; exits naming each that is wrong."""
    try:
        return kind()
    except ValidationError as error:
        problems = [f"  LICHEN_{'_'.join(map(str, at['loc'])).upper()}: {at['msg']}" for at in error.errors()]
        sys.exit(f"{package} can't start with these settings:\n" + "\n".join(problems))


def run(package: str) -> None:
    """The command line of a service; its `main.py` has its `SERVICE`."""
    command = sys.argv[1:]
    if command not in (["serve"], ["migrate"], ["replay"]):
        sys.exit(f"usage: python -m {package} serve|migrate|replay")
    telemetry.configure(package, version="0.1.0")
    if command == ["migrate"]:
        from chassis.migrations import migrate  # noqa: PLC0415 - see above

        settings = settings_of(package, ServiceSettings)
        if settings.migration_url is None:
            sys.exit("LICHEN_MIGRATION_URL is not set: migrations run as the owner of the database")
        migrate(package, settings.migration_url.get_secret_value())
        return
    from chassis.service import replay, serve  # noqa: PLC0415 - see above

    service = import_module(f"{package}.main").SERVICE
    if command == ["serve"]:
        serve(service, settings_of(package, service.settings))
    else:
        replay(service, settings_of(package, service.settings))

"""Every HTTP route, from the applications themselves: a route that comes later is tried without being named here."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module

from pydantic import SecretStr
from starlette.routing import BaseRoute, Mount
from starlette.routing import Route as StarletteRoute

from chassis.service import create_application
from contracts.catalogue import SERVICES
from lichen.home import REPOSITORY
from lichen.platform import Platform

__all__ = ["Route", "routes"]

PARAMETER = re.compile(r"\{(\w+)(?::\w+)?\}")
GATEWAY_PATH = re.compile(r"(?:path|pathOf\(request\)) [!=]== '(/[^']*)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    service: str
    base: str
    path: str

    def url(self, value: Callable[[str], str]) -> str:
        """The address, its parameters filled."""
        return self.base + PARAMETER.sub(lambda match: value(match[1]), self.path)


def routes(platform: Platform) -> tuple[Route, ...]:
    """Of the services by their ASGI applications, of the gateway by the paths that its source compares with."""
    found = [
        Route(service=service, base=f"http://127.0.0.1:{platform.ports[service]}", path=path)
        for service in SERVICES
        for path in sorted(set(_paths(service)))
    ]
    source = (REPOSITORY / "gateway" / "http.mjs").read_text()
    base = platform.gateway_url.removesuffix("/graphql")
    paths = sorted({*GATEWAY_PATH.findall(source), "/", "/none"})
    return (*found, *(Route(service="gateway", base=base, path=path) for path in paths))


def _paths(service: str) -> Iterator[str]:
    service_of = import_module(f"{service}.main").SERVICE
    settings = service_of.settings.model_construct(
        env="local", database_url=SecretStr("postgresql://none@127.0.0.1:1/none"), nats_url="nats://127.0.0.1:1",
        issuer="http://127.0.0.1:1/realms/none",
    )  # fmt: skip
    application = create_application(service_of, settings)
    yield from _walk(application.routes, "")
    yield from ("/", "/none")


def _walk(found: list[BaseRoute], prefix: str) -> Iterator[str]:
    for route in found:
        if isinstance(route, StarletteRoute):
            yield prefix + route.path
        elif isinstance(route, Mount):
            yield prefix + route.path
            yield from _walk(list(route.routes), prefix + route.path)

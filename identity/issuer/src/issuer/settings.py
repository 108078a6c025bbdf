"""Every setting, and every reason for not starting at all."""

import ipaddress
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import KeySet

__all__ = ["AUDIENCE", "REALM", "RefusesToStart", "Settings", "is_loopback"]

REALM = "lichen-local"
AUDIENCE = "lichen-api-local"
HOST = "127.0.0.1"
PERSONAS = Path(__file__).with_name("personas.json")
REDIRECT_URIS = "http://127.0.0.1:4000/callback,http://localhost:4000/callback"
KEY_ROTATION_MIN_S = 60
DATABASE_VARIABLES = ("LICHEN_DATABASE_URL", "LICHEN_MIGRATION_URL", "DATABASE_URL")


class RefusesToStart(Exception):
    """The surroundings are not a developer's machine, or a setting is wrong; the text says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    port: int
    """TCP port on 127.0.0.1; never 0 here: the issuer's URL is in every token."""
    personas: Path
    redirect_uris: frozenset[str]
    """Compared as whole strings; loopback only."""
    api_secret: str = field(repr=False)
    """Secret of the introspection client, which is named as the audience."""
    unep_secret: str = field(repr=False)
    """Secret of the machine client `ext-unep`."""
    undp_keys: KeySet | None = field(repr=False)
    """Public keys of the machine client `ext-undp`, which is not there without."""
    access_secret: str = field(repr=False)
    """Secret of `lichen-access`, which administers people and groups."""
    key_rotation_s: int
    """How long one signing key signs; the next one is published that long beforehand."""

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def issuer(self) -> str:
        return f"{self.base_url}/realms/{REALM}"

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, port: int | None = None) -> "Settings":
        """Refusals, in order: not local, inside a cluster, a distant database, then each wrong setting."""
        refuse_production(environment)
        return cls(
            port=requested_port(environment) if port is None else port,
            personas=Path(environment.get("LICHEN_ISSUER_PERSONAS") or PERSONAS),
            redirect_uris=_redirect_uris(environment.get("LICHEN_ISSUER_REDIRECT_URIS") or REDIRECT_URIS),
            api_secret=environment.get("LICHEN_INTROSPECTION_SECRET") or "lichen-api",
            unep_secret=environment.get("LICHEN_ISSUER_UNEP_SECRET") or "ext-unep",
            undp_keys=_public_keys(environment, "LICHEN_ISSUER_UNDP_JWKS"),
            access_secret=environment.get("LICHEN_ACCESS_SECRET") or "lichen-access",
            key_rotation_s=_integer(
                environment, "LICHEN_ISSUER_KEY_ROTATION_S", default=3600, least=KEY_ROTATION_MIN_S
            ),
        )


def refuse_production(environment: Mapping[str, str]) -> None:
    """Raise RefusesToStart unless this is plainly a developer's machine."""
    found = environment.get("LICHEN_ENV", "production")
    if found != "local":
        raise RefusesToStart(f"LICHEN_ENV is {found!r}; the development issuer runs only with LICHEN_ENV=local.")
    if environment.get("KUBERNETES_SERVICE_HOST"):
        raise RefusesToStart("This is a Kubernetes pod; the development issuer runs only on a developer's machine.")
    for variable in DATABASE_VARIABLES:
        url = environment.get(variable)
        if url and not _is_local_database(url):
            # The URL may hold a password, so it is not repeated.
            raise RefusesToStart(f"{variable} does not point to this machine alone; unset it or use Keycloak.")


def requested_port(environment: Mapping[str, str]) -> int:
    """The port asked for; 0 means any free one."""
    return _integer(environment, "LICHEN_ISSUER_PORT", default=0, least=0, most=65_535)


def is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        address = ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


def _is_local_database(url: str) -> bool:
    """Whether every host that a PostgreSQL driver could take from this URL is loopback or a socket's folder."""
    try:
        parts = urlsplit(url)
        query = parse_qs(parts.query)
    except ValueError:
        return False
    if not parts.scheme.startswith("postgres"):
        return False
    in_address = [re.sub(r":\d*$", "", host) for host in parts.netloc.rpartition("@")[2].split(",") if host]
    in_query = [host for name in ("host", "hostaddr") for value in query.get(name, []) for host in value.split(",")]
    return "service" not in query and all(host.startswith("/") or is_loopback(host) for host in in_address + in_query)


def _redirect_uris(text: str) -> frozenset[str]:
    uris = frozenset(uri.strip() for uri in text.split(",") if uri.strip())
    for uri in uris:
        parts = urlsplit(uri)
        if (
            parts.scheme not in {"http", "https"}
            or not is_loopback(parts.hostname or "")
            or parts.username is not None
            or "*" in uri
            or "#" in uri
        ):
            raise RefusesToStart(f"Redirect address {uri!r} must be an exact http(s) loopback address.")
    return uris


def _public_keys(environment: Mapping[str, str], name: str) -> KeySet | None:
    text = environment.get(name)
    if not text:
        return None
    try:
        keys = KeySet.import_key_set(json.loads(text))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise RefusesToStart(f"{name} is not a JSON Web Key Set.") from error
    if any(key.is_private or key.key_type == "oct" for key in keys.keys):
        raise RefusesToStart(f"{name} must hold public keys alone.")
    return keys


def _integer(environment: Mapping[str, str], name: str, *, default: int, least: int, most: int = 10**9) -> int:
    text = environment.get(name) or str(default)
    if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise RefusesToStart(f"{name} is {text!r}; expected a whole number from {least} to {most}.")
    return int(text)

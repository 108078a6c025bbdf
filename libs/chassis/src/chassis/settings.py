"""Settings that every service has, read from `LICHEN_…` variables or secret files of the same name."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["ServiceSettings", "is_public"]


SECRET_MIN = 20
"""Characters; every secret that a local run or a test has by default is shorter."""


def is_public(url: str) -> bool:
    """Whether a URL's host can be a server for others: a name, or an address that is neither private nor local."""
    host = (urlsplit(url).hostname or "").rstrip(".")
    if not host or host == "localhost" or host.endswith((".localhost", ".local", ".internal")):
        return False
    address = _address(host)
    return address is None or address.is_global


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """The address that a host stands for by itself, in the old short forms too, which resolvers still take."""
    try:
        address = ip_address(host)
    except ValueError:
        try:
            return IPv4Address(socket.inet_aton(host))
        except OSError:
            return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


class ServiceSettings(BaseSettings):
    """One process, one settings object. Production is the default: a local value must be asked for."""

    model_config = SettingsConfigDict(
        env_prefix="LICHEN_", secrets_dir=None, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    env: Literal["production", "local"] = Field(default="production", description="local allows loopback parts")
    host: str = Field(default="127.0.0.1", description="Address to listen on")
    port: int = Field(default=8000, description="Port to listen on", ge=0, le=65535)
    database_url: SecretStr = Field(description="postgresql://<service>_serving:…@host:port/<service>")
    migration_url: SecretStr | None = Field(
        default=None, description="The same database as its owner; for `migrate` alone"
    )
    database_pool_size: int = Field(default=8, description="Connections kept to PostgreSQL", ge=1, le=100)
    nats_url: str = Field(description="nats://host:port")
    nats_monitor_url: str | None = Field(
        default=None, description="http://host:port of NATS's monitoring, to see sync_interval"
    )
    nats_seed: SecretStr | None = Field(default=None, description="Seed (nkey) of this service's identity at NATS")
    nats_replicas: int = Field(default=1, description="Replicas of this service's stream", ge=1, le=5)
    issuer: str = Field(description="The one OpenID Connect issuer: …/realms/<realm>")
    audience: str = Field(default="lichen-api", description="The one audience that a token must name")
    introspection_secret: SecretStr | None = Field(
        default=None,
        description="Secret of the client named as the audience; without it, introspected capabilities are refused",
    )
    root_location: str = Field(default="secretariat", description="Code of the root of the tree of locations")
    audit_seal_interval_s: float = Field(
        default=5.0, description="Seconds between seals of the audit record, where there is something new", ge=0.1
    )
    body_limit_bytes: int = Field(default=4_194_304, description="Largest request body", ge=1024)
    graphql_depth_limit: int = Field(default=12, ge=1)
    graphql_token_limit: int = Field(default=2000, ge=1)
    graphql_alias_limit: int = Field(default=30, ge=1)
    subscription_limit: int = Field(default=20, description="Subscriptions that one socket carries", ge=1)
    subscription_init_s: float = Field(default=5, description="Wait for `connection_init`, in seconds", gt=0)
    subscription_send_s: float = Field(
        default=20, description="A reader that takes nothing for so many seconds is closed", gt=0
    )
    recheck_s: float = Field(
        default=30,
        description="A token in use, by POST or on an open socket, is introspected every so many seconds",
        gt=0,
    )
    subscription_unvouched_s: float = Field(
        default=60, description="A socket closes when the issuer last vouched so many seconds ago", gt=0
    )

    @model_validator(mode="after")
    def refuse_local_parts_in_production(self) -> Self:
        """Fail closed: the development issuer, private addresses and default secrets can't serve in production."""
        if self.env == "local":
            return self
        if not self.issuer.startswith("https://") or not is_public(self.issuer):
            message = f"LICHEN_ISSUER must be https and a public host in production; found {self.issuer}"
            raise ValueError(message)
        if self.audience.endswith("-local") or "-local" in urlsplit(self.issuer).path:
            message = "LICHEN_AUDIENCE and LICHEN_ISSUER name the local realm; production has another"
            raise ValueError(message)
        secret = self.introspection_secret
        if secret is not None and len(secret.get_secret_value()) < SECRET_MIN:
            message = f"LICHEN_INTROSPECTION_SECRET has fewer than {SECRET_MIN} characters; a default one is no secret"
            raise ValueError(message)
        # Who migrates does not speak to NATS, and gets no key to it.
        if self.nats_seed is None and self.migration_url is None:
            message = "LICHEN_NATS_SEED is needed in production: NATS lets in nobody without a key"
            raise ValueError(message)
        return self

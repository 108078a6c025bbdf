"""Settings that every service has, read from `LICHEN_…` variables or secret files of the same name."""

from ipaddress import ip_address
from typing import Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["ServiceSettings", "is_loopback"]


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


class ServiceSettings(BaseSettings):
    """One process, one settings object. Production is the default: a local value must be asked for."""

    model_config = SettingsConfigDict(env_prefix="LICHEN_", secrets_dir=None, extra="ignore", frozen=True)

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
    nats_credentials: str | None = Field(default=None, description="Path of a NATS credentials file")
    nats_replicas: int = Field(default=1, description="Replicas of this service's stream", ge=1, le=5)
    issuer: str = Field(description="The one OpenID Connect issuer: …/realms/<realm>")
    audience: str = Field(default="lichen-api", description="The one audience that a token must name")
    introspection_client: str = Field(default="lichen-api", description="Client id for token introspection")
    introspection_secret: SecretStr | None = Field(
        default=None, description="Its secret; without it, introspected capabilities are refused"
    )
    root_location: str = Field(default="secretariat", description="Code of the root of the tree of locations")
    body_limit_bytes: int = Field(default=4_194_304, description="Largest request body", ge=1024)
    graphql_depth_limit: int = Field(default=12, ge=1)
    graphql_token_limit: int = Field(default=2000, ge=1)
    graphql_alias_limit: int = Field(default=30, ge=1)

    @model_validator(mode="after")
    def refuse_local_parts_in_production(self) -> Self:
        """Fail closed: the development issuer and loopback addresses can't serve in production."""
        if self.env == "local":
            return self
        if not self.issuer.startswith("https://") or is_loopback(self.issuer):
            message = f"LICHEN_ISSUER must be https and not this machine in production; found {self.issuer}"
            raise ValueError(message)
        if self.audience.endswith("-local") or "-local" in urlsplit(self.issuer).path:
            message = "LICHEN_AUDIENCE and LICHEN_ISSUER name the local realm; production has another"
            raise ValueError(message)
        return self

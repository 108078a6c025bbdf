"""Settings of the service that answers for those outside."""

from pydantic import Field, SecretStr

from chassis.settings import ServiceSettings

__all__ = ["CalloutSettings"]


class CalloutSettings(ServiceSettings):
    """Both seeds, or nobody outside is let in."""

    nats_callout_seed: SecretStr | None = Field(default=None, description="Seed (nkey) of the identity `callout`")
    nats_issuer_seed: SecretStr | None = Field(
        default=None, description="Seed (nkey) that signs what somebody outside may do"
    )

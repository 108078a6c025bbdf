"""Every setting of *access* beside those that all services have."""

from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator

from chassis.callout.settings import CalloutSettings

__all__ = ["AccessSettings"]

LOCAL_SECRET = "lichen-access"  # noqa: S105 - the development issuer's; production refuses it


class AccessSettings(CalloutSettings):
    """The account that administers Keycloak, how often what is looked at, and the callout's seeds."""

    directory_url: str | None = Field(
        default=None,
        description="Keycloak's address inside the cluster, http://host:port; without it the issuer's own",
    )
    access_client: str = Field(default="lichen-access", description="Client id of the account that administers groups")
    access_secret: SecretStr = Field(
        default=SecretStr(LOCAL_SECRET), description="Its secret; production refuses the default"
    )
    access_apply_interval_s: float = Field(
        default=2.0, description="Seconds between looks for decisions to carry out", ge=0.05, le=60
    )
    access_sweep_interval_s: float = Field(
        default=300.0, description="Seconds between comparisons of the whole directory with the record", ge=0.05
    )
    access_drift: Literal["report", "restore", "undo", "adopt"] = Field(
        default="report",
        description="What becomes of a change by hand in Keycloak: it is listed; restore: what it took is put back;"
        " undo: and what it gave is taken away; adopt (local only): what it took is put back, what it gave recorded",
    )
    attestation_interval_days: int = Field(
        default=180, description="Days after which a membership is due for attestation again", ge=1, le=730
    )
    person_lookups_per_minute: int = Field(
        default=20, description="Persons that one caller may look up in a minute, per process", ge=1, le=600
    )

    @model_validator(mode="after")
    def refuse_to_adopt_in_production(self) -> Self:
        """Whoever can change Keycloak's groups would write the record."""
        if self.env == "production" and self.access_drift == "adopt":
            message = "LICHEN_ACCESS_DRIFT=adopt is for local runs; `reconcile --adopt` records once what is there"
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def refuse_the_local_secret_in_production(self) -> Self:
        """Whoever knows the secret gives roles to anyone."""
        secret = self.access_secret.get_secret_value()
        if self.env == "production" and (secret == LOCAL_SECRET or not secret.strip()):
            message = "LICHEN_ACCESS_SECRET is missing or the local default: production has its own"
            raise ValueError(message)
        return self

"""Every setting of *inventory* beside those that all services have."""

import tempfile
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from chassis.settings import ServiceSettings

__all__ = ["InventorySettings"]


class InventorySettings(ServiceSettings):
    """Where files of evidence are kept, and how large they may be."""

    evidence_url: str | None = Field(
        default=None,
        description="file:///folder or s3://bucket/prefix; needed in production, a temporary folder in local runs",
    )
    evidence_endpoint: str | None = Field(
        default=None, description="Address of an S3-compatible store that is not Amazon's"
    )
    evidence_region: str | None = Field(default=None, description="Region of the bucket")
    evidence_key_id: SecretStr | None = Field(
        default=None, description="Key id for the bucket; without it, what the machine or the pod has"
    )
    evidence_secret: SecretStr | None = Field(default=None, description="Secret of that key")
    evidence_limit_bytes: int = Field(default=10_485_760, description="Largest file of evidence", ge=1024)

    @property
    def evidence(self) -> dict[str, str | None]:
        """What `Vault.open` takes."""
        return {
            "url": self.evidence_url or (Path(tempfile.gettempdir()) / "lichen-evidence").as_uri(),
            "endpoint": self.evidence_endpoint,
            "region": self.evidence_region,
            "key_id": None if self.evidence_key_id is None else self.evidence_key_id.get_secret_value(),
            "secret": None if self.evidence_secret is None else self.evidence_secret.get_secret_value(),
        }

    @model_validator(mode="after")
    def refuse_evidence_in_no_safe_place(self) -> Self:
        """A temporary folder loses what was attached, and an open line tells it."""
        url = self.evidence_url
        if url is None:
            # Who migrates keeps no files.
            if self.env == "production" and self.migration_url is None:
                message = "LICHEN_EVIDENCE_URL is needed in production: file:///folder or s3://bucket/prefix"
                raise ValueError(message)
        elif urlsplit(url).scheme not in {"file", "s3"} or (url.startswith("s3:") and not urlsplit(url).netloc):
            message = "LICHEN_EVIDENCE_URL is file:///folder or s3://bucket/prefix"
            raise ValueError(message)
        elif url.startswith("file:") and (urlsplit(url).netloc or len(urlsplit(url).path) <= 1):
            message = "LICHEN_EVIDENCE_URL names a folder by its whole path: file:///folder"
            raise ValueError(message)
        if (self.evidence_key_id is None) != (self.evidence_secret is None):
            message = "LICHEN_EVIDENCE_KEY_ID and LICHEN_EVIDENCE_SECRET come together"
            raise ValueError(message)
        if self.env == "production" and (self.evidence_endpoint or "https://").startswith("https://") is False:
            message = "LICHEN_EVIDENCE_ENDPOINT is https in production"
            raise ValueError(message)
        return self

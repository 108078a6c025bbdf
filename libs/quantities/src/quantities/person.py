"""Who did something, as domains tell two people apart."""

from dataclasses import dataclass

__all__ = ["Person"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who did it. Two are one person when their subjects are the same: a user name can be changed."""

    subject: str | None
    """Stable id at the issuer; None in records from before it was kept: then the names tell."""
    name: str
    """User name, as records show it."""

    def is_same_as(self, other: "Person") -> bool:
        if self.subject is None or other.subject is None:
            return self.name == other.name
        return self.subject == other.subject

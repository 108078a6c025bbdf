"""The shape that every event payload shares: a fact in the past tense, with ids and values that carry their units."""

from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_serializer

__all__ = ["Amount", "Fact"]


class Amount(BaseModel):
    """A figure with its unit; the value travels as a decimal string."""

    model_config = ConfigDict(frozen=True)

    value: Decimal
    unit: str = Field(description="Symbol as in the glossary: kg, kWh, m3, person, tCO2e, kgCO2e, percent, USD")

    @field_serializer("value")
    def plain(self, value: Decimal) -> str:
        """Digits, never an exponent."""
        return format(value, "f")


class Fact(BaseModel):
    """Something that happened at a location. Consumers ignore unknown fields; fields are only ever added."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    producer: ClassVar[str]
    """The service that alone publishes this fact."""
    name: ClassVar[str]
    """Past tense, snake case: the third token of the subject."""
    version: ClassVar[int] = 1
    """A breaking change makes a new class with the next version, published beside the old one."""
    aggregate: ClassVar[str]
    """The field that names the aggregate whose events are numbered without gaps."""

    location_id: str = Field(description="Stable code of the location where it happened")

    @classmethod
    def type(cls) -> str:
        """CloudEvents type."""
        return f"lichen.{cls.producer}.{cls.name}.v{cls.version}"

    @classmethod
    def subject_prefix(cls) -> str:
        """NATS subject up to the location path."""
        return f"evt.{cls.producer}.{cls.name}.v{cls.version}"

    def aggregate_id(self) -> str:
        """The aggregate's id, told apart by its kind."""
        return f"{self.aggregate.removesuffix('_id')}:{getattr(self, self.aggregate)}"

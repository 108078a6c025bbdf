"""Which records of a version are asked for."""

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date

from inventory.domain.errors import FilterTooLarge, PeriodEndsBeforeStart

__all__ = ["EVERY_RECORD", "RecordFilter"]

_VALUES_MAX = 100
_TEXT_MAX = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordFilter:
    """What narrows a list of records. What is None narrows nothing; of several values any will do."""

    categories: frozenset[str] | None = None
    scopes: frozenset[int] | None = None
    optional: bool | None = None
    qualities: frozenset[str] | None = None
    location_ids: frozenset[str] | None = None
    """Sites, and what is under them."""
    items: frozenset[str] | None = None
    period_from: date | None = None
    """Of records with at least one day from here on."""
    period_to: date | None = None
    """Of records with at least one day before this one."""
    import_id: str | None = None
    factor_id: str | None = None
    factor_release: str | None = None
    note: str | None = None
    """Part of the note, in any case of letters."""

    def require_sound(self) -> None:
        """Refuses, in this order: FilterTooLarge for more than 100 values or 200 characters; PeriodEndsBeforeStart."""
        for name in (field.name for field in fields(self)):
            value = getattr(self, name)
            most, what = (_TEXT_MAX, "characters") if isinstance(value, str) else (_VALUES_MAX, "values")
            if isinstance(value, str | Collection) and len(value) > most:
                raise FilterTooLarge(
                    subject=name,
                    found=f"{len(value)} {what}",
                    expected=f"at most {most}",
                    message=f"A filter's {name} has {most} {what} at most.",
                )
        if self.period_from is not None and self.period_to is not None and self.period_to <= self.period_from:
            raise PeriodEndsBeforeStart(
                subject="period",
                found=f"from {self.period_from} to {self.period_to}",
                expected="an end after the start",
                message="A filter's period ends before it starts; its end is the first day that is no longer in it.",
            )


EVERY_RECORD = RecordFilter()

"""Where a location stands in a year: its need, and what retirements cover of it."""

from dataclasses import dataclass

from offsets.domain.need import OffsetNeed
from offsets.domain.statement import NeutralityStatement

__all__ = ["OffsetPosition"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OffsetPosition:
    """Derived from the needs, the ledger and the statements; nothing keeps it."""

    need: OffsetNeed
    """By the newest inventory version."""
    retired_tonnes: int
    statement: NeutralityStatement | None

    @property
    def remaining_tonnes(self) -> int:
        """tCO2e that no retirement covers; 0 where more is retired than needed."""
        return max(self.need.tonnes - self.retired_tonnes, 0)

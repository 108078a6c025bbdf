"""What every request of *offsets* must hold to."""

from offsets.domain.errors import TonnesNotPositive, YearOutOfRange

__all__ = ["NAME_MAX", "TEXT_MAX", "YEAR_MAX", "YEAR_MIN", "require_tonnes", "require_year"]

YEAR_MIN = 1990
"""The Kyoto Protocol's base year: no inventory and no credit is older."""
YEAR_MAX = 2100

NAME_MAX = 100
"""Characters of a registry's or project's name."""
TEXT_MAX = 2_000
"""Characters of a justification or a reason."""


def require_year(year: int) -> None:
    """Refuses: YearOutOfRange."""
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise YearOutOfRange(
            subject="year",
            found=str(year),
            expected=f"{YEAR_MIN} to {YEAR_MAX}",
            message=f"The year must be {YEAR_MIN} to {YEAR_MAX}; {year} was given.",
        )


def require_tonnes(tonnes: int) -> None:
    """Refuses: TonnesNotPositive."""
    if tonnes < 1:
        raise TonnesNotPositive(
            subject="tonnes",
            found=f"{tonnes} tCO2e",
            expected="1 tCO2e or more",
            message=f"Credits are counted in whole tonnes, 1 or more; {tonnes} was asked for.",
        )

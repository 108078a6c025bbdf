"""Every refusal of *inventory*, in the order in which a request meets them."""

from collections.abc import Sequence
from typing import ClassVar

from inventory.domain.rows import Problem
from quantities.refusal import Refusal

__all__ = [
    "AmountNegative",
    "BadWorkbook",
    "BaseYearDataMissing",
    "BaseYearMissing",
    "CapacityNotPositive",
    "CatalogueMalformed",
    "ChangeBeforeEarlierOne",
    "ChangeInTheFuture",
    "ChangeNeedsOneOutcome",
    "CoordinatesOutOfRange",
    "CorrectionIncomplete",
    "DimensionsNotCombined",
    "EntererMayNotApprove",
    "FactorMissing",
    "FiguresTooMany",
    "FileExpandsTooMuch",
    "FileTooLarge",
    "FinalInventoryMissing",
    "FuelUnknown",
    "ImportRefused",
    "InstrumentAlreadyCancelled",
    "InstrumentAlreadyClaimed",
    "InstrumentAmountNotPositive",
    "InstrumentEvidenceMissing",
    "InstrumentOutsideMarket",
    "InstrumentRateNegative",
    "InstrumentRedeemedOutOfTime",
    "InstrumentSourceUnknown",
    "InventoryIsFinal",
    "LocationAlreadyRegistered",
    "LocationClosed",
    "LocationClosesBeforeItOpens",
    "LocationCodeMalformed",
    "LocationHasOpenParts",
    "LocationUnderItself",
    "MethodEditionUnknown",
    "NewerVersionExists",
    "NothingToRecalculate",
    "NothingToSubmit",
    "PeriodEndsBeforeStart",
    "ProposalAlreadyDecided",
    "ProposalOutOfDate",
    "ProposerMayNotDecide",
    "ReasonsMissing",
    "RecalculationRequired",
    "Refused",
    "RootStays",
    "SheetTooLarge",
    "StockInTheFuture",
    "StockOutOfRange",
    "SubmitterMayNotApprove",
    "SubmitterMayNotReturn",
    "ThresholdOutOfRange",
    "UnitNotOfFuel",
    "WrongState",
]


class Refused(Refusal):
    """An expected "no" of *inventory*."""


# The register of locations.


class LocationCodeMalformed(Refused):
    code: ClassVar[str] = "LOCATION_CODE_MALFORMED"


class LocationClosesBeforeItOpens(Refused):
    code: ClassVar[str] = "LOCATION_CLOSES_BEFORE_IT_OPENS"


class CoordinatesOutOfRange(Refused):
    code: ClassVar[str] = "COORDINATES_OUT_OF_RANGE"


class LocationAlreadyRegistered(Refused):
    """The code was given to another location; a code is never given twice."""

    code: ClassVar[str] = "LOCATION_ALREADY_REGISTERED"


# What becomes of a location.


class RootStays(Refused):
    """The root of the register neither moves nor ends."""

    code: ClassVar[str] = "ROOT_STAYS"


class LocationUnderItself(Refused):
    """The tree stays a tree."""

    code: ClassVar[str] = "LOCATION_UNDER_ITSELF"


class ChangeNeedsOneOutcome(Refused):
    code: ClassVar[str] = "CHANGE_NEEDS_ONE_OUTCOME"


class LocationClosed(Refused):
    code: ClassVar[str] = "LOCATION_CLOSED"


class LocationHasOpenParts(Refused):
    code: ClassVar[str] = "LOCATION_HAS_OPEN_PARTS"


class ChangeInTheFuture(Refused):
    code: ClassVar[str] = "CHANGE_IN_THE_FUTURE"


class ChangeBeforeEarlierOne(Refused):
    """Changes are entered in the order in which they happened."""

    code: ClassVar[str] = "CHANGE_BEFORE_EARLIER_ONE"


# Fuel that a site stores.


class FuelUnknown(Refused):
    """The catalogue has no fuel of this name."""

    code: ClassVar[str] = "FUEL_UNKNOWN"


class UnitNotOfFuel(Refused):
    """Stored fuel is a volume or a mass; energy is neither."""

    code: ClassVar[str] = "UNIT_NOT_OF_FUEL"


class CapacityNotPositive(Refused):
    code: ClassVar[str] = "CAPACITY_NOT_POSITIVE"


class StockOutOfRange(Refused):
    """Below 0, or more than the tanks hold."""

    code: ClassVar[str] = "STOCK_OUT_OF_RANGE"


class StockInTheFuture(Refused):
    code: ClassVar[str] = "STOCK_IN_THE_FUTURE"


# Files of activity data. What is wrong inside a readable file is a `Problem` of its row, not a refusal.


class FileTooLarge(Refused):
    code: ClassVar[str] = "FILE_TOO_LARGE"


class BadWorkbook(Refused):
    """Not a file that can be read as a table: damaged, encrypted, or of another kind."""

    code: ClassVar[str] = "BAD_WORKBOOK"


class FileExpandsTooMuch(Refused):
    """A compressed file that would fill the memory once unpacked."""

    code: ClassVar[str] = "FILE_EXPANDS_TOO_MUCH"


class SheetTooLarge(Refused):
    code: ClassVar[str] = "SHEET_TOO_LARGE"


class ImportRefused(Refused):
    """Rows with problems: nothing of the file was taken in."""

    code: ClassVar[str] = "IMPORT_REFUSED"

    def __init__(self, *, file_name: str, problems: Sequence[Problem]) -> None:
        rows = len({(problem.sheet, problem.row) for problem in problems})
        super().__init__(
            subject=file_name,
            found=f"{len(problems)} problem(s) in {rows} row(s)",
            expected="rows without problems",
            message=f"{file_name} has {len(problems)} problem(s) in {rows} row(s); nothing was taken in.",
        )
        self.problems = tuple(problems)


# Activity data and their emissions.


class AmountNegative(Refused):
    code: ClassVar[str] = "AMOUNT_NEGATIVE"


class PeriodEndsBeforeStart(Refused):
    code: ClassVar[str] = "PERIOD_ENDS_BEFORE_START"


class CatalogueMalformed(Refused):
    """A line of a catalogue of emission factors that can't be read."""

    code: ClassVar[str] = "CATALOGUE_MALFORMED"


class MethodEditionUnknown(Refused):
    """No edition of the UN-wide method of this name."""

    code: ClassVar[str] = "METHOD_EDITION_UNKNOWN"


class FactorMissing(Refused):
    """No emission factor for that activity, place and date; a missing one is never taken as 0."""

    code: ClassVar[str] = "FACTOR_MISSING"


# Instruments for electricity.


class InstrumentAmountNotPositive(Refused):
    code: ClassVar[str] = "INSTRUMENT_AMOUNT_NOT_POSITIVE"


class InstrumentSourceUnknown(Refused):
    code: ClassVar[str] = "INSTRUMENT_SOURCE_UNKNOWN"


class InstrumentRateNegative(Refused):
    code: ClassVar[str] = "INSTRUMENT_RATE_NEGATIVE"


class InstrumentOutsideMarket(Refused):
    """Bought where the location takes no electricity."""

    code: ClassVar[str] = "INSTRUMENT_OUTSIDE_MARKET"


class InstrumentRedeemedOutOfTime(Refused):
    """Redeemed too far from the use that it is to cover."""

    code: ClassVar[str] = "INSTRUMENT_REDEEMED_OUT_OF_TIME"


class InstrumentEvidenceMissing(Refused):
    code: ClassVar[str] = "INSTRUMENT_EVIDENCE_MISSING"


class InstrumentAlreadyClaimed(Refused):
    """An instrument carries one claim alone; this reference is recorded already, here or elsewhere."""

    code: ClassVar[str] = "INSTRUMENT_ALREADY_CLAIMED"


class InstrumentAlreadyCancelled(Refused):
    code: ClassVar[str] = "INSTRUMENT_ALREADY_CANCELLED"


# The life of an inventory.


class InventoryIsFinal(Refused):
    """A final inventory does not change; a correction is a new version with a reason."""

    code: ClassVar[str] = "INVENTORY_IS_FINAL"


class WrongState(Refused):
    code: ClassVar[str] = "WRONG_STATE"


class CorrectionIncomplete(Refused):
    code: ClassVar[str] = "CORRECTION_INCOMPLETE"


class NewerVersionExists(Refused):
    """What is corrected is the newest version: versions stand in one line."""

    code: ClassVar[str] = "NEWER_VERSION_EXISTS"


class NothingToSubmit(Refused):
    code: ClassVar[str] = "NOTHING_TO_SUBMIT"


class ReasonsMissing(Refused):
    """Returned work says why."""

    code: ClassVar[str] = "REASONS_MISSING"


class SubmitterMayNotReturn(Refused):
    """Separation of duties: who submitted a version does not review it, so does not return it either."""

    code: ClassVar[str] = "SUBMITTER_MAY_NOT_RETURN"


class EntererMayNotApprove(Refused):
    """Separation of duties: who entered data of a version does not approve it."""

    code: ClassVar[str] = "ENTERER_MAY_NOT_APPROVE"


class SubmitterMayNotApprove(Refused):
    """Separation of duties: who submitted a version does not approve it."""

    code: ClassVar[str] = "SUBMITTER_MAY_NOT_APPROVE"


# Sums over many inventories.


class DimensionsNotCombined(Refused):
    code: ClassVar[str] = "DIMENSIONS_NOT_COMBINED"


class FiguresTooMany(Refused):
    code: ClassVar[str] = "FIGURES_TOO_MANY"


# The base year.


class BaseYearMissing(Refused):
    """The location has none for this."""

    code: ClassVar[str] = "BASE_YEAR_MISSING"


class FinalInventoryMissing(Refused):
    """A base year rests on a final inventory."""

    code: ClassVar[str] = "FINAL_INVENTORY_MISSING"


class ThresholdOutOfRange(Refused):
    code: ClassVar[str] = "THRESHOLD_OUT_OF_RANGE"


class NothingToRecalculate(Refused):
    code: ClassVar[str] = "NOTHING_TO_RECALCULATE"


class BaseYearDataMissing(Refused):
    """A missing figure is never taken as 0."""

    code: ClassVar[str] = "BASE_YEAR_DATA_MISSING"


class RecalculationRequired(Refused):
    """Over the threshold, the base year is recalculated."""

    code: ClassVar[str] = "RECALCULATION_REQUIRED"


class ProposalAlreadyDecided(Refused):
    code: ClassVar[str] = "PROPOSAL_ALREADY_DECIDED"


class ProposerMayNotDecide(Refused):
    """Two people: who proposes does not decide."""

    code: ClassVar[str] = "PROPOSER_MAY_NOT_DECIDE"


class ProposalOutOfDate(Refused):
    code: ClassVar[str] = "PROPOSAL_OUT_OF_DATE"

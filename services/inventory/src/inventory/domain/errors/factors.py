"""Refusals, in order: activity data and their emissions."""

from typing import TYPE_CHECKING, ClassVar

from inventory.domain.errors.base import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.domain.publications.reading import RowProblem

__all__ = [
    "AdoptionAlreadyProposed",
    "AmountNegative",
    "CatalogueMalformed",
    "CategoryUnknown",
    "EditionAlreadyAdopted",
    "EditionAlreadyThere",
    "EditionMalformed",
    "FactorEditionUnknown",
    "FactorMissing",
    "FactorNotInRelease",
    "FactorReleaseUnknown",
    "LicenceMissing",
    "MethodEditionUnknown",
    "NoFactorsFound",
    "NotTheProposer",
    "PeriodEndsBeforeStart",
    "PrivateFactorsElsewhere",
    "PublicationRefused",
    "ReleaseAlreadyThere",
    "RestatementRefused",
]


class AmountNegative(Refused):
    code: ClassVar[str] = "AMOUNT_NEGATIVE"


class PeriodEndsBeforeStart(Refused):
    code: ClassVar[str] = "PERIOD_ENDS_BEFORE_START"


class CatalogueMalformed(Refused):
    """A line of a catalogue of emission factors that can't be read."""

    code: ClassVar[str] = "CATALOGUE_MALFORMED"


class FactorEditionUnknown(Refused):
    """No edition of emission factors of this name."""

    code: ClassVar[str] = "FACTOR_EDITION_UNKNOWN"


class MethodEditionUnknown(Refused):
    """No edition of the UN-wide method of this name."""

    code: ClassVar[str] = "METHOD_EDITION_UNKNOWN"


class FactorMissing(Refused):
    """No emission factor for that activity, place and date; a missing one is never taken as 0."""

    code: ClassVar[str] = "FACTOR_MISSING"


class FactorNotInRelease(Refused):
    """The factor that a figure names is not in the release that it names."""

    code: ClassVar[str] = "FACTOR_NOT_IN_RELEASE"


class PublicationRefused(Refused):
    """A published file with rows that can't be right; all of them are named, and nothing was taken in."""

    code: ClassVar[str] = "PUBLICATION_REFUSED"

    def __init__(self, *, file_name: str, problems: "Sequence[RowProblem]") -> None:
        first = problems[0]
        super().__init__(
            subject=file_name,
            found=f"{len(problems)} problems, the first in line {first.line}: {first.column} {first.value}",
            expected="rows as the publisher has them",
            message=f"{file_name} has {len(problems)} problems, the first in line {first.line}: {first.reason}.",
        )
        self.problems = tuple(problems)


class NoFactorsFound(Refused):
    """A published file without a factor for a category of the method."""

    code: ClassVar[str] = "NO_FACTORS_FOUND"


class ReleaseAlreadyThere(Refused):
    """A release of this name, from another file. A release never changes."""

    code: ClassVar[str] = "RELEASE_ALREADY_THERE"


class FactorReleaseUnknown(Refused):
    """No release of emission factors of this name."""

    code: ClassVar[str] = "FACTOR_RELEASE_UNKNOWN"


class EditionMalformed(Refused):
    """A name, a description or a selection of releases that can't be one."""

    code: ClassVar[str] = "EDITION_MALFORMED"


class EditionAlreadyThere(Refused):
    """An edition of this name. An edition never changes."""

    code: ClassVar[str] = "EDITION_ALREADY_THERE"


class EditionAlreadyAdopted(Refused):
    code: ClassVar[str] = "EDITION_ALREADY_ADOPTED"


class AdoptionAlreadyProposed(Refused):
    """A proposal to adopt the edition is open."""

    code: ClassVar[str] = "ADOPTION_ALREADY_PROPOSED"


class NotTheProposer(Refused):
    """A proposal is withdrawn by who made it; others approve or refuse it."""

    code: ClassVar[str] = "NOT_THE_PROPOSER"


class RestatementRefused(Refused):
    """An edition of factors without a factor for some of the lines; a missing one is never taken as 0."""

    code: ClassVar[str] = "RESTATEMENT_REFUSED"


class CategoryUnknown(Refused):
    """No category of activity data of this name."""

    code: ClassVar[str] = "CATEGORY_UNKNOWN"


class LicenceMissing(Refused):
    """Factors of an entity's own without their publisher, their licence or its text."""

    code: ClassVar[str] = "LICENCE_MISSING"


class PrivateFactorsElsewhere(Refused):
    """Lines by factors that belong to another entity: they are restated by an edition, not copied."""

    code: ClassVar[str] = "PRIVATE_FACTORS_ELSEWHERE"

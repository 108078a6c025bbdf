"""GraphQL types of what is plausible, and of what is beyond."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Self

import strawberry

from chassis.graphql.edge import Info
from chassis.graphql.types import Connection, Quantity, page_of
from chassis.refusals import BadCursor
from inventory import usecases
from inventory.domain import errors
from inventory.domain import plausibility as domain
from inventory.domain.plausibility import Basis, FindingCode, Severity
from inventory.graphql.completeness import SourceCell
from inventory.store import inventories

__all__ = ["Finding", "InventoryFindings", "PlausibilityRange", "SubmissionRefused", "WarningExplanation"]

strawberry.enum(
    Severity,
    name="Severity",
    description="An error is put right before an inventory is handed in; a warning is explained.",
)
strawberry.enum(Basis, name="PlausibilityBasis", description="What a range of the plausible is of.")
strawberry.enum(FindingCode, name="FindingCode", description="Kinds of findings.")


@strawberry.type(description="What a person said about one finding, with the figures that it had.")
class WarningExplanation:
    id: strawberry.ID
    finding_id: strawberry.ID
    location_id: strawberry.ID
    text: str
    explained_by: str
    explained_at: datetime

    @classmethod
    def of(cls, found: domain.Explanation) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            finding_id=strawberry.ID(found.finding_id),
            location_id=strawberry.ID(found.location_id),
            text=found.text,
            explained_by=found.by.name,
            explained_at=found.at,
        )


@strawberry.type(
    description="Something beyond what is plausible, or said without saying why; with other figures, another."
)
class Finding:
    id: strawberry.ID = strawberry.field(description="Made from what it says.")
    code: FindingCode
    severity: Severity
    location_id: strawberry.ID
    category: str | None
    item: str | None
    month: date | None = strawberry.field(description="Null for the year.")
    value: Quantity
    expected: str
    reason: str = strawberry.field(description="Where the bounds are from, or what else is behind it.")
    message: str
    explanation: WarningExplanation | None = strawberry.field(description="Of a warning with these very figures.")

    @classmethod
    def of(cls, found: domain.Finding) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            code=found.code,
            severity=found.severity,
            location_id=strawberry.ID(found.location_id),
            category=None if found.category is None else found.category.value,
            item=found.item,
            month=found.month,
            value=Quantity.of(found.value, found.unit),
            expected=found.expected,
            reason=found.reason,
            message=found.message,
            explanation=None if found.explanation is None else WarningExplanation.of(found.explanation),
        )


@strawberry.type(description="What has to be put right, explained or stated before an inventory is handed in.")
class SubmissionRefused:
    message: str
    open_findings: list[Finding] = strawberry.field(description="Errors, then warnings without explanation.")
    missing_sources: list[SourceCell] = strawberry.field(
        description="Expected sources, where no explanation was given."
    )

    @classmethod
    def of(cls, found: errors.SubmissionRefused) -> Self:
        return cls(
            message=found.message,
            open_findings=[Finding.of(item) for item in found.findings],
            missing_sources=[SourceCell.of(cell) for cell in found.missing],
        )


@strawberry.type(description="Between what an amount is plausible, at a place with all under it, and from when.")
class PlausibilityRange:
    id: strawberry.ID
    location_id: strawberry.ID | None = strawberry.field(description="Null for what ships with the platform.")
    category: str | None = strawberry.field(description="Null for any.")
    item: str | None
    basis: Basis
    low: Quantity | None
    high: Quantity | None
    severity: Severity
    valid_from: date
    valid_to: date | None = strawberry.field(description="The first day on which it does not hold any more.")
    source: str
    set_at: datetime | None

    @classmethod
    def of(cls, found: domain.PlausibilityRange) -> Self:
        return cls(
            id=strawberry.ID(found.id),
            location_id=None if found.place_id is None else strawberry.ID(found.place_id),
            category=None if found.category is None else found.category.value,
            item=found.item,
            basis=found.basis,
            low=_bound(found.low, found),
            high=_bound(found.high, found),
            severity=found.severity,
            valid_from=found.valid_from,
            valid_to=found.valid_to,
            source=found.source,
            set_at=found.at,
        )


def _bound(value: Decimal | None, of: domain.PlausibilityRange) -> Quantity | None:
    return None if value is None else Quantity.of(value, of.shown_unit)


@strawberry.input
class FindingFilter:
    severity: Severity | None = None
    codes: list[FindingCode] = strawberry.field(default_factory=list)
    is_explained: bool | None = None

    def keeps(self, found: domain.Finding) -> bool:
        return (
            self.severity in (None, found.severity)
            and (not self.codes or found.code in self.codes)
            and self.is_explained in (None, found.explanation is not None)
        )


@strawberry.type
class InventoryFindings:
    """Fields of an inventory about what is beyond the plausible."""

    id: strawberry.ID
    location_id: strawberry.Private[str]

    @strawberry.field(
        description="What is beyond the plausible in the data as they are, errors first. Of fuel, for readers of"
        " sensitive data. Null where you may not read records."
    )
    async def findings(
        self,
        info: Info,
        first: int,
        after: str | None = None,
        filter: FindingFilter | None = None,  # noqa: A002 - GraphQL's name
    ) -> Connection[Finding] | None:
        if not await info.context.may_read(self.location_id):
            return None

        async def load(limit: int, after: str | None) -> Sequence[domain.Finding]:
            async with info.context.reading() as tx:
                found = await usecases.findings_of(tx, await inventories.by_id(tx, str(self.id)))
            kept = [item for item in found if filter is None or filter.keeps(item)]
            if after is None:
                return kept[:limit]
            place = next((number for number, item in enumerate(kept, start=1) if item.id == after), None)
            if place is None:
                raise BadCursor
            return kept[place : place + limit]

        return await page_of(first=first, after=after, load=load, node=Finding.of, cursor=lambda row: row.id)

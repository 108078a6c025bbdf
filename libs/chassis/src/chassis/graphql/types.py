"""Types that several subgraphs define alike; all are shareable."""

from collections.abc import Awaitable, Callable, Sequence
from decimal import Decimal
from typing import Generic, Self, TypeVar

import strawberry

from chassis.refusals import PageSizeOutOfRange
from chassis.refusals import Refusal as RefusalError
from contracts.fact import Amount

__all__ = ["PAGE_MAX", "Connection", "Edge", "PageInfo", "Quantity", "Refusal", "page_of"]

Node = TypeVar("Node")
Row = TypeVar("Row")

PAGE_MAX = 100
"""Largest `first`."""


@strawberry.federation.type(shareable=True, description="A figure with its unit.")
class Quantity:
    value: Decimal
    unit: str

    @classmethod
    def of(cls, value: Decimal, unit: str) -> Self:
        return cls(value=value, unit=unit)

    @classmethod
    def of_amount(cls, amount: Amount) -> Self:
        return cls(value=amount.value, unit=amount.unit)


@strawberry.federation.type(
    shareable=True, description="An expected no: a stable code, and what was found and expected."
)
class Refusal:
    code: str
    subject: str
    found: str
    expected: str
    message: str

    @classmethod
    def of(cls, refusal: RefusalError) -> Self:
        return cls(
            code=refusal.code,
            subject=refusal.subject,
            found=refusal.found,
            expected=refusal.expected,
            message=refusal.message,
        )


@strawberry.federation.type(shareable=True, description="Where a page of a list ends.")
class PageInfo:
    has_next_page: bool
    end_cursor: str | None


@strawberry.type
class Edge(Generic[Node]):
    cursor: str
    node: Node


@strawberry.type
class Connection(Generic[Node]):
    edges: list[Edge[Node]]
    page_info: PageInfo


async def page_of(
    *,
    first: int,
    after: str | None,
    load: Callable[[int, str | None], Awaitable[Sequence[Row]]],
    node: Callable[[Row], Node],
    cursor: Callable[[Row], str],
) -> Connection[Node]:
    """One page of a list that `load(limit, after)` gives in the order of its cursor, which is a keyset, not an offset.

    Refuses: PageSizeOutOfRange.
    """
    if not 1 <= first <= PAGE_MAX:
        raise PageSizeOutOfRange(first=first, largest=PAGE_MAX)
    rows = await load(first + 1, after)
    page = rows[:first]
    return Connection(
        edges=[Edge(cursor=cursor(row), node=node(row)) for row in page],
        page_info=PageInfo(has_next_page=len(rows) > first, end_cursor=cursor(page[-1]) if page else None),
    )

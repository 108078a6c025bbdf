"""Mutations of expected sources and of statements about sources without records."""

from datetime import date
from typing import Annotated

import strawberry

from chassis.graphql.edge import Info, Once
from chassis.graphql.types import Refusal
from inventory import access, usecases
from inventory.domain.completeness import NotationKey
from inventory.graphql.completeness import SourceExpectation, SourceStatement
from inventory.store import completeness

__all__ = ["CompletenessMutation"]


@strawberry.input
class ExpectSourceInput:
    location_id: strawberry.ID = strawberry.field(description="The site.")
    category: str
    first_month: date = strawberry.field(description="Any day of it.")
    last_month: date | None = strawberry.field(default=None, description="Any day of it; null for from then on.")
    is_expected: bool = strawberry.field(default=True, description="False where it is not to be reported any more.")
    reason: str
    idempotency_key: str


@strawberry.input
class StateSourceInput:
    location_id: strawberry.ID = strawberry.field(description="Whose inventory it is said in.")
    year: int
    site_id: strawberry.ID | None = strawberry.field(
        default=None, description="The site, under that location; null for the location itself."
    )
    category: str
    first_month: date | None = strawberry.field(default=None, description="Any day of it; null for January.")
    last_month: date | None = strawberry.field(default=None, description="Any day of it; null for December.")
    key: NotationKey
    reason: str
    idempotency_key: str


@strawberry.input
class WithdrawSourceStatementInput:
    statement_id: strawberry.ID
    reason: str
    idempotency_key: str


ExpectSourceResult = Annotated[SourceExpectation | Refusal, strawberry.union("ExpectSourceResult")]
StateSourceResult = Annotated[SourceStatement | Refusal, strawberry.union("StateSourceResult")]
WithdrawSourceStatementResult = Annotated[SourceStatement | Refusal, strawberry.union("WithdrawSourceStatementResult")]


@strawberry.type
class CompletenessMutation:
    @strawberry.mutation(
        description="Declare that a site is to report a source, or is not any more, with the reason (steering group)."
    )
    async def expect_source(
        self,
        info: Info,
        input: ExpectSourceInput,  # noqa: A002 - GraphQL's name
    ) -> ExpectSourceResult:
        return await info.context.decide(
            access.EXPECT_SOURCE,
            lambda tx, principal, now: usecases.expect_source(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                category=input.category,
                first_month=input.first_month,
                last_month=input.last_month,
                expected=input.is_expected,
                reason=input.reason,
            ),
            request=input,
            to=SourceExpectation.of,
            once=Once(key=input.idempotency_key, again=completeness.expectation_by_id),
        )

    @strawberry.mutation(
        description="Say in a draft why a source of a site has no records: it does not occur, or it is not estimated"
        " (technical team)."
    )
    async def state_source(
        self,
        info: Info,
        input: StateSourceInput,  # noqa: A002 - as above
    ) -> StateSourceResult:
        return await info.context.decide(
            access.STATE_SOURCE,
            lambda tx, principal, now: usecases.state_source(
                tx,
                principal=principal,
                now=now,
                location_id=input.location_id,
                year=input.year,
                site_id=input.site_id,
                category=input.category,
                first_month=input.first_month,
                last_month=input.last_month,
                key=input.key,
                reason=input.reason,
            ),
            request=input,
            to=SourceStatement.of,
            once=Once(key=input.idempotency_key, again=completeness.statement_by_id),
        )

    @strawberry.mutation(description="Take a statement about a source back, in a draft (technical team).")
    async def withdraw_source_statement(
        self,
        info: Info,
        input: WithdrawSourceStatementInput,  # noqa: A002 - as above
    ) -> WithdrawSourceStatementResult:
        return await info.context.decide(
            access.WITHDRAW_SOURCE_STATEMENT,
            lambda tx, principal, now: usecases.withdraw_source_statement(
                tx, principal=principal, now=now, statement_id=input.statement_id, reason=input.reason
            ),
            request=input,
            to=SourceStatement.of,
            once=Once(key=input.idempotency_key, again=completeness.statement_by_id),
        )

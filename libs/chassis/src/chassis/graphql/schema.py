"""How a subgraph's schema is made: limits and caches built once, bugs masked, refusals typed."""

import re
from collections.abc import Iterable, Mapping
from contextlib import aclosing
from decimal import Decimal
from typing import Any, Literal

import strawberry
from graphql import ASTValidationRule, GraphQLError
from strawberry.extensions import (
    AddValidationRules,
    MaxAliasesLimiter,
    MaxTokensLimiter,
    ParserCache,
    ValidationCache,
)
from strawberry.extensions.query_depth_limiter import create_validator
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.graphql import OperationType

from chassis.refusals import Refusal
from chassis.settings import ServiceSettings
from chassis.telemetry import log, trace_id

__all__ = ["FEDERATION_VERSION", "GraphQLSchema", "build_schema", "has_nul", "response_of", "subgraph_sdl"]

FEDERATION_VERSION: Literal["2.9"] = "2.9"
"""The composer refuses newer ones."""

CACHE_MAX = 512

_Mistake = InvalidOperationTypeError | CannotGetOperationTypeError
"""The caller asked for an operation that isn't there, or not in this way."""

_NUL = re.compile(rb"\\u(0000|\{0+\})")
"""U+0000 as JSON and GraphQL escape it; unescaped, neither takes it."""

_DIGITS = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)


def has_nul(request: bytes | bytearray) -> bool:
    """Whether a request carries U+0000: PostgreSQL has no text with it, further in it would look like a bug of ours."""
    return _NUL.search(request) is not None


def _decimal(value: object) -> Decimal:
    """Refuses: ValueError for a float, an exponent, or what is no finite number."""
    if not isinstance(value, str) or not _DIGITS.fullmatch(value):
        message = "a Decimal is a string of at most 40 digits, with a point if need be"
        raise ValueError(message)
    return Decimal(value)


DECIMAL = strawberry.scalar(
    name="Decimal",
    description="A decimal number as a string of digits, never with an exponent, never a float.",
    serialize=lambda value: format(value, "f"),
    parse_value=_decimal,
)


class GraphQLSchema(strawberry.federation.Schema):
    """A subgraph that logs bugs with their trace id, and refusals not as errors."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        del execution_context
        for error in errors:
            if error.original_error is not None and not isinstance(error.original_error, Refusal | _Mistake):
                log.error("bug", path=error.path, exc_info=error.original_error)

    async def stream(self, query: str | None, *args: Any, **kwargs: Any) -> StreamResult:
        """The answers to a subscription, with errors as the caller may see them."""
        kwargs["allowed_operation_types"] = (OperationType.SUBSCRIPTION,)
        return _shown(await super().stream(query, *args, **kwargs))


async def _shown(results: StreamResult) -> StreamResult:
    try:
        async with aclosing(results):
            async for result in results:
                # Anything else is of @defer, which the handler refuses.
                if isinstance(result, ExecutionResult) and result.errors:
                    result.errors = [_shown_error(error) for error in result.errors]
                yield result
    except GraphQLError as error:
        # What the parser refuses inside of its cache.
        yield PreExecutionError(data=None, errors=[_shown_error(error)])


def _shown_error(error: GraphQLError) -> GraphQLError:
    shown = formatted_error(error)
    return GraphQLError(shown["message"], error.nodes, path=error.path, extensions=shown["extensions"])


def build_schema(
    *,
    query: type,
    mutation: type | None,
    subscription: type | None = None,
    types: Iterable[type] = (),
    scalars: Mapping[object, Any] | None = None,
    settings: ServiceSettings | None = None,
) -> GraphQLSchema:
    """The schema; `settings` give the limits, and without them (to print the SDL) there are none.

    `scalars` are the service's own, beside Decimal: Python type → definition.
    """
    extensions: list[Any] = []
    if settings is not None:
        # Built once: a rule class made anew for each request would miss the validation cache every time.
        rules: list[type[ASTValidationRule]] = [create_validator(settings.graphql_depth_limit, None, None)]
        extensions = [
            lambda: ParserCache(maxsize=CACHE_MAX),
            lambda: ValidationCache(maxsize=CACHE_MAX),
            lambda: MaxTokensLimiter(max_token_count=settings.graphql_token_limit),
            lambda: MaxAliasesLimiter(max_alias_count=settings.graphql_alias_limit),
            lambda: AddValidationRules(rules),
        ]
    return GraphQLSchema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        types=list(types),
        extensions=extensions,
        federation_version=FEDERATION_VERSION,
        config=StrawberryConfig(disable_field_suggestions=True, scalar_map={Decimal: DECIMAL, **(scalars or {})}),
    )


def subgraph_sdl(schema: strawberry.federation.Schema) -> str:
    """The SDL as composers want it."""
    return schema.as_str() + "\n"


def formatted_error(error: GraphQLError) -> dict[str, Any]:
    """An error as the caller may see it: refusals and validation in full, bugs by their trace id alone."""
    original = error.original_error
    shown: dict[str, Any] = {"message": error.message}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path:
        shown["path"] = error.path
    if isinstance(original, Refusal):
        shown["extensions"] = {
            "code": original.code,
            "subject": original.subject,
            "found": original.found,
            "expected": original.expected,
        }
    elif isinstance(original, InvalidOperationTypeError):
        shown["extensions"] = {"code": "NOT_A_SUBSCRIPTION"}
    elif original is not None and not isinstance(original, GraphQLError | _Mistake):
        reference = trace_id()
        shown["message"] = f"Something went wrong on our side. Reference {reference}."
        shown["extensions"] = {"code": "INTERNAL", "traceId": reference}
    else:
        shown["extensions"] = {"code": "BAD_REQUEST", **(error.extensions or {})}
    return shown


def response_of(result: ExecutionResult | Any) -> dict[str, Any]:
    """The body of an answer."""
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [formatted_error(error) for error in result.errors]
    return body

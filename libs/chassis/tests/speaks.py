"""A service's endpoint with everything that it says on its output: logs of all libraries, and spans as they end.

Reads the requests, one JSON object a line with the headers to send; answers each with status, headers and body.
"""

import asyncio
import json
import logging
import sys
from typing import Any

import httpx
import strawberry
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

from chassis.graphql.edge import RequestContext
from chassis.graphql.endpoint import GraphQLEndpoint
from chassis.graphql.schema import build_schema
from chassis.identity import Identity
from chassis.settings import ServiceSettings
from chassis.standing import Standing
from chassis.telemetry import configure, log
from contracts.access import Capability


@strawberry.type
class Query:
    @strawberry.field
    def whoami(self, info: strawberry.Info[RequestContext, None]) -> str:
        log.info("asked", principal=info.context.principal)
        return info.context.principal.name

    @strawberry.field
    async def still(self, info: strawberry.Info[RequestContext, None]) -> bool:
        return await info.context.identity.still_holds(info.context.principal) is not None

    @strawberry.field
    def bug(self, info: strawberry.Info[RequestContext, None]) -> str | None:
        raise RuntimeError(f"a bug for {info.context.principal!r}")


async def main() -> None:
    settings = ServiceSettings(_env_file=None)
    identity = Identity(settings)
    endpoint = GraphQLEndpoint(
        build_schema(query=Query, mutation=None, settings=settings),
        database=None,
        identity=identity,
        standing=Standing(identity, fresh_s=settings.recheck_s),
        settings=settings,
        reads=Capability.READ,
    )
    answers: list[dict[str, Any]] = []
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=endpoint), base_url="http://service") as client:
        for line in sys.stdin:
            answer = await client.post("/graphql", json={"query": "{ whoami still bug }"}, headers=json.loads(line))
            answers.append({"status": answer.status_code, "headers": dict(answer.headers), "body": answer.json()})
    with open(sys.argv[1], "w", encoding="utf-8") as file:  # noqa: ASYNC230, PTH123 - at the end
        json.dump(answers, file)


if __name__ == "__main__":
    configure("inventory", version="1").add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    logging.basicConfig(level=logging.DEBUG)
    asyncio.run(main())

"""What a step needs: the gateway, a token for each persona, a place to print, and one trace for all."""

import json
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx

__all__ = ["Context", "StepFailed"]

DEADLINE_S = 30.0
POLL_S = 0.1


class StepFailed(RuntimeError):
    """The platform answered otherwise than the main job expects."""


@dataclass(slots=True, kw_only=True)
class Context:
    """One play of the main job."""

    gateway: str
    """URL of the gateway's GraphQL endpoint."""
    token: Callable[[str], str]
    """Access token of a persona, by user name."""
    say: Callable[[str], None]
    """Prints a line."""
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    """Of the whole job."""
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=60))

    def ask(self, document: str, *, persona: str | None, **variables: Any) -> dict[str, Any]:
        """The `data` of an operation, asked as a persona or, with None, without a token.

        Refuses: StepFailed on any error.
        """
        headers = {"traceparent": f"00-{self.trace_id}-{secrets.token_hex(8)}-01"}
        if persona is not None:
            headers["authorization"] = f"Bearer {self.token(persona)}"
        answer = self.client.post(self.gateway, json={"query": document, "variables": variables}, headers=headers)
        body = answer.json()
        if "errors" in body:
            message = f"{persona or 'anonymous'}: {json.dumps(body['errors'], indent=1)[:2000]}"
            raise StepFailed(message)
        data: dict[str, Any] = body["data"]
        return data

    def do(self, document: str, *, persona: str, expect: str, **variables: Any) -> dict[str, Any]:
        """Carry out a mutation with the one variable `input`; its result, of the type `expect`.

        Refuses: StepFailed on another type.
        """
        data = self.ask(document, persona=persona, input=variables)
        result: dict[str, Any] = next(iter(data.values()))
        if result["__typename"] != expect:
            message = f"{persona} expected {expect}: {json.dumps(result)[:2000]}"
            raise StepFailed(message)
        return result

    def until(self, what: str, look: Callable[[], Any]) -> Any:
        """What `look` gives as soon as it gives something: events take a moment. Refuses: StepFailed after 30 s."""
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            if found := look():
                return found
            time.sleep(POLL_S)
        message = f"after {DEADLINE_S:.0f} s still not: {what}"
        raise StepFailed(message)

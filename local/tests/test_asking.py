"""GraphQL asked as somebody: waiting when the gateway asks for it, and what is said when it says no."""

import httpx
import pytest

from lichen.asking import WAIT_MAX_S, WAITS_MAX, Gateway, Refused

SAID = {"data": {"location": None}}


def gateway(*answers):
    """One that gives these, the last one ever after; and what it was asked."""
    asked = []

    def answer(request):
        asked.append(request)
        return answers[min(len(asked), len(answers)) - 1]

    client = httpx.Client(transport=httpx.MockTransport(answer))
    tokens = iter(range(100))
    return Gateway(url="http://gateway/graphql", token=lambda: f"token {next(tokens)}", client=client), asked


def refusal(status, code="NO", **headers):
    return httpx.Response(status, json={"errors": [{"message": "said", "extensions": {"code": code}}]}, headers=headers)


def test_an_answer_to_come_later_is_waited_for_with_a_token_that_holds():
    asking, asked = gateway(refusal(429, **{"Retry-After": "0"}), httpx.Response(200, json=SAID))

    assert asking.ask("query { location }") == {"location": None}
    assert [request.headers["authorization"] for request in asked] == ["Bearer token 0", "Bearer token 1"]


def test_it_is_not_waited_for_ever():
    asking, asked = gateway(refusal(429, "RATE_LIMITED", **{"Retry-After": "0"}))

    with pytest.raises(Refused, match=r"^RATE_LIMITED: said$"):
        asking.ask("query { location }")
    assert len(asked) == WAITS_MAX


@pytest.mark.parametrize("later", [str(WAIT_MAX_S + 1), "9" * 5000])
def test_nothing_is_waited_for_longer_than_a_limit_by_the_minute_asks_for(later, monkeypatch):
    asking, asked = gateway(refusal(429, "RATE_LIMITED", **{"Retry-After": later}))
    monkeypatch.setattr("time.sleep", lambda _: pytest.fail("it waited"))

    with pytest.raises(Refused, match=rf"^RATE_LIMITED: said \(it answers in {later[:20]} s; {WAIT_MAX_S} s are"):
        asking.ask("query { location }")
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refusal(429, "RATE_LIMITED"), "RATE_LIMITED: said"),
        (refusal(401, "INVALID_TOKEN"), "INVALID_TOKEN: said"),
        (httpx.Response(200, json={"data": None, "errors": [{"message": "said"}]}), "ERROR: said"),
        (httpx.Response(502, text="<html>"), "HTTP 502"),
    ],
)
def test_a_no_is_told_with_its_code_and_asked_once(answer, said):
    asking, asked = gateway(answer)

    with pytest.raises(Refused, match=rf"^{said}$"):
        asking.ask("query { location }")
    assert len(asked) == 1

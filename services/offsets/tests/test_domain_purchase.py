"""The steps of a purchase: who may take which, and when."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from offsets.domain.purchase import Action, Purchase, State, request_purchase
from quantities.person import Person
from quantities.refusal import Refusal

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
ASHA = Person(subject="s-asha", name="asha")
BORIS = Person(subject="s-boris", name="boris")
CHEN = Person(subject="s-chen", name="chen")


def a_request(**changes: Any) -> Purchase:
    asked: dict[str, Any] = {
        "purchase_id": "p",
        "location_id": "unon",
        "year": 2024,
        "tonnes": 100,
        "justification": " travel that no train replaces ",
        "by": ASHA,
        "at": NOON,
    }
    return request_purchase(**asked | changes)


def an_approved() -> Purchase:
    return a_request().approve(by=BORIS, at=NOON)


def a_delivered() -> Purchase:
    return an_approved().deliver(by=CHEN, at=NOON)


def a_refused() -> Purchase:
    return a_request().refuse(by=BORIS, at=NOON, reason="over budget")


def approve(purchase: Purchase, by: Person) -> Purchase:
    return purchase.approve(by=by, at=NOON)


def refuse(purchase: Purchase, by: Person) -> Purchase:
    return purchase.refuse(by=by, at=NOON, reason=" ")


def deliver(purchase: Purchase, by: Person) -> Purchase:
    return purchase.deliver(by=by, at=NOON)


# Each row breaks its own rule and every rule below it, so that the order is tested too.
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"year": 1989, "tonnes": 0, "justification": ""}, "YEAR_OUT_OF_RANGE"),
        ({"year": 2101, "tonnes": 0, "justification": ""}, "YEAR_OUT_OF_RANGE"),
        ({"tonnes": 0, "justification": ""}, "TONNES_NOT_POSITIVE"),
        ({"tonnes": -1, "justification": ""}, "TONNES_NOT_POSITIVE"),
        ({"justification": " \n "}, "TEXT_MISSING"),
        ({"justification": "x" * 2001}, "TEXT_TOO_LONG"),
    ],
)
def test_a_request_refuses(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        a_request(**changes)

    assert refused.value.code == code


@pytest.mark.parametrize("changes", [{"year": 1990}, {"year": 2100}, {"tonnes": 1}, {"justification": "x" * 2000}])
def test_a_request_at_the_edge_of_a_rule_is_valid(changes: dict[str, Any]) -> None:
    assert a_request(**changes).state == State.REQUESTED


@pytest.mark.parametrize(
    ("purchase", "step", "by", "code"),
    [
        (an_approved(), approve, ASHA, "WRONG_STATE"),
        (a_refused(), approve, ASHA, "WRONG_STATE"),
        (a_delivered(), approve, ASHA, "WRONG_STATE"),
        (a_request(), approve, ASHA, "REQUESTER_MAY_NOT_APPROVE"),
        (an_approved(), refuse, ASHA, "WRONG_STATE"),
        (a_refused(), refuse, ASHA, "WRONG_STATE"),
        (a_delivered(), refuse, ASHA, "WRONG_STATE"),
        (a_request(), refuse, ASHA, "REQUESTER_MAY_NOT_APPROVE"),
        (a_request(), refuse, BORIS, "TEXT_MISSING"),
        (a_request(), deliver, ASHA, "WRONG_STATE"),
        (a_refused(), deliver, ASHA, "WRONG_STATE"),
        (a_delivered(), deliver, ASHA, "WRONG_STATE"),
        (an_approved(), deliver, ASHA, "REQUESTER_MAY_NOT_DELIVER"),
        (an_approved(), deliver, BORIS, "APPROVER_MAY_NOT_DELIVER"),
    ],
)
def test_a_step_refuses(
    purchase: Purchase, step: Callable[[Purchase, Person], Purchase], by: Person, code: str
) -> None:
    with pytest.raises(Refusal) as refused:
        step(purchase, by)

    assert refused.value.code == code


def test_a_purchase_remembers_who_took_which_step() -> None:
    delivered = a_delivered()

    assert [(step.action, step.by) for step in delivered.steps] == [(Action.APPROVED, BORIS), (Action.DELIVERED, CHEN)]
    assert (a_request().state, an_approved().state, delivered.state) == (
        State.REQUESTED,
        State.APPROVED,
        State.DELIVERED,
    )
    assert a_request().justification == "travel that no train replaces"
    assert [step.reason for step in a_refused().steps] == ["over budget"]


def test_a_new_user_name_does_not_make_another_person() -> None:
    renamed = Person(subject=ASHA.subject, name="asha.married")

    with pytest.raises(Refusal) as refused:
        a_request().approve(by=renamed, at=NOON)

    assert refused.value.code == "REQUESTER_MAY_NOT_APPROVE"

"""Wrong input anywhere gets a typed refusal, and nothing half-done."""

from base64 import b64encode

import pytest

from lichen.mainjob import operations

YEAR = 2024


def result_of(body):
    assert "errors" not in body, body
    (result,) = body["data"].values()
    return result


def approve_purchase(purchase_id):
    return operations.APPROVE_PURCHASE, {"purchaseId": purchase_id, "idempotencyKey": "wrong input"}


def csv(location):
    header = (
        "site,category,item,start,end,amount,unit,origin,destination,class,passengers,return,treatment,quality,note\n"
    )
    row = f"{location},grid_electricity,,2024-01-01,2024-01-31,1,kWh,,,,,,,measured,\n"
    return b64encode((header + row).encode()).decode()


IMPORT = operations.IMPORT_ACTIVITY_DATA
FILE = {"year": YEAR, "fileName": "x.csv"}


@pytest.mark.parametrize(
    ("persona", "operation", "variables", "code"),
    [
        ("unon-technical", IMPORT, FILE | {"locationId": "unon", "content": csv("unon")}, "INVENTORY_IS_FINAL"),
        ("unon-technical", IMPORT, FILE | {"locationId": "escwa", "content": csv("escwa")}, "NOT_FOUND"),
        ("unon-technical", IMPORT, FILE | {"locationId": "atlantis", "content": csv("escwa")}, "NOT_FOUND"),
        ("unon-chair", IMPORT, FILE | {"locationId": "unon", "content": csv("unon")}, "NOT_PERMITTED"),
        (None, IMPORT, FILE | {"locationId": "unon", "content": csv("unon")}, "NOT_SIGNED_IN"),
        (
            "unon-technical",
            operations.SUBMIT_INVENTORY,
            {"locationId": "unon", "year": YEAR, "idempotencyKey": "again"},
            "INVENTORY_IS_FINAL",
        ),
        (
            "unon-technical",
            operations.APPROVE_INVENTORY,
            {"inventoryId": "none", "idempotencyKey": "x"},
            "NOT_PERMITTED",
        ),
        ("unon-chair", operations.APPROVE_INVENTORY, {"inventoryId": "none", "idempotencyKey": "x"}, "NOT_FOUND"),
        ("approver", *approve_purchase("no such purchase"), "NOT_FOUND"),
        (
            "unon-chair",
            operations.SUBMIT_PROGRESS_REPORT,
            {"locationId": "unon", "year": YEAR, "narrative": "again", "idempotencyKey": "again"},
            "REPORT_ALREADY_DECIDED",
        ),
        (
            "coordinator",
            operations.OPEN_REPORTING_CYCLE,
            {"year": YEAR, "dueOn": "2025-01-01", "owingLocationIds": ["unon"]},
            "CYCLE_ALREADY_OPEN",
        ),
        (
            "unon-chair",
            operations.SET_TARGET,
            {
                "locationId": "unon",
                "indicator": "happiness",
                "unit": "kWh",
                "baseYear": 2016,
                "baseValue": "1",
                "targetYear": 2030,
                "targetValue": "0",
            },
            "INDICATOR_UNKNOWN",
        ),
    ],
)
def test_a_wrong_request_gets_a_typed_refusal(platform, persona, operation, variables, code):
    result = result_of(platform.ask(operation, persona=persona, input=variables))

    assert result["__typename"] == "Refusal"
    assert result["code"] == code
    assert all(result[field] for field in ("subject", "found", "expected", "message"))


def test_who_asked_for_a_purchase_may_not_approve_it_and_two_keys_do_not_make_two(platform):
    request = {
        "locationId": "unon", "year": YEAR, "tonnes": 5, "justification": "twice", "idempotencyKey": "one key",
    }  # fmt: skip
    first = result_of(platform.ask(operations.REQUEST_PURCHASE, persona="coordinator", input=request))
    again = result_of(platform.ask(operations.REQUEST_PURCHASE, persona="coordinator", input=request))
    other = result_of(platform.ask(operations.REQUEST_PURCHASE, persona="coordinator", input=request | {"tonnes": 6}))
    own = result_of(
        platform.ask(
            operations.APPROVE_PURCHASE,
            persona="coordinator",
            input={"purchaseId": first["id"], "idempotencyKey": "own approval"},
        )
    )

    assert first["id"] == again["id"]
    assert other["code"] == "IDEMPOTENCY_KEY_REUSED"
    assert own["code"] in {"NOT_PERMITTED", "REQUESTER_MAY_NOT_APPROVE"}


def test_what_is_not_yours_answers_as_what_is_not_there(platform):
    answers = []
    for location in ("escwa", "narnia"):
        body = platform.ask(
            IMPORT, persona="unon-technical", input=FILE | {"locationId": location, "content": csv("x")}
        )
        answers.append({name: str(value).replace(location, "…") for name, value in result_of(body).items()})

    assert answers[0] == answers[1]


@pytest.mark.parametrize("token", ["garbage", "a.b.c", "Bearer"])
def test_a_bad_token_is_refused_and_not_taken_for_nobody(platform, token):
    answer = platform.client.post(
        platform.run["gateway"], json={"query": "{ __typename }"}, headers={"authorization": f"Bearer {token}"}
    )

    assert answer.status_code == 401
    assert answer.json()["errors"][0]["extensions"]["code"] == "INVALID_TOKEN"

"""The credits ledger: what may enter it, and which serials leave it."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offsets.domain.credit import CreditBatch, Retirement, SerialRange, Series, deliver, retire
from offsets.domain.errors import (
    ApproverMayNotRetire,
    DelivererMayNotRetire,
    RetirementExceedsBatch,
    TonnesNotPositive,
)
from offsets.domain.need import OffsetNeed, need_of
from offsets.domain.purchase import Purchase, State, request_purchase
from quantities.person import Person
from quantities.refusal import Refusal

NOON = datetime(2025, 3, 1, 12, tzinfo=UTC)
ASHA = Person(subject="s-asha", name="asha")
BORIS = Person(subject="s-boris", name="boris")
CHEN = Person(subject="s-chen", name="chen")
DINA = Person(subject="s-dina", name="dina")


def an_approved(tonnes: int = 100) -> Purchase:
    requested = request_purchase(
        purchase_id="p", location_id="unon", year=2024, tonnes=tonnes, justification="flights", by=ASHA, at=NOON
    )
    return requested.approve(by=BORIS, at=NOON)


def a_delivery(purchase: Purchase | None = None, **changes: Any) -> tuple[Purchase, CreditBatch]:
    given_: dict[str, Any] = {
        "batch_id": "b",
        "registry": "CDM",
        "project": "5342",
        "vintage": 2022,
        "serial_first": 1001,
        "serial_last": 1100,
        "price_per_tonne": Decimal("4.25"),
        "currency": "USD",
        "by": CHEN,
        "at": NOON,
    }
    return deliver(purchase or an_approved(), **given_ | changes)


def a_batch(retired: int = 0, tonnes: int = 100) -> CreditBatch:
    batch = a_delivery(an_approved(tonnes), serial_last=1000 + tonnes)[1]
    return replace(batch, retired_tonnes=retired)


def a_need(total_kg: str = "99500") -> OffsetNeed:
    return need_of(
        location_id="unon", year=2024, inventory_id="i", inventory_version=1, total_kg=Decimal(total_kg), at=NOON
    )


def a_retirement(batch: CreditBatch | None = None, **changes: Any) -> Retirement:
    asked: dict[str, Any] = {
        "retirement_id": "r",
        "purchase": a_delivery()[0],
        "location_id": "unon",
        "lineage": frozenset({"secretariat", "unon"}),
        "year": 2024,
        "need": a_need(),
        "tonnes": 10,
        "by": DINA,
        "at": NOON,
    }
    return retire(batch or a_batch(), **asked | changes)


BAD_VINTAGE: dict[str, Any] = {"vintage": 2026}
BAD_RANGE: dict[str, Any] = {"serial_first": 5, "serial_last": 4}
BAD_COUNT: dict[str, Any] = {"serial_last": 1101}
BAD_PRICE: dict[str, Any] = {"price_per_tonne": Decimal("-0.01")}
BAD_CURRENCY: dict[str, Any] = {"currency": "usd"}


# Each row breaks its own rule and those below it, so that the order is tested too.
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"by": ASHA, "registry": ""}, "REQUESTER_MAY_NOT_DELIVER"),
        ({"by": BORIS, "registry": ""}, "APPROVER_MAY_NOT_DELIVER"),
        ({"registry": " ", "project": ""} | BAD_VINTAGE, "TEXT_MISSING"),
        ({"registry": "x" * 101, "project": ""} | BAD_VINTAGE, "TEXT_TOO_LONG"),
        ({"project": ""} | BAD_VINTAGE | BAD_RANGE, "TEXT_MISSING"),
        ({"project": "x" * 101} | BAD_VINTAGE | BAD_RANGE, "TEXT_TOO_LONG"),
        (BAD_VINTAGE | BAD_RANGE | BAD_PRICE | BAD_CURRENCY, "VINTAGE_OUT_OF_RANGE"),
        ({"vintage": 1989} | BAD_RANGE | BAD_PRICE | BAD_CURRENCY, "VINTAGE_OUT_OF_RANGE"),
        (BAD_RANGE | BAD_PRICE | BAD_CURRENCY, "SERIAL_RANGE_MALFORMED"),
        ({"serial_first": 0, "serial_last": 99} | BAD_PRICE | BAD_CURRENCY, "SERIAL_RANGE_MALFORMED"),
        (
            {"serial_first": 10**18 - 98, "serial_last": 10**18 + 1} | BAD_PRICE | BAD_CURRENCY,
            "SERIAL_RANGE_MALFORMED",
        ),
        (BAD_COUNT | BAD_PRICE | BAD_CURRENCY, "SERIAL_COUNT_NOT_TONNES"),
        ({"serial_last": 1099} | BAD_PRICE | BAD_CURRENCY, "SERIAL_COUNT_NOT_TONNES"),
        (BAD_PRICE | BAD_CURRENCY, "PRICE_NEGATIVE"),
        (BAD_CURRENCY, "CURRENCY_MALFORMED"),
        ({"currency": "US"}, "CURRENCY_MALFORMED"),
        ({"currency": "USD\n"}, "CURRENCY_MALFORMED"),
    ],
)
def test_a_delivery_refuses(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        a_delivery(**changes)

    assert refused.value.code == code


def test_a_delivery_of_a_purchase_that_nobody_approved_is_refused_first() -> None:
    requested = replace(an_approved(), steps=())

    with pytest.raises(Refusal) as refused:
        a_delivery(requested, by=ASHA, registry="")

    assert refused.value.code == "WRONG_STATE"


@pytest.mark.parametrize(
    "changes",
    [
        {"vintage": 2025},
        {"vintage": 1990},
        {"price_per_tonne": Decimal(0)},
        {"serial_first": 1, "serial_last": 100},
        {"serial_first": 10**18 - 99, "serial_last": 10**18},
    ],
)
def test_a_delivery_at_the_edge_of_a_rule_is_valid(changes: dict[str, Any]) -> None:
    delivered, batch = a_delivery(**changes)

    assert delivered.state == State.DELIVERED
    assert batch.free_tonnes == 100


def test_the_price_of_a_batch_is_exact() -> None:
    _, batch = a_delivery(price_per_tonne=Decimal("1234567890123456789012345678.123"))

    assert batch.price == Decimal("123456789012345678901234567812.300")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (("VCS", "981", 2021), (" vcs ", "981", 2021), True),
        (("Gold Standard", "GS  11", 2021), ("GOLD\u00a0standard", "gs 11", 2021), True),
        (("CDM", "5342", 2021), ("CDM", "5342", 2022), False),
        (("CDM", "5342", 2021), ("CDM", "5343", 2021), False),
        (("CDM", "5342", 2021), ("VCS", "5342", 2021), False),
    ],
)
def test_a_series_is_the_same_however_its_names_are_written(
    one: tuple[str, str, int], other: tuple[str, str, int], *, same: bool
) -> None:
    keys = [
        Series(registry=registry, project=project, vintage=vintage).key for registry, project, vintage in (one, other)
    ]

    assert (keys[0] == keys[1]) is same


# batch free | asked | other circumstances | result. Each row breaks its own rule and those below it.
@pytest.mark.parametrize(
    ("retired", "tonnes", "changes", "code"),
    [
        (100, 0, {"year": 1989, "lineage": {"escwa"}, "by": ASHA, "need": None}, "YEAR_OUT_OF_RANGE"),
        (100, 0, {"lineage": {"escwa"}, "by": ASHA, "need": None}, "TONNES_NOT_POSITIVE"),
        (100, -5, {"lineage": {"escwa"}, "by": ASHA, "need": None}, "TONNES_NOT_POSITIVE"),
        (100, 1, {"lineage": {"secretariat", "escwa"}, "by": ASHA, "need": None}, "BATCH_OF_ANOTHER_LOCATION"),
        (100, 1, {"by": ASHA, "need": None}, "REQUESTER_MAY_NOT_RETIRE"),
        (100, 1, {"need": None}, "INVENTORY_NOT_FINAL"),
        (100, 1, {}, "RETIREMENT_EXCEEDS_BATCH"),
        (40, 61, {}, "RETIREMENT_EXCEEDS_BATCH"),
        (0, 101, {}, "RETIREMENT_EXCEEDS_BATCH"),
    ],
)
def test_a_retirement_refuses(retired: int, tonnes: int, changes: dict[str, Any], code: str) -> None:
    with pytest.raises(Refusal) as refused:
        a_retirement(a_batch(retired), tonnes=tonnes, **changes)

    assert refused.value.code == code


def test_a_retirement_beyond_the_batch_says_both_numbers_with_units() -> None:
    with pytest.raises(Refusal, match="has 60 tCO2e available; 70 tCO2e were asked for") as refused:
        a_retirement(a_batch(40), tonnes=70)

    assert (refused.value.found, refused.value.expected) == ("60 tCO2e free", "70 tCO2e free")


@pytest.mark.parametrize(
    ("retired", "tonnes", "serials"),
    [(0, 100, "1001-1100"), (0, 1, "1001-1001"), (40, 60, "1041-1100"), (99, 1, "1100-1100")],
)
def test_a_retirement_takes_the_lowest_free_serials(retired: int, tonnes: int, serials: str) -> None:
    assert str(a_retirement(a_batch(retired), tonnes=tonnes).serials) == serials


def test_credits_of_a_location_are_retired_for_one_under_it() -> None:
    lineage = frozenset({"secretariat", "unon", "unon-gigiri"})

    assert a_retirement(location_id="unon-gigiri", lineage=lineage).location_id == "unon-gigiri"


@pytest.mark.parametrize(("by", "refusal"), [(BORIS, ApproverMayNotRetire), (CHEN, DelivererMayNotRetire)])
def test_who_approved_or_delivered_may_not_retire(by: Person, refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        a_retirement(by=by)


@given(tonnes=st.integers(1, 10_000), asked=st.lists(st.integers(-1, 4_000), max_size=40))
def test_however_credits_are_retired_none_goes_twice_and_none_is_lost(tonnes: int, asked: list[int]) -> None:
    batch = a_batch(tonnes=tonnes)
    taken: list[SerialRange] = []
    for want in asked:
        try:
            retirement = a_retirement(batch, tonnes=want)
        except TonnesNotPositive:
            assert want < 1
            continue
        except RetirementExceedsBatch:
            assert want > batch.free_tonnes
            continue
        taken.append(retirement.serials)
        batch = replace(batch, retired_tonnes=batch.retired_tonnes + want)
        assert retirement.serials.tonnes == want

    serials = [serial for each in taken for serial in range(each.first, each.last + 1)]
    assert len(serials) == len(set(serials)) == batch.retired_tonnes
    assert serials == list(range(batch.serials.first, batch.serials.first + len(serials)))
    assert batch.free_tonnes + len(serials) == tonnes

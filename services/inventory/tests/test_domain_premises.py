"""Shared premises: a row for each refusal, in its order; and shares that add up to the meter, whatever they are of."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.domain.activity_data import DataQuality, Period
from inventory.domain.errors import (
    AmountNegative,
    MeterMissing,
    MeterOfAnotherUtility,
    OccupancyOutOfRange,
    PeriodEndsBeforeStart,
    PremisesAreaNotPositive,
    PremisesNameMissing,
    PremisesOverlet,
    ReadingAlreadySuperseded,
    ReadingInTheFuture,
    ReadingOutsidePremises,
    ReadingsOverlap,
    ReasonsMissing,
    SupersedesAnotherMeter,
    TenancyAlreadyReplaced,
    TenancyAreaOutOfRange,
    TenancyOutsidePremises,
    TenantNotOne,
    UtilityItemUnknown,
)
from inventory.domain.premises import (
    MeterReading,
    Premises,
    Tenancy,
    Utility,
    premises_to_register,
    reading_to_record,
    tenancy_to_set,
)
from inventory.domain.premises_share import ShareKind, by_year, share_out, tenant_share
from quantities import Quantity, Refusal, UnitsNotConvertible
from quantities.errors import UnitAmbiguous, UnitUnknown
from quantities.person import Person

NOON = datetime(2025, 2, 1, 12, tzinfo=UTC)
ANN = Person(subject="s-ann", name="ann")
HOUSE = Premises(
    id="p", location_id="unon", name="Block A", gross_area_m2=Decimal(1000), valid_from=date(2020, 1, 1),
    valid_to=date(2030, 1, 1), registered_by=ANN, registered_at=NOON,
)  # fmt: skip


def tenancy(tenant: str | None = "escwa", area: str = "250", **other: Any) -> Tenancy:
    known = {
        "id": f"t-{tenant}", "premises_id": "p", "tenant_id": tenant, "outside_party": None,
        "net_area_m2": Decimal(area), "occupancy": Decimal(1), "valid_from": date(2024, 1, 1), "valid_to": None,
        "replaces_id": None, "reason": None, "set_by": ANN, "set_at": NOON,
    }  # fmt: skip
    return Tenancy(**known | other)


def reading(amount: str = "1200", start: date = date(2024, 1, 1), end: date = date(2025, 1, 1), **other: Any) -> Any:
    known = {
        "id": "r", "premises_id": "p", "meter": "E1", "utility": Utility.ELECTRICITY, "item": "grid",
        "period": Period(start=start, end=end), "amount": Quantity(Decimal(amount), "kWh"),
        "quality": DataQuality.MEASURED, "supersedes_id": None, "reason": None, "recorded_by": ANN,
        "recorded_at": NOON,
    }  # fmt: skip
    return MeterReading(**known | other)


REGISTERED: dict[str, Any] = {
    "premises_id": "p", "location_id": "unon", "name": " Block  A ", "gross_area_m2": Decimal(1000),
    "valid_from": date(2020, 1, 1), "valid_to": date(2030, 1, 1), "by": ANN, "at": NOON,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": " ", "gross_area_m2": Decimal(0)}, PremisesNameMissing),
        ({"gross_area_m2": Decimal(0), "valid_to": date(2019, 1, 1)}, PremisesAreaNotPositive),
        ({"valid_to": date(2020, 1, 1)}, PeriodEndsBeforeStart),
    ],
)
def test_premises_that_are_none_are_refused(changes: dict[str, Any], refusal: type[Refusal]) -> None:
    assert premises_to_register(**REGISTERED) == HOUSE
    with pytest.raises(refusal):
        premises_to_register(**REGISTERED | changes)


SET: dict[str, Any] = {
    "tenancy_id": "t-escwa", "others": [], "replaced": None, "tenant_id": "escwa", "outside_party": None,
    "net_area_m2": Decimal(250), "occupancy": Decimal(1), "valid_from": date(2024, 1, 1), "valid_to": None,
    "reason": None, "by": ANN, "at": NOON,
}  # fmt: skip
REPLACED = {"replaced": tenancy("fao"), "reason": "moved"}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        # In the order in which they are met: each row is wrong for a later reason as well.
        ({"replaced": tenancy(holds=False), "tenant_id": None}, TenancyAlreadyReplaced),
        ({"tenant_id": None, "net_area_m2": Decimal(-1)}, TenantNotOne),
        ({"tenant_id": None, "outside_party": "  ", "net_area_m2": Decimal(-1)}, TenantNotOne),
        ({"outside_party": "A bank", "net_area_m2": Decimal(-1)}, TenantNotOne),
        ({"net_area_m2": Decimal(0), "occupancy": Decimal(0)}, TenancyAreaOutOfRange),
        ({"net_area_m2": Decimal("1000.1"), "occupancy": Decimal(0)}, TenancyAreaOutOfRange),
        ({"net_area_m2": Decimal(-1), **REPLACED}, TenancyAreaOutOfRange),
        ({"occupancy": Decimal(0), "valid_from": date(2019, 1, 1)}, OccupancyOutOfRange),
        ({"occupancy": Decimal("1.01"), "valid_from": date(2019, 1, 1)}, OccupancyOutOfRange),
        ({"valid_from": date(2019, 12, 31), **REPLACED, "reason": " "}, TenancyOutsidePremises),
        ({"valid_to": date(2030, 1, 2)}, TenancyOutsidePremises),
        ({"valid_to": date(2024, 1, 1)}, TenancyOutsidePremises),
        ({**REPLACED, "reason": " ", "others": [tenancy("ece", "900")]}, ReasonsMissing),
        ({"others": [tenancy("ece", "750.1")]}, PremisesOverlet),
        ({"others": [tenancy("ece", "750.1", valid_from=date(2028, 1, 1))]}, PremisesOverlet),
    ],
)
def test_a_tenancy_that_can_not_be_is_refused(changes: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        tenancy_to_set(HOUSE, **SET | changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"others": [tenancy("ece", "750")]},
        {"others": [tenancy("ece", "900", holds=False)]},
        {"others": [tenancy("ece", "900", valid_from=date(2023, 1, 1), valid_to=date(2024, 1, 1))]},
        {"others": [tenancy("ece", "900")], "valid_to": date(2024, 1, 2), "valid_from": date(2023, 12, 31)}
        | {"net_area_m2": Decimal(100)},
        {"others": [tenancy("ece", "1000", occupancy=Decimal("0.75"))]},
        {"others": [tenancy("fao", "1000")], **REPLACED},
        # One that never was.
        {"net_area_m2": Decimal(0), **REPLACED},
    ],
)
def test_a_tenancy_for_which_there_is_room_is_set(changes: dict[str, Any]) -> None:
    set_ = tenancy_to_set(HOUSE, **SET | changes)

    assert (set_.who, set_.replaces_id) == ("escwa", "t-fao" if "replaced" in changes else None)


READ: dict[str, Any] = {
    "reading_id": "r", "of_meter": [], "superseded": None, "meter": " E1 ", "utility": Utility.ELECTRICITY,
    "item": None, "items": ("grid",), "start": date(2024, 1, 1), "end": date(2025, 1, 1), "amount": Decimal(1200),
    "unit": "kWh", "quality": DataQuality.MEASURED, "reason": None, "by": ANN, "at": NOON,
}  # fmt: skip
WRONG = reading(id="wrong")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"meter": " ", "item": "coal"}, MeterMissing),
        ({"item": "coal", "unit": "gallons"}, UtilityItemUnknown),
        ({"utility": Utility.WATER, "items": ("borehole",), "unit": "gallons"}, UtilityItemUnknown),
        ({"unit": "gallons", "amount": Decimal(-1)}, UnitAmbiguous),
        ({"unit": "barrel", "amount": Decimal(-1)}, UnitUnknown),
        ({"unit": "litre", "amount": Decimal(-1)}, UnitsNotConvertible),
        ({"unit": "kWh_net", "amount": Decimal(-1)}, UnitsNotConvertible),
        ({"amount": Decimal(-1), "end": date(2024, 1, 1)}, AmountNegative),
        ({"end": date(2024, 1, 1)}, PeriodEndsBeforeStart),
        ({"end": date(2025, 2, 3), "start": date(2019, 1, 1)}, ReadingInTheFuture),
        ({"start": date(2019, 12, 31), "superseded": reading(holds=False)}, ReadingOutsidePremises),
        ({"superseded": reading(holds=False, meter="E2")}, ReadingAlreadySuperseded),
        ({"superseded": reading(meter="E2"), "reason": " "}, SupersedesAnotherMeter),
        ({"superseded": WRONG, "reason": " ", "of_meter": [reading(id="o")]}, ReasonsMissing),
        ({"of_meter": [reading(id="o", utility=Utility.HEAT, item="heat")]}, MeterOfAnotherUtility),
        ({"of_meter": [reading(id="o", item="other")]}, MeterOfAnotherUtility),
        ({"of_meter": [reading(id="o", start=date(2024, 12, 31), end=date(2025, 1, 31))]}, ReadingsOverlap),
        ({"of_meter": [WRONG, reading(id="o")], "superseded": WRONG, "reason": "r"}, ReadingsOverlap),
    ],
)
def test_a_reading_that_can_not_be_is_refused(changes: dict[str, Any], refusal: type[Refusal]) -> None:
    with pytest.raises(refusal):
        reading_to_record(HOUSE, **READ | changes)


def test_an_overlap_names_both_readings() -> None:
    other = reading("77.5", start=date(2024, 12, 1), end=date(2025, 1, 31), id="the-other")

    with pytest.raises(ReadingsOverlap) as caught:
        reading_to_record(HOUSE, **READ | {"of_meter": [other]})

    for named in ("2024-01-01", "2025-01-01", "1200 kWh", "the-other", "2024-12-01", "2025-01-31", "77.5 kWh"):
        assert named in caught.value.message


def test_readings_follow_each_other_and_one_takes_the_place_of_another() -> None:
    before = reading(start=date(2023, 1, 1), end=date(2024, 1, 1), id="before")

    after = reading(start=date(2025, 1, 1), end=date(2025, 1, 2), id="after")

    assert reading_to_record(HOUSE, **READ | {"of_meter": [before, after]}) == reading()
    # Where the sun is ahead of Greenwich, the next day has begun.
    assert reading_to_record(HOUSE, **READ | {"end": date(2025, 2, 2)}).period.end == date(2025, 2, 2)
    again = reading_to_record(HOUSE, **READ | {"of_meter": [before, WRONG], "superseded": WRONG, "reason": " a digit "})
    assert (again.supersedes_id, again.reason) == ("wrong", "a digit")


def test_a_reading_that_crosses_years_is_split_by_days_and_nothing_is_lost() -> None:
    parts = by_year(reading("100", start=date(2023, 12, 1), end=date(2025, 1, 3)))

    assert [(part.year, part.period.days) for part in parts] == [(2023, 31), (2024, 366), (2025, 2)]
    assert parts[0].amount == Decimal("7.769423558897")  # 100 * 31 / 399, rounded down
    assert sum(part.amount for part in parts) == 100


def test_shares_are_by_area_and_occupancy_for_the_days_of_each() -> None:
    (part,) = by_year(reading("3660"))
    tenancies = [
        tenancy("escwa", "250"),
        tenancy("ece", "400", occupancy=Decimal("0.5"), valid_from=date(2024, 7, 1)),
        tenancy(None, "100", outside_party="A bank", id="t-bank"),
        # The operator's own space is in what is left.
        tenancy("unon", "200"),
        tenancy("eca", "600", holds=False),
        tenancy("eclac", "100", valid_from=date(2025, 1, 1)),
    ]

    found = share_out(part, HOUSE, tenancies)

    assert [(item.kind, item.location_id, item.outside_party, item.numerator, item.amount) for item in found] == [
        (ShareKind.TENANT, "ece", None, 200 * 184, 10 * Decimal("0.2") * 184),
        (ShareKind.TENANT, "escwa", None, 250 * 366, 915),
        (ShareKind.EXCLUDED, None, "A bank", 100 * 366, 366),
        (ShareKind.OPERATOR, "unon", None, 1000 * 366 - 200 * 184 - 350 * 366, 3660 - 368 - 915 - 366),
    ]
    assert {item.denominator for item in found} == {366_000}
    assert (found[0].period.start, found[0].period.end) == (date(2024, 7, 1), date(2025, 1, 1))


def test_who_is_not_there_has_no_share_and_two_tenancies_of_one_are_one_share() -> None:
    (part,) = by_year(reading("1200"))
    floors = [tenancy("escwa", "100"), tenancy("escwa", "50", id="other", valid_to=date(2024, 7, 1))]

    both = tenant_share(part, HOUSE, floors)

    assert both is not None
    assert both.numerator == 100 * 366 + 50 * 182
    assert tenant_share(part, HOUSE, [tenancy(valid_from=date(2025, 1, 1))]) is None
    assert tenant_share(part, HOUSE, [tenancy(area="0", replaces_id="x", reason="never was")]) is None


areas = st.decimals(min_value="0.001", max_value=1000, places=3)
occupancies = st.decimals(min_value="0.01", max_value=1, places=2)
days = st.dates(min_value=date(2020, 1, 1), max_value=date(2029, 12, 30))


@given(
    amount=st.decimals(min_value=0, max_value=10**9, places=4),
    start=days,
    length=st.integers(min_value=1, max_value=900),
    wanted=st.lists(st.tuples(areas, occupancies, days, st.integers(1, 3000), st.booleans()), max_size=6),
)
def test_shares_add_up_to_the_meter_whoever_is_there(
    amount: Decimal, start: date, length: int, wanted: list[tuple[Decimal, Decimal, date, int, bool]]
) -> None:
    there: list[Tenancy] = []
    for number, (area, occupancy, since, stays, outside) in enumerate(wanted):
        who = {"tenant_id": None, "outside_party": f"party {number}"} if outside else {"tenant_id": f"tenant-{number}"}
        until = min(since + timedelta(days=stays), date(2030, 1, 1))
        try:
            there.append(
                tenancy_to_set(
                    HOUSE, **SET | who | {"tenancy_id": str(number), "others": there, "net_area_m2": area}
                    | {"occupancy": occupancy, "valid_from": since, "valid_to": until},
                )
            )  # fmt: skip
        except PremisesOverlet:
            continue
    end = min(start + timedelta(days=length), date(2030, 1, 1))
    metered = reading(str(amount), start=start, end=end)

    parts = by_year(metered)
    shares = [share for part in parts for share in share_out(part, HOUSE, there)]

    assert sum(part.amount for part in parts) == amount
    assert sum(share.amount for share in shares) == amount
    assert all(share.amount >= 0 and 0 <= share.numerator <= share.denominator for share in shares)
    for part in parts:
        assert sum(share.amount for share in shares if share.part == part) == part.amount

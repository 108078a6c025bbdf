"""When locations report: every month in exactly one period, whatever the calendar becomes, and figures by period."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.testing import person
from contracts.access import Role
from inventory.domain.errors import (
    CalendarBeforeEarlierOne,
    CalendarDayNotFirst,
    CalendarUnchanged,
    ReasonsMissing,
)
from inventory.domain.figures import Calendar
from inventory.domain.reporting_calendar import (
    CalendarChange,
    ReportingPeriod,
    calendar_to_set,
    period_of,
    reporting_periods,
)
from quantities import Refusal
from quantities.person import Person
from services.inventory.tests.test_figures import ask, final_of, leak

if TYPE_CHECKING:
    from services.inventory.tests.conftest import Inventories

ANN = Person(subject="s-ann", name="ann")
NOON = datetime(2025, 2, 1, 12, tzinfo=UTC)
JULY, JANUARY = Calendar.JULY_JUNE, Calendar.CALENDAR


def change(calendar: Calendar, year: int, month: int, number: int = 1) -> CalendarChange:
    return CalendarChange(
        id=str(number), location_id="unmik", calendar=calendar, valid_from=date(year, month, 1), reason="r",
        set_by=ANN, set_at=NOON,
    )  # fmt: skip


def shown(periods: tuple[ReportingPeriod, ...]) -> list[tuple[str, str, str, bool]]:
    return [(f"{item.start:%Y-%m}", f"{item.end:%Y-%m}", item.calendar.value, item.is_short) for item in periods]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], [("2024-01", "2025-01", "calendar", False), ("2025-01", "2026-01", "calendar", False)]),
        (
            # Set, and taken back for the same day.
            [change(JULY, 2024, 10), change(JANUARY, 2024, 10, 2)],
            [("2024-01", "2025-01", "calendar", False), ("2025-01", "2026-01", "calendar", False)],
        ),
        (
            # A half year between the two.
            [change(JULY, 2025, 7)],
            [
                ("2024-01", "2025-01", "calendar", False),
                ("2025-01", "2025-07", "calendar", True),
                ("2025-07", "2026-07", "july_june", False),
            ],
        ),
        (
            # In the middle of both: the old one ends short, and the new one begins short.
            [change(JULY, 2024, 10)],
            [
                ("2024-01", "2024-10", "calendar", True),
                ("2024-10", "2025-07", "july_june", True),
                ("2025-07", "2026-07", "july_june", False),
            ],
        ),
        (
            [change(JULY, 2023, 7), change(JANUARY, 2025, 1)],
            [
                ("2023-07", "2024-07", "july_june", False),
                ("2024-07", "2025-01", "july_june", True),
                ("2025-01", "2026-01", "calendar", False),
            ],
        ),
        (
            # Of two for one day the later one holds.
            [change(JULY, 2025, 1), change(JANUARY, 2025, 1, 2)],
            [("2024-01", "2025-01", "calendar", False), ("2025-01", "2026-01", "calendar", False)],
        ),
    ],
)
def test_periods_of_two_years(changes: list[CalendarChange], expected: list[tuple[str, str, str, bool]]) -> None:
    assert shown(reporting_periods(date(2024, 1, 1), date(2025, 12, 1), changes)) == expected


def test_a_period_of_which_the_last_month_is_the_first_is_there() -> None:
    assert [start for start, *_ in shown(reporting_periods(date(2024, 1, 1), date(2025, 1, 1), []))] == [
        "2024-01", "2025-01",
    ]  # fmt: skip
    assert len(reporting_periods(date(2024, 1, 1), date(2024, 1, 1), [])) == 1


months = st.builds(lambda year, month: date(year, month, 1), st.integers(1995, 2015), st.integers(1, 12))


@given(st.lists(st.tuples(months, st.sampled_from(Calendar)), max_size=8))
def test_every_month_is_in_exactly_one_period(wanted: list[tuple[date, Calendar]]) -> None:
    changes = [
        CalendarChange(
            id=str(number), location_id="unmik", calendar=calendar, valid_from=day, reason="r", set_by=ANN, set_at=NOON
        )
        for number, (day, calendar) in enumerate(sorted(wanted, key=lambda item: item[0]))
    ]
    every = [date(year, month, 1) for year in range(1993, 2018) for month in range(1, 13)]

    periods = reporting_periods(every[0], every[-1], changes)

    for month in every:
        holding = [item for item in periods if item.start <= month < item.end]
        assert holding == [period_of(month, changes)]
    for before, after in pairwise(periods):
        assert before.end == after.start
    for item in periods:
        length = 12 * (item.end.year - item.start.year) + item.end.month - item.start.month
        assert 1 <= length <= 12
        assert item.is_short == (length < 12)
        # Short ones stand where the calendar changes, and nowhere else.
        assert not item.is_short or {item.start, item.end} & {one.valid_from for one in changes}


SET: dict[str, Any] = {
    "change_id": "1", "location_id": "unmik", "earlier": [], "calendar": JULY, "valid_from": date(2024, 7, 1),
    "reason": " r ", "by": ANN, "at": NOON,
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"valid_from": date(2024, 7, 2), "calendar": JANUARY}, CalendarDayNotFirst),
        ({"valid_from": date(1989, 7, 1), "calendar": JANUARY}, CalendarDayNotFirst),
        ({"valid_from": date(2101, 1, 1), "calendar": JANUARY}, CalendarDayNotFirst),
        ({"earlier": [change(JULY, 2024, 8)]}, CalendarBeforeEarlierOne),
        ({"earlier": [change(JULY, 2023, 7)], "reason": ""}, CalendarUnchanged),
        ({"calendar": JANUARY, "reason": ""}, CalendarUnchanged),
        ({"reason": " "}, ReasonsMissing),
    ],
)
def test_a_calendar_that_can_not_be_set(changes: dict[str, Any], refusal: type[Refusal]) -> None:
    assert calendar_to_set(**SET) == change(JULY, 2024, 7)
    with pytest.raises(refusal):
        calendar_to_set(**SET | changes)


def test_a_calendar_of_the_same_day_is_set_after_another_one() -> None:
    made = calendar_to_set(**SET | {"earlier": [change(JULY, 2024, 7)], "calendar": JANUARY})

    assert (made.calendar, made.valid_from, made.reason) == (JANUARY, date(2024, 7, 1), "r")


MUTATION = """mutation($input: SetReportingCalendarInput!) { setReportingCalendar(input: $input) { __typename
    ... on ReportingCalendar { id locationId calendar validFrom reason setBy } ... on Refusal { code } } }"""
PERIODS = """query($at: ID!, $from: Int!, $to: Int!) { location(id: $at) {
    reportingCalendars { locationId calendar validFrom }
    reportingPeriods(yearFrom: $from, yearTo: $to) { start end calendar isShort } } }"""


async def set_calendar(inventories: "Inventories", by: str = "unon-chair", **other: Any) -> dict[str, Any]:
    given = {
        "locationId": "unon", "calendar": "JULY_JUNE", "validFrom": "2024-07-01", "reason": "A/RES/49/233",
        "idempotencyKey": f"c {other}",
    } | other  # fmt: skip
    answer = await inventories.ask(inventories.person(by), MUTATION, input=given)
    found: dict[str, Any] = answer["data"]["setReportingCalendar"]
    return found


async def periods(
    inventories: "Inventories", at: str, by: str = "unon-member", since: int = 2024, to: int = 2024
) -> dict[str, Any]:
    answer = await inventories.ask(inventories.person(by), PERIODS, at=at, to=to, **{"from": since})
    found: dict[str, Any] = answer["data"]["location"]
    return found


async def test_what_is_below_reports_as_what_is_above_until_it_says_otherwise(inventories: "Inventories") -> None:
    first = await set_calendar(inventories)
    assert await set_calendar(inventories) == first

    # Who reads at the site alone sees by which calendar it reports.
    site = await periods(inventories, "unon-gigiri", by="gigiri-technical")
    assert site["reportingCalendars"] == [{"locationId": "unon", "calendar": "july_june", "validFrom": "2024-07-01"}]
    assert [(item["start"], item["end"], item["isShort"]) for item in site["reportingPeriods"]] == [
        ("2024-01-01", "2024-07-01", True),
        ("2024-07-01", "2025-07-01", False),
    ]
    own = await set_calendar(inventories, locationId="unon-gigiri", validFrom="2025-07-01")
    assert own["__typename"] == "ReportingCalendar"
    assert (await periods(inventories, "unon-gigiri"))["reportingPeriods"][0]["calendar"] == "calendar"
    assert (await periods(inventories, "escwa", by="escwa-chair"))["reportingCalendars"] == []
    assert (await periods(inventories, "unon", by="escwa-chair"))["reportingCalendars"] == []
    assert (await periods(inventories, "unon", to=2023))["reportingPeriods"] == []
    for nowhere in ({"to": -1}, {"since": 20_000, "to": 30_000}, {"since": 3000, "to": 3001}):
        assert (await periods(inventories, "unon", **nowhere))["reportingPeriods"] == []
    assert len((await periods(inventories, "unon", to=2_000_000))["reportingPeriods"]) == 78


@pytest.mark.parametrize(
    ("by", "other", "code"),
    [
        ("unon-technical", {}, "NOT_PERMITTED"),
        ("escwa-chair", {}, "NOT_FOUND"),
        ("unon-chair", {"validFrom": "2024-07-15"}, "CALENDAR_DAY_NOT_FIRST"),
        ("unon-chair", {"validFrom": "2023-07-01", "calendar": "CALENDAR"}, "CALENDAR_BEFORE_EARLIER_ONE"),
        ("unon-chair", {"validFrom": "2025-07-01"}, "CALENDAR_UNCHANGED"),
        ("unon-chair", {"validFrom": "2025-07-01", "calendar": "CALENDAR", "reason": " "}, "REASONS_MISSING"),
    ],
)
async def test_what_can_not_be_set_is_refused(
    inventories: "Inventories", by: str, other: dict[str, Any], code: str
) -> None:
    await set_calendar(inventories)
    before = await inventories.rows("reporting_calendar")

    refused = await set_calendar(inventories, by=by, **{"idempotencyKey": "other"} | other)

    assert refused["code"] == code
    assert await inventories.rows("reporting_calendar") == before
    owner = await asyncpg.connect(inventories.urls.owner)
    await owner.execute("SELECT set_config('app.roots', 'secretariat', false)")
    for changed in (
        "UPDATE reporting_calendar SET calendar = 'calendar'",
        "DELETE FROM reporting_calendar",
        "TRUNCATE reporting_calendar",
    ):
        with pytest.raises(asyncpg.PostgresError, match="cannot be changed"):
            await owner.execute(changed)
    await owner.close()


async def test_of_two_who_set_a_calendar_at_once_one_does(inventories: "Inventories") -> None:
    done = await asyncio.gather(*(set_calendar(inventories, idempotencyKey=f"at once {number}") for number in range(4)))

    assert sorted(item.get("code", "done") for item in done) == ["CALENDAR_UNCHANGED"] * 3 + ["done"]
    assert len(await inventories.rows("reporting_calendar")) == 1


async def test_of_two_calendars_of_one_day_the_later_one_holds(inventories: "Inventories") -> None:
    await set_calendar(inventories)
    await set_calendar(inventories, calendar="CALENDAR", idempotencyKey="back")

    back = await periods(inventories, "unon")
    again = await set_calendar(inventories, idempotencyKey="again")

    assert [item["calendar"] for item in back["reportingCalendars"]] == ["july_june", "calendar"]
    assert {item["calendar"] for item in back["reportingPeriods"]} == {"calendar"}
    assert again["__typename"] == "ReportingCalendar"
    assert [item["calendar"] for item in (await periods(inventories, "unon"))["reportingPeriods"]] == [
        "calendar", "july_june",
    ]  # fmt: skip


async def test_the_nearest_calendar_above_holds(inventories: "Inventories") -> None:
    await set_calendar(inventories)
    root = person("root-chair", (Role.LOCAL_CHAIR, "secretariat"))
    given = {
        "locationId": "secretariat", "calendar": "JULY_JUNE", "validFrom": "2026-07-01", "reason": "r",
        "idempotencyKey": "root",
    }  # fmt: skip
    answer = await inventories.ask(root, MUTATION, input=given)
    assert answer["data"]["setReportingCalendar"]["__typename"] == "ReportingCalendar", answer

    assert [item["locationId"] for item in (await periods(inventories, "unon-gigiri"))["reportingCalendars"]] == [
        "unon"
    ]


async def test_periods_begin_with_the_first_year_of_inventories(inventories: "Inventories") -> None:
    answer = await inventories.ask(
        inventories.person("unon-member"),
        '{ location(id: "unon") { reportingPeriods(yearFrom: -5, yearTo: 1991) { start } } }',
    )

    assert [item["start"] for item in answer["data"]["location"]["reportingPeriods"]] == ["1990-01-01", "1991-01-01"]


async def test_figures_by_reporting_period_have_each_month_once(inventories: "Inventories") -> None:
    """A kilogram a month, two years long: each period's figure is its months'."""
    await set_calendar(inventories, validFrom="2024-10-01")
    for year in (2024, 2025):
        rows = [leak("unon", f"{year}-{month:02}-01", f"{year}-{month:02}-28", "1") for month in range(1, 13)]
        await final_of(inventories, *rows, year=year)
    kilogram = Decimal((await ask(inventories, "YEAR", at="unon"))["figures"][0]["total"]["value"]) / 12

    async def figures(**given: Any) -> list[tuple[str, str, Decimal, int]]:
        found = await ask(inventories, "REPORTING_PERIOD", at="unon", **given)
        return [
            (
                row["reportingPeriod"]["start"],
                row["reportingPeriod"]["end"],
                Decimal(row["total"]["value"]) / kilogram,
                row["inventories"],
            )
            for row in found["figures"]
        ]

    every = [
        ("2024-01-01", "2024-10-01", Decimal(9), 1),
        ("2024-10-01", "2025-07-01", Decimal(9), 2),
        ("2025-07-01", "2026-07-01", Decimal(6), 1),
    ]
    assert await figures() == every
    # By the years in which periods end; a period is whole or not there.
    assert await figures(yearFrom=2025, yearTo=2025) == every[1:2]
    assert await figures(yearFrom=2026) == every[2:]
    assert await figures(yearFrom=2030, yearTo=2029) == []
    # At the Secretariat, the same months by its calendar.
    whole = await ask(inventories, "REPORTING_PERIOD", at="secretariat")
    assert [row["reportingPeriod"]["start"] for row in whole["figures"]] == ["2024-01-01", "2025-01-01"]
    assert sum(Decimal(row["total"]["value"]) for row in whole["figures"]) == 24 * kilogram
    by_month = await ask(inventories, "REPORTING_PERIOD MONTH LOCATION", at="unon")
    assert len(by_month["figures"]) == 24
    gases = await ask(inventories, "REPORTING_PERIOD GAS", at="unon")
    assert gases["errors"][0]["extensions"]["code"] == "DIMENSIONS_NOT_COMBINED"

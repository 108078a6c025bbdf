"""Fills the locations through the real mutations: rows of every kind, published and not, each text with a token."""

import asyncio
import random
import uuid
from base64 import b64encode
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from graphql import GraphQLInputObjectType, get_named_type

from contracts.access import Role
from tools.canary.attaching import attach
from tools.canary.documents import questions, rendered
from tools.canary.import_jobs import HEADER, import_jobs
from tools.canary.looks import BOUNDS, LOOK, WARNINGS, own_factors
from tools.canary.marks import rows_of
from tools.canary.people import ANNEX, ENDED, FILLED, MISSION, OFFICE, PARENTS, REGION, ROOT, SITE
from tools.canary.pool import YEARS
from tools.canary.two_persons import two_persons
from tools.canary.walk import learn
from tools.canary.world import ADMINISTRATOR, World

__all__ = ["fill"]

PUBLIC_YEAR, SECRET_YEAR, OPEN_YEAR, _ = YEARS
REPORTING = (OFFICE, ANNEX, MISSION)
"""Locations that owe a report in both years."""
TRIES, BUSY_TRIES = 100, 5
PAUSE_S = 0.2


class SeedFailed(RuntimeError):
    """A mutation that fills a location did not do what it should."""


async def fill(world: World) -> None:
    """All locations. Refuses: SeedFailed, naming the mutation."""
    seed = Seed(world=world)
    for code, parent in PARENTS.items():
        # From one that is above its parent: who reads where it was reads where it is.
        await seed.register(code, REGION if code == SITE else parent)
    await seed.register_closed()
    await seed.change_register()
    for bound in BOUNDS:
        await seed.do("setPlausibilityRange", ADMINISTRATOR, **bound)
    await asyncio.gather(*(seed.work_of(code) for code in FILLED))
    await seed.small_office()
    # One after the other: persons are looked up by few at a time.
    for code in FILLED:
        await seed.membership(code)
    await two_persons(seed)
    await seed.report(PUBLIC_YEAR, published=True)
    await seed.report(SECRET_YEAR, published=False)
    await seed.look()


@dataclass(slots=True, kw_only=True)
class Seed:
    """The way of each row into the platform."""

    world: World
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 - figures, no secrets

    async def do(self, mutation: str, by: str, **given: Any) -> dict[str, Any]:
        """Carry out a mutation at the service that has it; its whole result. Refuses: SeedFailed."""
        result = await self.attempt(mutation, by, **given)
        for _ in range(BUSY_TRIES):
            if result.get("code") != "TOKEN_NO_LONGER_ACTIVE":
                break
            # On a busy machine the issuer does not always answer a service in time.
            await asyncio.sleep(PAUSE_S)
            result = await self.attempt(mutation, by, **given)
        if result.get("__typename") in {"Refusal", "ImportRefused", None}:
            message = f"{mutation} by {by}: {result}"
            raise SeedFailed(message)
        return result

    async def attempt(self, mutation: str, by: str, **given: Any) -> dict[str, Any]:
        endpoint = next(found for found in self.world.subgraphs if mutation in found.root_fields("mutation"))
        described = get_named_type(endpoint.root_fields("mutation")[mutation].args["input"].type)
        if isinstance(described, GraphQLInputObjectType) and "idempotencyKey" in described.fields:
            given["idempotencyKey"] = str(uuid.uuid4())
        result: dict[str, Any] = {}
        # Parts of a question are asked under one key: the first carries it out, the others read the same result.
        for question in questions(endpoint, "mutation", mutation):
            asked = rendered(question, self.world.pool, variant=0, at=())
            answer = await self.world.ask(endpoint, asked.text, name=by, variables={"input": given})
            if (data := answer.document.get("data")) is None or answer.document.get("errors"):
                message = f"{mutation} by {by}: {answer.text[:800]}"
                raise SeedFailed(message)
            learn(self.world, question, data)
            result |= data[mutation]
        return result

    async def look(self) -> None:
        """What the turns of arguments don't come to in a short run: sums by everything, and what was refused."""
        endpoint = next(found for found in self.world.subgraphs if found.name == "inventory")
        answer = await self.world.ask(endpoint, LOOK, name=ADMINISTRATOR, variables={"at": OFFICE})
        if (data := answer.document.get("data")) is None or answer.document.get("errors"):
            raise SeedFailed(answer.text[:800])
        seen = [("Figure", found) for found in data["location"]["figures"]["figures"]]
        seen += [("Figure", found) for found in data["location"]["years"]["figures"]]
        for found in data["location"]["periods"]["figures"]:
            seen += [("Figure", found), ("FigurePeriod", found["reportingPeriod"])]
        seen += [("SourceCell", edge["node"]) for edge in data["location"]["completeness"]["cells"]["edges"]]
        known = data["location"]["inventory"]["uncertainty"]["byCategory"]
        seen += [("PartUncertainty", found) for found in known]
        seen += [("AuditEntry", edge["node"]) for edge in data["inventoryAuditEntries"]["edges"]]
        comparisons = [edge["node"] for edge in data["compareEditions"]["edges"]]
        seen += [("FactorFor", data["found"]), ("FactorFor", data["refused"]), ("Query", {"factorFor": data["found"]})]
        seen += [("FactorTried", found) for found in data["found"]["tried"]]
        seen += [("EditionComparison", found) for found in comparisons]
        seen += [("CategoryCompared", found) for comparison in comparisons for found in comparison["byCategory"]]
        for type_, row in seen:
            for name, value in row.items():
                if value is not None:
                    self.world.learn(type_, name, value)

    async def until(self, act: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """What comes of it once the events that it waits for have arrived. Refuses: SeedFailed."""
        found: dict[str, Any] = {}
        for _ in range(TRIES):
            found = await act()
            if found.get("__typename") != "Refusal":
                return found
            await asyncio.sleep(PAUSE_S)
        raise SeedFailed(str(found))

    def text(self, location: str) -> str:
        return f"canary {self.world.marks.new_text(location)}"

    def figure(self, digits: int = 6) -> str:
        """A number that nothing else has."""
        return f"{self.chance.randrange(10 ** (digits - 1), 10**digits)}.{self.chance.randrange(101, 1000, 2)}"

    def by(self, location: str, role: Role) -> str:
        return self.world.staff_name(location, role)

    async def register(self, code: str, parent: str | None) -> None:
        await self.do(
            "registerLocation", ADMINISTRATOR, id=code, name=code.title(), kind="office", parentId=parent,
            country="LBN", city="Canary", latitude=f"-1.{self.chance.randrange(10**6, 10**7)}",
            longitude=f"36.{self.chance.randrange(10**6, 10**7)}", validFrom="2000-01-01",
            source=self.text(code),
        )  # fmt: skip

    async def register_closed(self) -> None:
        """A location that has closed, and a code that is taken: the first answer with an end, and the first refusal."""
        facts = {
            "id": "canary-closed", "name": "Closed", "kind": "office", "parentId": MISSION, "validFrom": "2000-01-01",
            "validTo": "2010-01-01", "source": self.text(MISSION),
        }  # fmt: skip
        await self.do("registerLocation", ADMINISTRATOR, **facts)
        await self.attempt("registerLocation", ADMINISTRATOR, **(facts | {"name": "Other"}))

    async def change_register(self) -> None:
        """A location that moved to where it belongs, and one that was handed over."""
        await self.do(
            "moveLocation", ADMINISTRATOR, locationId=SITE, parentId=OFFICE, on="2001-01-01", reason=self.text(SITE)
        )
        await self.do(
            "closeLocation", ADMINISTRATOR, locationId=ENDED, on="2010-01-01", handedOverTo=self.text(ENDED),
            reason=self.text(ENDED),
        )  # fmt: skip

    async def work_of(self, location: str) -> None:
        """Targets, the years' inventories, and purchases in every state."""
        for target_year in (2030, 2035):
            await self.until(
                lambda year=target_year: self.attempt(  # type: ignore[misc]  # the default binds the loop's value
                    "setTarget", self.by(location, Role.LOCAL_CHAIR), locationId=location, indicator="electricity",
                    unit="kWh", baseYear=2020, baseValue=self.figure(10), targetYear=year, targetValue=self.figure(9),
                )
            )  # fmt: skip
        await self.do("addPrivateFactors", self.by(location, Role.TECHNICAL_TEAM), **own_factors(self, location))
        for year in (PUBLIC_YEAR, SECRET_YEAR):
            await self.inventory(location, year)
            inventory = await self.submitted(location, year)
            await self.do(
                "returnInventory", self.by(location, Role.LOCAL_CHAIR), inventoryId=inventory,
                reasons=self.text(location),
            )  # fmt: skip
            await self.submitted(location, year)
            await self.do("approveInventory", self.by(location, Role.LOCAL_CHAIR), inventoryId=inventory)
            if year == SECRET_YEAR:
                await self.corrected(location, year, inventory)
            if year == PUBLIC_YEAR and location in REPORTING:
                self.world.publication.ids.add(inventory)
                self.world.publication.years.add((location, year))
            await self.offset(location, year)
        await self.do(
            "recordFuelStock", self.by(location, Role.TECHNICAL_TEAM), locationId=location, fuel="diesel",
            capacity=self.figure(7), stock=self.figure(), unit="litre", asOf="2024-06-30",
        )  # fmt: skip
        await self.do(
            "setReportingCalendar", self.by(location, Role.LOCAL_CHAIR), locationId=location, calendar="JULY_JUNE",
            validFrom=f"{SECRET_YEAR}-07-01", reason=self.text(location),
        )  # fmt: skip
        await self.premises(location)
        await self.inventory(location, OPEN_YEAR)
        if location == SITE:
            await self.submitted(location, OPEN_YEAR)

    async def premises(self, location: str) -> None:
        """A building with two tenants beside a party outside, and meters of which one was read wrongly."""
        team = self.by(location, Role.TECHNICAL_TEAM)
        shared = await self.do(
            "registerPremises", team, locationId=location, name=self.text(location), grossAreaM2=self.figure(9),
            validFrom="2020-01-01", validTo="2040-01-01",
        )  # fmt: skip

        async def let(**given: Any) -> str:
            made = await self.do(
                "setTenancy", team, premisesId=shared["id"], netAreaM2=self.figure(), occupancy="0.9",
                validFrom=f"{SECRET_YEAR}-01-01", validTo="2039-01-01", **given,
            )  # fmt: skip
            return str(made["id"])

        await let(tenantId=MISSION if location != MISSION else OFFICE)
        first = await let(outsideParty=self.text(location))
        await let(outsideParty=self.text(location), replacesId=first, reason=self.text(location))

        async def read(**given: Any) -> str:
            made = await self.do(
                "recordMeterReading", team, premisesId=shared["id"], amount=self.figure(9), quality="MEASURED",
                **{"periodStart": f"{SECRET_YEAR}-01-01", "periodEnd": f"{SECRET_YEAR + 1}-01-01"} | given,
            )  # fmt: skip
            return str(made["id"])

        await read(meter=self.text(location), utility="GENERATOR_FUEL", item="diesel", unit="litre")
        electricity = {"meter": self.text(location), "utility": "ELECTRICITY", "unit": "kWh"}
        wrong = await read(**electricity)
        await read(**electricity, supersedesId=wrong, reason=self.text(location))
        open_year = {"periodStart": f"{OPEN_YEAR}-01-01", "periodEnd": f"{OPEN_YEAR + 1}-01-01"}
        await read(meter=self.text(location), utility="WATER", item="public_network", unit="m3", **open_year)
        await self.do("takePremisesShare", team, premisesId=shared["id"], year=OPEN_YEAR, locationId=location)

    async def corrected(self, location: str, year: int, inventory: str) -> None:
        """The next version with a record changed, one removed and one added; the base year is recalculated by it."""
        team, chair = self.by(location, Role.TECHNICAL_TEAM), self.by(location, Role.LOCAL_CHAIR)
        targets = [row["id"] for row in await self.rows("targets", "target") if row["location_id"] == location]
        for target_id in (None, targets[0]):
            await self.do(
                "setBaseYear", chair, locationId=location, targetId=target_id, year=year, thresholdPercent="5",
                reason=self.text(location),
            )  # fmt: skip
        draft = (await self.do("correctInventory", team, inventoryId=inventory, reason=self.text(location)))["id"]
        records = [row for row in await self.rows("inventory", "activity_record") if row["inventory_id"] == draft]
        record_of = {row["category"]: str(row["id"]) for row in records}
        cells = {
            "site": location, "category": "grid_electricity", "start": f"{year}-01-01", "end": f"{year}-12-31",
            "amount": self.figure(10), "unit": "kWh", "quality": "measured", "note": self.text(location),
        }  # fmt: skip
        row = [{"column": column, "value": value} for column, value in cells.items()]
        for record_id, given in ((record_of["grid_electricity"], row), (record_of["waste"], None)):
            await self.do(
                "correctActivityRecord", team, inventoryId=draft, recordId=record_id, row=given,
                reason=self.text(location),
            )  # fmt: skip
        await self.submitted(location, year)
        await self.do("approveInventory", chair, inventoryId=draft)
        for target_id, approve in ((None, True), (targets[0], False)):
            proposal = await self.do(
                "proposeRecalculation", team, locationId=location, targetId=target_id, recalculate=True,
                reason=self.text(location),
            )  # fmt: skip
            await self.do(
                "decideRecalculation", chair, proposalId=proposal["id"], approve=approve,
                reason=None if approve else self.text(location),
            )  # fmt: skip

    async def small_office(self) -> None:
        """A proxy by what a person used at another office in the year before."""
        team, year, what = self.by(OFFICE, Role.TECHNICAL_TEAM), SECRET_YEAR + 1, {"locationId": OFFICE}
        await self.do(
            "stateDenominator", team, **what, kind="PERSONNEL", topic=None, value="3", source=self.text(OFFICE),
            validFrom=f"{year}-01-01", validTo=f"{year + 1}-01-01",
        )  # fmt: skip
        await self.do(
            "estimateSmallOffice", team, **what, year=year, category="water", comparableLocationIds=[SITE],
            reason=self.text(OFFICE),
        )  # fmt: skip

    async def membership(self, location: str) -> None:
        """Roles given, stood in for, extended, ended, and the whole list attested."""
        chair = self.by(location, Role.LOCAL_CHAIR)
        until = [f"{date.today() + timedelta(days=days)}T00:00:00+00:00" for days in (30, 60)]  # noqa: DTZ011 - a day
        members = self.world.staff[location].spare

        async def add(person: str, **more: str) -> str:
            added = await self.do(
                "addMember", chair, locationId=location, userName=person, role="LOCAL_MEMBER",
                justification=self.text(location), **more,
            )  # fmt: skip
            return str(added["id"])

        first = await add(members[0])
        await add(members[1], substitutesMembershipId=first, validUntil=until[0])
        await self.do("endMembership", chair, membershipId=await add(members[2]), reason=self.text(location))
        extended = await add(members[3], validUntil=until[0])
        await self.do("extendMembership", chair, membershipId=extended, validUntil=until[1], reason=self.text(location))
        rows = await self.rows("access", "membership")
        ended = {
            row["membership_id"] for row in await self.rows("access", "membership_step") if row["action"] == "ended"
        }
        active = [row["id"] for row in rows if row["location_id"] == location and row["user_name"] != chair]
        await self.do(
            "attestMembers", chair, locationId=location, keep=[found for found in active if found not in ended], end=[]
        )

    async def inventory(self, location: str, year: int) -> None:
        """A profile and a file, so that there is a draft."""
        team = self.by(location, Role.TECHNICAL_TEAM)
        for kind, topic in (("PERSONNEL", None), ("FLOOR_AREA", None), ("PERSONNEL", "WASTE")):
            await self.do(
                "stateDenominator", team, locationId=location, kind=kind, topic=topic,
                value=self.figure(9 if kind == "FLOOR_AREA" else 6),
                validFrom=f"{year}-01-01", validTo=f"{year + 1}-01-01", source=self.text(location),
            )  # fmt: skip
        rows = [
            f"{location},{what},{year}-01-01,{year}-12-31,{amount},{how},measured,{self.text(location)}"
            for what, amount, how in self.activities(year)
        ]
        taken = await self.do(
            "importActivityData", team, locationId=location, year=year, fileName=f"{self.text(location)}.csv",
            content=b64encode("\n".join((f"{HEADER},uncertainty", f"{rows[0]},7.5", *rows[1:])).encode()).decode(),
        )  # fmt: skip
        await attach(self, location, str(taken["id"]))
        faulty = f"{HEADER}\n{location},grid_electricity,,{year}-01-01,{year}-12-31,none,kWh,,measured,"
        refused = await self.attempt(
            "importActivityData", team, locationId=location, year=year, fileName="faulty.csv",
            content=b64encode(faulty.encode()).decode(),
        )  # fmt: skip
        if refused["__typename"] != "ImportRefused":
            raise SeedFailed(str(refused))
        await import_jobs(self, location, year, team)
        for number, digits in enumerate((11, 9)):  # the first is more than what was used
            instrument = await self.do(
                "recordInstrument", team, locationId=location, year=year, kind="GREEN_TARIFF", market="LBN",
                source="wind", amount=self.figure(digits), unit="kWh",
                co2eKgPerKwh=f"0.{self.figure().replace('.', '')}", reference=self.text(location),
                redeemedOn=f"{year}-12-31", evidence=self.text(location),
            )  # fmt: skip
            if number:
                await self.do("cancelInstrument", team, instrumentId=instrument["id"], reason=self.text(location))

        await self.sources(location, year)
        await self.uncertainties(location, team)

    async def sources(self, location: str, year: int) -> None:
        """What is expected of the location, and what is said of sources that it has no records of."""
        team, reason = self.by(location, Role.TECHNICAL_TEAM), self.text(location)
        for number, (category, key) in enumerate((("rail_travel", "NOT_OCCURRING"), ("taxi_travel", "NOT_ESTIMATED"))):
            stated = await self.do(
                "stateSource", team, locationId=location, year=year, category=category, key=key,
                reason=self.text(location),
            )  # fmt: skip
            if number:
                await self.do("withdrawSourceStatement", team, statementId=stated["id"], reason=self.text(location))
        await self.do(
            "expectSource", self.by(location, Role.LOCAL_CHAIR), locationId=location, category="purchased_heat",
            firstMonth=f"{year}-01-01", lastMonth=f"{year}-12-01", reason=reason,
        )  # fmt: skip

    async def uncertainties(self, location: str, team: str) -> None:
        """Of some lines and their factors, so that there are intervals; not of fuel, whose part is no whole."""
        draft = next(row["id"] for row in await self.rows("inventory", "inventory")
                     if row["location_id"] == location and row["state"] == "draft")  # fmt: skip
        # Where the publisher says how well a factor is known, nobody else does.
        coefficients = {row["id"]: row["factor_id"] for row in await self.rows("inventory", "coefficient")
                        if row["uncertainty_percent"] is None}  # fmt: skip
        factors = {coefficients[row["coefficient_id"]] for row in await self.rows("inventory", "activity_record")
                   if row["inventory_id"] == draft and row["coefficient_id"] in coefficients}  # fmt: skip
        for given in (
            {"category": "grid_electricity"},
            {"quality": "measured"},
            *({"factorId": id_} for id_ in factors),
        ):
            await self.do(
                "stateUncertainty", team, inventoryId=draft, percent=f"0.{self.figure().replace('.', '')}",
                reason=self.text(location), **given,
            )  # fmt: skip

    def activities(self, year: int) -> Iterator[tuple[str, str, str]]:
        """Category and item, amount, unit and treatment. For the open year no factors are published."""
        yield "water,borehole", self.figure(), "m3,"
        yield "waste,food", self.figure(), "kg,composting"
        yield "refrigerant,R-410A", self.figure(), "kg,"
        if year != OPEN_YEAR:
            yield "grid_electricity,", self.figure(10), "kWh,"
            yield "generator_fuel,diesel", self.figure(), "litre,"
            yield "purchased_cooling,chilled_water", self.figure(), "kWh,"

    async def submitted(self, location: str, year: int) -> str:
        await self.explained(location, year)
        done = await self.do(
            "submitInventory", self.by(location, Role.TECHNICAL_TEAM), locationId=location, year=year,
            missingBecause=f"nothing of it is on record {self.text(location)}",
        )  # fmt: skip
        return str(done["id"])

    async def explained(self, location: str, year: int) -> None:
        """Every warning of the draft, said why."""
        team = self.by(location, Role.TECHNICAL_TEAM)
        endpoint = next(found for found in self.world.subgraphs if found.name == "inventory")
        answer = await self.world.ask(endpoint, WARNINGS, name=team, variables={"at": location, "year": year})
        if (data := answer.document.get("data")) is None or answer.document.get("errors"):
            raise SeedFailed(answer.text[:800])
        draft = data["location"]["inventory"]
        if draft["findings"]["edges"]:  # refused until they are
            await self.attempt("submitInventory", team, locationId=location, year=year)
        for edge in draft["findings"]["edges"]:
            await self.do(
                "explainWarning", team, inventoryId=draft["id"], findingId=edge["node"]["id"],
                explanation=f"as it was counted {self.text(location)}",
            )  # fmt: skip

    async def purchase(self, location: str, year: int) -> str:
        tonnes = self.chance.randrange(100_000, 200_000)
        done = await self.do(
            "requestPurchase", self.by(location, Role.LOCAL_CHAIR), locationId=location, year=year, tonnes=tonnes,
            justification=self.text(location),
        )  # fmt: skip
        return str(done["id"])

    async def offset(self, location: str, year: int) -> None:
        """A purchase in each state, delivered credits, and two retirements, so that a statement replaces one."""
        if year == SECRET_YEAR:
            await self.undelivered(location, year)
        delivered = await self.purchase(location, year)
        await self.do("approvePurchase", self.by(location, Role.APPROVER), purchaseId=delivered)
        (state,) = [row for row in await self.rows("offsets", "purchase") if row["id"] == delivered]
        first = self.chance.randrange(10**9, 10**10)
        batch = await self.do(
            "recordDelivery", self.by(location, Role.PROCUREMENT), purchaseId=delivered, registry=self.text(location),
            project=self.text(location), vintage=2022, serialFirst=str(first),
            serialLast=str(first + state["tonnes"] - 1), pricePerTonne=self.figure(3), currency="USD",
        )  # fmt: skip
        for tonnes in (50_001, 41_117):
            await self.until(
                lambda tonnes=tonnes: self.attempt(  # type: ignore[misc]  # as above
                    "retireCredits", self.by(location, Role.CERTIFYING), locationId=location, year=year,
                    batchId=batch["id"], tonnes=tonnes,
                )
            )  # fmt: skip

    async def undelivered(self, location: str, year: int) -> None:
        """A purchase that is requested, one that is refused and one that is approved."""
        approver = self.by(location, Role.APPROVER)
        await self.purchase(location, year)
        refused = await self.purchase(location, year)
        await self.do("refusePurchase", approver, purchaseId=refused, reason=self.text(location))
        await self.do("approvePurchase", approver, purchaseId=await self.purchase(location, year))

    async def rows(self, service: str, table: str) -> list[dict[str, Any]]:
        return (await rows_of(self.world.databases[service]))[table]

    async def report(self, year: int, *, published: bool) -> None:
        """Reports handed in, returned and accepted; consolidated, and perhaps published."""
        await self.do("openReportingCycle", ADMINISTRATOR, year=year, dueOn="2026-03-31", owingLocationIds=REPORTING)
        for location in REPORTING:
            first = await self.submitted_report(location, year)
            await self.do("returnProgressReport", ADMINISTRATOR, reportId=first, reasons=self.text(location))
            second = await self.submitted_report(location, year)
            if location == MISSION and not published:
                continue  # one stays undecided
            await self.do("acceptProgressReport", ADMINISTRATOR, reportId=second)
            if published:
                self.world.publication.ids.add(second)
        consolidated = await self.do("consolidateReports", ADMINISTRATOR, year=year)
        if published:
            publisher = self.by(ROOT, Role.CENTRAL_COORDINATOR)
            await self.do("publishConsolidatedReport", publisher, reportId=consolidated["id"])
            self.world.publication.ids.add(consolidated["id"])

    async def submitted_report(self, location: str, year: int) -> str:
        done = await self.until(
            lambda: self.attempt(
                "submitProgressReport", self.by(location, Role.LOCAL_CHAIR), locationId=location, year=year,
                narrative=self.text(location),
            )
        )  # fmt: skip
        return str(done["id"])

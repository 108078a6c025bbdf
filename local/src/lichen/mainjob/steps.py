"""The steps, in order; each prints what happened, and stops the job when it did not."""

from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from lichen import sample
from lichen.mainjob import operations
from lichen.mainjob.context import Context

__all__ = ["run"]

YEAR = sample.YEAR
# Who enters, who approves and who reports, for each location with a year of activity data.
TEAM_BY_LOCATION = {
    "unhq": "unhq-technical",
    "unon": "unon-technical",
    "escwa": "escwa-technical",
    "unifil": "unifil-technical",
}
CHAIR_BY_LOCATION = {"unhq": "unhq-chair", "unon": "unon-chair", "escwa": "escwa-chair", "unifil": "unifil-chair"}
REPORTER_BY_LOCATION = CHAIR_BY_LOCATION | {"unifil": "dfs-environment"}
SHOWN = "unon"
"""The location that the job follows in detail."""


def run(context: Context) -> None:
    """Play the whole job once. Refuses: StepFailed."""
    steps: tuple[tuple[str, Callable[[Context], None]], ...] = (
        ("The coordinator registers the locations and opens the reporting cycle", register),
        ("Local steering groups set targets", set_targets),
        ("A technical team imports a workbook with problems: nothing is taken in, everything is named", import_faulty),
        ("Technical teams import their year: quantified by gas and CO2e", import_activity_data),
        ("Technical teams submit, local steering groups approve: final", finalise),
        ("targets has assessed the locations by itself", show_progress),
        ("offsets knows what remains; credits are requested, approved, delivered and retired", offset),
        ("Progress reports are submitted and accepted, and consolidated", report),
        ("Before publication, one query joins all four services, by three viewers", ask_as_three),
        ("Another coordinator publishes; the same query again", publish),
    )
    for number, (title, step) in enumerate(steps, start=1):
        context.say(f"{number}. {title}")
        step(context)
    context.say(f"   The whole job is one trace: {context.trace_id}")


def register(context: Context) -> None:
    rows = sample.locations()
    for row in rows:
        context.do(
            operations.REGISTER_LOCATION,
            persona="coordinator",
            expect="Location",
            id=row.id,
            name=row.name,
            kind=row.kind,
            parentId=row.parent,
            country=row.country,
            city=row.city,
            latitude=_text(row.latitude),
            longitude=_text(row.longitude),
            grid=row.grid,
            validFrom=row.valid_from.isoformat(),
            validTo=row.valid_to.isoformat() if row.valid_to else None,
            source=row.source,
        )
    context.say(f"   {len(rows)} locations in the register")
    owing = list(sample.cycle().locations)
    opened = context.until(
        "the register is known to reporting",
        lambda: _opened(context, owing),
    )
    context.say(
        f"   Reporting cycle {opened['year']}: {len(opened['owing'])} locations owe a report by {opened['dueOn']}"
    )


def _opened(context: Context, owing: list[str]) -> dict[str, Any] | None:
    data = context.ask(
        operations.OPEN_REPORTING_CYCLE,
        persona="coordinator",
        input={"year": YEAR, "dueOn": sample.cycle().due.isoformat(), "owingLocationIds": owing},
    )
    result: dict[str, Any] = data["openReportingCycle"]
    # Until the register's events have arrived, its locations are not known there.
    return result if result["__typename"] == "ReportingCycle" else None


def set_targets(context: Context) -> None:
    for target in sample.targets():
        found = context.do(
            operations.SET_TARGET,
            persona=CHAIR_BY_LOCATION[target.location],
            expect="Target",
            locationId=target.location,
            indicator=target.indicator,
            unit=target.unit,
            baseYear=target.base_year,
            baseValue=_text(target.base_value),
            targetYear=target.target_year,
            targetValue=_text(target.target_value),
        )
        base, goal = found["baseValue"], found["targetValue"]
        context.say(
            f"   {target.location}: {found['indicator']} from {base['value']} {base['unit']} in {target.base_year}"
            f" to {goal['value']} by {found['targetYear']}"
        )


def import_faulty(context: Context) -> None:
    refused = context.do(
        operations.IMPORT_ACTIVITY_DATA,
        persona=TEAM_BY_LOCATION[SHOWN],
        expect="ImportRefused",
        **_file(SHOWN, sample.faulty_activity_file()),
    )
    context.say(f"   {refused['message']}")
    for problem in refused["problems"]:
        context.say(
            f"   row {problem['row']}, {problem['column'] or 'whole row'}: {problem['code']}: {problem['reason']}"
        )


def import_activity_data(context: Context) -> None:
    for location, persona in TEAM_BY_LOCATION.items():
        for profile in sample.profiles():
            if profile.location.split("-")[0] != location:
                continue
            for kind, value in (("PERSONNEL", profile.personnel), ("FLOOR_AREA", profile.floor_area_m2)):
                if value is not None:
                    context.do(
                        operations.STATE_DENOMINATOR,
                        persona=persona,
                        expect="DenominatorStatement",
                        locationId=profile.location,
                        kind=kind,
                        value=_text(value),
                        validFrom=f"{profile.year}-01-01",
                        validTo=f"{profile.year + 1}-01-01",
                        source=profile.source,
                        idempotencyKey=f"denominator {profile.location} {profile.year} {kind}",
                    )
        done = context.do(
            operations.IMPORT_ACTIVITY_DATA,
            persona=persona,
            expect="ActivityImport",
            **_file(location, sample.activity_workbook() if location == SHOWN else sample.activity_file(location)),
        )
        inventory = done["inventory"]
        scopes = ", ".join(f"scope {item['scope']} {_tonnes(item['co2e'])}" for item in inventory["byScope"])
        context.say(
            f"   {location}: {done['rowCount']} rows of {done['fileName']}, {_tonnes(inventory['total'])} ({scopes})"
        )
        if location == SHOWN:
            gases = ", ".join(f"{item['gas']} {_short(item['mass'])}" for item in inventory["byGas"])
            (first,) = inventory["activityRecords"]["edges"]
            emission = first["node"]["emission"]
            context.say(f"     by gas: {gases}")
            context.say(f"     first line: {_short(first['node']['amount'])} of {first['node']['category']}")
            context.say(f"       = {_short(emission['co2e'])} by {emission['factorId']}, {emission['gwpSet']}")
            context.say(f"       {emission['explanation']}")
    for stock in sample.fuel_stocks():
        stated = context.do(
            operations.RECORD_FUEL_STOCK,
            persona=TEAM_BY_LOCATION[stock.location.split("-")[0]],
            expect="FuelStock",
            locationId=stock.location,
            fuel=stock.fuel,
            capacity=_text(stock.capacity),
            stock=_text(stock.stock),
            unit=stock.unit,
            asOf=stock.as_of.isoformat(),
            idempotencyKey=f"stock {stock.location} {stock.fuel} {stock.as_of}",
        )
        context.say(
            f"   {stock.location}: {_short(stated['stock'])} of {stated['fuel']} in store on {stated['asOf']},"
            " for readers of sensitive data alone"
        )


def finalise(context: Context) -> None:
    for location, persona in TEAM_BY_LOCATION.items():
        submitted = context.do(
            operations.SUBMIT_INVENTORY,
            persona=persona,
            expect="Inventory",
            locationId=location,
            year=YEAR,
            idempotencyKey=f"submit {location} {YEAR}",
        )
        final = context.do(
            operations.APPROVE_INVENTORY,
            persona=CHAIR_BY_LOCATION[location],
            expect="Inventory",
            inventoryId=submitted["id"],
            idempotencyKey=f"approve {submitted['id']}",
        )
        context.say(
            f"   {location}: version {final['version']} {final['state']}, {_tonnes(final['total'])},"
            f" {len(final['indicators'])} indicators"
        )


def show_progress(context: Context) -> None:
    for location in dict.fromkeys(target.location for target in sample.targets()):
        edges = context.until(f"the assessment of {location}", partial(_assessed, context, location))
        for edge in edges:
            target = edge["node"]
            for progress in target["progress"]:
                context.say(
                    f"   {location}: {target['indicator']} {_short(progress['value'])} in {progress['year']},"
                    f" expected {_short(progress['expected'])}: {progress['verdict']}"
                )


def _assessed(context: Context, location: str) -> list[dict[str, Any]] | None:
    data = context.ask(operations.TARGET_PROGRESS, persona=CHAIR_BY_LOCATION[location], location=location)
    edges: list[dict[str, Any]] = data["location"]["targets"]["edges"]
    return edges if edges and any(edge["node"]["progress"] for edge in edges) else None


def offset(context: Context) -> None:
    block = sample.credits()[0]
    position = context.until("the offset need", lambda: _position(context, persona="coordinator"))
    need = position["need"]["value"]
    context.say(
        f"   {SHOWN} {YEAR}: {need} {position['need']['unit']} to offset,"
        f" on inventory version {position['inventoryVersion']}"
    )
    purchase = context.do(
        operations.REQUEST_PURCHASE,
        persona="coordinator",
        expect="Purchase",
        locationId=SHOWN,
        year=YEAR,
        tonnes=int(need),
        justification=f"Unavoidable emissions of {SHOWN} in {YEAR}",
        idempotencyKey=f"request {SHOWN} {YEAR}",
    )
    context.say("   coordinator requested the purchase")
    approved = context.do(
        operations.APPROVE_PURCHASE,
        persona="approver",
        expect="Purchase",
        purchaseId=purchase["id"],
        idempotencyKey=f"approve {purchase['id']}",
    )
    context.say(f"   approver: {approved['state']}")
    batch = context.do(
        operations.RECORD_DELIVERY,
        persona="procurement",
        expect="CreditBatch",
        purchaseId=purchase["id"],
        registry=block.registry,
        project=block.project,
        vintage=block.vintage,
        serialFirst=str(block.serial_first),
        serialLast=str(block.serial_first + int(need) - 1),
        pricePerTonne=_text(block.price_per_tonne),
        currency=block.currency,
        idempotencyKey=f"deliver {purchase['id']}",
    )
    context.say(
        f"   procurement recorded the delivery: {batch['registry']} {batch['project']}, vintage {batch['vintage']},"
        f" serials {batch['serialFirst']} to {batch['serialLast']}"
    )
    retired = context.do(
        operations.RETIRE_CREDITS,
        persona="certifying",
        expect="Retirement",
        locationId=SHOWN,
        year=YEAR,
        batchId=batch["id"],
        tonnes=int(need),
        idempotencyKey=f"retire {batch['id']}",
    )
    context.say(f"   certifying officer retired serials {retired['serialFirst']} to {retired['serialLast']}")
    statement = context.until(
        "the neutrality statement", lambda: _position(context, persona="coordinator")["statement"]
    )
    context.say(
        f"   statement: {statement['status']}, coverage {_short(statement['coverage'])},"
        f" on inventory version {statement['inventoryVersion']}"
    )


def _position(context: Context, *, persona: str) -> Any:
    data = context.ask(operations.OFFSET_POSITION, persona=persona, location=SHOWN, year=YEAR)
    position = data["location"]["offsetPosition"]
    return position if position and position["need"] else None


def report(context: Context) -> None:
    for location, persona in REPORTER_BY_LOCATION.items():
        submitted = context.until(
            f"the inventory of {location} is known to reporting",
            partial(_submitted, context, location, persona),
        )
        accepted = context.do(
            operations.ACCEPT_PROGRESS_REPORT,
            persona="coordinator",
            expect="ProgressReport",
            reportId=submitted["id"],
            idempotencyKey=f"accept {submitted['id']}",
        )
        context.say(f"   {location}: submitted by {persona}, {accepted['state']} by the coordinator")
    consolidated = context.do(
        operations.CONSOLIDATE_REPORTS,
        persona="coordinator",
        expect="ConsolidatedReport",
        year=YEAR,
        idempotencyKey=f"consolidate {YEAR}",
    )
    context.say(f"   Secretariat {YEAR}: {_tonnes(consolidated['total'])}")
    for item in consolidated["included"]:
        context.say(
            f"     in: {item['location']['name']}, {_tonnes(item['total'])}, version {item['inventoryVersion']}"
        )
    missing = ", ".join(item["location"]["id"] for item in consolidated["missing"])
    context.say(f"     missing: {missing or 'nobody'}")


def _submitted(context: Context, location: str, persona: str) -> dict[str, Any] | None:
    data = context.ask(
        operations.SUBMIT_PROGRESS_REPORT,
        persona=persona,
        input={
            "locationId": location,
            "year": YEAR,
            "narrative": f"Progress of {location} in {YEAR}. Sample text: figures are in the report.",
            "idempotencyKey": f"report {location} {YEAR}",
        },
    )
    result: dict[str, Any] = data["submitProgressReport"]
    return result if result["__typename"] == "ProgressReport" else None


def publish(context: Context) -> None:
    found = context.ask(operations.CONSOLIDATED_REPORT, persona="coordinator", year=YEAR)["consolidatedReport"]
    # Who consolidated does not publish.
    published = context.do(
        operations.PUBLISH_CONSOLIDATED_REPORT,
        persona="deputy-coordinator",
        expect="ConsolidatedReport",
        reportId=found["id"],
        idempotencyKey=f"publish {found['id']}",
    )
    context.say(f"   version {found['version']} published at {published['publishedAt']}")
    context.until("the public may read it", lambda: _whole(context, None, SHOWN)["inventory"])
    context.until(
        "its statement is public", lambda: (_whole(context, None, SHOWN)["offsetPosition"] or {}).get("statement")
    )
    context.until("its targets are public", lambda: _whole(context, None, SHOWN)["targets"]["edges"])
    ask_as_three(context)


def ask_as_three(context: Context) -> None:
    viewers = (
        ("unon-technical", "UNON's technical team"),
        ("coordinator", "the coordinator"),
        (None, "without a token"),
    )
    for persona, title in viewers:
        context.say(f"   {title}:")
        for location in (SHOWN, "escwa"):
            found = _whole(context, persona, location)
            context.say(f"     {location}: {_summary(found)}")


def _whole(context: Context, persona: str | None, location: str) -> dict[str, Any]:
    data = context.ask(operations.WHOLE_LOCATION, persona=persona, location=location, year=YEAR)
    found: dict[str, Any] = data["location"]
    return found


def _summary(found: dict[str, Any]) -> str:
    inventory, position, progress = found["inventory"], found["offsetPosition"], found["progressReport"]
    parts = [
        f"inventory v{inventory['version']} {inventory['state']} {_tonnes(inventory['total'])}"
        if inventory
        else "no inventory",
        f"{len(found['targets']['edges'])} target(s)",
        f"statement {position['statement']['status']}" if position and position["statement"] else "no statement",
        f"{len(found['creditRetirements']['edges'])} retirement(s)",
        f"report {progress['state']}" if progress else "no report",
    ]
    return ", ".join(parts)


def _file(location: str, path: Path) -> dict[str, Any]:
    return {
        "locationId": location,
        "year": YEAR,
        "fileName": path.name,
        "content": b64encode(path.read_bytes()).decode(),
    }


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _tonnes(amount: dict[str, str] | None) -> str:
    return "nothing" if amount is None else f"{Decimal(amount['value']) / 1000:,.1f} tCO2e"


def _short(amount: dict[str, str]) -> str:
    return f"{Decimal(amount['value']):,.4g} {amount['unit']}"

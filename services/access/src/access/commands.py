"""What an operator does: `reconcile`, and other entities' machine clients. Answers go to stdout, logs to stderr."""

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from access.config import AccessSettings
from access.directory.by_keycloak import open_directory
from access.directory.interface import Directory, DirectoryAway, Machine
from access.reconciling.adopting import adopt
from access.reconciling.plan import Finding, Plan, Step, apply, make_plan
from access.reconciling.realm import Realm, read
from chassis import telemetry
from chassis.command import settings_of
from chassis.database import Database

__all__ = ["main"]

DONE, FAILED, TO_DO = 0, 1, 2
"""Exit codes; TO_DO: a plan that is not empty."""


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code."""
    asked = _parser().parse_args(arguments)
    telemetry.configure("access", version="0.1.0", stream=sys.stderr)
    settings = settings_of("access", AccessSettings)
    try:
        return asyncio.run(_run(asked, settings))
    except DirectoryAway as error:
        print(f"the identity provider does not answer: {error}", file=sys.stderr)  # noqa: T201
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m access")
    commands = parser.add_subparsers(dest="command", required=True)
    reconcile = commands.add_parser("reconcile", help="say what differs between Keycloak and what it should be")
    reconcile.add_argument("--apply", action="store_true", help="and take the plan's steps")
    reconcile.add_argument(
        "--prune", action="store_true", help="with --apply: also what takes something away, as named"
    )
    reconcile.add_argument("--members", action="store_true", help="read the members of every group (a call a group)")
    reconcile.add_argument("--adopt", action="store_true", help="record the memberships that Keycloak alone has")
    reconcile.add_argument("--realm", type=Path, help="the realm's document: clients, scopes, machines' groups")
    reconcile.add_argument("--output", choices=("table", "json"), default="table")
    machines = commands.add_parser("machines", help="list machine clients, their places and scopes")
    machines.add_argument("--output", choices=("table", "json"), default="table")
    for name, what in (
        ("rotate-secret", "give it a new secret, printed once"),
        ("disable", "let it get no token any more"),
        ("enable", "let it get tokens again"),
    ):
        commands.add_parser(name, help=what).add_argument("client", help="client id, ext-…")
    return parser


async def _run(asked: argparse.Namespace, settings: AccessSettings) -> int:
    async with open_directory(settings) as directory:
        match asked.command:
            case "reconcile":
                return await _reconcile(asked, settings, directory)
            case "machines":
                return _print_machines(await directory.machines(), as_json=asked.output == "json")
            case _:
                return await _change_machine(asked, directory)


async def _reconcile(asked: argparse.Namespace, settings: AccessSettings, directory: Directory) -> int:
    document = None
    if asked.realm is not None:
        try:
            document = read(json.loads(asked.realm.read_text(encoding="utf-8")))
        except KeyError as error:
            print(f"{asked.realm} names {error}, which is not set", file=sys.stderr)  # noqa: T201
            return FAILED
    database = Database.connect(settings.database_url.get_secret_value(), pool_size=2)
    try:
        plan = await _plan(asked, settings, database, directory, document)
        if asked.adopt:
            await adopt(database, plan.drift or (), root=settings.root_location, at=datetime.now(UTC))
        if asked.apply:
            await apply(directory, plan, prune=asked.prune)
        _print_plan(plan, as_json=asked.output == "json", applied=asked.apply)
        if not asked.apply:
            return TO_DO if plan.steps else DONE
        left = await _plan(asked, settings, database, directory, document)
    finally:
        await database.close()
    if left.steps:
        print(f"{len(left.steps)} step(s) did not take", file=sys.stderr)  # noqa: T201
        return FAILED
    return DONE


async def _plan(
    asked: argparse.Namespace,
    settings: AccessSettings,
    database: Database,
    directory: Directory,
    document: Realm | None,
) -> Plan:
    return await make_plan(
        database,
        directory,
        root=settings.root_location,
        document=document,
        with_members=asked.members or asked.adopt or asked.prune,
        attestation_interval=timedelta(days=settings.attestation_interval_days),
    )


def _print_plan(plan: Plan, *, as_json: bool, applied: bool) -> None:
    if as_json:
        print(json.dumps(plan.as_json() | {"applied": applied}, indent=2))  # noqa: T201
        return
    _print_table("Done" if applied else "To do (--apply)", plan.steps)
    _print_table("Taken away only with --apply --prune", plan.prunable)
    _print_table("For a person to look at", plan.findings)
    print(f"Memberships due for attestation: {plan.overdue}")  # noqa: T201


def _print_table(title: str, lines: Sequence[Step | Finding]) -> None:
    rows = [tuple(line.as_json().values()) for line in lines]
    print(f"{title}: {len(rows) or 'nothing'}")  # noqa: T201
    widths = [max(len(row[column]) for row in rows) for column in range(2)] if rows else []
    for row in rows:
        print(f"  {row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}")  # noqa: T201


def _print_machines(machines: Sequence[Machine], *, as_json: bool) -> int:
    listed = [
        {
            "client": machine.client_id,
            "name": machine.name,
            "enabled": machine.enabled,
            "scopes": list(machine.scopes),
            "groups": sorted(machine.groups),
        }
        for machine in machines
    ]
    if as_json:
        print(json.dumps(listed, indent=2))  # noqa: T201
    else:
        for each in machines:
            state = "enabled" if each.enabled else "disabled"
            print(f"{each.client_id:<16} {state:<9} {', '.join(sorted(each.groups)) or 'no place'}")  # noqa: T201
            print(f"{'':<16} scopes: {', '.join(each.scopes) or 'none'}")  # noqa: T201
    return DONE


async def _change_machine(asked: argparse.Namespace, directory: Directory) -> int:
    machine = next((each for each in await directory.machines() if each.client_id == asked.client), None)
    if machine is None:
        print(f"there is no machine client {asked.client}", file=sys.stderr)  # noqa: T201
        return FAILED
    if asked.command == "rotate-secret":
        # The one time that it is told; a pipe into a vault sees nothing else.
        print(await directory.rotate_secret(machine))  # noqa: T201
        return DONE
    await directory.set_enabled(machine, enabled=asked.command == "enable")
    return DONE

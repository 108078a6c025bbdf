"""The `lichen` command: the platform on one machine."""

import asyncio
import json
import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lichen.home import Home, Identity

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from lichen.asking import Gateway
    from lichen.importing import Inventory
    from lichen.platform import Platform

__all__ = ["main"]

AnyDatabase = Annotated[
    list[str] | None,
    typer.Option(
        "--database",
        metavar="SERVICE=URL",
        help="A service's database, as a role that may read its record; =@FILE reads the URL from a file. Repeat it."
        " Without it: the local run.",
    ),
]
Root = Annotated[str, typer.Option(help="Code of the root location.")]

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help=__doc__)

audit = typer.Typer(no_args_is_help=True, help="The audit records: who did what, where, when and why, or was refused.")
app.add_typer(audit, name="audit")


def say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a command speaks


@app.command()
def up(
    *,
    sample: Annotated[bool, typer.Option(help="Load the sample and play the main job once.")] = True,
    identity: Annotated[Identity, typer.Option(help="The development issuer, or the real Keycloak.")] = Identity.ISSUER,
) -> None:
    """Start the whole platform, play the main job on the sample Secretariat once, stay up until Ctrl-C."""
    from lichen.platform import Platform, PlatformFailed  # noqa: PLC0415 - keeps --help quick

    home = Home.of_environment()
    platform = Platform(home=home, say=say, identity=identity)
    code = 0
    _on_stop_signals(signal.default_int_handler)
    say(f"Lichen starts in {home.path}")
    try:
        platform.start()
        say(f"The gateway answered after {platform.first_answer_s:.1f} s.")
        if sample and not home.sample_loaded:
            _play(platform, home)
        _tell(platform)
        platform.watch()
    except PlatformFailed as failure:
        say(f"\nLichen stops: {failure}")
        code = 1
    except KeyboardInterrupt:
        say("\nStopping in order.")
    _on_stop_signals(signal.SIG_IGN)  # it stops, and does not take longer than its deadlines
    platform.stop()
    say("Stopped.")
    sys.exit(code)


def _on_stop_signals(handler: "Callable[[int, FrameType | None], Any] | signal.Handlers") -> None:
    """Ctrl-C, `kill`, and the end of the terminal, unless `nohup` said to outlive it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handler)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        signal.signal(signal.SIGHUP, handler)


def _play(platform: "Platform", home: Home) -> None:
    from lichen import mainjob  # noqa: PLC0415 - only at the first start
    from lichen.personas import Tokens  # noqa: PLC0415 - as above
    from lichen.platform import PlatformFailed  # noqa: PLC0415 - as above

    say("\nThe main job, on the sample Secretariat:")
    context = mainjob.Context(gateway=platform.gateway_url, token=Tokens(issuer=platform.issuer_url).of, say=say)
    try:
        mainjob.run(context)
    except mainjob.StepFailed as failure:
        platform.require_running()
        message = f"the main job failed: {failure}\nThe sample is half loaded; remove {home.path} to begin anew."
        raise PlatformFailed(message) from failure
    home.mark_sample_loaded()


def _tell(platform: "Platform") -> None:
    from lichen.personas import personas  # noqa: PLC0415 - as above

    say(f"\nGateway    {platform.gateway_url}")
    say(f"Explorer   {platform.gateway_url} in a browser")
    say(f"Files      http://127.0.0.1:{platform.ports['inventory']}/files/inventories/ID/records.csv, with a token")
    secret = platform.home.path / "secrets" / "ext-unep"
    say(f"Events     export CLIENT_SECRET=$(cat {secret})")
    say(f"           .venv/bin/python docs/subscriber/subscribe.py {platform.nats_url} {platform.issuer_url} ext-unep")
    say("\nPersonas (the password is the user name; a token: .venv/bin/lichen token NAME):")
    for username, name, groups in personas():
        say(f"  {username:<18} {name:<40} {', '.join(groups)}")
    say("\nUp. Ctrl-C stops it.")


@app.command()
def status(*, output: Annotated[str, typer.Option(help="table or json")] = "table") -> None:
    """Each part: state, port, seconds to ready, memory; and the totals against the budget."""
    from lichen import status as measured  # noqa: PLC0415 - keeps --help quick

    found = measured.rows(Home.of_environment())
    if output == "json":
        say(json.dumps(found, indent=2))
        return
    if not found["parts"]:
        say("Nothing runs. Start it: make run")
        return
    say(f"{'part':<12}{'state':<9}{'pid':>8}{'port':>7}{'ready s':>9}{'memory MB':>11}{'RSS MB':>9}")
    for part in found["parts"]:
        ready = "" if part["ready_s"] is None else f"{part['ready_s']:.1f}"
        state = "up" if part["running"] else "down"
        say(
            f"{part['part']:<12}{state:<9}{part['pid']:>8}{part['port'] or '':>7}{ready:>9}"
            f"{part['memory_mb']:>11.0f}{part['resident_mb']:>9.0f}"
        )
    if (provider := found["identity"]) is not None:
        took = ", ".join(f"{what} {seconds} s" for what, seconds in provider["seconds"].items())
        say(f"identity: {provider['provider']} {provider['version']} ({took})")
    budget = found["budget"]
    say(f"{'total':<45}{found['memory_mb']:>11.0f}{found['resident_mb']:>9.0f}   (budget {budget['memory_mb']} MB)")
    say("memory: pages that several processes share are counted once (PSS); RSS counts them in each")
    starts = [("first start", found["cold"], budget["first_answer_s"])]
    if found["last"] != found["cold"]:
        starts.append(("last start", found["last"], budget["start_s"]))
    for title, times, seconds in starts:
        say(f"{title + ':':<13}the gateway answered after {times['first_answer_s']:.1f} s (budget {seconds} s)")


@app.command()
def token(persona: str) -> None:
    """An access token of a persona, for five minutes."""
    say(_token(persona)())


@app.command(name="personas")
def list_personas() -> None:
    """Who can sign in locally, and with which groups."""
    from lichen.personas import personas  # noqa: PLC0415 - keeps --help quick

    for username, name, groups in personas():
        say(f"{username:<18} {name:<40} {', '.join(groups)}")


@app.command(
    name="quantify",
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
)
def quantify_lines(context: typer.Context) -> None:
    """Activity lines in CSV, XLSX or JSON into emissions with their lineage: no server, no database, no network."""
    from inventory.commands import quantify  # noqa: PLC0415 - keeps --help quick

    sys.exit(quantify.main(context.args, program="lichen quantify"))


Location = Annotated[str, typer.Option(help="Code of the location.")]
Year = Annotated[int, typer.Option(help="Of the inventory.", min=1900, max=2999)]
Url = Annotated[
    str | None, typer.Option(help="Where files go, such as https://lichen.example.org; without it: the local run.")
]
Persona = Annotated[
    str | None, typer.Option(help="A persona of the local run; else the token in LICHEN_TOKEN.", show_default=False)
]


@app.command(name="import")
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="CSV or XLSX.")],
    *,
    location: Location,
    year: Year,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check everything, take nothing in.")] = False,
    accept_partial: Annotated[
        bool, typer.Option("--accept-partial", help="Take in sound rows where others have problems.")
    ] = False,
    locale: Annotated[str, typer.Option(help="How numbers are written in the file's texts: en, fr, es …")] = "en",
    marked: Annotated[Path | None, typer.Option(help="Keep the file here, with its problems marked.")] = None,
    url: Url = None,
    persona: Persona = None,
    output: Annotated[str, typer.Option(help="text or json")] = "text",
) -> None:
    """Send a file of activity data and follow it to its end. Exits with 1 if refused, with 2 if it can't be sent."""
    from lichen import importing  # noqa: PLC0415 - keeps --help quick
    from lichen.asking import Refused  # noqa: PLC0415 - as above

    inventory = _inventory(url, persona)
    given = {
        "location": location,
        "year": str(year),
        "name": file.name,
        "dryRun": str(dry_run).lower(),
        "acceptPartial": str(accept_partial).lower(),
        "locale": locale,
    }
    job: dict[str, Any] = {}
    try:
        job = inventory.send(file, given=given)
        job = importing.shown(inventory, job, quiet=output == "json")
        problems = inventory.problems(job["id"]) if job["problemCount"] else []
        if marked is not None and job["problemCount"]:
            inventory.fetch(f"/files/imports/{job['id']}/marked.xlsx", marked)
    except Refused as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201 - a command speaks
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(f"Job {job.get('id', '')} goes on. Stop it: mutation cancelImport; follow it: send the file again.")
    if output == "json":
        say(json.dumps(job | {"problems": problems}, indent=2))
    else:
        say(importing.told_of(job, problems, dry_run=dry_run))
        if job["problemCount"] and marked is None:
            say(f"See them in the workbook: lichen import {file} … --marked {file.stem}-marked.xlsx")
    sys.exit(0 if job["state"] == "DONE" else 1)


@app.command(name="import-template")
def import_template(
    to: Annotated[Path, typer.Argument(dir_okay=False, help="Where to keep the XLSX.")],
    *,
    location: Location,
    year: Year,
    locale: Annotated[str, typer.Option(help="Of the headers: en, fr or es.")] = "en",
    url: Url = None,
    persona: Persona = None,
) -> None:
    """A workbook to fill in: lists of sites, categories, items and units, for a location and year."""
    from lichen.asking import Refused  # noqa: PLC0415 - keeps --help quick

    try:
        _inventory(url, persona).fetch(f"/files/locations/{location}/template.xlsx", to, year=str(year), locale=locale)
    except Refused as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201 - as above
        sys.exit(2)
    say(f"{to}: fill it in, then: lichen import {to} --location {location} --year {year} --dry-run")


@app.command()
def lineage(
    location: Annotated[str, typer.Argument(help="Code of the location.")],
    year: Annotated[int, typer.Argument(help="Of the inventory.", min=1900, max=2999)],
    *,
    version: Annotated[int | None, typer.Option(help="Without it: the newest that you may see.", min=1)] = None,
    scope: Annotated[int | None, typer.Option(help="Only the total of this scope.", min=1, max=3)] = None,
    category: Annotated[str | None, typer.Option(help="Only the total of this category.")] = None,
    records: Annotated[int, typer.Option(help="Lines shown of each category, the largest.", min=1, max=1000)] = 3,
    url: Annotated[
        str | None,
        typer.Option(help="Where the gateway is, such as https://lichen.example.org; without it: the local run."),
    ] = None,
    persona: Persona = None,
    output: Annotated[str, typer.Option(help="text or json")] = "text",
) -> None:
    """Print what a total is made of, down to its documents. Exits with 1 if it does not add up, with 2 if unreadable.

    Every line of the total is read and added up, to the last digit; the largest of each category are shown.
    """
    from rich.console import Console  # noqa: PLC0415 - keeps --help quick

    from lichen import lineage as lineages  # noqa: PLC0415 - as above
    from lichen import lineage_text  # noqa: PLC0415 - as above
    from lichen.asking import Refused  # noqa: PLC0415 - as above

    gateway = _gateway(url, persona)
    asked = lineages.Asked(location=location, year=year, version=version, scope=scope, category=category, lines=records)
    try:
        with Console(stderr=True).status("reading") as waiting:
            found = lineages.read(gateway, asked, on_lines=lambda count: waiting.update(f"{count:,} lines read"))
    except Refused as refusal:
        print(refusal, file=sys.stderr)  # noqa: T201 - a command speaks
        sys.exit(2)
    if output == "json":
        say(json.dumps(found.document(), indent=2))
    else:
        lineage_text.show(found, Console(highlight=False, markup=False, emoji=False))
    sys.exit(0 if found.adds_up else 1)


def _inventory(url: str | None, persona: str | None) -> "Inventory":
    """The service's files: as whom, and where."""
    from lichen.importing import Inventory  # noqa: PLC0415 - as above

    run = Home.of_environment().read_run()
    return Inventory(url=_address(url, lambda: f"http://127.0.0.1:{run['ports']['inventory']}"), token=_token(persona))


def _gateway(url: str | None, persona: str | None) -> "Gateway":
    """As whom, and where."""
    from lichen.asking import Gateway  # noqa: PLC0415 - as above

    run = Home.of_environment().read_run()
    base = _address(url, lambda: f"http://127.0.0.1:{run['ports']['gateway']}")
    return Gateway(url=f"{base}/graphql", token=_token(persona))


def _address(given: str | None, local: "Callable[[], str]") -> str:
    if given is not None:
        return given.rstrip("/")
    try:
        return local()
    except KeyError:
        sys.exit("Nothing runs here. Start it: make run, or give --url")


def _token(persona: str | None) -> "Callable[[], str]":
    """Gives the token of whoever asks, as often as it is asked for."""
    from lichen.personas import Tokens, personas  # noqa: PLC0415 - as above

    if persona is not None:
        known = [name for name, _, _ in personas()]
        if persona not in known:
            sys.exit(f"There is no persona {persona}. There are {', '.join(known)}.")
        run = Home.of_environment().read_run()
        if "issuer" not in run:
            sys.exit("Nothing runs here, and personas are of a local run. Start it: make run")
        tokens = Tokens(issuer=run["issuer"])
        return lambda: tokens.of(persona)
    token = os.environ.get("LICHEN_TOKEN")
    if not token:
        sys.exit("Say as whom: --persona NAME in a local run, or a token in LICHEN_TOKEN")
    return lambda: token


@audit.command()
def verify(
    *,
    database: AnyDatabase = None,
    root: Root = "secretariat",
    output: Annotated[str, typer.Option(help="text or json")] = "text",
) -> None:
    """Whether each record is as it was written; names the first entry that is not. Exits with 1 then, 2 if unreadable.

    Give the database of a service's witness too (reporting; for reporting itself, inventory): without it, a record
    that was rewritten as a whole can't be told.
    """
    from lichen import auditing  # noqa: PLC0415 - keeps --help quick

    found = asyncio.run(auditing.verify_all(_databases(database), root=root))
    say(json.dumps([item.document() for item in found], indent=2) if output == "json" else auditing.told(found))
    sys.exit(max(item.exit_code for item in found))


@audit.command(name="list")
def list_entries(
    service: str,
    *,
    subject: str | None = None,
    action: str | None = None,
    location: Annotated[str | None, typer.Option(help="And everything under it.")] = None,
    record: str | None = None,
    outcome: Annotated[str | None, typer.Option(help="done or refused")] = None,
    trace: str | None = None,
    since: Annotated[datetime | None, typer.Option(help="UTC")] = None,
    before: Annotated[datetime | None, typer.Option(help="UTC")] = None,
    most: Annotated[int, typer.Option(help="How many, newest first.", min=1)] = 50,
    database: AnyDatabase = None,
    root: Root = "secretariat",
) -> None:
    """Entries of one service's record, newest first."""
    from lichen import auditing  # noqa: PLC0415 - as above

    wanted = auditing.Wanted(
        since=None if since is None else since.replace(tzinfo=UTC),
        before=None if before is None else before.replace(tzinfo=UTC),
        subject=subject,
        action=action,
        location_id=location,
        record_id=record,
        outcome=outcome,
        trace_id=trace,
    )
    urls = _databases(database)
    if service not in urls:
        sys.exit(f"no database of {service}; there are {', '.join(urls)}")
    for line in asyncio.run(auditing.lines(urls[service], wanted, most=most, root=root)):
        say(line)


def _databases(given: list[str] | None) -> dict[str, str]:
    """URL by service: those that were given, or the local run's."""
    from lichen import auditing  # noqa: PLC0415 - as above

    try:
        return auditing.databases_of(given) if given else auditing.local_databases(Home.of_environment())
    except auditing.NoDatabases as problem:
        sys.exit(str(problem))


def main() -> None:
    app()


if __name__ == "__main__":
    main()

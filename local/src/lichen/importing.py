"""Files of activity data sent to *inventory*, followed with a bar, and what was wrong in them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import orjson
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from lichen.asking import Gateway, Refused, told

__all__ = ["Inventory", "shown", "told_of"]

ENDS = frozenset({"DONE", "REFUSED", "CANCELLED", "FAILED"})
PROBLEMS_SHOWN = 20
RECONNECT_S = 1.0
RECONNECTS_MAX = 30
_PROBLEMS = (
    "query ($id: ID!, $first: Int!) { importJob(id: $id) { problems(first: $first) { edges { node"
    " { sheet row column value code reason hint } } } } }"
)


def _is_over(job: dict[str, Any]) -> bool:
    return job["state"] in ENDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The service, as somebody with a token."""

    url: str
    token: Callable[[], str]
    """Asked each time: a token lives for minutes, an import may take longer."""

    def send(self, file: Path, *, given: dict[str, str]) -> dict[str, Any]:
        """Have a file taken in; the job. Refuses: Refused."""
        try:
            with file.open("rb") as content:
                answer = httpx.post(
                    f"{self.url}/files/imports", params=given, headers=self._headers(), content=content, timeout=120
                )
        except (OSError, httpx.HTTPError) as error:
            raise Refused(f"{file} can't be sent to {self.url}: {error}") from error
        job: dict[str, Any] = told(answer).json()
        return job

    def follow(self, job: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """The job at each change, to its end; a connection that breaks is made anew. Refuses: Refused."""
        tries = 0
        while not _is_over(job):
            try:
                for line in self._events(job["id"]):
                    tries = 0
                    job = orjson.loads(line)
                    yield job
            except httpx.HTTPError as error:
                tries += 1
                if tries > RECONNECTS_MAX:
                    raise Refused(f"import {job['id']} goes on, but {self.url} no longer answers: {error}") from error
                time.sleep(RECONNECT_S)

    def _events(self, job_id: str) -> Iterator[str]:
        url = f"{self.url}/files/imports/{job_id}/events"
        with httpx.stream("GET", url, headers=self._headers(), timeout=60) as answer:
            if answer.status_code != httpx.codes.OK:
                answer.read()
                told(answer)
            for line in answer.iter_lines():
                if line.startswith("data: "):
                    yield line.removeprefix("data: ")

    def fetch(self, path: str, to: Path, **given: str) -> None:
        """Keep a file that the service gives. Refuses: Refused."""
        try:
            answer = httpx.get(f"{self.url}{path}", params=given, headers=self._headers(), timeout=120)
        except httpx.HTTPError as error:
            raise Refused(f"{self.url} can't be asked: {error}") from error
        to.write_bytes(told(answer).content)

    def problems(self, job_id: str, *, most: int = PROBLEMS_SHOWN) -> list[dict[str, Any]]:
        """The first problems of a job. Refuses: Refused."""
        gateway = Gateway(url=f"{self.url}/graphql", token=self.token)
        job = gateway.ask(_PROBLEMS, id=job_id, first=most)["importJob"]
        return [] if job is None else [edge["node"] for edge in job["problems"]["edges"]]

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token()}"}


def shown(inventory: Inventory, job: dict[str, Any], *, quiet: bool) -> dict[str, Any]:
    """Follow a job with a bar, on a terminal; the job at its end."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description:<9}"),
        BarColumn(),
        TextColumn("{task.fields[counts]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, disable=quiet or not console.is_terminal, transient=True) as bar:
        task = bar.add_task("queued", total=None, counts="")
        for changed in inventory.follow(job):
            job = changed
            checked, written = job["rowsChecked"], job["rowsWritten"]
            is_writing = job["state"] == "WRITING"
            bar.update(
                task,
                description=job["state"].lower(),
                # How many rows there are is known once all are checked.
                total=checked if is_writing else None,
                completed=written,
                counts=f"{checked:,} rows checked" + (f", {written:,} written" if is_writing else ""),
            )
    return job


def told_of(job: dict[str, Any], problems: list[dict[str, Any]], *, dry_run: bool) -> str:
    """What became of it, in words."""
    state, count = job["state"], job["problemCount"]
    match state:
        case "DONE" if dry_run:
            first = f"Dry run: {job['rowsChecked']:,} rows checked, {count:,} problems; nothing was taken in."
        case "DONE" if job["rowsWritten"] == 0:
            first = "The same file is in the inventory already; nothing happened."
        case "DONE":
            first = f"Taken in: {job['rowsWritten']:,} of {job['rowsChecked']:,} rows, {count:,} problems."
        case "CANCELLED":
            first = "Cancelled; nothing was taken in."
        case _:
            first = f"{job['refusalCode']}: {job['refusalMessage']}"
    lines = [first, f"Import {job['importId'] or '-'}, job {job['id']}"]
    lines += [
        f"  {item['sheet'] or 'file'} row {item['row']}, {item['column'] or 'whole row'}"
        + (f" '{item['value']}'" if item["value"] else "")
        + f": {item['code']}: {item['reason'].removesuffix('.')}. {item['hint']}"
        for item in problems
    ]
    if count > len(problems):
        lines.append(f"  … and {count - len(problems):,} more")
    return "\n".join(lines)

"""Files that go into the platform as jobs, for the seed."""

import asyncio
from typing import Any, Protocol

from tools.canary.world import World

__all__ = ["HEADER", "import_jobs"]

HEADER = "site,category,item,start,end,amount,unit,treatment,quality,note"
IMPORT = """query ($id: ID!) { importJob(id: $id) { id locationId year fileName contentHash state dryRun acceptPartial
    requestedBy requestedAt startedAt finishedAt rowsChecked rowsWritten problemCount refusalCode refusalMessage
    import { id fileName contentHash rowCount importedBy importedAt undoneAt undoneBy undoneReason }
    problems(first: 1) { edges { cursor node { sheet row column value code reason hint } }
    pageInfo { hasNextPage endCursor } } } }"""
TRIES = 300
PAUSE_S = 0.2
ROWS_TO_CANCEL = 2000
"""So many that it is not over at once."""
CANCEL_TRIES = 5


class Seeds(Protocol):
    """What the seed can do."""

    world: World

    async def do(self, mutation: str, by: str, **given: Any) -> dict[str, Any]: ...

    async def attempt(self, mutation: str, by: str, **given: Any) -> dict[str, Any]: ...

    def figure(self) -> str: ...

    def text(self, location: str) -> str: ...


async def import_jobs(seed: Seeds, location: str, year: int, team: str) -> None:
    """A file that is cancelled, one that is refused, and one whose sound row goes in and is taken out again."""
    await _cancelled(seed, location, year, team)
    sound = f"{location},taxi_travel,taxi,{year}-03-01,{year}-03-01,{seed.figure()},km,,measured,{seed.text(location)}"
    unsound = f"{location},taxi_travel,taxi,{year}-03-02,{year}-03-02,none,km,,measured,{seed.text(location)}"
    for rows, partial in (((unsound,), "false"), ((sound, unsound), "true")):
        job = await _worked_off(seed, location, year, team, content="\n".join((HEADER, *rows)), partial=partial)
        if job["import"] is not None:
            await seed.do("undoImport", team, importId=job["import"]["id"], reason=seed.text(location))
        job = await _look_at_job(seed, job["id"], team)
        seen = [("Query", {"importJob": job}), ("ImportJob", job), ("ImportProblemConnection", job["problems"])]
        seen += [("ActivityImport", job["import"])] if job["import"] else []
        for edge in job["problems"]["edges"]:
            seen += [("ImportProblemEdge", edge), ("ImportProblem", edge["node"])]
        for type_, row in seen:
            for name, value in row.items():
                if value is not None:
                    seed.world.learn(type_, name, value)


async def _cancelled(seed: Seeds, location: str, year: int, team: str) -> None:
    """A job that is cancelled before it is over; another is sent where it was too quick. Refuses: RuntimeError."""
    for number in range(CANCEL_TRIES):
        rows = (
            f"{location},taxi_travel,taxi,{year}-04-01,{year}-04-01,{number}.{row},km,,measured,{seed.text(location)}"
            for row in range(1, ROWS_TO_CANCEL)
        )
        job = await _sent(seed, location, year, team, content="\n".join((HEADER, *rows)), partial="false")
        done = await seed.attempt("cancelImport", team, jobId=job["id"])
        if done["__typename"] == "ImportJob":
            await _at_its_end(seed, job["id"], team)
            return
    message = f"no import of {location} can be cancelled"
    raise RuntimeError(message)


async def _worked_off(
    seed: Seeds, location: str, year: int, team: str, *, content: str, partial: str
) -> dict[str, Any]:
    """The job of a file, at its end. Refuses: RuntimeError."""
    sent = await _sent(seed, location, year, team, content=content, partial=partial)
    return await _at_its_end(seed, sent["id"], team)


async def _sent(seed: Seeds, location: str, year: int, team: str, *, content: str, partial: str) -> dict[str, Any]:
    if seed.world.client is None:
        message = "files are sent while connected"
        raise RuntimeError(message)
    sent = await seed.world.client.post(
        f"http://127.0.0.1:{seed.world.platform.ports['inventory']}/files/imports",
        params={"location": location, "year": year, "name": f"{seed.text(location)}.csv", "acceptPartial": partial},
        headers={"Authorization": f"Bearer {seed.world.token_of(team)}"},
        content=content.encode(),
    )
    if sent.is_error:
        raise RuntimeError(sent.text[:800])
    job: dict[str, Any] = sent.json()
    return job


async def _at_its_end(seed: Seeds, job_id: str, team: str) -> dict[str, Any]:
    for _ in range(TRIES):
        job = await _look_at_job(seed, job_id, team)
        if job["finishedAt"] is not None:
            return job
        await asyncio.sleep(PAUSE_S)
    message = f"the import does not end: {job}"
    raise RuntimeError(message)


async def _look_at_job(seed: Seeds, job_id: str, team: str) -> dict[str, Any]:
    endpoint = next(found for found in seed.world.subgraphs if found.name == "inventory")
    answer = await seed.world.ask(endpoint, IMPORT, name=team, variables={"id": job_id})
    job: dict[str, Any] | None = (answer.document.get("data") or {}).get("importJob")
    if job is None:
        raise RuntimeError(answer.text[:800])
    return job

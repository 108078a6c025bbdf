import asyncio
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from chassis.accounts import render
from chassis.keys import Keys, new_seed
from chassis.migrations import migrate
from embedded.nats import EmbeddedNats
from embedded.ports import free_port

sys.path.insert(0, str(Path(__file__).parent))

from outside_site import DEADLINE_S, PEOPLE, SECRET, Site, fill_register, make_streams, until

TABLE = Path(__file__).resolve().parents[2] / "build" / "nats-attempts.md"


def write_table(outcomes: list[tuple[str, str, str]]) -> None:
    """What was tried on the real server, for people to read."""
    lines = [
        "| who | tries | outcome |",
        "|---|---|---|",
        *(f"| {who} | {what} | {came} |" for who, what, came in outcomes),
    ]
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="session")
def site(postgres_server, tmp_path_factory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("outside")
    keys = Keys.kept(new_seed)
    server = EmbeddedNats(folder / "nats", accounts=render(), keys=keys.public())
    server.start()
    port = free_port()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LICHEN_")}
    people = folder / "people.json"
    database = f"test_outside_{os.getpid()}"

    def prepare():
        made = asyncio.run(postgres_server.create_service_database("access", database=database))
        migrate("access", made.owner)
        asyncio.run(fill_register(made.serving))
        return made

    with ThreadPoolExecutor(1) as thread:
        urls = thread.submit(prepare).result()
    made = Site(
        server=server,
        keys=keys,
        issuer=f"http://127.0.0.1:{port}/realms/lichen-local",
        people=people,
        urls=urls,
        logs=folder,
    )
    made.set_groups(PEOPLE)
    with (folder / "issuer.log").open("ab") as log:
        issuer = subprocess.Popen(
            [sys.executable, "-m", "issuer"],
            env=kept
            | {
                "LICHEN_ENV": "local",
                "LICHEN_ISSUER_PORT": str(port),
                "LICHEN_ISSUER_PERSONAS": str(people),
                "LICHEN_ISSUER_UNEP_SECRET": SECRET,
                "LICHEN_INTROSPECTION_SECRET": SECRET,
            },
            stdout=log,
            stderr=log,
        )
    try:
        until(lambda: httpx.get(f"{made.issuer}/.well-known/openid-configuration").is_success, folder / "issuer.log")
        made.start_access()
        asyncio.run(make_streams(made))
        yield made
        write_table(made.outcomes)
        made.stop_access()
    finally:
        if made.access is not None:
            made.access.kill()
        issuer.terminate()
        issuer.wait(DEADLINE_S)
        server.stop()
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, postgres_server.drop_database(database)).result()

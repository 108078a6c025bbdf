"""Starting, watching and stopping: no process is left behind, and a crash says which part and why."""

import json
import os
import signal
import time

import httpx
import psutil

from embedded.ports import free_port
from lichen.personas import Tokens
from tests.journeys.conftest import gone, printed_until, start


def up(home, *arguments, **environment):
    process = start(home, *arguments, LICHEN_GATEWAY_PORT=str(free_port()), **environment)
    printed = printed_until(process, ("Up.", "Lichen stops"))
    assert "Up. Ctrl-C stops it." in printed, printed
    run = json.loads((home / "run.json").read_text())
    everything = {child.pid for child in psutil.Process(process.pid).children(recursive=True)} | {process.pid}
    return process, run, everything


ROOT = """mutation { registerLocation(input: {id: "secretariat", name: "Secretariat", kind: "root", parentId: null,
  validFrom: "1945-10-24", source: "a journey"}) { __typename } }"""


def test_stopping_and_killing_it_leave_no_process_behind_and_the_data_stay(homes):
    home = homes / "stopped"
    for how, answer in ((signal.SIGINT, []), (signal.SIGKILL, ["secretariat"]), (signal.SIGINT, ["secretariat"])):
        process, run, everything = up(home, "--no-sample")
        assert len(everything) > 8
        assert locations(run) == answer
        token = Tokens(issuer=run["issuer"]).of("coordinator")
        httpx.post(
            run["gateway"], json={"query": ROOT}, headers={"authorization": f"Bearer {token}"}
        ).raise_for_status()
        assert locations(run) == ["secretariat"]

        process.send_signal(how)
        printed = process.stdout.read()

        assert process.wait(timeout=60) == (0 if how == signal.SIGINT else -signal.SIGKILL)
        assert gone(everything)
        assert printed.endswith("Stopped.\n") is (how == signal.SIGINT)


def locations(run) -> list[str]:
    answer = httpx.post(run["gateway"], json={"query": "{ locations(first: 5) { edges { node { id } } } }"}, timeout=30)
    return [edge["node"]["id"] for edge in answer.json()["data"]["locations"]["edges"]]


def test_a_crash_of_one_part_says_which_and_stops_the_rest(homes):
    process, run, everything = up(homes / "crashed", "--no-sample")

    os.kill(run["parts"]["targets"]["pid"], signal.SIGKILL)
    printed = process.stdout.read()

    assert process.wait(timeout=60) == 1
    assert "Lichen stops: targets ended with exit code -9" in printed
    assert gone(everything)


def test_a_second_start_in_the_same_home_is_refused(platform):
    second = start(platform.home, LICHEN_GATEWAY_PORT=str(free_port()))

    assert f"this home runs already, as process {platform.run['pid']}" in second.stdout.read()
    assert second.wait(timeout=30) == 1


def test_a_taken_gateway_port_is_named_with_the_variable_to_set(platform, homes):
    other = start(homes / "other", LICHEN_GATEWAY_PORT=str(platform.run["ports"]["gateway"]))

    assert "LICHEN_GATEWAY_PORT" in other.stdout.read()
    assert other.wait(timeout=30) == 1


def test_status_tells_every_part_and_the_budgets(platform):
    from lichen.home import Home
    from lichen.status import rows

    deadline = time.monotonic() + 10
    found = rows(Home(path=platform.home))
    while time.monotonic() < deadline and not all(part["running"] for part in found["parts"]):
        found = rows(Home(path=platform.home))

    parts = {part["part"]: part for part in found["parts"]}
    assert {"postgres", "nats", "issuer", "inventory", "targets", "offsets", "reporting", "access", "gateway"} <= set(
        parts
    )
    assert all(part["running"] for part in parts.values())
    taken = {name: round(part["memory_mb"]) for name, part in parts.items()}
    assert 0 < found["memory_mb"] < found["budget"]["memory_mb"], taken
    assert taken["nursery"] < 20  # it lets go of what it imported for the others
    assert found["last"]["first_answer_s"] > 0

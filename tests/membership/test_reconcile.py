"""A plan of what differs, its steps, and an empty plan after them."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest

from access.reconciling.plan import apply, make_plan

CHAIR_OF_UNON = "/locations/secretariat/unon/local-chair"


@pytest.fixture
def plan(record):
    async def call(*, with_members=False):
        return await make_plan(
            record.database,
            record.directory,
            root="secretariat",
            document=None,
            with_members=with_members,
            attestation_interval=timedelta(days=180),
        )

    return call


@pytest.fixture
def command(settings):
    def run(*arguments):
        environment = {
            "PATH": os.environ["PATH"],
            "LICHEN_ENV": "local",
            "LICHEN_DATABASE_URL": settings.database_url.get_secret_value(),
            "LICHEN_NATS_URL": settings.nats_url,
            "LICHEN_ISSUER": settings.issuer,
            "LICHEN_AUDIENCE": settings.audience,
            "LICHEN_ACCESS_SECRET": settings.access_secret.get_secret_value(),
        }
        return subprocess.run(
            [sys.executable, "-m", "access", *arguments], env=environment, capture_output=True, text=True, check=False
        )

    return run


async def test_the_tree_follows_the_register_and_the_second_plan_is_empty(record, plan):
    first = await plan()
    assert {step.what for step in first.steps} == {"create group"}
    assert "/locations/secretariat/field-missions/unifil/external-system" in [step.on for step in first.steps]

    await apply(record.directory, first, prune=False)

    second = await plan()
    assert second.steps == []
    assert "/locations/secretariat/escwa/local-member" in second.tree


async def test_an_empty_plan_takes_a_few_calls(record, plan):
    await apply(record.directory, await plan(), prune=False)
    calls = []

    async def counted(request):
        calls.append(request.url.path)

    record.directory._connection.async_s.event_hooks["request"].append(counted)
    assert (await plan()).steps == []

    assert len(calls) <= 10


async def test_a_location_that_moved_has_its_group_moved_never_made_anew(record, plan, groups_in_token):
    await apply(record.directory, await plan(), prune=False)
    before = (await plan()).tree.by_path[CHAIR_OF_UNON]
    await record.location_moves("unon", "secretariat.field-missions.unon")
    moving = await plan()

    assert [(step.what, step.on) for step in moving.steps] == [("move group", "/locations/secretariat/unon")]
    assert moving.prunable == []
    await apply(record.directory, moving, prune=True)

    after = await plan()
    there = "/locations/secretariat/field-missions/unon/local-chair"
    assert after.steps == []
    assert after.tree.by_path[there].id == before.id
    assert groups_in_token("unon-chair") == [there]


async def test_a_parent_and_its_child_move_together_and_apart(record, plan):
    await record.location_is_registered("annex", "secretariat.unon.annex", "site")
    await apply(record.directory, await plan(), prune=False)
    await record.location_moves("unon", "secretariat.field-missions.unon")
    await record.location_moves("annex", "secretariat.escwa.annex")

    await apply(record.directory, await plan(), prune=False)

    after = await plan()
    assert after.steps == []
    assert after.group_plan.unknown == ()


async def test_nothing_is_taken_away_without_being_told_and_then_it_is_named(record, plan, groups_in_token):
    await apply(record.directory, await plan(), prune=False)
    stray = await record.directory.create_group(
        "no-such-place", parent=(await plan()).tree.by_path["/locations/secretariat"]
    )
    found = await plan(with_members=True)
    named = {(step.what, step.on) for step in found.prunable}
    assert ("delete group", stray.path) in named
    assert ("take out of group", "unon-chair") in named

    await apply(record.directory, found, prune=False)
    assert stray.path in (await plan()).tree
    assert groups_in_token("unon-chair") == [CHAIR_OF_UNON]

    await apply(record.directory, found, prune=True)
    after = await plan(with_members=True)
    assert after.prunable == []
    assert groups_in_token("unon-chair") == []


async def test_what_excludes_what_is_reported_and_refused_nowhere_silently(record, plan):
    person = await record.directory.person(user_name="auditor")
    await record.directory.join(person.subject, CHAIR_OF_UNON)

    found = [(finding.code, finding.about, finding.found) for finding in (await plan(with_members=True)).findings]

    assert ("ROLE_EXCLUDES_OTHERS", "auditor", "auditor and local-chair") in found
    assert ("UNRECORDED", "coordinator", "central-coordinator at secretariat") in found


def test_an_operator_plans_applies_and_adopts(record, command):
    planned = command("reconcile", "--output", "json")
    assert planned.returncode == 2, planned.stderr
    assert {step["what"] for step in json.loads(planned.stdout)["steps"]} == {"create group"}

    applied = command("reconcile", "--apply", "--adopt")
    assert applied.returncode == 0, applied.stderr

    again = command("reconcile", "--members")
    assert again.returncode == 0, again.stderr
    assert "To do (--apply): nothing" in again.stdout
    assert "UNRECORDED" not in again.stdout


def test_a_new_secret_is_printed_once_and_logged_nowhere(settings, command):
    rotated = command("rotate-secret", "ext-unep")
    secret = rotated.stdout.strip()

    assert rotated.returncode == 0, rotated.stderr
    assert rotated.stdout == f"{secret}\n"
    assert len(secret) >= 20
    assert secret not in rotated.stderr
    assert "ext-unep" in command("machines").stdout
    assert command("rotate-secret", "lichen-access").returncode == 1
    assert settings.access_secret.get_secret_value() not in command("machines", "--output", "json").stdout


def test_a_machine_is_switched_off_and_on(command):
    assert command("disable", "ext-unep").returncode == 0
    assert [each["enabled"] for each in json.loads(command("machines", "--output", "json").stdout)] == [False]
    assert command("enable", "ext-unep").returncode == 0
    assert [each["enabled"] for each in json.loads(command("machines", "--output", "json").stdout)] == [True]


def test_without_the_directory_the_operator_is_told_so(command, settings):
    assert command("machines").returncode == 0
    answer = subprocess.run(
        [sys.executable, "-m", "access", "machines"],
        env={
            "LICHEN_ENV": "local",
            "LICHEN_DATABASE_URL": settings.database_url.get_secret_value(),
            "LICHEN_NATS_URL": settings.nats_url,
            "LICHEN_ISSUER": "http://127.0.0.1:1/realms/lichen-local",
            "LICHEN_AUDIENCE": settings.audience,
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.returncode == 1
    assert "does not answer" in answer.stderr
    assert "Traceback" not in answer.stderr

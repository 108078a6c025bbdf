"""The whole plan: what differs, what would be done about it, and what a person must look at."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from access.directory.interface import Directory, GroupTree, Machine
from access.domain.roles import GRANTS_MAX
from access.reconciling import drift as drifting
from access.reconciling import groups, realm
from access.reconciling.groups import GroupPlan
from access.reconciling.realm import AccountChange, Change, Realm
from access.roles import group_path, parsed, rules
from access.store import attestations, effects, locations
from access.store.effects import Drift
from access.store.locations import RegisteredLocation
from chassis.database import Database

__all__ = ["Finding", "Plan", "Step", "apply", "make_plan"]

DUE_MAX = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One line of the plan."""

    what: str
    on: str
    why: str

    def as_json(self) -> dict[str, str]:
        return {"what": self.what, "on": self.on, "why": self.why}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that no step mends."""

    code: str
    about: str
    found: str

    def as_json(self) -> dict[str, str]:
        return {"code": self.code, "about": self.about, "found": self.found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was read, and what follows."""

    registered: tuple[RegisteredLocation, ...]
    tree: GroupTree
    group_plan: GroupPlan
    changes: tuple[Change, ...]
    account_changes: tuple[AccountChange, ...]
    drift: tuple[Drift, ...] | None
    """None: the members of groups were not read."""
    findings: tuple[Finding, ...]
    overdue: int
    """Memberships that are due for attestation."""

    @property
    def steps(self) -> list[Step]:
        """What `--apply` does."""
        plan = self.group_plan
        return [
            *(_step_of_change(change) for change in self.changes),
            *(Step(what="move group", on=move.group.path, why=f"registered as {move.to}") for move in plan.moves),
            *(Step(what="create group", on=creation.path, why="registered") for creation in plan.creations),
            *(
                Step(what="join", on=change.machine.client_id, why=path)
                for change in self.account_changes
                for path in change.join
            ),
            *(
                Step(what="leave", on=change.machine.client_id, why=path)
                for change in self.account_changes
                for path in change.leave
            ),
        ]

    @property
    def prunable(self) -> list[Step]:
        """What `--apply --prune` does besides: nothing else is ever taken away."""
        return [
            *(Step(what="delete group", on=group.path, why="not registered") for group in self.group_plan.unknown),
            *(
                Step(what="take out of group", on=each.user_name, why=f"{each.role} at {each.location_id}, unrecorded")
                for each in self.drift or ()
                if each.kind == effects.UNRECORDED
            ),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "steps": [step.as_json() for step in self.steps],
            "prunable": [step.as_json() for step in self.prunable],
            "findings": [finding.as_json() for finding in self.findings],
            "attestations_overdue": self.overdue,
        }


def _step_of_change(change: Change) -> Step:
    verb = "change" if change.fields else "create"
    return Step(what=f"{verb} {change.kind}", on=change.name, why=", ".join(change.fields) or "in the realm's document")


async def make_plan(
    database: Database,
    directory: Directory,
    *,
    root: str,
    document: Realm | None,
    with_members: bool,
    attestation_interval: timedelta,
) -> Plan:
    """Read the register, the record and the directory, and say what differs. Changes nothing."""
    now = datetime.now(UTC)
    async with database.transaction([root]) as tx:
        registered = await locations.registered(tx)
        due = await attestations.due(tx, at=now, interval=attestation_interval, roots=[root], limit=DUE_MAX, after=None)
    tree = await directory.groups()
    machines = () if document is None else await directory.machines()
    found = await drifting.compare(database, directory, tree, registered, root=root) if with_members else None
    return Plan(
        registered=tuple(registered),
        tree=tree,
        group_plan=groups.plan_groups(tree, registered),
        changes=() if document is None else tuple(await realm.plan_realm(directory, document)),
        account_changes=() if document is None else tuple(realm.plan_accounts(machines, document)),
        drift=None if found is None else tuple(found),
        findings=(
            *(_drift_finding(each) for each in found or ()),
            *_machine_findings(machines),
            *(await _person_findings(database, found or (), root=root, at=now)),
        ),
        overdue=sum(each.memberships for each in due),
    )


def _drift_finding(each: Drift) -> Finding:
    return Finding(code=each.kind.upper(), about=each.user_name, found=f"{each.role} at {each.location_id}")


def _machine_findings(machines: Sequence[Machine]) -> list[Finding]:
    found = [
        (machine, [role for group in machine.groups if (role := parsed(group)) is not None]) for machine in machines
    ]
    return [
        *(
            Finding(code="TOO_MANY_GRANTS", about=machine.client_id, found=f"{len(roles)} of at most {GRANTS_MAX}")
            for machine, roles in found
            if len(roles) > GRANTS_MAX
        ),
        *(
            Finding(code="MACHINE_WITH_A_PERSONS_ROLE", about=machine.client_id, found=f"{role} at {location}")
            for machine, roles in found
            for role, location in roles
            if role != "external-system"
        ),
    ]


async def _person_findings(
    database: Database, unrecorded: Sequence[Drift], *, root: str, at: datetime
) -> list[Finding]:
    """Persons with roles that exclude each other, or too many, counting what was given by hand."""
    held: dict[str, list[str]] = defaultdict(list)
    names: dict[str, str] = {}
    async with database.transaction([root]) as tx:
        recorded = [each for each in await effects.standing(tx, at=at, told_since=at) if each.is_active]
    by_hand = [each for each in unrecorded if each.kind == effects.UNRECORDED]
    for subject, role, name in [(each.subject, each.role, each.user_name) for each in recorded] + [
        (each.subject, each.role, each.user_name) for each in by_hand
    ]:
        held[subject].append(role)
        names[subject] = name
    found = []
    for subject, roles in held.items():
        pairs = sorted({(one, other) for one in roles for other in roles if one < other})
        about = names[subject]
        found += [
            Finding(code="ROLE_EXCLUDES_OTHERS", about=about, found=f"{one} and {other}")
            for one, other in pairs
            if rules.excludes(one, other)
        ]
        found += [
            Finding(code="MONEY_STEPS_COMBINED", about=about, found=f"{one} and {other}")
            for one, other in pairs
            if rules.combines_money_steps(one, other)
        ]
        if len(roles) > GRANTS_MAX:
            found.append(Finding(code="TOO_MANY_GRANTS", about=about, found=f"{len(roles)} of at most {GRANTS_MAX}"))
    return found


async def apply(directory: Directory, plan: Plan, *, prune: bool) -> None:
    """Take the plan's steps; with `prune` also those that take something away."""
    await realm.carry_out(directory, plan.changes)
    await groups.carry_out(directory, plan.tree, plan.group_plan, prune=prune)
    for change in plan.account_changes:
        for path in change.join:
            await directory.join(change.machine.account.subject, path)
        for path in change.leave:
            await directory.leave(change.machine.account.subject, path)
    if prune:
        paths = {location.id: location.path for location in plan.registered}
        for each in plan.drift or ():
            if each.kind == effects.UNRECORDED:
                await directory.leave(each.subject, group_path(each.role, paths[each.location_id]))

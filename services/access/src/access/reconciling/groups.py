"""The group tree that the register of locations asks for."""

from collections.abc import Sequence
from dataclasses import dataclass

from access.directory.interface import Directory, Group, GroupTree
from access.roles import rules
from access.store.locations import RegisteredLocation

__all__ = ["CreateGroup", "GroupPlan", "MoveGroup", "carry_out", "plan_groups", "wanted"]

LOCATIONS, FUNCTIONS = "/locations", "/functions"


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveGroup:
    """A location's group goes under another parent; all below it goes along."""

    group: Group
    to: str
    """Its path afterwards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateGroup:
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupPlan:
    """What to do, in this order."""

    moves: tuple[MoveGroup, ...]
    creations: tuple[CreateGroup, ...]
    unknown: tuple[Group, ...]
    """Groups that nothing asks for, deepest first. They grant nothing that the register knows, and stay."""


def wanted(registered: Sequence[RegisteredLocation]) -> list[str]:
    """Paths of all groups, parents before children: a group a location, and under it one for each of its roles."""
    paths = [LOCATIONS, FUNCTIONS, *(f"{FUNCTIONS}/{role}" for role in sorted(rules.functions))]
    for location in registered:
        at = f"{LOCATIONS}/{location.path.replace('.', '/')}"
        roles = rules.at(location.kind, is_root=location.is_root) - rules.functions
        paths += [at, *(f"{at}/{role}" for role in sorted(roles))]
    return paths


def plan_groups(tree: GroupTree, registered: Sequence[RegisteredLocation]) -> GroupPlan:
    """What is to do to `tree`. A location whose path is another now has its group moved, never made anew."""
    after = dict(tree.by_path)
    paths = wanted(registered)
    asked_for = frozenset(paths)
    moves = []
    for location in registered:
        at = f"{LOCATIONS}/{location.path.replace('.', '/')}"
        if at in after:
            continue
        elsewhere = [
            group
            for path, group in after.items()
            if path.startswith(f"{LOCATIONS}/") and path not in asked_for and path.endswith(f"/{location.id}")
        ]
        if len(elsewhere) != 1:
            # None: it is new. Several: which of them is meant, a person must say.
            continue
        moved = elsewhere[0]
        moves.append(MoveGroup(group=moved, to=at))
        after = {_moved(path, moved.path, at): _at(group, moved.path, at) for path, group in after.items()}
    creations = tuple(CreateGroup(path=path) for path in paths if path not in after)
    unknown = sorted(
        (
            group
            for path, group in after.items()
            if path.startswith((f"{LOCATIONS}/", f"{FUNCTIONS}/")) and path not in asked_for
        ),
        key=lambda group: (-group.path.count("/"), group.path),
    )
    return GroupPlan(moves=tuple(moves), creations=creations, unknown=tuple(unknown))


def _moved(path: str, old: str, new: str) -> str:
    return new + path.removeprefix(old) if path == old or path.startswith(f"{old}/") else path


def _at(group: Group, old: str, new: str) -> Group:
    return Group(id=group.id, path=_moved(group.path, old, new))


async def carry_out(directory: Directory, tree: GroupTree, plan: GroupPlan, *, prune: bool) -> GroupTree:
    """Take the plan's steps; unknown groups are deleted only when told to. Returns the tree afterwards."""
    after = dict(tree.by_path)
    for move in plan.moves:
        parent = after.get(move.to.rpartition("/")[0]) or await _create(directory, after, move.to.rpartition("/")[0])
        group = next(each for each in after.values() if each.id == move.group.id)
        await directory.move_group(group, parent=parent)
        after = {_moved(path, group.path, move.to): _at(each, group.path, move.to) for path, each in after.items()}
    for creation in plan.creations:
        if creation.path not in after:
            await _create(directory, after, creation.path)
    if prune:
        for group in plan.unknown:
            await directory.delete_group(group)
            del after[group.path]
    return GroupTree(after.values())


async def _create(directory: Directory, after: dict[str, Group], path: str) -> Group:
    """The group, with those above it that lack."""
    above, _, name = path.rpartition("/")
    parent = None if not above else after.get(above) or await _create(directory, after, above)
    after[path] = await directory.create_group(name, parent=parent)
    return after[path]

"""The locations that the canary fills, and everyone who asks: each role of the table at each place, and the odd ones.

Who may see what is decided here once more, from the table of roles alone: the platform's own rule is what is tested.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from contracts.access import CAPABILITIES_BY_ROLE, CAPABILITIES_BY_SCOPE, FUNCTIONS, Capability, Role

__all__ = [
    "ANNEX",
    "ENDED",
    "FILLED",
    "GUEST",
    "MACHINE",
    "MISSION",
    "OFFICE",
    "PARENTS",
    "PLACES",
    "REGION",
    "ROOT",
    "SITE",
    "Persona",
    "Staff",
    "lineage",
    "machines",
    "personas",
    "staff_of",
    "under",
    "write_people",
]

ROOT = "secretariat"
REGION = "canary-region"
OFFICE = "canary-office"
SITE = "canary-site"
ANNEX = "canary-annex"
MISSION = "canary-mission"
ENDED = "canary-ended"
PARENTS: Mapping[str, str | None] = {
    ROOT: None,
    REGION: ROOT,
    OFFICE: REGION,
    SITE: OFFICE,
    ANNEX: REGION,
    MISSION: ROOT,
    ENDED: MISSION,
}
FILLED = (REGION, OFFICE, SITE, ANNEX, MISSION)
"""Locations with rows of their own."""
PLACES: Mapping[str, str] = {
    "inside": OFFICE,
    "above": REGION,
    "beside": ANNEX,
    "outside": MISSION,
    "over-all": ROOT,
}
"""Where a persona's role is, seen from the office."""
STAFF_ROLES = (
    Role.TECHNICAL_TEAM,
    Role.LOCAL_CHAIR,
    Role.APPROVER,
    Role.PROCUREMENT,
    Role.CERTIFYING,
    Role.CENTRAL_COORDINATOR,
)
SPARE = 5
GUEST = "canary-guest"
"""Signed in, with no role anywhere."""
MACHINE = "ext-unep"
"""A machine client of the realm: its place is none of those that the canary fills."""


def lineage(location: str) -> frozenset[str]:
    """The location and everything above it."""
    parent = PARENTS[location]
    return frozenset({location}) | (frozenset() if parent is None else lineage(parent))


def under(location: str) -> frozenset[str]:
    """The location and everything below it."""
    return frozenset(code for code in PARENTS if location in lineage(code))


def _path(location: str) -> str:
    parent = PARENTS[location]
    return location if parent is None else f"{_path(parent)}/{location}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Someone who asks."""

    name: str
    grants: tuple[tuple[Role, str], ...] = ()
    scopes: frozenset[str] = frozenset()
    """As in the token; they count for the role `external-system` alone."""

    def capabilities_at(self, location: str) -> frozenset[Capability]:
        above = lineage(location)
        return frozenset[Capability]().union(*(self._of(role) for role, place in self.grants if place in above))

    def _of(self, role: Role) -> frozenset[Capability]:
        if role is not Role.EXTERNAL_SYSTEM:
            return CAPABILITIES_BY_ROLE[role]
        allowed = (CAPABILITIES_BY_SCOPE.get(scope, frozenset()) for scope in self.scopes)
        return CAPABILITIES_BY_ROLE[role] & frozenset[Capability]().union(*allowed)

    @property
    def foreign(self) -> tuple[str, ...]:
        """Filled locations at which it holds no role."""
        return tuple(code for code in FILLED if not self._reaches(code))

    @property
    def own(self) -> tuple[str, ...]:
        """Filled locations at which it holds a role."""
        return tuple(code for code in FILLED if self._reaches(code))

    def _reaches(self, location: str) -> bool:
        return any(place in lineage(location) for _, place in self.grants)

    def with_scopes(self, scopes: frozenset[str]) -> "Persona":
        return replace(self, scopes=scopes)


def personas() -> Iterator[Persona]:
    """Every role at every place, two roles at once, no role, and nobody at all."""
    for place, location in PLACES.items():
        for role in Role:
            yield Persona(name=f"canary-{place}-{role.value}", grants=((role, location),))
    yield Persona(name="canary-two-roles", grants=((Role.TECHNICAL_TEAM, OFFICE), (Role.LOCAL_MEMBER, MISSION)))
    for role in sorted(FUNCTIONS):
        yield Persona(name=f"canary-function-{role.value}", grants=((role, ROOT),))
    yield Persona(name=GUEST)


def machines() -> Iterator[Persona]:
    """Who signs in by the credentials of a client."""
    yield Persona(name=MACHINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Staff:
    """Who fills one location: their user names carry one of its tokens."""

    location: str
    names: Mapping[Role, str] = field(default_factory=dict)
    spare: tuple[str, ...] = ()
    """Persons without a role, to be given one."""


def staff_of(location: str, *, token: str) -> Staff:
    return Staff(
        location=location,
        names={role: f"{token}-{role.value}" for role in STAFF_ROLES},
        spare=tuple(f"{token}-spare-{number}" for number in range(SPARE)),
    )


def write_people(target: Path, *, staff: list[Staff]) -> None:
    """The persons' file of the development issuer."""
    people: list[tuple[str, list[str]]] = [
        (persona.name, [_group(role, place, persona.name) for role, place in persona.grants]) for persona in personas()
    ]
    people += [
        (name, [f"/locations/{_path(team.location)}/{role.value}"])
        for team in staff
        for role, name in team.names.items()
    ]
    people += [(name, []) for team in staff for name in team.spare]
    document = {
        "version": 1,
        "personas": [{"username": name, "name": "Canary", "groups": groups} for name, groups in people],
    }
    target.write_text(json.dumps(document))


def _group(role: Role, place: str, name: str) -> str:
    return (
        f"/functions/{role.value}" if name.startswith("canary-function-") else f"/locations/{_path(place)}/{role.value}"
    )

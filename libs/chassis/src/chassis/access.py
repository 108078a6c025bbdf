"""The one rule of who may do what: `can`, a pure function over grants, a capability and a place.

The table of roles and capabilities is `contracts.access`; row security beneath it reaches the same rows.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from chassis.locations import Place
from chassis.refusals import NotFound, NotPermitted, NotSignedIn
from contracts.access import CAPABILITIES_BY_ROLE, CAPABILITIES_BY_SCOPE, Capability, Role
from quantities.person import Person

__all__ = [
    "ANONYMOUS",
    "GRANTS_MAX",
    "Grant",
    "Principal",
    "can",
    "capabilities",
    "grants_from_groups",
    "held",
    "require",
    "roots",
]

_ROLES = frozenset(Role)

GRANTS_MAX = 40
"""More grants than this mean that a person should hold a role higher up (a token of 5 kB)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A role at a location; it holds for everything under it."""

    role: Role
    location_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who asks."""

    subject: str
    """Stable id at the issuer."""
    name: str
    """User name, as records show it."""
    grants: tuple[Grant, ...]
    scopes: frozenset[str] = frozenset()
    """Of the token; they count for another entity's system alone."""
    token: str | None = None
    """The verified bearer token, for introspection alone; never logged."""
    issued_at: int = 0
    """When that token was issued, in seconds since 1970."""
    expires_at: int | None = None
    """When it ends."""

    @property
    def person(self) -> Person:
        """As domains tell people apart."""
        return Person(subject=self.subject, name=self.name)

    def __repr__(self) -> str:
        return f"Principal(name={self.name!r}, grants={self.grants!r})"


ANONYMOUS = Principal(subject="", name="", grants=())


def grants_from_groups(groups: Iterable[str], *, root: str) -> tuple[Grant, ...]:
    """Grants of Keycloak groups. A group of another shape, or of a role that is not in the table, grants nothing."""
    grants = []
    for group in groups:
        match group.strip("/").split("/"):
            case ["functions", role] if role in _ROLES:
                grants.append(Grant(role=Role(role), location_id=root))
            case ["locations", *codes, role] if codes and role in _ROLES:
                grants.append(Grant(role=Role(role), location_id=codes[-1]))
            case _:
                continue
    return tuple(grants)


def capabilities(principal: Principal, grant: Grant) -> frozenset[Capability]:
    """What one of the principal's grants is good for: its role's capabilities, and of a system those of its scopes."""
    held = CAPABILITIES_BY_ROLE[grant.role]
    if grant.role is not Role.EXTERNAL_SYSTEM:
        return held
    return held & frozenset().union(*(CAPABILITIES_BY_SCOPE.get(scope, frozenset()) for scope in principal.scopes))


def held(principal: Principal, place: Place) -> frozenset[Capability]:
    """All that the principal may do at the place: what its roles there and above it give."""
    lineage = place.lineage
    return frozenset[Capability]().union(
        *(capabilities(principal, grant) for grant in principal.grants if grant.location_id in lineage)
    )


def can(principal: Principal, capability: Capability, place: Place) -> bool:
    """Whether one of the principal's roles at the place or above it has the capability."""
    return capability in held(principal, place)


def roots(principal: Principal, capability: Capability) -> frozenset[str]:
    """The locations at which the principal holds the capability: what row security is told."""
    return frozenset(grant.location_id for grant in principal.grants if capability in capabilities(principal, grant))


def require(principal: Principal, capability: Capability, place: Place | None, *, location_id: str) -> Place:
    """The place, if the principal may do this there.

    Refuses, in order: NotSignedIn; NotFound for a location that is unknown or at which the principal holds nothing;
    NotPermitted for one at which it holds something else.
    """
    if principal is ANONYMOUS:
        raise NotSignedIn(capability=capability)
    found = frozenset[Capability]() if place is None else held(principal, place)
    if place is None or not found:
        raise NotFound(kind="location", key=location_id)
    if capability not in found:
        raise NotPermitted(capability=capability, location_id=location_id)
    return place

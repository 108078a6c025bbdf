"""The tables of roles that memberships and groups are made by, from `contracts.access`."""

from collections.abc import Iterable, Mapping

from access.domain.roles import GRANTS_MAX, RoleRules
from chassis import access as rights
from chassis.access import Principal
from chassis.locations import Place
from contracts.access import (
    CAPABILITIES_BY_ROLE,
    DUAL_CONTROL,
    FUNCTIONS,
    GRANTABLE_BY_ROLE,
    WITHOUT_WRITING,
    Capability,
    Role,
)

__all__ = ["group_path", "parsed", "roles_held", "rules"]

_MONEY = frozenset(
    {
        Capability.REQUEST_OFFSET,
        Capability.APPROVE_OFFSET,
        Capability.DELIVER_OFFSET,
        Capability.RETIRE_OFFSET,
    }
)
_OFFICE = frozenset({Role.LOCAL_CHAIR, Role.LOCAL_MEMBER, Role.TECHNICAL_TEAM, Role.EXTERNAL_SYSTEM})
_MISSION = _OFFICE | {Role.MISSION_IMPLEMENTER}

_BY_KIND: Mapping[str, frozenset[Role]] = {
    "secretariat": frozenset({Role.STEERING_MEMBER, Role.CENTRAL_COORDINATOR, Role.AUDITOR}),
    "field_missions_group": frozenset({Role.DFS_ENVIRONMENT, Role.GSC_SUPPORT, Role.AUDITOR}),
    "headquarters": _OFFICE,
    "office_away_from_headquarters": _OFFICE,
    "regional_commission": _OFFICE,
    "service_centre": _OFFICE,
    "peacekeeping_mission": _MISSION,
    "special_political_mission": _MISSION,
    # What is done at a site is done by the office's people; a team of its own may enter its data.
    "site": frozenset({Role.TECHNICAL_TEAM}),
}
"""Kind of location → the roles that are given there: the groups that reconcile makes."""

rules = RoleRules(
    # A system's place is given with its client, by reconcile, not to a person.
    grantable_by={role: frozenset(given - {Role.EXTERNAL_SYSTEM}) for role, given in GRANTABLE_BY_ROLE.items()},
    functions=frozenset(FUNCTIONS),
    dual_control=frozenset(DUAL_CONTROL),
    alone=frozenset(WITHOUT_WRITING),
    money_steps={role: frozenset(held & _MONEY) for role, held in CAPABILITIES_BY_ROLE.items()},
    by_kind={kind: frozenset(roles) for kind, roles in _BY_KIND.items()},
    by_other_kinds=frozenset(_OFFICE),
)

if rights.GRANTS_MAX != GRANTS_MAX:
    message = "the domain's GRANTS_MAX is not the one that tokens are judged by"
    raise RuntimeError(message)


def group_path(role: str, location_path: str) -> str:
    """The directory's group for a role at a location (its path: codes joined by dots)."""
    if role in FUNCTIONS:
        return f"/functions/{role}"
    return f"/locations/{location_path.replace('.', '/')}/{role}"


def parsed(group: str) -> tuple[str, str | None] | None:
    """Role and location (None: a function's) of a group's path; None for one of another shape."""
    match group.strip("/").split("/"):
        case ["functions", role] if role in FUNCTIONS:
            return role, None
        case ["locations", *codes, role] if codes and role in frozenset(Role) - FUNCTIONS:
            return role, codes[-1]
        case _:
            return None


def roles_held(principal: Principal, place: Place) -> Iterable[str]:
    """The principal's roles at the place and above it."""
    return (grant.role for grant in principal.grants if grant.location_id in place.lineage)

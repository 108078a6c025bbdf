"""Who may do what: the one table of roles and capabilities, shared by every service and the documentation.

A right is a role at a location and holds for everything under it. Separation of duties is not in this table: it is
checked on the record's history by the service that keeps the record.
"""

from collections.abc import Mapping
from enum import StrEnum

__all__ = [
    "CAPABILITIES_BY_ROLE",
    "CAPABILITIES_BY_SCOPE",
    "DUAL_CONTROL",
    "FUNCTIONS",
    "GRANTABLE_BY_ROLE",
    "INTROSPECTED",
    "WITHOUT_WRITING",
    "Capability",
    "Role",
]


class Role(StrEnum):
    """Last segment of a Keycloak group, `/locations/<path>/<role>` or `/functions/<role>`."""

    STEERING_MEMBER = "steering-member"
    CENTRAL_COORDINATOR = "central-coordinator"
    LOCAL_CHAIR = "local-chair"
    LOCAL_MEMBER = "local-member"
    TECHNICAL_TEAM = "technical-team"
    DFS_ENVIRONMENT = "dfs-environment"
    MISSION_IMPLEMENTER = "mission-implementer"
    GSC_SUPPORT = "gsc-support"
    PROCUREMENT = "procurement"
    APPROVER = "approver"
    CERTIFYING = "certifying"
    AUDITOR = "auditor"
    PLATFORM_ADMINISTRATOR = "platform-administrator"
    EXTERNAL_SYSTEM = "external-system"


class Capability(StrEnum):
    """What a use case asks for."""

    READ = "data.read"
    READ_SENSITIVE = "data.read-sensitive"
    ENTER = "data.enter"
    SUBMIT = "data.submit"
    APPROVE_INVENTORY = "data.approve"
    MANAGE_REGISTER = "register.manage"
    MANAGE_FACTORS = "factor.manage"
    MANAGE_TARGETS = "target.manage"
    MANAGE_CYCLE = "cycle.manage"
    SUBMIT_REPORT = "report.submit"
    ACCEPT_REPORT = "report.accept"
    PUBLISH_REPORT = "report.publish"
    READ_OFFSETS = "offset.read"
    REQUEST_OFFSET = "offset.request"
    APPROVE_OFFSET = "offset.approve"
    DELIVER_OFFSET = "offset.deliver"
    RETIRE_OFFSET = "offset.retire"
    READ_MEMBERS = "member.read"
    MANAGE_MEMBERS = "member.manage"
    ATTEST_MEMBERS = "member.attest"
    READ_AUDIT = "audit.read"


_read = frozenset({Capability.READ, Capability.READ_OFFSETS})
_member = _read | {Capability.READ_MEMBERS}
_site = _member | {Capability.READ_SENSITIVE}
_team = _site | {Capability.ENTER, Capability.SUBMIT}

CAPABILITIES_BY_ROLE: Mapping[Role, frozenset[Capability]] = {
    Role.STEERING_MEMBER: _member,
    Role.CENTRAL_COORDINATOR: _site
    | {
        Capability.MANAGE_REGISTER,
        Capability.MANAGE_FACTORS,
        Capability.MANAGE_CYCLE,
        Capability.ACCEPT_REPORT,
        Capability.PUBLISH_REPORT,
        Capability.REQUEST_OFFSET,
        Capability.MANAGE_MEMBERS,
        Capability.ATTEST_MEMBERS,
        Capability.READ_AUDIT,
    },
    Role.LOCAL_CHAIR: _site
    | {
        Capability.APPROVE_INVENTORY,
        Capability.MANAGE_TARGETS,
        Capability.SUBMIT_REPORT,
        Capability.REQUEST_OFFSET,
        Capability.MANAGE_MEMBERS,
        Capability.ATTEST_MEMBERS,
        Capability.READ_AUDIT,
    },
    Role.LOCAL_MEMBER: _member,
    Role.TECHNICAL_TEAM: _team,
    Role.DFS_ENVIRONMENT: _site
    | {
        Capability.SUBMIT_REPORT,
        Capability.REQUEST_OFFSET,
        Capability.MANAGE_MEMBERS,
        Capability.ATTEST_MEMBERS,
        Capability.READ_AUDIT,
    },
    Role.MISSION_IMPLEMENTER: _team,
    Role.GSC_SUPPORT: _site,
    # Procurement sees what is to be offset, not what a location's activity data say.
    Role.PROCUREMENT: frozenset({Capability.READ_OFFSETS, Capability.DELIVER_OFFSET}),
    Role.APPROVER: _read | {Capability.APPROVE_OFFSET},
    Role.CERTIFYING: _read | {Capability.RETIRE_OFFSET},
    Role.AUDITOR: _site | {Capability.READ_AUDIT},
    # Who gives rights holds none over data.
    Role.PLATFORM_ADMINISTRATOR: frozenset(
        {Capability.READ_MEMBERS, Capability.MANAGE_MEMBERS, Capability.ATTEST_MEMBERS, Capability.READ_AUDIT}
    ),
    Role.EXTERNAL_SYSTEM: _read | {Capability.ENTER, Capability.SUBMIT},
}

CAPABILITIES_BY_SCOPE: Mapping[str, frozenset[Capability]] = {
    "lichen.read": _read,
    "lichen.enter": frozenset({Capability.ENTER, Capability.SUBMIT}),
}
"""What a token's scopes leave of the role `external-system`: another entity's system has both, or it has nothing."""

INTROSPECTED: frozenset[Capability] = frozenset(
    {
        Capability.APPROVE_INVENTORY,
        # Approves which factors new inventories are of.
        Capability.MANAGE_FACTORS,
        Capability.ACCEPT_REPORT,
        Capability.PUBLISH_REPORT,
        Capability.APPROVE_OFFSET,
        Capability.DELIVER_OFFSET,
        Capability.RETIRE_OFFSET,
        Capability.MANAGE_MEMBERS,
        Capability.ATTEST_MEMBERS,
    }
)
"""Capabilities that approve, publish, spend or give rights: the token is introspected first, so that a right taken
away stops."""

FUNCTIONS: frozenset[Role] = frozenset({Role.PROCUREMENT, Role.APPROVER, Role.CERTIFYING, Role.PLATFORM_ADMINISTRATOR})
"""Roles for the whole Secretariat: groups `/functions/<role>`."""

DUAL_CONTROL: frozenset[Role] = FUNCTIONS | {Role.AUDITOR, Role.CENTRAL_COORDINATOR}
"""Roles that one person proposes and another confirms: money, certifying, and those over the whole Secretariat."""

GRANTABLE_BY_ROLE: Mapping[Role, frozenset[Role]] = {
    Role.LOCAL_CHAIR: frozenset({Role.LOCAL_MEMBER, Role.TECHNICAL_TEAM, Role.MISSION_IMPLEMENTER}),
    Role.DFS_ENVIRONMENT: frozenset({Role.LOCAL_MEMBER, Role.TECHNICAL_TEAM, Role.MISSION_IMPLEMENTER}),
    Role.CENTRAL_COORDINATOR: frozenset(
        {Role.LOCAL_CHAIR, Role.STEERING_MEMBER, Role.DFS_ENVIRONMENT, Role.GSC_SUPPORT}
    ),
    Role.PLATFORM_ADMINISTRATOR: frozenset(Role),
}
"""Which roles `member.manage` gives and takes, at the holder's location and below it."""

WITHOUT_WRITING: frozenset[Role] = frozenset({Role.AUDITOR, Role.PLATFORM_ADMINISTRATOR})
"""Roles whose holder holds no other role: who checks does not act, who gives rights has none over data."""

"""Who may do what: the one table of roles and capabilities, shared by every service and the documentation.

A right is a role at a location and holds for everything under it. Separation of duties is not in this table: it is
checked on the record's history by the service that keeps the record.
"""

from collections.abc import Mapping
from enum import StrEnum

__all__ = ["CAPABILITIES_BY_ROLE", "INTROSPECTED", "Capability", "Role"]


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
    EXTERNAL_SYSTEM = "external-system"


class Capability(StrEnum):
    """What a use case asks for."""

    READ = "data.read"
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
    REQUEST_OFFSET = "offset.request"
    APPROVE_OFFSET = "offset.approve"
    DELIVER_OFFSET = "offset.deliver"
    RETIRE_OFFSET = "offset.retire"
    READ_AUDIT = "audit.read"


_read = frozenset({Capability.READ})
_team = _read | {Capability.ENTER, Capability.SUBMIT}

CAPABILITIES_BY_ROLE: Mapping[Role, frozenset[Capability]] = {
    Role.STEERING_MEMBER: _read,
    Role.CENTRAL_COORDINATOR: _read
    | {
        Capability.MANAGE_REGISTER,
        Capability.MANAGE_FACTORS,
        Capability.MANAGE_CYCLE,
        Capability.ACCEPT_REPORT,
        Capability.PUBLISH_REPORT,
        Capability.REQUEST_OFFSET,
        Capability.READ_AUDIT,
    },
    Role.LOCAL_CHAIR: _read
    | {
        Capability.APPROVE_INVENTORY,
        Capability.MANAGE_TARGETS,
        Capability.SUBMIT_REPORT,
        Capability.REQUEST_OFFSET,
    },
    Role.LOCAL_MEMBER: _read,
    Role.TECHNICAL_TEAM: _team,
    Role.DFS_ENVIRONMENT: _read | {Capability.SUBMIT_REPORT, Capability.REQUEST_OFFSET},
    Role.MISSION_IMPLEMENTER: _team,
    Role.GSC_SUPPORT: _read,
    Role.PROCUREMENT: _read | {Capability.DELIVER_OFFSET},
    Role.APPROVER: _read | {Capability.APPROVE_OFFSET},
    Role.CERTIFYING: _read | {Capability.RETIRE_OFFSET},
    Role.AUDITOR: _read | {Capability.READ_AUDIT},
    Role.EXTERNAL_SYSTEM: _read,
}

INTROSPECTED: frozenset[Capability] = frozenset(
    {
        Capability.APPROVE_INVENTORY,
        Capability.ACCEPT_REPORT,
        Capability.PUBLISH_REPORT,
        Capability.APPROVE_OFFSET,
        Capability.DELIVER_OFFSET,
        Capability.RETIRE_OFFSET,
    }
)
"""Capabilities that approve, publish or spend: the token is introspected first, so that a right taken away stops."""

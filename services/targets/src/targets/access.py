"""Who may do what in *targets*: use case → capability. Roles and capabilities: `contracts.access`."""

from contracts.access import Capability

__all__ = ["READ", "SET_TARGET"]

READ = Capability.READ
SET_TARGET = Capability.MANAGE_TARGETS

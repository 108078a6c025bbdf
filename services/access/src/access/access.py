"""Who may do what in *access*: use case → capability. Roles and capabilities: `contracts.access`."""

from contracts.access import Capability

__all__ = ["READ"]

READ = Capability.READ_MEMBERS

"""Who may do what in *access*: use case → capability. Roles and capabilities: `contracts.access`.

Which role gives which, and what one person may not hold together: `roles.py`.
"""

from contracts.access import Capability

__all__ = [
    "ADD_MEMBER",
    "ATTEST_MEMBERS",
    "CONFIRM_MEMBER",
    "END_MEMBERSHIP",
    "EXTEND_MEMBERSHIP",
    "FIND_PERSON",
    "READ",
    "REFUSE_MEMBER",
    "WITHDRAW_PROPOSAL",
]

READ = Capability.READ_MEMBERS
FIND_PERSON = Capability.MANAGE_MEMBERS
ADD_MEMBER = Capability.MANAGE_MEMBERS
CONFIRM_MEMBER = Capability.MANAGE_MEMBERS
REFUSE_MEMBER = Capability.MANAGE_MEMBERS
WITHDRAW_PROPOSAL = Capability.MANAGE_MEMBERS
END_MEMBERSHIP = Capability.MANAGE_MEMBERS
EXTEND_MEMBERSHIP = Capability.MANAGE_MEMBERS
ATTEST_MEMBERS = Capability.ATTEST_MEMBERS

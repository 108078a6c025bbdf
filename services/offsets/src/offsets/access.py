"""Who may do what in *offsets*: use case → capability. Roles and capabilities: `contracts.access`.

That two people take two steps is checked on the record: `domain/purchase.py`, `domain/credit.py`.
"""

from contracts.access import Capability

__all__ = ["APPROVE_PURCHASE", "READ", "RECORD_DELIVERY", "REFUSE_PURCHASE", "REQUEST_PURCHASE", "RETIRE_CREDITS"]

READ = Capability.READ_OFFSETS
REQUEST_PURCHASE = Capability.REQUEST_OFFSET
APPROVE_PURCHASE = Capability.APPROVE_OFFSET
REFUSE_PURCHASE = Capability.APPROVE_OFFSET
RECORD_DELIVERY = Capability.DELIVER_OFFSET
RETIRE_CREDITS = Capability.RETIRE_OFFSET

"""Who may do what in *inventory*: use case → capability. Roles and capabilities: `contracts.access`."""

from contracts.access import Capability

__all__ = [
    "APPROVE_INVENTORY",
    "IMPORT_ACTIVITY_DATA",
    "READ",
    "READ_SENSITIVE",
    "RECORD_FUEL_STOCK",
    "REGISTER_LOCATION",
    "RETURN_INVENTORY",
    "SET_LOCATION_PROFILE",
    "SUBMIT_INVENTORY",
]

READ = Capability.READ
READ_SENSITIVE = Capability.READ_SENSITIVE
REGISTER_LOCATION = Capability.MANAGE_REGISTER
SET_LOCATION_PROFILE = Capability.ENTER
RECORD_FUEL_STOCK = Capability.ENTER
IMPORT_ACTIVITY_DATA = Capability.ENTER
SUBMIT_INVENTORY = Capability.SUBMIT
RETURN_INVENTORY = Capability.APPROVE_INVENTORY
APPROVE_INVENTORY = Capability.APPROVE_INVENTORY

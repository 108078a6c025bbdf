"""Refusals, in order: files of records, totals and figures."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = [
    "ExportParameterUnknown",
    "ExportTooLarge",
    "ExportsBusy",
]


class ExportsBusy(Refused):
    """Others' files are being made; it may be asked for again in a while."""

    code: ClassVar[str] = "EXPORTS_BUSY"


class ExportParameterUnknown(Refused):
    """A parameter of the address that can't be understood; none is ever passed over."""

    code: ClassVar[str] = "EXPORT_PARAMETER_UNKNOWN"


class ExportTooLarge(Refused):
    """More rows than a file of that kind may have."""

    code: ClassVar[str] = "EXPORT_TOO_LARGE"

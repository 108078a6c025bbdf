"""Refusals, in order: what is handed to `quantify` beside its lines. What is wrong in a line is a `Problem` of it."""

from typing import ClassVar

from inventory.domain.errors.base import Refused

__all__ = ["BlendMalformed", "GwpSetMalformed", "InstrumentMalformed", "WorksheetMalformed"]


class WorksheetMalformed(Refused):
    """Not a list of activity lines, nor a document that holds one."""

    code: ClassVar[str] = "WORKSHEET_MALFORMED"


class GwpSetMalformed(Refused):
    """Global warming potentials of somebody's own that can't be read."""

    code: ClassVar[str] = "GWP_SET_MALFORMED"


class BlendMalformed(Refused):
    """A composition that does not make a whole, or names a gas without a global warming potential."""

    code: ClassVar[str] = "BLEND_MALFORMED"


class InstrumentMalformed(Refused):
    """An instrument for electricity that can't be read."""

    code: ClassVar[str] = "INSTRUMENT_MALFORMED"

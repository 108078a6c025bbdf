"""The root of every refusal of *inventory*."""

from quantities.refusal import Refusal

__all__ = ["Refused"]


class Refused(Refusal):
    """An expected "no" of *inventory*."""

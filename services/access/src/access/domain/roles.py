"""What the rules of membership know of roles. The tables come from outside: this room has no role of its own."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

__all__ = ["GRANTS_MAX", "Holding", "RoleRules"]

GRANTS_MAX = 40
"""Roles of one person: more make a token that does not fit into a header (5 kB at 40)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """A role that a person has somewhere, or will have, or is proposed for."""

    role: str
    held_from: datetime
    held_until: datetime | None
    """None: open-ended."""

    def overlaps(self, held_from: datetime, held_until: datetime | None) -> bool:
        return (self.held_until is None or self.held_until > held_from) and (
            held_until is None or held_until > self.held_from
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRules:
    """The tables that a membership is judged by."""

    grantable_by: Mapping[str, frozenset[str]]
    """Role → the roles that its holder gives and takes."""
    functions: frozenset[str]
    """For the whole Secretariat: given at the root alone."""
    dual_control: frozenset[str]
    """Proposed by one person, confirmed by another."""
    alone: frozenset[str]
    """Their holder holds no other role."""
    money_steps: Mapping[str, frozenset[str]]
    """Role → the steps of a payment that it takes: request, approve, deliver, certify."""
    by_kind: Mapping[str, frozenset[str]]
    """Kind of location → the roles that it has."""
    by_other_kinds: frozenset[str]
    """Roles at a location of a kind that is not in the table."""

    def grantable(self, held: Iterable[str]) -> frozenset[str]:
        """What a holder of these roles gives and takes."""
        return frozenset[str]().union(*(self.grantable_by.get(role, frozenset()) for role in held))

    def at(self, kind: str, *, is_root: bool) -> frozenset[str]:
        """The roles that a location of this kind has; the root has the functions besides."""
        return self.by_kind.get(kind, self.by_other_kinds) | (self.functions if is_root else frozenset())

    def excludes(self, one: str, other: str) -> bool:
        """Whether one person may not hold both, because one of them is held alone."""
        return one != other and (one in self.alone or other in self.alone)

    def combines_money_steps(self, one: str, other: str) -> bool:
        """Whether both together are two steps of one payment, at least one of them a function's."""
        first, second = self.money_steps.get(one, frozenset()), self.money_steps.get(other, frozenset())
        return bool(first and second and first != second) and bool({one, other} & self.functions)

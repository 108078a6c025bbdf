"""What a workflow is to the test of duties: its steps, and who is refused which."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

__all__ = ["NOW", "Allowed", "Memory", "Workflow"]

NOW = datetime(2025, 3, 1, tzinfo=UTC)
Memory = dict[str, str]
"""Ids of the records of one play."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """A person may take both steps."""

    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow:
    """The steps of a record: what each does, and who may not take it."""

    service: str
    steps: Mapping[str, Callable[..., Awaitable[Any]]]
    """By the name of the use case in the service's access.py: (tx, who, memory) does it."""
    paths: tuple[tuple[str, ...], ...]
    """From first step to last, each by another person save those of `own`."""
    after: Mapping[str, Mapping[str, str]]
    """Last step → step that its state refuses to everyone → code."""
    history: Mapping[tuple[str, str], str | Allowed]
    """(Earlier step, step) → code with which one person is refused both."""
    one_person: Mapping[str, str]
    """Use cases that are steps of no record, with the reason."""
    own: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Step → (earlier step, code for all but the person who took it)."""
    concerned: Mapping[str, str] = field(default_factory=dict)
    """Step → code for the person whom the record is about, where it is about one."""

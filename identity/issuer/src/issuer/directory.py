"""The people of a local run, read from one JSON file and read again whenever that file changes."""

import json
import re
import secrets
import sys
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from issuer.settings import RefusesToStart

__all__ = ["Directory", "Persona", "subject_of"]

GROUPS_MAX = 40
GROUP = re.compile(r"/(?:locations(?:/[a-z][a-z0-9-]{1,30}){2,}|functions/[a-z][a-z0-9-]{1,30})")
USERNAME = re.compile(r"[a-z][a-z0-9-]{1,62}")
NAMESPACE = uuid.UUID("7c1c3f5e-0f0b-5d0e-9d0f-0a6c1f2b7f31")


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    username: str
    """Also the password: these people exist on loopback only."""
    name: str
    groups: tuple[str, ...]
    enabled: bool = True

    @property
    def subject(self) -> str:
        return subject_of(self.username)

    @property
    def representation(self) -> dict[str, Any]:
        """As Keycloak's documents show a user."""
        first, _, last = self.name.partition(" ")
        return {
            "id": self.subject,
            "username": self.username,
            "firstName": first,
            "lastName": last,
            "enabled": self.enabled,
        }

    def has_password(self, offered: str) -> bool:
        return secrets.compare_digest(self.username.encode(), offered.encode())


def subject_of(username: str) -> str:
    """The same `sub` at every start, so that who did what stays readable in a kept database."""
    return str(uuid.uuid5(NAMESPACE, username))


@dataclass(slots=True)
class Directory:
    path: Path
    _personas: dict[str, Persona] = field(init=False, default_factory=dict)
    _read_at_mark: tuple[int, int] = field(init=False, default=(0, 0))

    def __post_init__(self) -> None:
        try:
            self._read_at_mark = self._mark()
            self._personas = personas_from(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RefusesToStart(f"Personas file {self.path}: {error}") from error

    @property
    def everyone(self) -> tuple[Persona, ...]:
        self._read_again_if_changed()
        return tuple(self._personas.values())

    def find(self, username: str) -> Persona | None:
        self._read_again_if_changed()
        return self._personas.get(username)

    def set_groups(self, username: str, *, groups: tuple[str, ...]) -> None:
        """Change a membership in memory; the file stays as it is and wins at its next change."""
        self._personas[username] = replace(self._personas[username], groups=groups)

    def set_enabled(self, username: str, *, enabled: bool) -> None:
        self._personas[username] = replace(self._personas[username], enabled=enabled)

    def _read_again_if_changed(self) -> None:
        try:
            mark = self._mark()
            if mark == self._read_at_mark:
                return
            self._read_at_mark = mark
            self._personas = personas_from(self.path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            # A file half saved must not end a developer's session; the last good one stands.
            print(f"personas not read again: {error}", file=sys.stderr)  # noqa: T201

    def _mark(self) -> tuple[int, int]:
        status = self.path.stat()
        return status.st_mtime_ns, status.st_size


def personas_from(text: str) -> dict[str, Persona]:
    """Raise ValueError naming the persona and what is wrong with it."""
    document = json.loads(text)
    if not isinstance(document, dict) or set(document) != {"version", "personas"} or document["version"] != 1:
        raise ValueError('expected {"version": 1, "personas": [...]}')
    personas: dict[str, Persona] = {}
    for entry in document["personas"]:
        persona = _persona(entry)
        if persona.username in personas:
            raise ValueError(f"{persona.username}: named twice")
        personas[persona.username] = persona
    return personas


def _persona(entry: object) -> Persona:
    if not isinstance(entry, dict) or not {"username", "name", "groups"} <= set(entry):
        raise ValueError(f"{entry!r}: username, name and groups are needed")
    unknown = set(entry) - {"username", "name", "groups", "enabled"}
    username, name, groups, enabled = entry["username"], entry["name"], entry["groups"], entry.get("enabled", True)
    problems = {
        f"unknown entries {sorted(unknown)}": bool(unknown),
        "username: lower-case letters, digits and hyphens": not _matches(USERNAME, username),
        "name: a text": not isinstance(name, str) or not name.strip(),
        f"groups: a list of at most {GROUPS_MAX}": not isinstance(groups, list) or len(groups) > GROUPS_MAX,
        "enabled: true or false": not isinstance(enabled, bool),
    }
    if isinstance(groups, list):
        problems |= {
            f"group {group!r}: expected /locations/<path>/<role> or /functions/<role>": not _matches(GROUP, group)
            for group in groups
        }
    found = [problem for problem, is_found in problems.items() if is_found]
    if found:
        raise ValueError(f"{username}: {'; '.join(found)}")
    return Persona(username=username, name=name, groups=tuple(groups), enabled=enabled)


def _matches(pattern: re.Pattern[str], value: object) -> bool:
    return isinstance(value, str) and pattern.fullmatch(value) is not None

"""What *access* needs of a directory, whoever provides it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = [
    "MACHINE",
    "Directory",
    "DirectoryAway",
    "DirectoryPerson",
    "Group",
    "GroupTree",
    "Machine",
    "NotInDirectory",
]


MACHINE = "service-account-"
"""User names of the accounts that clients have begin so."""


class DirectoryAway(RuntimeError):
    """It does not answer, or not as promised; later it may."""


class NotInDirectory(LookupError):
    """It has no such person or group (any more)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryPerson:
    """Somebody who can log in, or a machine's own account."""

    subject: str
    user_name: str
    name: str
    enabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group by its place in the tree; the id stays when it moves."""

    id: str
    path: str
    """/locations/…"""

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


class GroupTree:
    """All groups, read at once."""

    def __init__(self, groups: Iterable[Group]) -> None:
        self.by_path: Mapping[str, Group] = {group.path: group for group in groups}

    def __contains__(self, path: str) -> bool:
        return path in self.by_path

    def under(self, path: str) -> list[Group]:
        """All groups below it, in the order of their paths."""
        return [group for at, group in sorted(self.by_path.items()) if at.startswith(f"{path}/")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A client with an account of its own: another entity's system."""

    id: str
    client_id: str
    name: str
    enabled: bool
    scopes: tuple[str, ...]
    """What it may have: by default and on request."""
    account: DirectoryPerson
    groups: frozenset[str]


class Directory(Protocol):
    """Each call may raise DirectoryAway; NotInDirectory where it says so."""

    async def person(self, *, user_name: str | None = None, email: str | None = None) -> DirectoryPerson | None:
        """The one person of exactly this user name or address; None without one, and for a machine."""

    async def groups_of(self, subject: str) -> frozenset[str]:
        """Paths of a person's groups. Raises NotInDirectory."""

    async def join(self, subject: str, path: str) -> None:
        """Put a person into a group; already there changes nothing. Raises NotInDirectory."""

    async def leave(self, subject: str, path: str) -> None:
        """Take a person out of a group; not there changes nothing, nor does a person or group that is gone."""

    async def groups(self) -> GroupTree: ...

    async def members(self, group: Group) -> tuple[DirectoryPerson, ...]:
        """Who is in the group itself. Raises NotInDirectory."""

    async def create_group(self, name: str, *, parent: Group | None) -> Group: ...

    async def move_group(self, group: Group, *, parent: Group) -> None:
        """Under another parent, with its id, its members and all below it."""

    async def delete_group(self, group: Group) -> None: ...

    async def machines(self) -> tuple[Machine, ...]: ...

    async def rotate_secret(self, machine: Machine) -> str:
        """A new secret; how long the old one goes on is the realm's policy."""

    async def set_enabled(self, machine: Machine, *, enabled: bool) -> None: ...

    async def clients(self) -> list[dict[str, Any]]:
        """All clients as the realm's document has them."""

    async def client_scopes(self) -> list[dict[str, Any]]: ...

    async def save_client(self, client: dict[str, Any]) -> None:
        """Change the client that has this `id`; create one without."""

    async def save_client_scope(self, scope: dict[str, Any]) -> None:
        """As `save_client`, with its mappers."""

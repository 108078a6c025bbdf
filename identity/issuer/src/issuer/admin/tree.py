"""The groups of the realm as a tree. Who is in them, the directory and the clients say by their paths."""

import uuid
from dataclasses import dataclass, field

__all__ = ["Node", "Taken", "Tree"]


class Taken(ValueError):
    """The parent has a group of that name."""


@dataclass(slots=True, kw_only=True)
class Node:
    name: str
    parent: "Node | None"
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    children: "dict[str, Node]" = field(default_factory=dict)

    @property
    def path(self) -> str:
        return f"{'' if self.parent is None else self.parent.path}/{self.name}"


@dataclass(slots=True)
class Tree:
    top: dict[str, Node] = field(default_factory=dict)
    _by_id: dict[str, Node] = field(default_factory=dict)

    def find(self, group_id: str) -> Node | None:
        return self._by_id.get(group_id)

    def at(self, path: str) -> Node | None:
        """The group of a path."""
        level, found = self.top, None
        for name in path.strip("/").split("/"):
            found = level.get(name)
            if found is None:
                return None
            level = found.children
        return found

    def ensure(self, path: str) -> Node:
        """The group of a path, made with all above it where it is not there."""
        found = None
        for name in path.strip("/").split("/"):
            level = self.top if found is None else found.children
            found = level.get(name) or self.create(name, parent=found)
        if found is None:
            message = "a group has a name"
            raise ValueError(message)
        return found

    def create(self, name: str, *, parent: Node | None) -> Node:
        """Refuses: Taken."""
        node = Node(name=name, parent=parent)
        self._put(node, parent)
        self._by_id[node.id] = node
        return node

    def move(self, node: Node, *, parent: Node | None) -> None:
        """Under another parent, with all below it. Refuses: Taken."""
        before = node.parent
        if parent is before:
            return
        self._put(node, parent)
        del self._level(before)[node.name]
        node.parent = parent

    def delete(self, node: Node) -> None:
        for child in list(node.children.values()):
            self.delete(child)
        del self._level(node.parent)[node.name]
        del self._by_id[node.id]

    def _put(self, node: Node, parent: Node | None) -> None:
        level = self._level(parent)
        if node.name in level:
            raise Taken(node.name)
        level[node.name] = node

    def _level(self, parent: Node | None) -> dict[str, Node]:
        return self.top if parent is None else parent.children

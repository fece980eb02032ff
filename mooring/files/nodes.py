"""Nodes of YAML trees, and strings, that know where they stand."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import yaml

from mooring.errors import SourceError, Where

_MERGE = "tag:yaml.org,2002:merge"


class Text(str):
    """A string from a file that remembers where it stands; otherwise an ordinary string."""

    # A Where costs much more than the strings do, so one is made only when somebody asks.
    _place: Where | Node | None
    __slots__ = ("_place",)

    def __new__(cls, text: str, where: Where | Node | None = None) -> Text:
        self = super().__new__(cls, text)
        self._place = where
        return self

    @property
    def where(self) -> Where | None:
        """The place, None where it is not known."""
        place = self._place
        return place.where if isinstance(place, Node) else place

    @where.setter
    def where(self, where: Where | None) -> None:
        self._place = where


class Unsafe(Text):
    """A string tagged `!unsafe`: never a template."""

    __slots__ = ()


class Node(NamedTuple):
    """A YAML node and the file it comes from."""

    tree: yaml.Node
    path: str
    lines: tuple[str, ...]

    @property
    def where(self) -> Where:
        mark = self.tree.start_mark
        text = self.lines[mark.line] if mark.line < len(self.lines) else ""
        return Where(self.path, mark.line + 1, mark.column + 1, text)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.tree, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.tree, yaml.SequenceNode)

    @property
    def is_null(self) -> bool:
        return isinstance(self.tree, yaml.ScalarNode) and self.tree.tag == "tag:yaml.org,2002:null"

    def near(self, tree: yaml.Node) -> Node:
        """Another node of the same file."""
        return Node(tree, self.path, self.lines)

    def items(self) -> Iterator[tuple[Node, Node]]:
        """The keys and values of a mapping, merge keys (`<<`) resolved; a key given
        twice is an error."""
        for key, child in self.pairs():
            yield self.near(key), self.near(child)

    def pairs(self) -> Iterator[tuple[yaml.Node, yaml.Node]]:
        """The same as bare trees."""
        assert isinstance(self.tree, yaml.MappingNode)
        seen: dict[str, yaml.Node] = {}
        for key, child in _merged(self):
            name = key.value
            if name in seen:
                line = seen[name].start_mark.line + 1
                raise SourceError(f'duplicate key "{name}", first given in line {line}', self.near(key).where)
            seen[name] = key
            yield key, child

    def elements(self) -> list[Node]:
        """The elements of a list."""
        assert isinstance(self.tree, yaml.SequenceNode)
        return [self.near(child) for child in self.tree.value]


def _merged(node: Node) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    pairs = node.tree.value
    for key, _ in pairs:
        if not isinstance(key, yaml.ScalarNode):
            where = node.near(key).where
            raise SourceError("a key must be plain", where, "a value that begins with {{ needs quotes")
    if not any(key.tag == _MERGE for key, _ in pairs):
        yield from pairs
        return
    own = [(key, child) for key, child in pairs if key.tag != _MERGE]
    names = {key.value for key, _ in own}
    for key, child in pairs:
        if key.tag != _MERGE:
            continue
        for source in child.value if isinstance(child, yaml.SequenceNode) else [child]:
            if not isinstance(source, yaml.MappingNode):
                raise SourceError("<< merges a mapping, or a list of them", node.near(source).where)
            for inherited, value in _merged(node.near(source)):
                if inherited.value not in names:
                    names.add(inherited.value)
                    yield inherited, value
    yield from own

"""YAML text to nodes that know their place, and a Reader that takes keys and refuses the rest.

Values keep YAML 1.1 types as Ansible has them: `mode: 0644` is the number 420 and `yes` is true.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from mooring.errors import PlaybookError, SourceError, Where


class Text(str):
    """A string from a file that remembers where it stands; otherwise an ordinary string."""

    where: Where | None
    __slots__ = ("where",)

    def __new__(cls, text: str, where: Where | None = None) -> Text:
        self = super().__new__(cls, text)
        self.where = where
        return self


class Unsafe(Text):
    """A string tagged `!unsafe`: never a template."""

    __slots__ = ()


@dataclass(frozen=True)
class Node:
    """A YAML node and the file it comes from."""

    tree: yaml.Node
    path: str
    lines: tuple[str, ...]

    @property
    def where(self) -> Where:
        mark = self.tree.start_mark
        text = self.lines[mark.line] if mark.line < len(self.lines) else ""
        return Where(self.path, mark.line + 1, mark.column + 1, text)

    def _near(self, node: yaml.Node) -> Node:
        return Node(node, self.path, self.lines)

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.tree, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.tree, yaml.SequenceNode)

    @property
    def is_null(self) -> bool:
        return isinstance(self.tree, yaml.ScalarNode) and self.tree.tag == "tag:yaml.org,2002:null"

    def items(self) -> Iterator[tuple[Node, Node]]:
        """The keys and values of a mapping, merge keys (`<<`) resolved; a key given twice is an error."""
        assert isinstance(self.tree, yaml.MappingNode)
        seen: dict[str, Node] = {}
        for key, child in _merged(self.tree):
            node = self._near(key)
            if not isinstance(key, yaml.ScalarNode):
                raise SourceError("a key must be plain", node.where, "a value that begins with {{ needs quotes")
            name = key.value
            if name in seen:
                first = seen[name].where
                raise SourceError(f'duplicate key "{name}", first given in line {first.line}', node.where)
            seen[name] = node
            yield node, self._near(child)

    def elements(self) -> list[Node]:
        """The elements of a list."""
        assert isinstance(self.tree, yaml.SequenceNode)
        return [self._near(child) for child in self.tree.value]


def _merged(mapping: yaml.MappingNode) -> Iterator[tuple[yaml.Node, yaml.Node]]:
    own = [(key, child) for key, child in mapping.value if key.tag != "tag:yaml.org,2002:merge"]
    names = {key.value for key, _ in own if isinstance(key, yaml.ScalarNode)}
    for key, child in mapping.value:
        if key.tag != "tag:yaml.org,2002:merge":
            continue
        sources = child.value if isinstance(child, yaml.SequenceNode) else [child]
        for source in sources:
            for inherited, value in _merged(source):
                if inherited.value not in names:
                    names.add(inherited.value)
                    yield inherited, value
    yield from own


def load(path: Path) -> Node | None:
    """The root node of a YAML file, None when it is empty; SourceError with the place when it is not YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise SourceError("no such file", Where(str(path))) from None
    except UnicodeDecodeError as error:
        raise SourceError(f"not UTF-8 text: {error.reason}", Where(str(path))) from None
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}", Where(str(path))) from None
    return parse(text, str(path))


def parse(text: str, path: str) -> Node | None:
    """The root node of a YAML text that came from `path`."""
    lines = tuple(text.splitlines())
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        raise _syntax_error(error, path, lines) from None
    except yaml.YAMLError as error:
        raise SourceError(f"not valid YAML: {error}", Where(path)) from None
    return None if root is None else Node(root, path, lines)


def _syntax_error(error: yaml.MarkedYAMLError, path: str, lines: tuple[str, ...]) -> SourceError:
    mark = error.problem_mark or error.context_mark
    where = Where(path)
    if mark is not None:
        where = Where(path, mark.line + 1, mark.column + 1, "".join(lines[mark.line : mark.line + 1]))
    problem = error.problem or error.context or "not valid YAML"
    hint = ""
    if "cannot start any token" in problem and "\\t" in problem:
        problem, hint = "a tab cannot indent YAML", "use spaces"
    elif "{{" in where.text and ('"' not in where.text and "'" not in where.text):
        hint = "a value that begins with {{ needs quotes"
    return SourceError(problem, where, hint)


def value(node: Node | None) -> Any:
    """Plain Python values of a node; strings are `Text` and know their place."""
    if node is None or node.is_null:
        return None
    tag = node.tree.tag
    if tag == "!vault":
        raise SourceError("vault values cannot be read", node.where, "give it in plain or by --extra-vars")
    if isinstance(node.tree, yaml.MappingNode):
        return {_key(key): value(child) for key, child in node.items()}
    if isinstance(node.tree, yaml.SequenceNode):
        return [value(child) for child in node.elements()]
    if tag == "!unsafe":
        return Unsafe(node.tree.value, node.where)
    if tag.startswith("!"):
        raise SourceError(f"unknown tag {tag}", node.where)
    return _scalar(node)


def _key(node: Node) -> Any:
    plain = _scalar(node)
    return str(plain) if isinstance(plain, str) else plain


def _scalar(node: Node) -> Any:
    if node.tree.tag == "tag:yaml.org,2002:str":
        return Text(node.tree.value, node.where)
    loader = yaml.SafeLoader("")
    try:
        return loader.construct_object(node.tree)
    except (yaml.YAMLError, ValueError) as error:
        raise SourceError(f"cannot be understood: {error}", node.where) from None
    finally:
        loader.dispose()


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelled word, "" when nothing known is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else ""


class Reader:
    """Takes keys out of a mapping node; `finish` refuses what nobody took."""

    def __init__(self, node: Node, what: str, error: type[SourceError] = PlaybookError) -> None:
        if not node.is_mapping:
            raise error(f"{what} must be a mapping of keys to values", node.where)
        self.node, self.what, self.error = node, what, error
        try:
            self._pairs = {str(value(key)): (key, child) for key, child in node.items()}
        except SourceError as problem:
            raise error(problem.message, problem.where, problem.hint) from None
        self._known: list[str] = []

    def has(self, key: str) -> bool:
        return key in self._pairs

    def remaining(self) -> list[str]:
        """The keys that nobody has taken yet, in the file's order."""
        return list(self._pairs)

    def take_node(self, key: str) -> Node | None:
        """The node of a key, None when it is not given."""
        self._known.append(key)
        pair = self._pairs.pop(key, None)
        return pair[1] if pair else None

    def take(self, key: str, default: Any = None) -> Any:
        """The plain value of a key."""
        node = self.take_node(key)
        return default if node is None else value(node)

    def take_text(self, key: str, default: str = "") -> str:
        """A key that must be a string."""
        node = self.take_node(key)
        if node is None or node.is_null:
            return default
        found = value(node)
        if isinstance(found, (dict, list)):
            raise self.error(f'"{key}" must be a string', node.where)
        return found if isinstance(found, str) else Text(str(found), node.where)

    def take_bool(self, key: str, default: bool | None = None) -> bool | None:
        """A key that must be yes or no."""
        node = self.take_node(key)
        if node is None:
            return default
        found = value(node)
        if not isinstance(found, bool):
            raise self.error(f'"{key}" must be yes or no', node.where)
        return found

    def take_list(self, key: str) -> list[Any]:
        """A key that is a list, or one value that stands for a list of one."""
        found = self.take(key)
        if found is None:
            return []
        return found if isinstance(found, list) else [found]

    def key_where(self, key: str) -> Where:
        """The place of a key that is still there."""
        return self._pairs[key][0].where

    def finish(self, also_known: Iterable[str] = ()) -> None:
        """Refuse the keys that are left."""
        for key, (node, _) in self._pairs.items():
            hint = did_you_mean(key, [*self._known, *also_known])
            raise self.error(f'unknown key "{key}" in {self.what}', node.where, hint)

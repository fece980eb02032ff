"""YAML text to nodes that know their place, and a Reader that takes keys and refuses the rest.

Values keep YAML 1.1 types as Ansible has them: `mode: 0644` is the number 420 and `yes` is true.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from mooring.errors import PlaybookError, SourceError, Where
from mooring.files.composing import compose, split_lines
from mooring.files.nodes import Node, Text, Unsafe
from mooring.files.reading import many_objects, read_text
from mooring.files.scalars import construct
from mooring.mistakes import Mistakes

__all__ = ["Node", "Reader", "Text", "Unsafe", "did_you_mean", "load", "parse", "value"]

# How a file that ansible-vault encrypted begins, and what to do about it.
VAULT = "$ANSIBLE_VAULT;"
DECRYPT = "decrypt it with `ansible-vault decrypt`, or give the values by --extra-vars"
# What a list or a mapping may be tagged as; `!unsafe` holds for all that is in it.
_PLAIN_TAGS = ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!unsafe")


def load(path: Path) -> Node | None:
    """The root node of a YAML file, None when it is empty; SourceError with the place
    when it is not YAML."""
    return parse(read_text(path), str(path))


def parse(text: str, path: str) -> Node | None:
    """The root node of a YAML text that came from `path`."""
    text = text.removeprefix("\ufeff")
    if text.startswith(VAULT):
        where = Where(path, 1, 1)
        raise SourceError("the file is encrypted with ansible-vault, which is not supported", where, DECRYPT)
    lines = split_lines(text)
    with many_objects():
        root = compose(text, path, lines)
    return None if root is None else Node(root, path, lines)


def value(node: Node | None) -> Any:
    """Plain Python values of a node; strings are `Text` and know their place."""
    return None if node is None else _value(node.tree, node, Text)


def _value(tree: yaml.Node, root: Node, text: type[Text]) -> Any:
    """A node's value; its strings are of the class `text`."""
    tag = tree.tag
    if tag == "tag:yaml.org,2002:str":
        return text(tree.value, root.near(tree))
    if tag == "tag:yaml.org,2002:null":
        return None
    if tag == "!vault":
        message, hint = "vault values cannot be read", "give it in plain or by --extra-vars"
        raise SourceError(message, root.near(tree).where, hint)
    if isinstance(tree, yaml.ScalarNode):
        return Unsafe(tree.value, root.near(tree)) if tag == "!unsafe" else _scalar(root.near(tree))
    if tag not in _PLAIN_TAGS:
        raise SourceError(f"unknown tag {_short(tag)}", root.near(tree).where)
    kind = Unsafe if tag == "!unsafe" else text
    if isinstance(tree, yaml.MappingNode):
        return {_key(key, root): _value(child, root, kind) for key, child in root.near(tree).pairs()}
    return [_value(child, root, kind) for child in tree.value]


def _key(tree: yaml.Node, root: Node) -> Any:
    """A key as JSON can have it, in which everything ends: a date or bytes are the text
    that stands there."""
    if tree.tag == "tag:yaml.org,2002:str":
        return tree.value
    plain = _scalar(root.near(tree))
    return plain if plain is None or isinstance(plain, (int, float)) else str(tree.value)


def _scalar(node: Node) -> Any:
    """A scalar that is not a text without a tag; a key or a value."""
    tag = node.tree.tag
    if tag in ("tag:yaml.org,2002:str", "!unsafe"):
        return node.tree.value
    if tag.startswith("!"):
        raise SourceError(f"unknown tag {_short(tag)}", node.where)
    try:
        return construct(node.tree)
    except LookupError:
        raise SourceError(f"unknown tag {_short(tag)}", node.where) from None
    except ValueError as error:
        raise SourceError(f"cannot be understood: {error}", node.where) from None


def _short(tag: str) -> str:
    """A tag as people write it, and not longer than they do."""
    name = tag.replace("tag:yaml.org,2002:", "!!", 1)
    return name if len(name) <= 60 else name[:57] + "..."


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A hint for a misspelled word, "" when nothing known is close."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f'did you mean "{close[0]}"?' if close else ""


def _read_name(key: Node) -> str:
    name = value(key)
    if not isinstance(name, str):
        raise SourceError(f'the key "{key.tree.value}" is not text for YAML', key.where, "it needs quotes")
    return str(name)


class Reader:
    """Takes keys out of a mapping node; `finish` refuses what nobody took."""

    def __init__(self, node: Node, subject: str, error: type[SourceError] = PlaybookError) -> None:
        if not node.is_mapping:
            raise error(f"{subject} must be a mapping of keys to values", node.where)
        self.node, self.what, self.error = node, subject, error
        try:
            self._pairs = {_read_name(key): (key, child) for key, child in node.items()}
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
        content = value(node)
        if isinstance(content, (dict, list)):
            raise self.error(f'"{key}" must be a string', node.where)
        return content if isinstance(content, str) else Text(str(content), node.where)

    def take_bool(self, key: str, default: bool | None = None) -> bool | None:
        """A key that must be yes or no."""
        node = self.take_node(key)
        if node is None:
            return default
        content = value(node)
        if not isinstance(content, bool):
            raise self.error(f'"{key}" must be yes or no', node.where)
        return content

    def take_list(self, key: str) -> list[Any]:
        """A key that is a list, or one value that stands for a list of one."""
        content = self.take(key)
        if content is None:
            return []
        return content if isinstance(content, list) else [content]

    def key_where(self, key: str) -> Where:
        """The place of a key that is still there."""
        return self._pairs[key][0].where

    def finish(self, also_known: Iterable[str] = ()) -> None:
        """Refuse the keys that are left, all of them."""
        mistakes, known = Mistakes(), [*self._known, *also_known]
        for key, (node, _) in self._pairs.items():
            with mistakes.gather():
                raise self.error(f'unknown key "{key}" in {self.what}', node.where, did_you_mean(key, known))
        mistakes.raise_first()

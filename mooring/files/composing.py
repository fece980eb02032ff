"""YAML text to a tree of nodes: fast where libyaml tells the same as PyYAML, and never a tree
without end.

PyYAML's own parser decides what a text means, where its nodes stand and what is wrong with it.
libyaml's is several times as fast, but takes or places a few things otherwise: texts that may hold
one of them are left to PyYAML's, and so is every text that libyaml refuses.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.resolver import Resolver

from mooring.errors import SourceError, Where
from mooring.files.remedies import find_remedy

# Levels of lists and mappings, aliases resolved; more would exhaust Python's stack somewhere later.
MAX_DEPTH = 100
# Nodes that a document may stand for when every alias counts as all that it repeats.
MAX_NODES = 1_000_000
# Above this size libyaml's own words for a syntax error have to do: PyYAML's would come after many
# seconds.
SLOW_SIZE = 512 * 1024

# What libyaml takes otherwise than PyYAML: tabs, byte order marks, `?`, tags, directives, comments
# right behind a block scalar's mark, empty documents, and empty values inside { } and [ ].
_BREAK = "\n\r\x85\u2028\u2029"
_SPACE = rf"[ {_BREAK}]*(?:#[^{_BREAK}]*[{_BREAK}][ {_BREAK}]*)*"
_OTHERWISE = re.compile(
    rf"[\t\ufeff?]|^%|!(?!=[ ])|[|>][-+0-9]*#|:{_SPACE}[,}}\]]|---\s*(?:\Z|---|\.\.\.)", re.MULTILINE
)
# A line that begins so may also stand in a quoted text, whose end it must not hide.
_COMMENT = re.compile(rf"^ *#[^\t'\"{_BREAK}]*$", re.MULTILINE)
_LINE_BREAK = re.compile(rf"\r\n|[{_BREAK}]")
_STRING, _SEQUENCE, _MAPPING = (f"tag:yaml.org,2002:{name}" for name in ("str", "seq", "map"))
_KINDS = {
    yaml.SequenceStartEvent: (yaml.SequenceNode, _SEQUENCE),
    yaml.MappingStartEvent: (yaml.MappingNode, _MAPPING),
}
_ENDS = (yaml.SequenceEndEvent, yaml.MappingEndEvent)


class _Pure(yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser):
    """PyYAML's parser alone."""

    def __init__(self, text: str) -> None:
        yaml.reader.Reader.__init__(self, text)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)


def compose(text: str, path: str, lines: tuple[str, ...]) -> yaml.Node | None:
    """The root of a YAML text from `path`, whose lines are `lines`; None where it is empty.

    SourceError with the place where it is not YAML, nests too deeply, holds itself, or repeats
    itself far too often.
    """
    if yaml.__with_libyaml__ and not is_told_otherwise(text):
        try:
            return _Composer(yaml.CSafeLoader(text).get_event).compose()
        except yaml.MarkedYAMLError as error:
            if len(text) > SLOW_SIZE:
                raise _explain(error, path, lines) from None
        except (yaml.YAMLError, ValueError):
            pass  # PyYAML's own parser says what is wrong
    return compose_purely(text, path, lines)


def is_told_otherwise(text: str) -> bool:
    """Whether libyaml might take the text otherwise than PyYAML."""
    return bool(_OTHERWISE.search(_COMMENT.sub("", text)))


def split_lines(text: str) -> tuple[str, ...]:
    """The lines as YAML counts them."""
    return tuple(_LINE_BREAK.split(text))


def compose_purely(text: str, path: str, lines: tuple[str, ...]) -> yaml.Node | None:
    """The same by PyYAML's own parser."""
    parser = None
    try:
        parser = _Pure(text)
        return _Composer(parser.get_event).compose()
    except yaml.MarkedYAMLError as error:
        raise _explain(error, path, lines) from None
    except yaml.reader.ReaderError as error:
        before = split_lines(text[: error.position])
        where = _place(path, lines, len(before) - 1, len(before[-1]))
        raise SourceError(f"the character U+{ord(text[error.position]):04X} cannot stand in YAML", where) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        # PyYAML converts escapes and version numbers without looking whether they can be.
        where = _place(path, lines, parser.line, parser.column) if parser else Where(path)
        raise SourceError(f"not valid YAML: {error}", where) from None


@dataclass(slots=True)
class _Open:
    """A list or mapping whose end has not come yet, and what it stands for so
    far, aliases resolved."""

    node: Any
    anchor: str | None
    key: yaml.Node | None = None
    size: int = 1
    height: int = 0


class _Composer:
    """Events to nodes, as yaml.Composer makes them, but without calling itself for every level."""

    def __init__(self, get_event: Callable[[], Any]) -> None:
        self._get_event = get_event
        self._open: list[_Open] = []
        self._root: yaml.Node | None = None
        # Of every anchor its node, and the size and height of what it stands for; these are 0 until
        # its end has come.
        self._anchors: dict[str, tuple[yaml.Node, int, int]] = {}
        self._tags: dict[str, str] = {}

    def compose(self) -> yaml.Node | None:
        """The root of the only document; yaml.MarkedYAMLError where there is more than
        one, or a mistake."""
        is_first = True
        while type(event := self._get_event()) is not yaml.StreamEndEvent:
            if type(event) is yaml.DocumentStartEvent:
                if not is_first:
                    raise _mistake("but found another document", event)
                is_first = False
                self._read()
        return self._root

    def _read(self) -> None:
        """One document's nodes."""
        get_event, is_first = self._get_event, True
        while is_first or self._open:
            event, is_first = get_event(), False
            kind = type(event)
            if kind is yaml.ScalarEvent:
                self._add_scalar(event)
            elif kind in _ENDS:
                done = self._open.pop()
                if done.anchor is not None:
                    self._anchors[done.anchor] = (done.node, done.size, done.height)
                self._add(done.node, done.size, done.height)
            elif kind is yaml.AliasEvent:
                self._add_alias(event)
            else:
                self._begin(event)

    def _begin(self, event: Any) -> None:
        """A list or a mapping."""
        kind, tag = _KINDS[type(event)]
        own = event.tag if event.tag not in (None, "!") else tag
        node = kind(own, [], event.start_mark, None, flow_style=event.flow_style)
        self._name(event, node, 0, 0)
        self._open.append(_Open(node, event.anchor))
        self._check_depth(0, event)

    def _add_scalar(self, event: Any) -> None:
        tag = event.tag
        if tag is None or tag == "!":
            tag = self._tag(event.value) if event.implicit[0] else _STRING
        value = event.value if event.value.isascii() else _join_surrogates(event)
        node = yaml.ScalarNode(tag, value, event.start_mark, event.end_mark, style=event.style)
        if event.anchor is not None:
            self._name(event, node, 1, 0)
        self._add(node, 1, 0)

    def _tag(self, value: str) -> str:
        """What a plain scalar is; each text is asked for once."""
        tag = self._tags.get(value)
        if tag is None:
            rules = Resolver.yaml_implicit_resolvers.get(value[:1], ())
            tag = self._tags[value] = next((tag for tag, fits in rules if fits.match(value)), _STRING)
        return tag

    def _name(self, event: Any, node: yaml.Node, size: int, height: int) -> None:
        """Keep a node that has an anchor."""
        if event.anchor is None:
            return
        if event.anchor in self._anchors:
            line = self._anchors[event.anchor][0].start_mark.line + 1
            raise _mistake(f'duplicate anchor "{event.anchor}", first given in line {line}', event)
        self._anchors[event.anchor] = (node, size, height)

    def _add_alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise _mistake(f"found undefined alias {event.anchor!r}", event)
        node, size, height = self._anchors[event.anchor]
        if not size:
            raise _mistake(f"the alias *{event.anchor} stands inside of what it repeats", event)
        self._check_depth(height, event)
        self._add(node, size, height)
        if sum(collection.size for collection in self._open) > MAX_NODES:
            raise _mistake(f"the aliases up to here stand for more than {MAX_NODES:,} values", event)

    def _check_depth(self, height: int, event: Any) -> None:
        if len(self._open) + height > MAX_DEPTH:
            raise _mistake(f"nested more than {MAX_DEPTH} levels deep", event)

    def _add(self, node: yaml.Node, size: int, height: int) -> None:
        """Put a whole node where it belongs."""
        if not self._open:
            self._root = node
            return
        place = self._open[-1]
        place.size += size
        if height >= place.height:
            place.height = height + 1
        if type(place.node) is yaml.SequenceNode:
            place.node.value.append(node)
        elif place.key is None:
            place.key = node
        else:
            place.node.value.append((place.key, node))
            place.key = None


def _join_surrogates(event: Any) -> str:
    """The text with the pairs of escapes that JSON writes as the characters that they mean."""
    try:
        return str(event.value).encode("utf-16", "surrogatepass").decode("utf-16")
    except UnicodeDecodeError:
        raise _mistake("half of a surrogate pair is not a character", event) from None


def _mistake(problem: str, event: Any) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(None, None, problem, event.start_mark)


def _explain(error: yaml.MarkedYAMLError, path: str, lines: tuple[str, ...]) -> SourceError:
    """Our own error for a syntax error."""
    mark = error.problem_mark or error.context_mark
    where = Where(path) if mark is None else _place(path, lines, mark.line, mark.column)
    problem, hint = find_remedy(error.problem or error.context or "not valid YAML", where.text)
    return SourceError(problem, where, hint)


def _place(path: str, lines: tuple[str, ...], line: int, column: int) -> Where:
    return Where(path, line + 1, column + 1, "".join(lines[line : line + 1]))

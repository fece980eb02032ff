"""Reading a lock file strictly: every mistake with its place, and what nobody knows refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mooring import source
from mooring.errors import SourceError
from mooring.mistakes import Mistakes
from mooring.registry import names
from mooring.service import image_names
from mooring.service.lock_entries import LockedImage, LockFile, SourcelessImage
from mooring.source import Node, Reader

VERSION = 1
Rule = Callable[[str], bool]


def read_lock(root: Node) -> LockFile:
    """What the file says; SourceError with the place of the first mistake, the others attached."""
    reader, mistakes = Reader(root, "the lock file", SourceError), Mistakes()
    _check_version(reader.take_node("version"), root)
    images, forbidden = _take_list(reader, "images", mistakes), _take_list(reader, "forbidden", mistakes)
    without_source = _take_list(reader, "without_source", mistakes)
    with mistakes.gather():
        reader.finish()
    lock = LockFile(
        tuple(sorted(_read_all(images, _read_image, mistakes), key=lambda image: image.key)),
        tuple(sorted(_read_all(forbidden, _read_pattern, mistakes))),
        tuple(sorted(_read_all(without_source, _read_sourceless, mistakes), key=lambda image: image.id)),
    )
    mistakes.raise_first()
    return lock


def _check_version(node: Node | None, root: Node) -> None:
    if node is None:
        raise SourceError("the lock file does not say its version", root.where, f"version: {VERSION}")
    version = source.value(node)
    if isinstance(version, bool) or version != VERSION:
        shown = "another kind" if node.is_mapping or node.is_list else f"version {node.tree.value}"
        hint = f"this Mooring reads version {VERSION} alone; a newer one wrote it, or it is no lock file of Mooring's"
        raise SourceError(f"the lock file is of {shown}", node.where, hint)


def _take_list(reader: Reader, key: str, mistakes: Mistakes) -> list[Node]:
    """The elements of a list, none where it is not given."""
    node = reader.take_node(key)
    with mistakes.gather():
        return _elements(node, key)
    return []


def _elements(node: Node | None, key: str) -> list[Node]:
    if node is None or node.is_null:
        return []
    if not node.is_list:
        raise SourceError(f'"{key}" must be a list', node.where)
    return node.elements()


def _read_all(nodes: list[Node], read: Callable[[Node], Any], mistakes: Mistakes) -> list[Any]:
    """What the nodes say; what is given twice is a mistake too."""
    entries: dict[Any, tuple[Any, Node]] = {}
    for node in nodes:
        with mistakes.gather():
            entry = read(node)
            key = getattr(entry, "key", entry)
            if key in entries:
                title = entry if isinstance(entry, str) else entry.title
                raise SourceError(f"{title} is given twice, first in line {entries[key][1].where.line}", node.where)
            entries[key] = entry, node
    return [entry for entry, _ in entries.values()]


def _read_image(node: Node) -> LockedImage:
    reader = Reader(node, "an image", SourceError)
    tag_node = reader.take_node("tag")
    image = LockedImage(
        _read_name(_need(reader, "name")),
        "" if tag_node is None else _read_word(tag_node, "tag", names.is_tag, "a tag"),
        _read_word(_need(reader, "digest"), "digest", image_names.is_digest, "a digest such as sha256:<64 digits>"),
        platforms=_read_words(reader, "platforms", image_names.is_platform, "a platform such as linux/amd64"),
        running=_read_words(reader, "running", bool, "a host"),
        idle=_read_words(reader, "idle", bool, "a host"),
        keep=bool(reader.take_bool("keep")),
    )
    reader.finish()
    _check_hosts(image, node)
    return image


def _read_sourceless(node: Node) -> SourcelessImage:
    reader = Reader(node, "an image without a source", SourceError)
    image = SourcelessImage(
        _read_word(_need(reader, "id"), "id", image_names.is_digest, "an ID such as sha256:<64 digits>"),
        _read_words(reader, "names", bool, "a name"),
        running=_read_words(reader, "running", bool, "a host"),
        idle=_read_words(reader, "idle", bool, "a host"),
    )
    reader.finish()
    _check_hosts(image, node)
    return image


def _check_hosts(image: LockedImage | SourcelessImage, node: Node) -> None:
    both = sorted(set(image.running) & set(image.idle))
    if both:
        raise SourceError(f'"{both[0]}" stands under "running" and under "idle"', node.where, "it is one of them")


def _read_pattern(node: Node) -> str:
    text = _read_word(node, "forbidden", bool, "a name")
    name, _, tag = text.rpartition(":") if ":" in text.rpartition("/")[2] else (text, "", "")
    if name.endswith("/*"):
        name = name[:-2]
        is_right = not tag and (image_names.is_registry(name) or not image_names.explain_name(f"{name}/x")[0])
        problem, hint = ("", "") if is_right else (f'"{text}" forbids nothing', "write registry/* or registry/path/*")
    elif "*" in text:
        problem, hint = f'"{text}" is no pattern', 'a "*" stands alone behind the last "/"'
    else:
        problem, hint = image_names.explain_name(name)
        if not problem and tag and not names.is_tag(tag):
            problem, hint = f'"{tag}" is not a tag', "write name:tag"
    if problem:
        raise SourceError(problem, node.where, hint)
    return text


def _need(reader: Reader, key: str) -> Node:
    """The node of a key that must be there."""
    node = reader.take_node(key)
    if node is None:
        others = reader.remaining()
        close = next((other for other in others if source.did_you_mean(other, (key,))), "")
        if close:
            hint = source.did_you_mean(close, (key,))
            raise SourceError(f'unknown key "{close}" in {reader.what}', reader.key_where(close), hint)
        raise SourceError(f'{reader.what} needs "{key}"', reader.node.where)
    return node


def _read_name(node: Node) -> str:
    name = _read_word(node, "name", bool, "a name")
    problem, hint = image_names.explain_name(name)
    if problem:
        raise SourceError(problem, node.where, hint)
    return name


def _read_words(reader: Reader, key: str, rule: Rule, kind: str) -> tuple[str, ...]:
    """A list of texts, sorted, each once."""
    words = [_read_word(node, key, rule, kind) for node in _elements(reader.take_node(key), key)]
    return tuple(sorted(set(words)))


def _read_word(node: Node, key: str, rule: Rule, kind: str) -> str:
    """A text of this kind."""
    text = source.value(node)
    if not isinstance(text, str):
        is_plain = not (node.is_mapping or node.is_list or node.is_null)
        hint = f'it needs quotes: "{node.tree.value}"' if is_plain else ""
        raise SourceError(f'"{key}" is not text', node.where, hint)
    if not rule(text):
        raise SourceError(f'"{text}" is not {kind}' if text else f'"{key}" is empty', node.where)
    return str(text)

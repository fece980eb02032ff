"""How large the texts of an engine's configuration may be, where they come in.

The agent refuses larger files by itself; a host that does not keep to that is refused here, before
anything looks at its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mooring.agent.configuration import (
    LARGEST,
    LARGEST_CERTIFICATE,
    LARGEST_OF_ALL,
    LARGEST_UNIT,
    MOST_FILES,
    is_certificate,
)

INFO = "what the engine says of itself"


def checked(reply: Mapping[str, Any]) -> Mapping[str, Any]:
    """The reply of docker_config or container_config; a failed one in its place where a
    text is too large."""
    if reply.get("failed"):
        return reply
    problem = _find_problem(reply)
    return {"failed": True, "changed": False, "msg": problem} if problem else reply


def _find_problem(reply: Mapping[str, Any]) -> str:
    texts = list(_texts(reply))
    if len(texts) > MOST_FILES:
        return f"the host's configuration has {len(texts)} files; at most {MOST_FILES} are read"
    for name, text in texts:
        is_large = name.startswith("/") or name == INFO
        largest = LARGEST_CERTIFICATE if is_certificate(name) else LARGEST if is_large else LARGEST_UNIT
        if len(text) > largest:
            return (
                f"{name} has {len(text)} characters, which is too large for an engine's configuration "
                f"(at most {largest}): see what wrote it"
            )
    total = sum(len(text) for name, text in texts if not is_certificate(name))
    if total > LARGEST_OF_ALL:
        return f"the host's configuration has {total} characters in all; at most {LARGEST_OF_ALL} are read"
    return ""


def _texts(reply: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(what it is, its text) of everything that is taken apart."""
    units = [reply, *(unit for unit in _values(reply.get("units")) if isinstance(unit, Mapping))]
    for unit in units:
        yield "the unit", str(unit.get("unit") or unit.get("text") or "")
        yield "the engine's command line", " ".join(map(str, _list(unit.get("argv"))))
    yield "the engine's version", str(reply.get("version") or "")
    yield from (("a program's version", str(version)) for version in _values(reply.get("programs")))
    files = reply.get("files")
    yield from ((str(path), str(text or "")) for path, text in (files.items() if isinstance(files, Mapping) else ()))
    yield "the list of certificates", " ".join(_leaves(reply.get("certificates")))
    yield INFO, " ".join(_leaves(reply.get("info")))


def _leaves(value: Any) -> Iterator[str]:
    """Every key and every value that is not a container, as text."""
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, Mapping):
            yield from map(str, item)
            rest += item.values()
        elif isinstance(item, list):
            rest += item
        elif item is not None:
            yield str(item)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _values(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else ()

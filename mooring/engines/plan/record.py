"""What Mooring put on a host: only that is ever taken away again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any

from mooring.engines.docker import json_text

PATH = "/etc/mooring/registry_client.json"


@dataclass(frozen=True)
class Record:
    """Entries by key of daemon.json; `ca`: registries whose ca.crt is ours; `files`:
    whole files that are.

    `keys`: lists of daemon.json that we made (None) or found empty (their text then). `lines`:
    assignments of the sysconfig file, by variable, as (before, after), before None where there was
    none; for containerd what config.toml got, by path. `empty`: files without any setting that we
    wrote into, with their text then, None where there was no file. `sums`: the sha1 of whole files,
    where somebody else's edit of them is to be noticed. `tried`: others' keys of daemon.json with
    which the daemon was seen to run before we wrote the file, with the sha1 of each value.
    """

    entries: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ca: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    keys: Mapping[str, str | None] = field(default_factory=dict)
    lines: Mapping[str, tuple[str | None, str]] = field(default_factory=dict)
    empty: Mapping[str, str | None] = field(default_factory=dict)
    _: KW_ONLY
    sums: Mapping[str, str] = field(default_factory=dict)
    tried: Mapping[str, str] = field(default_factory=dict)

    def of(self, key: str) -> tuple[str, ...]:
        return self.entries.get(key, ())


KEYS = ("insecure-registries", "add-registry", "registry-mirrors", "block-registry")
# The first three, and "ca", have stood in the record ever since; the others are there only where
# they say something.
ALWAYS = KEYS[:3]


def parse(text: str | None) -> Record | None:
    """The record; an empty one where there is none, None where it cannot be read."""
    if text is None or not text.strip():
        return Record()
    try:
        held = json_text.loads(text)
        return Record(
            entries={key: _texts(held[key]) for key in KEYS if key in held},
            ca=_texts(held.get("ca", [])),
            files=_texts(held.get("files", [])),
            keys={str(key): _text(was) for key, was in held.get("keys", {}).items()},
            lines={str(name): (_text(pair[0]), str(pair[1])) for name, pair in held.get("lines", {}).items()},
            empty={str(path): _text(was) for path, was in held.get("empty", {}).items()},
            sums={str(path): str(sha1) for path, sha1 in held.get("sums", {}).items()},
            tried={str(key): str(sha1) for key, sha1 in held.get("tried", {}).items()},
        )
    except (ValueError, TypeError, AttributeError, IndexError, KeyError):
        return None


def draw(record: Record) -> str:
    """The record's text, as every version of Mooring wrote it."""
    held: dict[str, Any] = {key: list(record.of(key)) for key in KEYS if key in ALWAYS or record.of(key)}
    held["ca"] = list(record.ca)
    rest: dict[str, Any] = {"files": list(record.files), "keys": record.keys, "lines": record.lines}
    rest.update(empty=record.empty, sums=record.sums, tried=record.tried)
    held.update({name: value for name, value in rest.items() if value})
    return json.dumps(held, indent=2, sort_keys=True) + "\n"


def _texts(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise TypeError
    return tuple(str(item) for item in value)


def _text(value: Any) -> str | None:
    return None if value is None else str(value)

"""daemon.json: what it says, where, and whether the engine can read it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import Any

from mooring.engines.docker import json_text
from mooring.engines.docker.engine import Engine
from mooring.engines.docker.options import OPTIONS
from mooring.engines.origin import Origin

# Mappings that are one key to the daemon; the keys inside any other count as keys themselves
# (source: `configValuesSet`). That goes for those that the engine knows.
WHOLE = frozenset(
    ["builder", "cluster-store-opts", "default-network-opts", "default-ulimits", "features", "log-opts", "runtimes"]
)
PROXIES, IN_PROXIES = "proxies", ("http-proxy", "https-proxy", "no-proxy")
PATH = "/etc/docker/daemon.json"
BOM = "\ufeff"
# A text, and the colon where it is a key; what has no end goes to the file's.
TEXT = re.compile(r'"([^"\\]*(?:\\.[^"\\]*)*)(?:"|\\?\Z)\s*(:?)', re.DOTALL)
JSON_BLANK = " \t\r\n"
# Go's `bytes.TrimSpace`; Python's own strip() takes \x1c to \x1f too.
BLANK = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))


@dataclass(frozen=True)
class DaemonJson:
    """`error` says why the engine cannot read the file; `is_there` whether there is one.

    `values` are all keys that the engine looks for, also those inside a mapping; `settings` are
    those that it takes, which are the outer ones, and the inner ones of `proxies`. Of a key that
    stands twice the last value counts; the engine looks at the kind of the `earlier` ones too.
    """

    path: str = PATH
    text: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    earlier: tuple[tuple[str, Any], ...] = ()
    error: str = ""
    _: KW_ONLY
    is_there: bool = False

    def origin(self, key: str) -> Origin:
        """The line where the key stands."""
        return Origin(self.path, self._lines.get(key, 0))

    @cached_property
    def _lines(self) -> dict[str, int]:
        """The line of each text that a colon follows, which is the first one that counts."""
        lines: dict[str, int] = {}
        line, counted = 1, 0
        for text in TEXT.finditer(self.text):
            line, counted = line + self.text.count("\n", counted, text.start()), text.start()
            if text.group(2):
                lines.setdefault(text.group(1), line)
        return lines

    def texts(self, key: str) -> list[str]:
        """A list's entries; a value of another kind says nothing here."""
        value = self.settings.get(key)
        return [str(entry) for entry in value] if isinstance(value, list) else []


def parse(text: str | None, path: str, engine: Engine) -> DaemonJson:
    """The file's meaning; `text` is None where there is no file."""
    if text is None:
        return DaemonJson(path)
    # 23.0 takes a byte order mark, and white space of any kind around the braces; before, only
    # JSON's own counts.
    body = text.removeprefix(BOM).strip(BLANK) if engine.is_at_least(23) else text.strip(JSON_BLANK)
    if not body:
        # Fatal on 1.13.1 and 20.10.24 ("EOF"), allowed on 26.1.5: moby PR #42393, docker 23.0.
        error = "" if engine.is_at_least(23) else "it is empty (write {} instead)"
        return DaemonJson(path, text, error=error, is_there=True)
    try:
        value, end = json_text.decode(body, _Object)
    except ValueError as error:
        return DaemonJson(path, text, error=f"it is not JSON: {error}", is_there=True)
    if body[end:] and engine.is_at_least(23):
        # 20.10.24 reads the first value and ignores what follows; 26.1.5 refuses the file.
        return DaemonJson(path, text, error="something follows after the closing brace", is_there=True)
    if value is None:
        value = {}
    if not isinstance(value, dict):
        return DaemonJson(path, text, error="it holds no {…}", is_there=True)
    earlier = value.earlier if isinstance(value, _Object) else ()
    return DaemonJson(path, text, _flat(value, engine), _taken(value, engine), earlier, is_there=True)


class _Object(dict[str, Any]):
    """A mapping that remembers the values which a later one of the same key hides."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        last = {key: number for number, (key, _) in enumerate(pairs)}
        self.earlier = tuple(pair for number, pair in enumerate(pairs) if last[pair[0]] != number)


def _flat(value: Mapping[str, Any], engine: Engine) -> dict[str, Any]:
    whole = {option.key for option in OPTIONS if option.key in WHOLE and option.is_known_to(engine)}
    settings: dict[str, Any] = {}
    for key, inner in value.items():
        settings.update(inner if isinstance(inner, dict) and key not in whole else {key: inner})
    return settings | {key: inner for key, inner in value.items() if key in settings}


def _taken(value: Mapping[str, Any], engine: Engine) -> dict[str, Any]:
    proxies = value.get(PROXIES) if engine.is_at_least(23) else None
    inner = proxies if isinstance(proxies, dict) else {}
    return {**value, **{key: inner[key] for key in IN_PROXIES if key in inner}}

"""The rules about texts that the daemon takes apart when it reads its flags and daemon.json:
addresses, limits, modes, a size.

Tried on 20.10.5, 20.10.24, 26.1.5 and 28.5.2; addresses and limits of Red Hat's 1.13.1 (7d71120)
too. Of the other old ones nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.effective import Effective
from mooring.engines.go_net import is_ip, without_zeros
from mooring.engines.origin import Placed

ADDRESSES = ("ip", "default-gateway", "default-gateway-v6", "host-gateway-ip")
MODES = {
    "default-ipc-mode": ("private", "shareable"),
    "default-cgroupns-mode": ("private", "host"),
    "log-format": ("text", "json"),
}
# go-units' names; a limit is name=soft[:hard], -1 for none.
# fmt: off
ULIMITS = frozenset([
    "core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio",
    "rttime", "sigpending", "stack",
])
# fmt: on
LIMIT = re.compile(r"[+-]?[0-9]+")
SIZE = re.compile(r"[0-9]+(\.[0-9]+)* ?([kmgtp]i?)?b?", re.IGNORECASE)


def find_bad_kinds(effective: Effective) -> Iterator[Conflict]:
    """An address that is none, a limit without a number, a mode that does not exist, a
    size without a number."""
    engine = effective.engine
    if not (engine.is_at_least(20, 10) or engine.is_redhat):
        return
    for key in ADDRESSES:
        for value in effective.values(key):
            # Before 23.0 an empty flag is none either.
            is_empty = not value.text and (engine.is_at_least(23) or not effective.is_flag(value))
            if not is_empty and not is_ip(without_zeros(value.text)):
                yield _stops(f'{key} "{value.text}" is not an address', value)
    for flag in effective.command.of("default-ulimits"):
        if not _is_limit(flag.value):
            yield _stops(f'--default-ulimit "{flag.value}" is not name=soft[:hard]', Placed("", flag.origin))
    if engine.is_redhat:
        return
    for key, modes in MODES.items():
        for value in effective.values(key):
            if value.text and value.text not in modes:
                yield _stops(f'{key} "{value.text}" is neither {" nor ".join(modes)}', value)
    for resource in effective.values("node-generic-resources"):
        if not all(resource.text.partition("=")):
            yield _stops(f'node-generic-resource "{resource.text}" is not name=value', resource)
    for gateway in effective.values("host-gateway-ips"):
        if gateway.text and not is_ip(gateway.text):
            yield _stops(f'host-gateway-ip "{gateway.text}" is not an address', gateway)
    yield from _bad_sizes(effective)


def _is_limit(text: str) -> bool:
    """Whether a limit is one: a known name, one or two numbers, the second not below the first
    (source: go-units' `ParseUlimit`, as tried on 20.10.5 to 28.5.2)."""
    name, _, limits = text.partition("=")
    parts = limits.split(":")
    if name not in ULIMITS or len(parts) > 2 or not all(LIMIT.fullmatch(part) for part in parts):
        return False
    soft, hard = int(parts[0]), int(parts[-1])
    return hard == -1 or (soft <= hard and soft != -1)


def _bad_sizes(effective: Effective) -> Iterator[Conflict]:
    """In the file it is a text, and even null is none (source: `MemBytes.UnmarshalJSON`)."""
    key, flags = "default-shm-size", effective.command.of("default-shm-size")
    sizes = [(flag.value, flag.origin) for flag in flags]
    if key in effective.file.settings:
        sizes.append((effective.file.settings[key], effective.file.origin(key)))
    for text, origin in sizes:
        if not (isinstance(text, str) and SIZE.fullmatch(text)):
            yield _stops(f"{key} {text!r} is not a size, such as 64M", Placed("", origin))


def _stops(message: str, value: Placed) -> Conflict:
    return Conflict("bad-value", Severity.STOPS, message, (value.origin,))


RULES = (find_bad_kinds,)

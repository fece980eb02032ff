"""The rules about texts that the daemon takes apart when it reads its flags and daemon.json: addresses, modes, a size.

Asked of 20.10.5, 20.10.24, 26.1.5 and 28.5.2; of older engines nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mooring.daemon.conflicts import Conflict, Severity
from mooring.daemon.effective import Effective
from mooring.daemon.gonet import is_ip, without_zeros
from mooring.daemon.origin import Placed

ADDRESSES = ("ip", "default-gateway", "default-gateway-v6", "host-gateway-ip")
MODES = {
    "default-ipc-mode": ("private", "shareable"),
    "default-cgroupns-mode": ("private", "host"),
    "log-format": ("text", "json"),
}
SIZE = re.compile(r"[0-9]+(\.[0-9]+)* ?([kmgtp]i?)?b?", re.IGNORECASE)


def find_bad_kinds(effective: Effective) -> Iterator[Conflict]:
    """An address that is none, a mode that does not exist, a size without a number."""
    if not effective.engine.is_at_least(20, 10):
        return
    for key in ADDRESSES:
        for value in effective.values(key):
            if value.text and not is_ip(without_zeros(value.text)):
                yield _stops(f'{key} "{value.text}" is no address', value)
    for key, modes in MODES.items():
        for value in effective.values(key):
            if value.text and value.text not in modes:
                yield _stops(f'{key} "{value.text}" is neither {" nor ".join(modes)}', value)
    for resource in effective.values("node-generic-resources"):
        if not all(resource.text.partition("=")):
            yield _stops(f'node-generic-resource "{resource.text}" is not name=value', resource)
    for gateway in effective.values("host-gateway-ips"):
        if gateway.text and not is_ip(gateway.text):
            yield _stops(f'host-gateway-ip "{gateway.text}" is no address', gateway)
    yield from _bad_sizes(effective)


def _bad_sizes(effective: Effective) -> Iterator[Conflict]:
    """In the file it is a text, and even null is none (source: `MemBytes.UnmarshalJSON`)."""
    key, flags = "default-shm-size", effective.command.of("default-shm-size")
    found = [(flag.value, flag.origin) for flag in flags]
    if key in effective.file.settings:
        found.append((effective.file.settings[key], effective.file.origin(key)))
    for text, origin in found:
        if not (isinstance(text, str) and SIZE.fullmatch(text)):
            yield _stops(f"{key} {text!r} is no size, such as 64M", Placed("", origin))


def _stops(message: str, value: Placed) -> Conflict:
    return Conflict("bad-value", Severity.STOPS, message, (value.origin,))


RULES = (find_bad_kinds,)

"""The rules about values of the wrong kind: a text where the daemon wants a number, and the like.

Drawn at random and asked of dockerd 20.10.24, 26.1.5 and 28.5.2. What a well-formed value does (a log driver that does
not exist, an address that is none) is not judged, but for registries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mooring.daemon.conflicts import Conflict, Severity
from mooring.daemon.effective import Effective
from mooring.daemon.options import BY_FLAG, LIST, OPTIONS, SWITCH

NUMBERS = frozenset(
    [
        "cpu-rt-period",
        "cpu-rt-runtime",
        "log-max-line",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "mtu",
        "network-control-plane-mtu",
        "oom-score-adjust",
        "shutdown-timeout",
    ]
)
# Keys whose value is of a kind of its own.
OTHERS = frozenset(["default-address-pools", "default-shm-size", "host-gateway-ip", "node-generic-resources"])
MAPPINGS: dict[str, tuple[type, str]] = {
    "features": (bool, "a mapping to true or false"),
    "log-opts": (str, "a mapping to texts"),
    **dict.fromkeys(
        ["builder", "cluster-store-opts", "default-network-opts", "default-ulimits", "runtimes"], (object, "a mapping")
    ),
}
# Go's `strconv.ParseInt` with base 0, and `strconv.ParseBool`.
NUMBER = re.compile(r"[+-]?(0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO]?(_?[0-7])+|[1-9](_?[0-9])*|0)")
TRUE = frozenset(["1", "t", "T", "TRUE", "true", "True"])
TRUTHS = TRUE | {"0", "f", "F", "FALSE", "false", "False"}


def find_wrong_types(effective: Effective) -> Iterator[Conflict]:
    """A key's value of the wrong kind: "json: cannot unmarshal string into Go struct field"; null is nothing."""
    kinds = {option.key: option.kind for option in OPTIONS}
    for key, value in effective.file.settings.items():
        wanted = _wanted(key, kinds.get(key, ""), value)
        if wanted and value is not None:
            message = f'"{key}" must be {wanted}'
            yield Conflict("wrong-type", Severity.STOPS, message, (effective.file.origin(key),))


def find_wrong_flag_values(effective: Effective) -> Iterator[Conflict]:
    """A flag's value of the wrong kind: "invalid argument"."""
    for flag in effective.command.flags:
        option = BY_FLAG.get(flag.name)
        if option and option.kind == SWITCH and flag.value not in TRUTHS:
            message = f"--{flag.name}={flag.value} is neither true nor false"
            yield Conflict("wrong-type", Severity.STOPS, message, (flag.origin,))
        elif flag.name in NUMBERS and not NUMBER.fullmatch(flag.value):
            message = f"--{flag.name}={flag.value} is no number"
            yield Conflict("wrong-type", Severity.STOPS, message, (flag.origin,))


def _wanted(key: str, kind: str, value: Any) -> str:
    """What the value should be; empty where it is that, or where nobody knows."""
    if key in OTHERS or not kind:
        return ""
    if key in MAPPINGS:
        inner, wanted = MAPPINGS[key]
        return "" if isinstance(value, dict) and all(isinstance(one, inner) for one in value.values()) else wanted
    if key in NUMBERS:
        is_number = isinstance(value, int) and not isinstance(value, bool)
        least = 0 if key.startswith("max-") else value
        return "" if is_number and value >= least else f"a number{', not below 0' if is_number else ''}"
    if kind == SWITCH:
        return "" if isinstance(value, bool) else "true or false"
    if kind == LIST:
        is_list = isinstance(value, list) and all(one is None or isinstance(one, str) for one in value)
        return "" if is_list else "a list of texts"
    return "" if isinstance(value, str) else "a text"


RULES = (find_wrong_types, find_wrong_flag_values)

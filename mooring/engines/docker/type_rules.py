"""The rules about values of the wrong kind: a text where the daemon wants a number, and the like.

Drawn at random and tried on dockerd 20.10.24, 26.1.5 and 28.5.2. What a well-formed value does (a
log driver that does not exist, an address that is none) is not judged, but for registries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.effective import Effective
from mooring.engines.docker.engine import Engine
from mooring.engines.docker.options import BY_FLAG, LIST, OPTIONS, SWITCH

NUMBERS = frozenset(
    [
        "cpu-rt-period",
        "cpu-rt-runtime",
        "default-pids-limit",
        "log-max-line",
        "max-concurrent-downloads",
        "max-concurrent-uploads",
        "max-download-attempts",
        "max-health-check-retries",
        "mtu",
        "network-control-plane-mtu",
        "oom-score-adjust",
        "shutdown-timeout",
    ]
)
# Keys with a shape of their own: {"*": …} maps any name, other names are those that the daemon
# looks at, in any case.
GC = {"enabled": bool, "defaultkeepstorage": str, "policy": [{"all": bool, "keepstorage": str}]}
SHAPES: dict[str, tuple[Any, str]] = {
    "features": ({"*": bool}, "a mapping to true or false"),
    "log-opts": ({"*": str}, "a mapping to texts"),
    "runtimes": ({"*": {"path": str, "runtimeargs": [str]}}, "a mapping to runtimes"),
    "default-ulimits": ({"*": {"name": str, "hard": int, "soft": int}}, "a mapping to limits"),
    "builder": ({"gc": GC}, "a mapping, as documented for the builder"),
    "cluster-store-opts": ({"*": object}, "a mapping"),
    "default-network-opts": ({"*": object}, "a mapping"),
    "default-address-pools": ([{"base": str, "size": int}], "a list of networks, each with base and size"),
    "node-generic-resources": ([str], "a list of texts"),
    "host-gateway-ip": (str, "a text"),
}
OTHERS = frozenset(["default-shm-size"])
# Names of flags alone: as keys they may hold anything (tried on 1.13.1, 7d71120, 20.10.5, 20.10.24,
# 26.1.5 and 28.5.2).
UNREAD = frozenset(["config-file", "help", "restart", "validate", "version"])
UNREAD_SINCE_23 = "deprecated-key-path"  # which newer engines still know, and do not look at (tried on 26.1.5)
UNREAD_BY_REDHAT = "cpu-rt-runtime"  # a flag there, and no key (tried on 1.13.1, 7d71120)
NOT_NEGATIVE = "a number, not below 0"
INT64 = range(-(2**63), 2**63)
# Go's `strconv.ParseInt` with base 0, and `strconv.ParseBool`.
NUMBER = re.compile(r"[+-]?(0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO]?(_?[0-7])+|[1-9](_?[0-9])*|0)")
TRUE = frozenset(["1", "t", "T", "TRUE", "true", "True"])
TRUTHS = TRUE | {"0", "f", "F", "FALSE", "false", "False"}


def find_wrong_types(effective: Effective) -> Iterator[Conflict]:
    """A key's value of the wrong kind: "json: cannot unmarshal string into Go struct
    field"; null is nothing.

    A mapping hides its key from those who look for unknown ones (`configValuesSet`), but Go reads
    keys in any case: so `Debug: {}` is a wrong `debug` (tried on 1.13.1, 7d71120, 20.10.5,
    20.10.24, 26.1.5 and 28.5.2).
    """
    kinds = {option.key: option.kind for option in OPTIONS if option.is_known_to(effective.engine)}
    for key, value in (*effective.file.earlier, *effective.file.settings.items()):
        is_hidden = isinstance(effective.file.settings.get(key), dict) and key.lower() in kinds
        name = key.lower() if is_hidden else key
        wanted = "" if _is_unread(name, effective.engine) else _wanted(name, kinds.get(name, ""), value)
        # Of a value that a later one hides only the kind counts.
        if wanted and not (wanted == NOT_NEGATIVE and value != effective.file.settings.get(key)):
            message = f'"{key}" must be {wanted}'
            yield Conflict("wrong-type", Severity.STOPS, message, (effective.file.origin(key),))


def find_wrong_flag_values(effective: Effective) -> Iterator[Conflict]:
    """A flag's value of the wrong kind: "invalid argument"."""
    for flag in effective.command.flags:
        option = BY_FLAG.get(flag.name)
        if option and option.kind == SWITCH and flag.value not in TRUTHS:
            message = f"--{flag.name}={flag.value} is neither true nor false"
            yield Conflict("wrong-type", Severity.STOPS, message, (flag.origin,))
        elif flag.name in NUMBERS and not (NUMBER.fullmatch(flag.value) and _is_held(flag.value)):
            message = f"--{flag.name}={flag.value} is not a number"
            yield Conflict("wrong-type", Severity.STOPS, message, (flag.origin,))


def _is_unread(key: str, engine: Engine) -> bool:
    if key == UNREAD_SINCE_23:
        return engine.is_at_least(23)
    return key in UNREAD or (key == UNREAD_BY_REDHAT and engine.is_redhat)


def _is_held(number: str) -> bool:
    """Whether 64 bits hold a decimal number."""
    return not re.fullmatch("[+-]?[1-9][0-9]*", number) or int(number) in INT64


def _wanted(key: str, kind: str, value: Any) -> str:
    """What the value should be; empty where it is that, or where nobody knows."""
    if value is None or key in OTHERS or not kind:
        return ""
    if key in SHAPES:
        shape, wanted = SHAPES[key]
        return "" if _fits(value, shape) else wanted
    if key in NUMBERS:
        is_number = _fits(value, int)
        least = 0 if key.startswith("max-") else value
        return "" if is_number and value >= least else NOT_NEGATIVE if is_number else "a number"
    if kind == SWITCH:
        return "" if isinstance(value, bool) else "true or false"
    if kind == LIST:
        is_list = isinstance(value, list) and all(item is None or isinstance(item, str) for item in value)
        return "" if is_list else "a list of texts"
    return "" if isinstance(value, str) else "a text"


def _fits(value: Any, shape: Any) -> bool:
    """Whether a value has the shape; null has any, and a number is one that 64 bits hold."""
    if value is None:
        return True
    if isinstance(shape, list):
        return isinstance(value, list) and all(_fits(item, shape[0]) for item in value)
    if isinstance(shape, dict):
        wanted = [(item, shape.get("*") or shape.get(name.lower(), object)) for name, item in _items(value)]
        return isinstance(value, dict) and all(_fits(item, inner) for item, inner in wanted)
    if shape is int:
        return isinstance(value, int) and not isinstance(value, bool) and value in INT64
    return isinstance(value, shape)


def _items(value: Any) -> Any:
    return value.items() if isinstance(value, dict) else ()


RULES = (find_wrong_types, find_wrong_flag_values)

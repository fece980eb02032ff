"""Settings with which an engine starts for sure, whatever the host is like, once the other rules
have nothing to say.

Not here are those that depend on the host (addresses, networks, drivers, directories, TLS), for
nobody knows before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.engines.docker.effective import Effective
from mooring.engines.docker.options import BY_FLAG, LIST, SWITCH
from mooring.engines.docker.running import LIVE_RESTORE, REGISTRY_KEYS
from mooring.engines.docker.type_rules import NUMBERS, TRUE, UNREAD

# fmt: off
SWITCHES = frozenset([
    "debug", "disable-legacy-registry", "experimental", "init", "no-new-privileges", "raw-logs",
    "signature-verification", "skip-schema2-push",
])
COUNTS = frozenset([
    "max-concurrent-downloads", "max-concurrent-uploads", "max-download-attempts", "shutdown-timeout",
])
# fmt: on
LISTS = frozenset([*REGISTRY_KEYS, "dns", "dns-opts", "dns-search", "labels"])
TEXTS = frozenset(["default-shm-size", "log-level"])
MTU = range(1280, 9001)
# Drivers of logs that need nothing of the host, with the options that each knows since 1.12.
LOG_DRIVER, LOG_OPTIONS = "log-driver", "log-opts"
LOGS = {"json-file": {"max-size", "max-file", "labels", "env"}, "journald": {"labels", "env", "tag"}, "none": set()}
# What the API says of the running daemon: to name it does not change it.
TOLD = {
    "data-root": "DockerRootDir",
    "default-runtime": "DefaultRuntime",
    "graph": "DockerRootDir",
    LOG_DRIVER: "LoggingDriver",
    "storage-driver": "Driver",
}
CGROUPS = "native.cgroupdriver="


def is_harmless(key: str, value: Any, effective: Effective) -> bool:
    """Whether the next start will not fail by this setting of `effective`; `value` is as
    daemon.json has it."""
    if key in UNREAD or key in LISTS or key in TEXTS or _is_flags_name(key):
        return True
    if key in SWITCHES or key in COUNTS:
        return value is None or isinstance(value, bool if key in SWITCHES else int)
    if key == LIVE_RESTORE:
        return not value or _swarm(effective) == "inactive"
    if key == "mtu":
        return value in MTU
    if key in (LOG_DRIVER, LOG_OPTIONS):
        return _are_logs_harmless(effective)
    return _is_told(key, value, effective.texts.info)


def of_flag(key: str, text: str) -> Any:
    """A flag's text as daemon.json would have it."""
    kind = next((option.kind for option in BY_FLAG.values() if option.key == key), "")
    if kind == SWITCH:
        return text in TRUE
    if key in NUMBERS and text.isdecimal():
        return int(text)
    return [text] if kind == LIST else text


def _is_flags_name(key: str) -> bool:
    """A flag's name where the key is called otherwise, which nobody reads."""
    option = BY_FLAG.get(key)
    return option is not None and option.key != key


def _swarm(effective: Effective) -> str:
    return (effective.texts.info.get("Swarm") or {}).get("LocalNodeState") or "inactive"


def _are_logs_harmless(effective: Effective) -> bool:
    """Driver and options together, as the daemon judges them."""
    drivers = effective.values(LOG_DRIVER)
    driver = drivers[-1].text if drivers and drivers[-1].text else "json-file"
    flags = [flag.value.partition("=")[0] for flag in effective.command.of(LOG_OPTIONS)]
    options = effective.file.settings.get(LOG_OPTIONS) or {}
    return driver in LOGS and isinstance(options, Mapping) and {*options, *flags} <= LOGS[driver]


def _is_told(key: str, value: Any, info: Mapping[str, Any]) -> bool:
    """Whether the running daemon has it already, by its own word."""
    if key == "exec-opts" and info.get("CgroupDriver"):
        return bool(value == [f"{CGROUPS}{info['CgroupDriver']}"])
    return key in TOLD and bool(value) and bool(value == info.get(TOLD[key]))

"""What the next boot makes of a Docker host, where that is not what the next restart makes.

/run is empty then, so what lies there counts only if something writes it anew: on Red Hat's systems
registries.service makes flags of /etc/containers/registries.conf, and only where it is enabled.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

from mooring.engines.docker.effective import Effective, Texts, resolve
from mooring.engines.docker.registries_service import GENERATED, SERVICE, SOURCE, written

STARTS = ("enabled", "enabled-runtime", "static", "indirect", "generated", "alias", "linked", "linked-runtime", "")
# What was said for this boot only.
PASSING = ("enabled-runtime", "masked-runtime", "linked-runtime")
VALUE = re.compile(r"[^\s'\"]+")
PART = re.compile(r"(?m)^(?=# /\S+\.(?:service|conf)$)")


@dataclass(frozen=True)
class Boot:
    """`starts` tells whether the service is started at all, `reasons` what differs from
    a restart, and why."""

    effective: Effective
    starts: bool = True
    reasons: tuple[str, ...] = ()


def at_boot(texts: Texts, state: Mapping[str, str], service: Mapping[str, str]) -> Boot:
    """The host after its next boot; `state` is what systemd knows of docker's unit, `service` of
    registries.service."""
    reasons: list[str] = []
    known = state.get("UnitFileState", "")
    starts = state.get("LoadState") != "masked" and known in STARTS and known not in PASSING
    if not starts:
        word = "masked" if state.get("LoadState") == "masked" or known == "masked" else known or "not enabled"
        reasons.append(f"the unit is {word}: nothing starts it at boot, unless something else asks for it")
    kept = "".join(part for part in PART.split(texts.unit) if not part.startswith("# /run/systemd/system"))
    if kept != texts.unit:
        reasons.append("the unit's files below /run are gone then")
    if texts.needs_reload:
        reasons.append("systemd reads the unit as it now is")
    files = {path: None if path.startswith("/run/") else text for path, text in texts.files.items()}
    if GENERATED in texts.files or _is_enabled(service):
        files[GENERATED] = _registries(texts, service)
        reasons += _what_changes(texts.files.get(GENERATED), files[GENERATED], service)
    later = replace(texts, unit=kept, files=files, needs_reload=False)
    return Boot(resolve(later), starts, tuple(reasons))


def _is_enabled(service: Mapping[str, str]) -> bool:
    """docker.service of Red Hat is only ordered after it; a static one is taken for wanted by
    another unit."""
    return service.get("LoadState") == "loaded" and service.get("UnitFileState") in ("enabled", "static", "indirect")


def _registries(texts: Texts, service: Mapping[str, str]) -> str | None:
    text = texts.files.get(SOURCE)
    return written(text) if text is not None and _is_enabled(service) else None


def _what_changes(now: str | None, later: str | None, service: Mapping[str, str]) -> list[str]:
    if _meaning(now) == _meaning(later):
        return []
    if later is None:
        return [f"{GENERATED} is gone then, and {SERVICE} is not there to write it again"]
    return [f"{SERVICE} writes {GENERATED} anew from {SOURCE}: {later.strip()}"]


def _meaning(text: str | None) -> list[str]:
    """The words of the file; nothing and an empty list are the same to the daemon."""
    options, is_value = [], False
    words = (text or "").split(" ")
    for word, behind in pairwise(words):
        tail = "" if word[-1:].isspace() else (word.split() or [""])[-1]
        flag, value = tail[tail.find("--") :] if "--" in tail and not is_value else "", VALUE.match(behind)
        is_value = len(flag) > 2 and value is not None
        if is_value and value:
            options.append(f"{flag} {value.group()}")
    return options

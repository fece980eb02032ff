"""The rules about runtimes: the default one must be there, and `runc` is the engine's own name.

Tried on 20.10.24 and 26.1.5; source of 1.13.1: `ValidateConfiguration`, which looks at the file
alone first, and `RuntimeOpt.Set`. Red Hat's unit gives both as flags, so neither may stand in its
daemon.json.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.effective import Effective
from mooring.engines.origin import Placed

OWN, OF_CONTAINERD = "runc", "io.containerd."


def find_bad_runtimes(effective: Effective) -> Iterator[Conflict]:
    """A flag is name=path, each name once; no name is `runc`, in the file neither (23 and
    24 were not asked)."""
    seen: set[str] = set()
    for flag in effective.command.of("runtimes"):
        name, path = _split(flag.value)
        problem = "is not name=path" if not (name and path) else "takes the engine's own name" if name == OWN else ""
        problem = problem or ("is there twice" if name in seen else "")
        seen.add(name)
        if problem:
            yield _stops(f'--add-runtime "{flag.value}" {problem}', Placed("", flag.origin))
    if not _is_unasked(effective) and OWN in _in_file(effective):
        yield _stops(f'the runtime "{OWN}" is the engine\'s own', Placed("", effective.file.origin("runtimes")))


def find_missing_default(effective: Effective) -> Iterator[Conflict]:
    """Specified default runtime does not exist: the file's must stand in the file
    itself, before 25.0."""
    if _is_unasked(effective):
        return
    in_file = {OWN, "", *_in_file(effective)}
    by_flags = {_split(flag.value)[0] for flag in effective.command.of("runtimes")}
    for value in effective.values("default-runtime"):
        is_either = effective.is_flag(value) or effective.engine.is_at_least(25)
        known = in_file | by_flags if is_either else in_file
        is_containerds = value.text.startswith(OF_CONTAINERD) and effective.engine.is_at_least(18, 9)
        if value.text not in known and not is_containerds and not value.text.startswith("/"):
            yield _stops(f'there is no runtime "{value.text}"', value)


def _is_unasked(effective: Effective) -> bool:
    return effective.engine.is_at_least(23) and not effective.engine.is_at_least(25)


def _split(text: str) -> tuple[str, str]:
    name, _, path = text.partition("=")
    return name.strip().lower(), path.strip()


def _in_file(effective: Effective) -> list[str]:
    runtimes = effective.file.settings.get("runtimes")
    return list(runtimes) if isinstance(runtimes, dict) else []


def _stops(message: str, value: Placed) -> Conflict:
    return Conflict("runtime", Severity.STOPS, message, (value.origin,))


RULES = (find_bad_runtimes, find_missing_default)

"""Where the running daemon is not what its files say."""

from __future__ import annotations

from mooring.engines.docker.effective import Effective, running_command
from mooring.engines.docker.registries import as_it_runs, by_files
from mooring.records.explanation import Difference

REGISTRY_KEYS = {
    "registry-mirrors": "mirrors",
    "insecure-registries": "insecure",
    "add-registry": "added",
    "block-registry": "blocked",
}
LIVE_RESTORE = "live-restore"


def differences(effective: Effective) -> list[Difference]:
    """What the next start changes. The daemon's API tells of registries and live-restore, its
    command line of the rest; keys of daemon.json that neither tells are not compared."""
    now = as_it_runs(effective)
    if now is None:
        return []
    later = by_files(effective)
    all_differences = [Difference(key, getattr(now, name), getattr(later, name)) for key, name in REGISTRY_KEYS.items()]
    all_differences.append(Difference(LIVE_RESTORE, _live_restore(effective), _texts(effective)))
    if effective.texts.argv:
        all_differences += _flags(effective)
    return [difference for difference in all_differences if _differs(difference)]


def _differs(difference: Difference) -> bool:
    if difference.key == "insecure-registries":
        return set(difference.now) != set(difference.later)  # the API has them in no order
    return difference.now != difference.later


def _flags(effective: Effective) -> list[Difference]:
    """Flags of the process and of the files, but for those that the API tells better."""
    running, planned = running_command(effective.texts), effective.command
    keys = {flag.key for flag in (*running.flags, *planned.flags)} - {*REGISTRY_KEYS, LIVE_RESTORE}
    return [
        Difference(key, tuple(flag.value for flag in running.of(key)), tuple(flag.value for flag in planned.of(key)))
        for key in sorted(keys)
    ]


def _live_restore(effective: Effective) -> tuple[str, ...]:
    return ("true",) if effective.texts.info.get("LiveRestoreEnabled") else ("false",)


def _texts(effective: Effective) -> tuple[str, ...]:
    values = effective.values(LIVE_RESTORE)
    return (values[-1].text,) if values else ("false",)

"""The rules about engines older than 1.13: Red Hat's 1.10 to 1.12, and Docker's own of that age.

Only what is told by sources or issues: Red Hat took later options over into its 1.12, so a table of
all of them would say "will not start" where it does.
"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.effective import Effective

FILE_SINCE, SETTINGS_SINCE = (1, 10), (1, 12)
# On the command line these are older than in the file.
REGISTRY_KEYS = ("insecure-registries", "registry-mirrors", "add-registry", "block-registry")
# New in 1.12, as flag and as key.
NEW = ("live-restore", "runtimes", "default-runtime", "max-concurrent-downloads", "max-concurrent-uploads")


def find_unread_file(effective: Effective) -> Iterator[Conflict]:
    """daemon.json came with docker 1.10 (moby PR #18587)."""
    if effective.engine.version < FILE_SINCE and effective.file.is_there:
        message = f"{effective.engine} reads no {effective.file.path}: set it by flags"
        yield Conflict("unread-file", Severity.USELESS, message, (effective.file.origin(""),))


def find_keys_before_their_time(effective: Effective) -> Iterator[Conflict]:
    """Registries in daemon.json are fatal at start before 1.12 (moby#37321), live-restore and
    runtimes are unknown."""
    if not FILE_SINCE <= effective.engine.version < SETTINGS_SINCE:
        return
    for key in effective.file.values:
        if key in REGISTRY_KEYS:
            message = f'{effective.engine} knows "{key}" as a flag only, not in this file (moby#37321)'
        elif key in NEW:
            message = f'{effective.engine} knows no key "{key}", docker 1.12 does'
        else:
            continue
        yield Conflict("unknown-key", Severity.STOPS, message, (effective.file.origin(key),))


def find_flags_before_their_time(effective: Effective) -> Iterator[Conflict]:
    """--live-restore and --add-runtime are of 1.12."""
    if effective.engine.version >= SETTINGS_SINCE:
        return
    for flag in effective.command.flags:
        if flag.key in NEW:
            message = f"{effective.engine} knows no flag --{flag.name}, docker 1.12 does"
            yield Conflict("unknown-flag", Severity.STOPS, message, (flag.origin,))


RULES = (find_unread_file, find_keys_before_their_time, find_flags_before_their_time)

"""What a running daemon proves: its own command line, and the daemon.json that it was started with,
are accepted.

Builds of one version differ, and tables have gaps. Whatever a rule says against a configuration
with which the daemon runs is wrong about this host, unless its program is another one by now.
"""

from __future__ import annotations

from dataclasses import replace

from mooring.engines.docker import daemon_json
from mooring.engines.docker.daemon_json import DaemonJson
from mooring.engines.docker.effective import Effective, Texts, running_command


def started_with(texts: Texts) -> str | None:
    """The text of the daemon.json with which the running daemon was started; None
    where nobody knows it."""
    return texts.started_with.get(path_of(texts))


def path_of(texts: Texts) -> str:
    """The daemon.json that the running daemon reads."""
    chosen = running_command(texts).of("config-file")
    return chosen[-1].value if chosen else daemon_json.PATH


def proven(effective: Effective) -> Effective | None:
    """The configuration that the running daemon was started with; without its file where that is
    not known any more. None where none runs, or where the next start is another program's."""
    texts = effective.texts
    if not texts.argv or texts.is_replaced:
        return None
    path, text = path_of(texts), started_with(texts)
    file = DaemonJson(path) if text is None else daemon_json.parse(text, path, effective.engine)
    return replace(effective, command=running_command(texts), file=file)

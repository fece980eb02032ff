"""A host with one engine, for tests of transactions: real processes, and scripts in place of
systemd's programs."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import stat
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from processes import ends_within, runs

DAEMON = Path(__file__).with_name("fake_daemon.py")
# One job at a time, as systemd: `restart` does not wait, and `show`
# says that a job is there until the daemon is ready or has ended.
SYSTEMCTL = """\
cd {folder}
alive() {{ [ -e pid ] && grep -qv ') Z' "/proc/$(cat pid)/stat" 2>/dev/null; }}
echo "$*" >> calls
case "$*" in
show*)
    echo LoadState=loaded
    if alive; then
        echo MainPID=$(cat pid)
        if [ -e ready ]; then echo ActiveState=active; else echo ActiveState=activating; echo Job=1; fi
    else echo MainPID=0; echo ActiveState=failed; echo Result=exit-code; fi ;;
"reload docker.service")
    alive || {{ echo "docker.service is not active, cannot reload." >&2; exit 1; }}
    kill -HUP "$(cat pid)" ;;
"--no-block restart docker.service")
    if alive; then
        echo "$(cat pid) time=\"2026-01-01\" level=error msg=\"cannot end well\"" >> log
        kill -KILL "$(cat pid)"
    fi
    echo "1 Starting the engine..." >> log
    rm -f ready
    setsid {python} {daemon} {folder} >/dev/null 2>&1 </dev/null &
    echo $! > pid ;;
"kill --kill-who=main"*) alive && kill -KILL "$(cat pid)" ;;
"stop mooring-guard-"*) kill "$(cat "guards/$2")" 2>/dev/null; rm -f "guards/$2" ;;
esac
exit 0
"""
SYSTEMD_RUN = """\
cd {folder}
[ -e no-guard ] && {{ echo "Failed to start transient service unit: no way" >&2; exit 1; }}
while [ "${{1#--}}" != "$1" ]; do
    case $1 in --unit=*) unit=${{1#*=}} ;; esac
    shift
done
setsid "$@" >>guard.log 2>&1 </dev/null &
echo $! > "guards/$unit"
"""
JOURNALCTL = """\
touch {folder}/log
case "$*" in
*--show-cursor*) echo "-- cursor: $(wc -l < {folder}/log)" ;;
*--after-cursor=*) for word in "$@"; do case $word in --after-cursor=*) from=${{word#*=}} ;; esac; done
    case "$*" in
    *"-o json"*) tail -n "+$((from + 1))" {folder}/log | {python} -c '{entries}' ;;
    *) tail -n "+$((from + 1))" {folder}/log | sed 's/^[0-9]* //' ;;
    esac ;;
esac
"""
# A line of the log is the process and its words; process 1
# is systemd, which says that it begins to start the unit.
ENTRIES = """\
import json, sys
for line in sys.stdin:
    pid, _, text = line.rstrip().partition(" ")
    mark = {"MESSAGE_ID": "7d4958e842da4a758f6c1cdc7b36dcc5"} if pid == "1" else {}
    print(json.dumps(dict(mark, _PID=pid, MESSAGE=text)))
"""


class EngineHost:
    """Everything lies in one folder; `args` are for docker_settings."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "daemon.json"
        (folder / "bin").mkdir()
        words = {"folder": folder, "python": sys.executable, "daemon": DAEMON, "entries": ENTRIES}
        for name, script in (("systemctl", SYSTEMCTL), ("systemd-run", SYSTEMD_RUN), ("journalctl", JOURNALCTL)):
            path = folder / "bin" / name
            path.write_text("#!/bin/sh\n" + script.format(**words))
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        self.environment = {"PATH": f"{folder}/bin:{os.environ['PATH']}"}
        for name in ("run", "guards", "units"):
            (folder / name).mkdir()

    def start(self, config: Mapping[str, Any]) -> None:
        """The engine at work with `config`."""
        self.config.write_text(json.dumps(config))
        os.spawnve(os.P_WAIT, str(self.folder / "bin/systemctl"), ["systemctl", "--no-block", "restart",
                   "docker.service"], {**os.environ, **self.environment})  # fmt: skip
        limit = time.monotonic() + 20
        while not (self.folder / "ready").exists():
            assert time.monotonic() < limit, "the daemon does not come up"
            time.sleep(0.01)

    def stop(self) -> None:
        """No process of ours is left."""
        for pid in (self.daemon(), *self.guards()):
            if runs(pid):
                os.kill(pid, signal.SIGKILL)

    def daemon(self) -> int:
        return int((self.folder / "pid").read_text())

    def guards(self) -> list[int]:
        """The guards that nobody has ended."""
        return [int(path.read_text()) for path in self.folder.glob("guards/*")]

    def started(self) -> int:
        """How often the container was started."""
        number: int = json.loads((self.folder / "containers.json").read_text())["started"]
        return number

    def guards_end(self) -> None:
        for pid in self.guards():
            assert ends_within(pid, 20), (self.folder / "guard.log").read_text()

    def left(self) -> list[str]:
        """What a transaction should not leave."""
        ours = ("run/*", "state/*", "units/*", "**/.*mooring*")
        places = [path for pattern in ours for path in self.folder.glob(pattern)]
        return sorted(str(path.relative_to(self.folder)) for path in places)

    def args(self, steps: list[dict[str, Any]], **others: Any) -> dict[str, Any]:
        """A plan, made from the files as they are."""
        changed = {file["path"] for step in steps for file in step["files"]}
        return {
            "before": [{"path": path, "sha1": digest(Path(path))} for path in sorted(changed)],
            "steps": steps,
            "docker_host": f"unix://{self.folder}/docker.sock",
            "state_dir": str(self.folder / "state"),
            "run_dir": str(self.folder / "run"),
            "units_dir": str(self.folder / "units"),
            "seconds": 60,
            **others,
        }

    def step(self, config: Any, then: str, **expect: Any) -> dict[str, Any]:
        """daemon.json with that content (a text as it is)."""
        text = config if isinstance(config, str) else json.dumps(config)
        return {"files": [{"path": str(self.config), "text": text}], "then": then, "expect": expect}


def digest(path: Path) -> str | None:
    return hashlib.sha1(path.read_bytes()).hexdigest() if path.exists() else None

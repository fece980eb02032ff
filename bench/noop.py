"""What a run that changes nothing costs: Mooring, Ansible, and the floor, which is
`ssh HOST sudo true`.

    .venv/bin/python bench/noop.py [ROUNDS]

Needs the lab (`./invoke lab.up`) and the development packages. The three are timed in turn, round
by round, so that a machine whose speed drifts treats them alike. Printed are medians of wall-clock
seconds and their ratios to the floor.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv" / "bin"
PLAYBOOK = ROOT / "bench" / "noop.yml"
CONTENDERS = {
    "floor: ssh, sudo true": ["ssh", "-F", str(ROOT / ".lab/ssh/config"), "client-debian", "sudo", "true"],
    "mooring": [str(BIN / "invoke"), "play", str(PLAYBOOK)],
    "ansible, pipelining": [str(BIN / "ansible-playbook"), "-i", str(ROOT / "inventory.yml"), str(PLAYBOOK)],
}
# Ansible at its best: no temporary files, and no connection kept from an earlier round.
ENVIRONMENT = {**os.environ, "ANSIBLE_PIPELINING": "1", "ANSIBLE_SSH_ARGS": "-o ControlMaster=auto -o ControlPersist=1"}


def seconds(command: list[str]) -> float:
    """Wall-clock seconds of one run, which must succeed and change nothing."""
    began = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    took = time.perf_counter() - began
    if done.returncode or ("changed=" in done.stdout and "changed=0" not in done.stdout):
        sys.exit(f"{' '.join(command)} did not do nothing:\n{done.stdout}{done.stderr}")
    return took


def main() -> None:
    """Converge once, then time the contenders in turn."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    subprocess.run(CONTENDERS["mooring"], cwd=ROOT, capture_output=True, check=True)
    times: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    for _ in range(rounds):
        for name, command in CONTENDERS.items():
            times[name].append(seconds(command))
    floor = statistics.median(times["floor: ssh, sudo true"])
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:24} {median:6.2f} s  {median / floor:5.1f} x floor   ({min(taken):.2f} to {max(taken):.2f})")


if __name__ == "__main__":
    main()

"""-i by the program as it really runs: given several times, and a script that warns."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_inventories_given_several_times(tmp_path: Path) -> None:
    """On the command line; the default is none of them then."""
    (tmp_path / "hosts").write_text("[server]\nhost1\n")
    (tmp_path / "more").write_text("[server]\nhost2\n")
    argv = [sys.executable, "-m", "invoke", "provision-server", "--list-hosts", "-i", str(tmp_path / "hosts")]
    ran = subprocess.run(
        [*argv, "--inventory", str(tmp_path / "more")], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert [line.strip() for line in ran.stdout.splitlines()[1:]] == ["hosts (2):", "host1", "host2"]


def test_warnings_of_the_inventory_are_told(tmp_path: Path) -> None:
    script = tmp_path / "hosts"
    script.write_text('#!/bin/sh\necho old key >&2\necho \'{"server": ["a"], "_meta": {"hostvars": {}}}\'\n')
    script.chmod(0o755)
    argv = [sys.executable, "-m", "invoke", "provision-server", "--list-hosts", "-i", str(script)]
    ran = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True)
    assert f'the inventory script {script} said "old key"' in " ".join(ran.stdout.split())

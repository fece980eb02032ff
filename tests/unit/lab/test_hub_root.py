"""What the host `hub` is given runs there: by the standard library alone, from a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from lab import hub_root, places

UNIT = places.HERE / "overlay/hub/etc/systemd/system/docker-hub.service"


def test_the_hubs_program_stands_alone_with_the_options_of_its_unit(tmp_path: Path) -> None:
    """All of them are taken: the program then misses nothing but the certificate."""
    hub_root.add_program(tmp_path)
    assert not list(tmp_path.rglob("__pycache__"))
    unit = dict(line.split("=", 1) for line in UNIT.read_text().replace("\\\n", " ").splitlines() if "=" in line)
    folder = tmp_path / unit["WorkingDirectory"].lstrip("/")
    python, *words = unit["ExecStart"].split()
    assert python == "/usr/bin/python3"
    words[words.index("--port") + 1] = "0"
    words[words.index("--address") + 1] = "127.0.0.1"
    for option in ("--log", "--tls-cert", "--tls-key"):
        words[words.index(option) + 1] = str(tmp_path / option)
    done = subprocess.run([sys.executable, "-E", "-S", *words], cwd=folder, capture_output=True, text=True, timeout=20)
    assert done.returncode == 1
    assert done.stderr.endswith("FileNotFoundError: [Errno 2] No such file or directory\n")
    assert "load_cert_chain" in done.stderr

"""What the host `hub` is given runs there: by the standard library alone, from a folder of its
own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lab import hub_root, places
from lab.commands import LabError

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


def test_the_hub_does_without_crane_where_it_cannot_be_had(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(name: str) -> Path:
        raise LabError(f"no {name} here")

    messages: list[str] = []
    (tmp_path / "usr/local/bin").mkdir(parents=True)
    monkeypatch.setattr(hub_root, "ensure_program", refuse)
    hub_root.add_crane(tmp_path, messages.append)
    assert messages == ["the hub is without crane: no crane here"]
    assert not list((tmp_path / "usr/local/bin").iterdir())
    (tmp_path / "crane-0.").write_text("#!/bin/sh\n")
    (tmp_path / "crane-0.").chmod(0o755)
    monkeypatch.setattr(hub_root, "ensure_program", lambda name: tmp_path / f"{name}-0.")
    hub_root.add_crane(tmp_path, messages.append)
    assert (tmp_path / "usr/local/bin/crane").stat().st_mode & 0o111

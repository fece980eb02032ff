"""Paths on the command line are relative to where the operator stands, though the launcher changes
its directory."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INVENTORY = "all:\n  children:\n    clients:\n      hosts:\n        {}: {{ansible_host: 127.0.0.1, ansible_port: 1}}\n"
BOOK = '- hosts: clients\n  gather_facts: false\n  tasks:\n    - debug:\n        msg: "{{ word }}"\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose launcher finds this interpreter in .venv."""
    place = tmp_path / "check out"
    (place / ".venv" / "bin").mkdir(parents=True)
    for name in ("invoke", "requirements.lock", "requirements-dev.lock"):
        shutil.copy(ROOT / name, place / name)
    for name in ("mooring", "lab", "tests", "playbooks", "roles", "tasks.py"):
        (place / name).symlink_to(ROOT / name)
    (place / ".venv" / "bin" / "python").symlink_to(sys.executable)
    shutil.copy(Path(sys.prefix) / "pyvenv.cfg", place / ".venv" / "pyvenv.cfg")
    (place / ".venv" / "lib").symlink_to(Path(sys.prefix) / "lib")
    (place / ".venv" / "checkout").write_text(f"{place}\n")
    with (place / "requirements.lock").open() as lock:
        stamp = subprocess.run(["cksum"], stdin=lock, capture_output=True, text=True, check=True).stdout
    (place / ".venv" / "requirements.lock.installed").write_text(stamp)
    (place / "inventory.yml").write_text(INVENTORY.format("of-the-checkout"))
    return place


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    place = tmp_path / "else where"
    place.mkdir()
    (place / "inventory.yml").write_text(INVENTORY.format("of-the-caller"))
    (place / "book.yml").write_text(BOOK)
    (place / "vars.yml").write_text("word: by-the-caller\n")
    (place / "hosts.txt").write_text("of-the-caller\n")
    return place


def launch(checkout: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MOORING_LAUNCHED": "1 ./other", "MOORING_CALLED_FROM": "/"}
    argv = [str(checkout / "invoke"), *words]
    return subprocess.run(argv, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def test_files_are_the_callers(checkout: Path, elsewhere: Path) -> None:
    files = ("-i", "inventory.yml", "-e", "@vars.yml", "--limit", "@hosts.txt")
    ran = launch(checkout, elsewhere, "play", "book.yml", *files, "-v")
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    assert "ok: [of-the-caller] => by-the-caller" in ran.stdout


def test_what_is_not_named_is_the_checkouts(checkout: Path, elsewhere: Path) -> None:
    ran = launch(checkout, elsewhere, "provision-clients", "--list-hosts")
    assert "of-the-checkout" in ran.stdout, ran
    ran = launch(checkout, elsewhere, "play", "book.yml", "--list-hosts")
    assert "of-the-checkout" in ran.stdout, ran


def test_the_directory_to_search_is_the_callers(checkout: Path, elsewhere: Path) -> None:
    launch(checkout, elsewhere, "init", "fleet")
    ran = launch(checkout, elsewhere, "-r", "fleet/roles", "provision-clients", "--list-hosts")
    assert "docker1.example.com" in ran.stdout, ran


def test_a_new_file_is_made_where_the_caller_stands(checkout: Path, elsewhere: Path) -> None:
    server = "    server: {hosts: {s: {ansible_host: 127.0.0.1, ansible_port: 1}}}\n"
    (checkout / "inventory.yml").write_text(INVENTORY.format("a") + server)
    launch(checkout, elsewhere, "verify", "--junit", "results.xml", "-T", "2")
    assert (elsewhere / "results.xml").exists()
    assert not (checkout / "results.xml").exists()
    ran = launch(checkout, elsewhere, "init", "fleet")
    assert (elsewhere / "fleet" / "tasks.py").exists(), ran
    assert "fleet: made tasks.py" in ran.stdout


def test_remedies_are_the_words_that_were_typed(checkout: Path, elsewhere: Path) -> None:
    shown = launch(checkout, elsewhere).stdout.splitlines()[0]
    assert shown == f"Usage: '{checkout}/invoke' TASK [OPTIONS]"
    ran = subprocess.run(["./invoke"], cwd=checkout, capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines()[0] == "Usage: ./invoke TASK [OPTIONS]"

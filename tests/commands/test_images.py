"""`invoke images` with files that it cannot read or write: told before any host is asked, and
nothing is lost."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.program import call

# Whoever asks this host fails with status 4.
INVENTORY = "clients: {hosts: {web1: {ansible_host: 127.0.0.1, ansible_port: 1}}}\nserver: {hosts: {web1: }}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tasks.py").write_text("from mooring.cli.tasks import namespace\n")
    (tmp_path / "inventory.yml").write_text(INVENTORY)
    return tmp_path


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 2\n", 'images.lock.yml:1:10: the lock file is of version 2 (this Mooring reads version 1 alone'),
        ("version: 1\nimages:\n- name: nginx\n", 'images.lock.yml:3:9: "nginx" is not an image\'s whole name'),
        ("version: 1\nimage: []\n", '(did you mean "images"?)'),
    ],
)  # fmt: skip
def test_a_bad_lock_file(folder: Path, text: str, words: str) -> None:
    lock = folder / "images.lock.yml"
    lock.write_text(text)
    run = call("images", folder=folder)
    assert run.returncode == 1, run.stderr
    assert words in run.stderr
    assert "web1" not in run.stderr
    assert lock.read_text() == text


def test_a_lock_file_that_cannot_be(folder: Path) -> None:
    (folder / "there").mkdir()
    for name, words in {"no/such.yml": "--lock: there is no directory no", "there": "is a directory"}.items():
        run = call("images", "--lock", name, folder=folder)
        assert run.returncode == 1, run.stderr
        assert words in run.stderr
        assert "web1" not in run.stderr


def test_hosts_that_cannot_be_asked_lose_nothing(folder: Path) -> None:
    lock = folder / "images.lock.yml"
    lock.write_text(
        f"version: 1\nimages:\n- {{name: docker.io/library/nginx, digest: 'sha256:{'a' * 64}', idle: [web1]}}\n"
    )
    run = call("images", "--json", "--timeout", "2", folder=folder)
    assert run.returncode == 4, run.stderr
    document = json.loads(run.stdout)
    assert [image["idle"] for image in document["images"]] == [["web1"]]
    assert document["hosts"][0]["state"] == "unreachable"
    assert document["changes"] == []
    assert "idle: [web1]" in lock.read_text()


def test_the_lock_is_relative_to_the_caller(folder: Path) -> None:
    (folder / "inner").mkdir()
    run = call("images", "--lock", "mine.yml", "--timeout", "2", folder=folder / "inner")
    assert run.returncode == 4, run.stderr
    assert (folder / "inner" / "mine.yml").exists()
    assert "mine.yml was made" in run.stdout

"""A file of the operator's is replaced whole, or stays as it is."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from mooring.errors import SourceError
from mooring.files.writing import replace_text


def test_a_file_is_made_replaced_and_left_alone_where_it_says_the_same(tmp_path: Path) -> None:
    path = tmp_path / "some.yml"
    assert replace_text(path, "one: ü\n")
    assert path.read_bytes() == "one: ü\n".encode()
    before = path.stat()
    assert not replace_text(path, "one: ü\n")
    assert path.stat().st_ino == before.st_ino
    assert replace_text(path, "two: 2\n")
    assert path.stat().st_ino != before.st_ino, "half of the new text was there for a moment"
    assert os.listdir(tmp_path) == ["some.yml"]


def test_a_file_keeps_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "some.yml"
    path.write_text("old")
    path.chmod(0o640)
    replace_text(path, "new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    link, target = tmp_path / "some.yml", tmp_path / "shared" / "real.yml"
    link.symlink_to("shared/real.yml")
    assert replace_text(link, "new")
    assert link.is_symlink()
    assert target.read_text() == "new"
    assert os.listdir(tmp_path / "shared") == ["real.yml"]


def test_what_is_no_file_stays(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "loop").symlink_to("loop")
    places = {
        "folder": "a directory",
        "pipe": "no regular file",
        "loop": "cannot be written",
        "no/file": "No such file",
    }
    for name, words in places.items():
        with pytest.raises(SourceError, match=words):
            replace_text(tmp_path / name, "text")
    assert (tmp_path / "folder").is_dir()
    assert sorted(os.listdir(tmp_path)) == ["folder", "loop", "pipe"]


def test_what_cannot_be_written_leaves_the_file_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "some.yml"
    path.write_text("old")

    def fill_up(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fill_up)
    with pytest.raises(SourceError, match=r"some\.yml: cannot be written: No space left on device"):
        replace_text(path, "new")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["some.yml"]

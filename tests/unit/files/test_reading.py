"""The one way to read a file of the operator's: nothing blocks, nothing is endless,
everything has its place."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from mooring.errors import SourceError
from mooring.files import reading
from mooring.files.reading import read_bytes, read_text
from mooring.registry.docker_archive import read_archive
from mooring.transport.content import FileContent


def make_socket(path: Path) -> None:
    socket.socket(socket.AF_UNIX).bind(str(path))


KINDS: dict[str, tuple[Callable[[Path], object], str]] = {
    "directory": (Path.mkdir, "is a directory, not a file"),
    "pipe": (os.mkfifo, "is a pipe, not a file (write what comes out of it to a file)"),
    "socket": (make_socket, "is a socket, not a file"),
    "device": (lambda path: path.symlink_to("/dev/zero"), "is a device, not a file"),
    "loop": (lambda path: path.symlink_to(path.name), "cannot be read: Too many levels of symbolic links"),
    "nothing": (lambda path: None, "no such file"),
    "huge": (lambda path: path.touch() or os.truncate(path, 10**12), "is larger than 32 MB"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_no_file_is_told_at_once(kind: str, tmp_path: Path) -> None:
    make, message = KINDS[kind]
    path = tmp_path / "f"
    make(path)
    with pytest.raises(SourceError) as error:
        read_text(path)
    assert str(error.value) == f"{path}: {message}"


@pytest.mark.parametrize("kind", ["directory", "pipe", "device", "nothing"])
def test_what_is_sent_to_hosts_is_a_file_too(kind: str, tmp_path: Path) -> None:
    KINDS[kind][0](tmp_path / "f")
    for read in (FileContent, read_archive):
        with pytest.raises(SourceError, match=KINDS[kind][1].partition(" (")[0]):
            read(tmp_path / "f")


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b"])
def test_names_that_no_file_has(name: str) -> None:
    with pytest.raises(SourceError, match=r"a\\(x00|ud800)b: no file can have this name"):
        read_text(name)


def test_text_that_is_not_utf8_has_its_place(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes("ä: 1\nü: \xe4".encode() + b"\xe4b\n")
    with pytest.raises(SourceError) as error:
        read_text(tmp_path / "f")
    assert str(error.value).startswith(
        f"{tmp_path}/f:2:5: not UTF-8 text: invalid continuation byte (save it as UTF-8)"
    )
    (tmp_path / "f").write_bytes("a: 1".encode("utf-16"))
    with pytest.raises(SourceError, match="f:1:1: not UTF-8 text"):
        read_text(tmp_path / "f")


def test_a_pipe_is_read_to_its_end_where_one_may_be_given(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "f")
    text = "a: 1\n" * 100_000  # more than a pipe holds
    writer = threading.Thread(target=lambda: (tmp_path / "f").write_text(text), daemon=True)
    writer.start()
    assert read_text(tmp_path / "f", takes_pipe=True) == text
    writer.join()


def test_a_pipe_that_nobody_writes_to_or_nobody_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "PIPE_PATIENCE", 0.05)
    monkeypatch.setattr(reading, "PIPE_DEADLINE", 0.05)
    os.mkfifo(tmp_path / "f")
    with pytest.raises(SourceError, match="is a pipe that nobody writes to"):
        read_bytes(tmp_path / "f", takes_pipe=True)
    reader, writer = os.pipe()
    with pytest.raises(SourceError, match="is a pipe that does not come to an end"):
        read_bytes(f"/dev/fd/{reader}", takes_pipe=True)
    os.write(writer, b"more than four")
    with pytest.raises(SourceError, match="is larger than 0 MB"):
        read_bytes(f"/dev/fd/{reader}", 4, takes_pipe=True)
    os.close(reader)
    os.close(writer)


def test_homes_that_nobody_has_stay_as_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    assert str(reading.expand("~no-such-user/x")) == "~no-such-user/x"
    monkeypatch.setenv("HOME", "/home/me")
    assert str(reading.expand("~/x")) == "/home/me/x"


def test_only_reading_opens_files_of_the_operators() -> None:
    """Whoever opens a file in another way would block on a pipe; these have their reasons."""
    allowed = {
        "mooring/playbook/ansible_modules.py": "our own list",
        "mooring/playbook/arguments.py": "our own actions",
        "mooring/playbook/declarations.py": "our own actions",
        "mooring/transport/bundle.py": "our own sources",
        "mooring/run/retry.py": "writes",
        "mooring/transport/content.py": "streams what was looked at before",
        "mooring/registry/docker_archive.py": "likewise",
        "mooring/transport/connection/host_keys.py": "appends under a lock",
        "mooring/transport/connection/known_hosts.py": "appends under a lock",
        "mooring/templating/refusals.py": "looks into what is a regular file",
        "mooring/files/reading.py": "the one way",
        "mooring/files/writing.py": "replaces",
        "mooring/reporters/log_file.py": "appends",
        "mooring/reporters/streams.py": "/dev/null",
        "mooring/cli/init.py": "writes",
        "mooring/cli/verify.py": "tries whether the results can be written",
    }
    root = Path(__file__).parents[3]
    ways = (".read_text(", ".read_bytes(", '.open("', " open(", "os.open(", "(open(")
    for path in sorted((root / "mooring").rglob("*.py")):
        name = str(path.relative_to(root))
        if not name.startswith("mooring/agent/") and name not in allowed:
            text = path.read_text(encoding="utf-8")
            assert not [way for way in ways if way in text and "def open(" not in text], name

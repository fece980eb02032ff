"""known_hosts for a whole fleet: read once, appended to by many threads, and in whatever state
somebody left it."""

from __future__ import annotations

import base64
import os
import struct
import threading
from pathlib import Path
from typing import Any

import pytest

from mooring.errors import HostKeyRejected
from mooring.transport.connection import known_hosts
from mooring.transport.connection.host_keys import HostKeyCheck
from mooring.transport.connection.known_hosts import HostKey, KnownHosts


def key_of(content: bytes, kind: str = "ssh-ed25519") -> HostKey:
    """A key in the form of the wire: each part behind its length."""
    parts = (kind.encode(), content)
    return HostKey(kind, base64.b64encode(b"".join(struct.pack(">I", len(part)) + part for part in parts)).decode())


KEY, OTHER = key_of(b"key"), key_of(b"other")
LINE = f"web1 {KEY.kind} {KEY.blob}\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "known_hosts"


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that are opened for reading, one by one."""
    names: list[str] = []

    class Os:
        def __getattr__(self, name: str) -> Any:
            return getattr(os, name)

        def open(self, path: Any, flags: int, *mode: int) -> int:
            names.extend([str(path)] if not flags & os.O_RDWR else [])
            return os.open(path, flags, *mode)

    monkeypatch.setattr(known_hosts, "os", Os())
    return names


def refusal(path: Path, accepts_new: bool = False) -> str:
    with pytest.raises(HostKeyRejected) as caught:
        HostKeyCheck("web1", (path,), accepts_new=accepts_new).check(KEY, KnownHosts())
    return caught.value.reason


def test_a_file_is_opened_once_for_all_hosts(path: Path, opened: list[str]) -> None:
    path.write_text("".join(f"web{number} {KEY.kind} {KEY.blob}\n" for number in range(400)))
    known = KnownHosts()

    def check(number: int) -> None:
        check = HostKeyCheck(f"web{number}", (path,))
        assert check.known_kinds(known) == [KEY.kind]
        check.check(KEY, known)

    threads = [threading.Thread(target=check, args=(number,)) for number in range(400)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert opened == [str(path)]


def test_a_file_that_was_changed_is_read_again(path: Path, opened: list[str]) -> None:
    known, check = KnownHosts(), HostKeyCheck("web1", (path,))
    assert check.entries(known) == []
    path.write_text(LINE)
    check.check(KEY, known)
    path.write_text(f"web1 {OTHER.kind} {OTHER.blob}\n" * 2)
    with pytest.raises(HostKeyRejected, match="has changed"):
        check.check(KEY, known)
    path.unlink()
    assert check.entries(known) == []


def test_a_thousand_new_hosts_are_recorded_once_each(path: Path, opened: list[str]) -> None:
    path.write_text("old line without an end")
    known = KnownHosts()

    def record(start: int) -> None:
        for number in range(start, start + 50):
            HostKeyCheck(f"web{number % 500}", (path,), accepts_new=True).check(KEY, known)

    threads = [threading.Thread(target=record, args=(start,)) for start in range(0, 1000, 50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = path.read_text().splitlines()
    assert lines[0] == "old line without an end"
    assert sorted(lines[1:]) == sorted(f"web{number} {KEY.kind} {KEY.blob}" for number in range(500))
    assert opened == [str(path)]
    places = [KnownHosts().find([path], f"web{number}")[0].place for number in range(500)]
    assert [known.find([path], f"web{number}")[0].place for number in range(500)] == places


def test_what_another_process_adds_meanwhile_is_kept(path: Path) -> None:
    known = KnownHosts()
    HostKeyCheck("web1", (path,), accepts_new=True).check(KEY, known)
    with path.open("a") as stream:
        stream.write(f"web2 {OTHER.kind} {OTHER.blob}\n")
    HostKeyCheck("web3", (path,), accepts_new=True).check(KEY, known)
    with pytest.raises(HostKeyRejected, match=":2 has ssh-ed25519"):
        HostKeyCheck("web2", (path,), accepts_new=True).check(KEY, known)
    assert len(path.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    "words",
    [
        "ssh-ed25519 %%%",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 A",
        "ssh-ed25519 \N{SNOWMAN}",
        f"ssh-rsa {KEY.blob}",
        f"ssh-ed25519 {KEY.blob[:-5]}",
        "ssh-\N{SNOWMAN} AAAA",
    ],
)
@pytest.mark.parametrize("accepts_new", [True, False])
def test_a_key_that_is_none_is_named_in_one_line(path: Path, words: str, accepts_new: bool) -> None:
    path.write_text(f"web1 {words}\n")
    assert refusal(path, accepts_new).startswith(f"{path}:1 speaks of web1, but holds no key that can be read: ")
    assert "\n" not in refusal(path, accepts_new)
    path.write_text(f"web1 {words}\n{LINE}")
    HostKeyCheck("web1", (path,)).check(KEY, KnownHosts())
    path.write_text(f"web2 {words}\n{LINE}")
    HostKeyCheck("web1", (path,)).check(KEY, KnownHosts())
    path.write_text(f"web1 {words}\nweb1 {OTHER.kind} {OTHER.blob}\n")
    assert f"{path}:2 has ssh-ed25519" in refusal(path, accepts_new)
    path.write_text(f"{LINE}@revoked * {words}\n")
    assert refusal(path) == f"{path}:2 revokes a key of web1 that cannot be read: mend or remove that line"


@pytest.mark.parametrize(
    "line",
    ["web1", "web1 ssh-ed25519", "@revoked", "@", "|1|", "|1|a|b", "|", "\0" * 100, ",", "!", "\x1b[2J",
     "web1 1024 35 123", "[" * 1000, "*" * 30 + "b x y"],
)  # fmt: skip
def test_lines_that_say_nothing_are_passed_over(path: Path, line: str) -> None:
    path.write_bytes(line.encode() + b"\n\xff\xfe\n" + LINE.encode())
    HostKeyCheck("web1", (path,)).check(KEY, KnownHosts())
    assert "is unknown" in refusal_of("web2", path)


def refusal_of(name: str, path: Path) -> str:
    with pytest.raises(HostKeyRejected) as caught:
        HostKeyCheck(name, (path,)).check(KEY, KnownHosts())
    return caught.value.reason


def test_what_is_no_file_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    assert refusal(path) == f"cannot read {path}: it is not a file"
    assert "cannot r" in refusal(path, accepts_new=True)
    path.unlink()
    path.mkdir()
    assert refusal(path) == f"cannot read {path}: it is not a file"
    assert "it is not a file" in refusal(Path("/dev/zero"))
    path.rmdir()
    with path.open("wb") as stream:
        stream.truncate(known_hosts.MOST + 1)
    assert "larger than 64 MiB" in refusal(path)


def test_a_full_disk_leaves_no_half_line(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text(LINE)
    real = os.fdopen

    def fdopen(*args: Any, **more: Any) -> Any:
        stream = real(*args, **more)
        if not more:
            return stream

        class Full:
            def __getattr__(self, name: str) -> Any:
                return getattr(stream, name)

            def __enter__(self) -> Any:
                return self

            def __exit__(self, *_: object) -> None:
                stream.close()

            def write(self, data: bytes) -> int:
                return int(stream.write(data[:10]))

        return Full()

    monkeypatch.setattr(os, "fdopen", fdopen)
    with pytest.raises(HostKeyRejected, match=r"cannot record the new key of web2 in .*: the disk is full"):
        HostKeyCheck("web2", (path,), accepts_new=True).check(KEY, KnownHosts())
    assert path.read_text() == LINE


def test_names_are_compared_as_ssh_does(path: Path) -> None:
    path.write_text(LINE)
    HostKeyCheck("WEB1", (path,)).check(KEY, KnownHosts())

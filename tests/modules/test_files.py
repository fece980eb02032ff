"""What data cases cannot say: other users, mount points, Unix sockets, proxies, and Python 2's
extended attributes."""

from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pythons import interpreters

from mooring.agent import files, host, names, xattrs
from mooring.agent.draft import Draft
from mooring.agent.modules import file, lineinfile, uri

ROOT = str(Path(__file__).parent.parent.parent)
NOBODY = 65534
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become somebody else")


def write_file(path: str, data: object) -> None:
    """A whole file in one step, as the modules write it."""
    with Draft(path, {}) as draft:
        draft.write(data)
        draft.commit()


def test_a_failed_write_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"half"
        raise host.Failed("the connection is lost")

    target = tmp_path / "f"
    target.write_text("old")
    with pytest.raises(host.Failed):
        write_file(str(target), broken())
    assert target.read_text() == "old"
    assert os.listdir(tmp_path) == ["f"]


def test_a_mount_point_is_overwritten_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EBUSY, "Device or resource busy")

    target = tmp_path / "hosts"
    target.write_text("a much longer old text")
    monkeypatch.setattr(os, "rename", refuse)
    with files.Draft(str(target)) as draft:
        draft.write(b"new")
        with pytest.raises(host.Failed, match="mount point: unsafe_writes"):
            draft.commit()
    with files.Draft(str(target)) as draft:
        draft.write(b"new")
        draft.commit(in_place=True)
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["hosts"]


def test_paths_are_expanded_on_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/moor")
    monkeypatch.setenv("WHERE", "there")
    specs = {"path": {"type": "path"}, "line": {}, "parts": {"type": "list", "options": {"src": {"type": "path"}}}}
    args = {"path": "~/$WHERE", "line": "~/$WHERE", "parts": [{"src": "~"}]}
    expanded = {"path": "/home/moor/there", "line": "~/$WHERE", "parts": [{"src": "/home/moor"}]}
    assert names.expand(specs, args) == expanded


PROGRAM = """
import json, os, sys
from mooring.agent import host, loop
from mooring.agent.modules import file, lineinfile
os.setgid({nobody}); os.setuid({nobody})
args = json.loads(sys.argv[2])
print(json.dumps(loop.perform({{"module": sys.argv[1], "args": args}}, host.Session())))
"""


def as_nobody(module: str, args: dict[str, Any]) -> dict[str, Any]:
    """A module's reply when an unprivileged user runs it."""
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(nobody=NOBODY), module, json.dumps(args)],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": ROOT},
    )  # fmt: skip
    return dict(json.loads(ran.stdout))


def blank(module: Any) -> dict[str, Any]:
    return {name: spec.get("default") for name, spec in module.ARGS.items()}


@pytest.fixture
def public() -> Iterator[Path]:
    """A directory that everybody may enter, and only root may write in."""
    folder = Path(f"/tmp/mooring-cases-{os.getpid()}")
    folder.mkdir(mode=0o755)
    yield folder
    shutil.rmtree(folder)


@as_root
def test_without_permission_the_reason_is_told(public: Path) -> None:
    (public / "f").write_text("a\n")
    reply = as_nobody("lineinfile", {**blank(lineinfile), "path": str(public / "f"), "line": "b"})
    assert reply["failed"]
    assert "cannot write in" in reply["msg"]
    assert "Permission denied" in reply["msg"]
    assert "exception" not in reply
    (public / "f").chmod(0o600)
    reply = as_nobody("lineinfile", {**blank(lineinfile), "path": str(public / "f"), "line": "b"})
    assert "cannot read" in reply["msg"]


@as_root
def test_a_foreign_file_cannot_be_given_away(public: Path) -> None:
    (public / "f").write_text("a\n")
    reply = as_nobody("file", {**blank(file), "path": str(public / "f"), "owner": str(NOBODY)})
    assert reply["failed"]
    assert "Operation not permitted" in reply["msg"]
    reply = as_nobody("file", {**blank(file), "path": str(public / "d"), "state": "directory"})
    assert "cannot create directory" in reply["msg"]


def serve_once(listener: socket.socket, seen: list[str]) -> None:
    """Answer one request on a listening socket, and keep what it was."""
    connection, _ = listener.accept()
    with connection:
        data = connection.recv(65536)
        seen.append(data.decode())
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}")


@pytest.fixture
def proxy() -> Iterator[tuple[socket.socket, list[str]]]:
    seen: list[str] = []
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=serve_once, args=(listener, seen), daemon=True)
        thread.start()
        yield listener, seen
        thread.join(5)


def test_a_proxy_from_the_tasks_environment_is_used(proxy: tuple[socket.socket, list[str]]) -> None:
    listener, seen = proxy
    port = listener.getsockname()[1]
    host.session = host.Session()
    host.session.environment = {"http_proxy": f"http://moor:ring@127.0.0.1:{port}", "no_proxy": "other.example.com"}
    answer = uri.run({**blank(uri), "url": "http://registry.example.com/v2/"})
    host.session = host.Session()
    assert answer["json"] == {}
    assert seen[0].startswith("GET http://registry.example.com/v2/ HTTP/1.1\r\nHost: registry.example.com\r\n")
    assert "Proxy-Authorization: Basic bW9vcjpyaW5n" in seen[0]


def test_a_unix_socket_is_a_server_too(tmp_path: Path) -> None:
    seen: list[str] = []
    path = str(tmp_path / "s")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        thread = threading.Thread(target=serve_once, args=(listener, seen), daemon=True)
        thread.start()
        assert uri.run({**blank(uri), "url": "http://docker/version", "unix_socket": path})["status"] == 200
        thread.join(5)
    assert seen[0].startswith("GET /version HTTP/1.1\r\nHost: docker\r\n")


ATTRIBUTES = """
import sys
from mooring.agent import xattrs
path = sys.argv[1].encode()
assert xattrs.read(path, "user.none") is None
xattrs.write(path, "user.mooring", b"x" * 300)
assert xattrs.read(path, "user.mooring") == b"x" * 300
try:
    xattrs.write(path + b".no", "user.mooring", b"x")
except (OSError, IOError) as error:
    assert error.errno == 2
else:
    raise AssertionError("written to nothing")
"""


@pytest.mark.parametrize("program", [sys.executable, *interpreters().values()])
def test_extended_attributes_on_every_interpreter(program: str, tmp_path: Path) -> None:
    target = tmp_path / "f"
    target.write_text("x")
    try:
        xattrs.write(str(target).encode(), "user.probe", b"x")
    except OSError:
        pytest.skip("this file system has no extended attributes")
    subprocess.run([program, "-c", ATTRIBUTES, str(target)], check=True, env={"PYTHONPATH": ROOT})


def test_an_access_list_survives_a_new_content(tmp_path: Path) -> None:
    """The list is written as the kernel keeps it: user 65534 may read what others may not."""
    target = tmp_path / "f"
    target.write_text("x")
    target.chmod(0o640)
    entries = [(1, 6, -1), (2, 4, NOBODY), (4, 4, -1), (16, 4, -1), (32, 0, -1)]
    body = b"\2\0\0\0" + b"".join(
        tag.to_bytes(2, "little") + bits.to_bytes(2, "little") + who.to_bytes(4, "little", signed=who < 0)
        for tag, bits, who in entries
    )
    try:
        os.setxattr(target, "system.posix_acl_access", body)
    except OSError:
        pytest.skip("this file system has no access control lists")
    write_file(str(target), b"new")
    assert os.getxattr(target, "system.posix_acl_access") == body
    assert target.read_text() == "new"


HOME = """
import sys
from mooring.agent import accounts
accounts.SKELETON = sys.argv[1]
accounts.make_home({"home": sys.argv[2], "uid": 65534, "gid": 65534})
"""


@as_root
@pytest.mark.parametrize("program", [sys.executable, *interpreters().values()])
def test_a_home_is_filled_and_given_to_its_user(program: str, tmp_path: Path) -> None:
    skeleton, home = tmp_path / "skel", tmp_path / "homes" / "alice"
    (skeleton / ".config" / "empty").mkdir(parents=True)
    (skeleton / ".config" / "key").write_text("x")
    (skeleton / ".config" / "key").chmod(0o640)
    (skeleton / "link").symlink_to("/etc/passwd")
    (skeleton / ".config").chmod(0o750)
    before = os.stat("/etc/passwd")
    subprocess.run([program, "-c", HOME, str(skeleton), str(home)], check=True, env={"PYTHONPATH": ROOT})
    assert sorted(str(path.relative_to(home)) for path in home.rglob("*")) == [
        ".config",
        ".config/empty",
        ".config/key",
        "link",
    ]
    for path in (home, *home.rglob("*")):
        assert (path.lstat().st_uid, path.lstat().st_gid) == (NOBODY, NOBODY), path
    modes = [oct(path.stat().st_mode & 0o7777) for path in (home, home / ".config", home / ".config" / "key")]
    assert modes == ["0o700", "0o750", "0o640"]
    assert os.stat("/etc/passwd").st_uid == before.st_uid


@as_root
def test_a_new_content_keeps_setuid_and_a_new_directory_its_group(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_text("old")
    os.chown(program, NOBODY, NOBODY)
    program.chmod(0o4755)
    write_file(str(program), b"new")
    assert (program.stat().st_uid, program.stat().st_mode & 0o7777) == (NOBODY, 0o4755)
    os.chown(tmp_path, 0, NOBODY)
    tmp_path.chmod(0o2755)
    files.make_directories(str(tmp_path / "a" / "b"), {})
    below = (tmp_path / "a" / "b").stat()
    assert (below.st_gid, below.st_mode & 0o7777) == (NOBODY, 0o2755)


def test_an_access_list_never_says_more_than_the_new_mode() -> None:
    """The list as above, for a file that becomes 0600: the mask closes it to user 65534."""
    entries = [(1, 6, 0xFFFFFFFF), (2, 4, NOBODY), (4, 4, 0xFFFFFFFF), (16, 4, 0xFFFFFFFF), (32, 4, 0xFFFFFFFF)]
    packed = [b"\2\0\0\0" + b"".join(xattrs.ENTRY.pack(*entry) for entry in acl) for acl in (
        entries,
        [*entries[:3], (16, 0, 0xFFFFFFFF), (32, 0, 0xFFFFFFFF)],
    )]  # fmt: skip
    assert xattrs.masked(packed[0], 0o600) == packed[1]

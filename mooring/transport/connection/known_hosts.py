"""The known_hosts files of a run: each is read once for all hosts, again only where it has changed,
and appended to."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import fnmatch
import hashlib
import hmac
import os
import stat
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from mooring.errors import HostKeyRejected

NOWHERE = ("/dev/null", "none")
# No real known_hosts file is larger.
MOST = 64 * 1024 * 1024


@dataclass(frozen=True)
class HostKey:
    """A public key as known_hosts writes it."""

    kind: str
    blob: str

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` shows it."""
        digest = hashlib.sha256(base64.b64decode(self.blob)).digest()
        return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True)
class Entry:
    """A line of known_hosts that speaks of the host; `marker` is "", "@revoked" or
    "@cert-authority".

    `key` is None where the line's key is not valid.
    """

    marker: str
    key: HostKey | None
    place: str


@dataclass(frozen=True)
class _Line:
    """A line as it stands: its hosts, and the words of its key."""

    number: int
    marker: str
    hosts: bytes
    kind: bytes
    blob: bytes


Version = tuple[int, int, int, int]


@dataclass
class _File:
    """A file's lines by what they say of hosts: names without any pattern, and all
    the others in turn."""

    version: Version | None = None
    count: int = 0
    named: dict[bytes, list[_Line]] = field(default_factory=dict)
    others: list[_Line] = field(default_factory=list)
    by_name: dict[str, list[_Line]] = field(default_factory=dict)

    def add(self, text: bytes) -> None:
        """Lines that follow those that are known."""
        self.by_name.clear()
        if not text:
            return
        # Behind the last line's end no line has begun yet.
        for line in text.removesuffix(b"\n").split(b"\n"):
            self.count += 1
            words = line.split()
            marker = words.pop(0).decode("utf-8", "replace") if words and words[0].startswith(b"@") else ""
            # Version 1 of SSH wrote numbers there: keys that nobody shows any more.
            if len(words) < 3 or words[0].startswith(b"#") or words[1].isdigit():
                continue
            entry = _Line(self.count, marker, words[0], words[1], words[2])
            if words[0].startswith(b"|") or any(sign in words[0] for sign in b"*?!"):
                self.others.append(entry)
                continue
            for name in {name.lower() for name in words[0].split(b",")}:
                self.named.setdefault(name, []).append(entry)

    def find(self, name: str) -> list[_Line]:
        """The lines about a host, in their order."""
        if name not in self.by_name:
            folded = name.lower().encode("utf-8", "surrogatepass")
            lines = [*self.named.get(folded, ()), *(line for line in self.others if _matches(line.hosts, folded))]
            self.by_name[name] = sorted(lines, key=lambda line: line.number)
        return self.by_name[name]


class KnownHosts:
    """All files that a run's hosts name; for all its threads. New keys are appended one at a
    time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[Path, _File] = {}

    def find(self, files: Iterable[Path], name: str) -> list[Entry]:
        """All lines about a host, hashed ones too; files that do not exist have none."""
        with self._lock:
            return [entry for path in files for entry in self._find(path, name)]

    def record(self, path: Path, name: str, key: HostKey) -> None:
        """Add a line, unless another host's thread has just added it."""
        if str(path) in NOWHERE:
            raise HostKeyRejected(
                f"the key of {name} is new and UserKnownHostsFile is {path}, where it cannot be recorded: "
                "keys are always checked, so name a real file"
            )
        with self._lock:
            try:
                self._append(path, name, key)
            except (OSError, ValueError) as error:
                reason = getattr(error, "strerror", None) or error
                raise HostKeyRejected(f"cannot record the new key of {name} in {path}: {reason}") from None

    def _find(self, path: Path, name: str) -> Iterator[Entry]:
        for line in self._read(path).find(name):
            yield Entry(line.marker, _key_of(line), f"{path}:{line.number}")

    def _read(self, path: Path) -> _File:
        """The file as it is now; a look at its size and time is enough where it is known
        already."""
        known = self._files.setdefault(path, _File())
        try:
            if known.version is not None and known.version == _version(os.stat(path)):
                return known
            # A FIFO that nobody writes to would hold us for ever.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
            try:
                status = os.fstat(descriptor)
                text = b"" if str(path) in NOWHERE else _read_all(path, descriptor, status)
            finally:
                os.close(descriptor)
        except (FileNotFoundError, NotADirectoryError):
            known = _File()
        except OSError as error:
            raise HostKeyRejected(f"cannot read {path}: {error.strerror}") from None
        else:
            known = _File(_version(status))
            known.add(text)
        self._files[path] = known
        return known

    def _append(self, path: Path, name: str, key: HostKey) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
        descriptor = os.open(path, flags, 0o600)
        with os.fdopen(descriptor, "rb+", buffering=0) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if any(entry.key == key and not entry.marker for entry in self._find(path, name)):
                return
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - 1))
            gap = b"" if size == 0 or stream.read(1) == b"\n" else b"\n"
            added = gap + f"{name} {key.kind} {key.blob}\n".encode()
            try:
                written = stream.write(added)
                if written != len(added):
                    raise OSError("the disk is full")
            except OSError:
                with contextlib.suppress(OSError):
                    stream.truncate(size)  # half a line would be somebody's else
                raise
            known = self._files[path]
            if known.version is None or known.version[2] != size:
                known.version = None  # it is read anew when it is asked for
                return
            known.add(added.removeprefix(b"\n"))
            known.version = _version(os.fstat(stream.fileno()))


def _version(status: os.stat_result) -> Version:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _read_all(path: Path, descriptor: int, status: os.stat_result) -> bytes:
    if not stat.S_ISREG(status.st_mode):
        raise HostKeyRejected(f"cannot read {path}: it is not a file")
    if status.st_size > MOST:
        raise HostKeyRejected(f"cannot read {path}: it is larger than {MOST // 1024 // 1024} MiB")
    return b"".join(iter(lambda: os.read(descriptor, 1024 * 1024), b""))


def _key_of(line: _Line) -> HostKey | None:
    """The key of a line; None where its base64 is broken, or holds a key of another kind."""
    try:
        blob = base64.b64decode(line.blob, validate=True)
        kind = line.kind.decode("ascii")
    except ValueError:
        return None
    length = int.from_bytes(blob[:4], "big")
    if blob[4 : 4 + length] != line.kind or len(blob) <= 4 + length:
        return None
    return HostKey(kind, base64.b64encode(blob).decode())


def _matches(patterns: bytes, name: bytes) -> bool:
    if patterns.startswith(b"|"):
        return _matches_hash(patterns, name)
    matched = False
    for pattern in patterns.lower().split(b","):
        # known_hosts knows * and ? only, so brackets stand for themselves.
        literal = pattern.removeprefix(b"!").replace(b"[", b"[[]")
        if fnmatch.fnmatchcase(name, literal):
            if pattern.startswith(b"!"):
                return False
            matched = True
    return matched


def _matches_hash(text: bytes, name: bytes) -> bool:
    try:
        _, kind, salt, expected = text.split(b"|")
        digest = hmac.digest(base64.b64decode(salt), name, "sha1")
        return kind == b"1" and hmac.compare_digest(digest, base64.b64decode(expected))
    except ValueError:
        return False

"""known_hosts: which key a host must show, and the exact words when it shows another."""

from __future__ import annotations

import base64
import fcntl
import fnmatch
import hashlib
import hmac
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mooring.errors import HostKeyRejected


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
    """A line of known_hosts that speaks of the host; `marker` is "", "@revoked" or "@cert-authority"."""

    marker: str
    key: HostKey
    place: str


def host_name(host: str, port: int) -> str:
    """A host as known_hosts names it."""
    return host if port == 22 else f"[{host}]:{port}"


def find(files: Iterable[Path], name: str) -> list[Entry]:
    """All lines about a host, hashed ones too; files that do not exist have none."""
    found = []
    for path in files:
        try:
            lines = path.read_text("utf-8", "replace").splitlines()
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise HostKeyRejected(f"cannot read {path}: {error.strerror}") from None
        for number, line in enumerate(lines, 1):
            words = line.split()
            marker = words.pop(0) if words and words[0].startswith("@") else ""
            if len(words) >= 3 and not words[0].startswith("#") and _matches(words[0], name):
                found.append(Entry(marker, HostKey(words[1], words[2]), f"{path}:{number}"))
    return found


def _matches(patterns: str, name: str) -> bool:
    if patterns.startswith("|1|"):
        return _matches_hash(patterns, name)
    matched = False
    for pattern in patterns.lower().split(","):
        # known_hosts knows * and ? only, so brackets stand for themselves.
        literal = pattern.lstrip("!").replace("[", "[[]")
        if fnmatch.fnmatchcase(name.lower(), literal):
            if pattern.startswith("!"):
                return False
            matched = True
    return matched


def _matches_hash(text: str, name: str) -> bool:
    try:
        _, _, salt, expected = text.split("|")
        digest = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
        return hmac.compare_digest(digest, base64.b64decode(expected))
    except ValueError:
        return False


@dataclass
class HostKeyRecorder:
    """Appends new keys to known_hosts, one at a time for all hosts of a run."""

    lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def record(self, path: Path, name: str, key: HostKey) -> None:
        """Add a line, unless another host's thread has just added it."""
        if str(path) in ("/dev/null", "none"):
            raise HostKeyRejected(
                f"the key of {name} is new and UserKnownHostsFile is {path}, where it cannot be recorded: "
                "keys are always checked, so name a real file"
            )
        with self.lock:
            try:
                self._append(path, name, key)
            except OSError as error:
                raise HostKeyRejected(f"cannot record the new key of {name} in {path}: {error}") from None

    def _append(self, path: Path, name: str, key: HostKey) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "rb+", buffering=0) as stream:
            fcntl.flock(stream, fcntl.LOCK_EX)
            if any(entry.key == key and not entry.marker for entry in find([path], name)):
                return
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - 1))
            gap = b"" if size == 0 or stream.read(1) == b"\n" else b"\n"
            stream.write(gap + f"{name} {key.kind} {key.blob}\n".encode())


@dataclass(frozen=True)
class HostKeyCheck:
    """What we know about a host before it shows its key; `accepts_new` is OpenSSH's accept-new."""

    name: str
    user_files: tuple[Path, ...]
    global_files: tuple[Path, ...] = ()
    accepts_new: bool = False

    def entries(self) -> list[Entry]:
        return find((*self.user_files, *self.global_files), self.name)

    def known_kinds(self) -> list[str]:
        """The key types to ask for first, or a known host may show a key that we cannot check."""
        return [entry.key.kind for entry in self.entries() if not entry.marker]

    def check(self, key: HostKey, recorder: HostKeyRecorder) -> None:
        """Let a known key pass, record a new one if that is allowed; HostKeyRejected for any other."""
        entries = self.entries()
        for entry in entries:
            if entry.marker == "@revoked" and entry.key == key:
                raise HostKeyRejected(
                    f"the key of {self.name} ({key.kind} {key.fingerprint}) is revoked by {entry.place}"
                )
        known = [entry for entry in entries if not entry.marker]
        if any(entry.key == key for entry in known):
            return
        if known:
            raise HostKeyRejected(self._describe_change(key, known))
        target = self.user_files[0] if self.user_files else Path("none")
        if not self.accepts_new:
            raise HostKeyRejected(self._describe_unknown(key, target, entries))
        recorder.record(target, self.name, key)

    def _describe_change(self, key: HostKey, known: list[Entry]) -> str:
        same = [entry for entry in known if entry.key.kind == key.kind] or known
        old = same[0]
        return (
            f"the key of {self.name} has changed: it shows {key.kind} {key.fingerprint}, but {old.place} has "
            f"{old.key.kind} {old.key.fingerprint}. Somebody may be listening in. If the host was installed "
            f"anew, replace that line by:\n{self.name} {key.kind} {key.blob}"
        )

    def _describe_unknown(self, key: HostKey, path: Path, entries: list[Entry]) -> str:
        authority = next((entry for entry in entries if entry.marker == "@cert-authority"), None)
        note = f" (certificate authorities as in {authority.place} are not supported)" if authority else ""
        return (
            f"the key of {self.name} is unknown{note}: {key.kind} {key.fingerprint}. If that is the host's, "
            f"add this line to {path} or use --accept-new-host-keys:\n{self.name} {key.kind} {key.blob}"
        )

"""known_hosts: which key a host must show, and the exact words when it shows another."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mooring.errors import HostKeyRejected
from mooring.transport.connection.known_hosts import Entry, HostKey, KnownHosts


def host_name(host: str, port: int) -> str:
    """A host as known_hosts names it."""
    return host if port == 22 else f"[{host}]:{port}"


@dataclass(frozen=True)
class HostKeyCheck:
    """What we know about a host before it shows its key; `accepts_new` is OpenSSH's accept-new."""

    name: str
    user_files: tuple[Path, ...]
    global_files: tuple[Path, ...] = ()
    accepts_new: bool = False

    def entries(self, known_hosts: KnownHosts) -> list[Entry]:
        return known_hosts.find((*self.user_files, *self.global_files), self.name)

    def known_kinds(self, known_hosts: KnownHosts) -> list[str]:
        """The key types to ask for first, or a known host may show a key that we cannot check."""
        return [entry.key.kind for entry in self.entries(known_hosts) if entry.key and not entry.marker]

    def check(self, key: HostKey, known_hosts: KnownHosts) -> None:
        """Let a known key pass, record a new one if that is allowed; HostKeyRejected for any
        other."""
        entries = self.entries(known_hosts)
        self._refuse_revoked(key, entries)
        known = [entry.key for entry in entries if entry.key and not entry.marker]
        if key in known:
            return
        if known:
            raise HostKeyRejected(self._describe_change(key, entries))
        broken = next((entry for entry in entries if entry.key is None and not entry.marker), None)
        if broken:
            raise HostKeyRejected(
                f"{broken.place} speaks of {self.name}, but holds no key that can be read: mend or remove that line. "
                f"The host shows {key.kind} {key.fingerprint}"
            )
        target = self.user_files[0] if self.user_files else Path("none")
        if not self.accepts_new:
            raise HostKeyRejected(self._describe_unknown(key, target, entries))
        known_hosts.record(target, self.name, key)

    def _refuse_revoked(self, key: HostKey, entries: list[Entry]) -> None:
        """A line whose key cannot be read may revoke any."""
        for entry in entries:
            if entry.marker != "@revoked":
                continue
            if entry.key is None:
                raise HostKeyRejected(
                    f"{entry.place} revokes a key of {self.name} that cannot be read: mend or remove that line"
                )
            if entry.key == key:
                raise HostKeyRejected(
                    f"the key of {self.name} ({key.kind} {key.fingerprint}) is revoked by {entry.place}"
                )

    def _describe_change(self, key: HostKey, entries: list[Entry]) -> str:
        known = [(entry.key, entry.place) for entry in entries if entry.key and not entry.marker]
        old, place = next(((old, place) for old, place in known if old.kind == key.kind), known[0])
        return (
            f"the key of {self.name} has changed: it shows {key.kind} {key.fingerprint}, but {place} has "
            f"{old.kind} {old.fingerprint}. Somebody may be listening in. If the host was installed "
            f"anew, replace that line by:\n{self.name} {key.kind} {key.blob}"
        )

    def _describe_unknown(self, key: HostKey, path: Path, entries: list[Entry]) -> str:
        authority = next((entry for entry in entries if entry.marker == "@cert-authority"), None)
        note = f" (certificate authorities as in {authority.place} are not supported)" if authority else ""
        return (
            f"the key of {self.name} is unknown{note}: {key.kind} {key.fingerprint}. If that is the host's, "
            f"add this line to {path} or use --accept-new-host-keys:\n{self.name} {key.kind} {key.blob}"
        )

"""Keys and certificates of one lab, made once per checkout under .lab/, and the seed that each host
gets of them."""

from __future__ import annotations

import io
import secrets
import tarfile
from pathlib import Path

from lab.commands import LabError, run
from lab.places import STATE, digest
from lab.topology import HOSTS, HUB_NAMES, LOGIN, LabHost

SSH = STATE / "ssh"
CA = STATE / "ca"
PASSWORD = STATE / "operator-password"
SEED = "etc/mooring-lab"
"""Where a host finds its seed at the first boot
(lab/overlay/every/usr/libexec/mooring-lab/seed)."""

_DAYS = "3650"


def ensure_keys() -> None:
    """Makes what is missing: login key, host keys, known_hosts, ssh's config,
    certificates, a password."""
    SSH.mkdir(parents=True, exist_ok=True)
    CA.mkdir(exist_ok=True)
    for name in ("id_ed25519", *[f"host_{host.name}" for host in HOSTS]):
        if not (SSH / name).exists():
            run(
                [
                    "ssh-keygen",
                    "-q",
                    "-t",
                    "ed25519",
                    "-N",
                    "",
                    "-C",
                    f"mooring-lab {name}",
                    "-f",
                    str(SSH / name),
                ]
            )
    if not (CA / "hub.crt").exists():
        _make_certificates()
    if not PASSWORD.exists():
        PASSWORD.touch(mode=0o600)
        PASSWORD.write_text(secrets.token_urlsafe(12) + "\n")
    (SSH / "known_hosts").write_text("".join(_known_host(host) for host in HOSTS))
    (SSH / "config").write_text("".join(_config(host) for host in HOSTS))


def fingerprint(host: LabHost) -> str:
    """Changes when the files that HOST was seeded with have changed here."""
    return digest(SSH / "id_ed25519.pub", SSH / f"host_{host.name}.pub", CA / "hub.crt", PASSWORD)


def seed_archive(host: LabHost) -> bytes:
    """A tar to unpack at HOST's root before its first boot."""
    hashed = run(["openssl", "passwd", "-6", "-stdin"], text_in=PASSWORD.read_text())
    files = {
        "authorized_keys": (SSH / "id_ed25519.pub").read_bytes(),
        "host_key": (SSH / f"host_{host.name}").read_bytes(),
        "host_key.pub": (SSH / f"host_{host.name}.pub").read_bytes(),
        "operator.password": f"operator:{hashed.strip()}\n".encode(),
        "ca.crt": (CA / "ca.crt").read_bytes(),
    }
    if host.aliases == HUB_NAMES:
        files["hub.crt"] = (CA / "hub.crt").read_bytes()
        files["hub.key"] = (CA / "hub.key").read_bytes()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(f"{SEED}/{name}")
            info.size, info.mode = len(data), 0o600
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _known_host(host: LabHost) -> str:
    kind, key = (SSH / f"host_{host.name}.pub").read_text().split()[:2]
    return f"[127.0.0.1]:{host.ssh_port} {kind} {key}\n"


def _config(host: LabHost) -> str:
    return (
        f"Host {host.name}\n"
        f"    HostName 127.0.0.1\n"
        f"    Port {host.ssh_port}\n"
        f"    User {LOGIN}\n"
        f"    IdentityFile {_quoted(SSH / 'id_ed25519')}\n"
        f"    IdentitiesOnly yes\n"
        f"    UserKnownHostsFile {_quoted(SSH / 'known_hosts')}\n"
        f"    StrictHostKeyChecking yes\n\n"
    )


def _quoted(path: Path) -> str:
    """A path as ssh's configuration has it, where a line end would begin a setting of its own."""
    text = str(path)
    if any(part in text for part in ("\n", "\r", '"', "\\", "${")):
        raise LabError(f"ssh cannot be told of {text!r}: put the checkout where no such signs are in its path")
    return '"' + text.replace("%", "%%") + '"'


def _make_certificates() -> None:
    """The lab's CA, and the certificate by which the hub is Docker Hub for the lab's hosts."""
    elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    run(
        [
            *["openssl", "req", "-x509", *elliptic, "-days", _DAYS, "-subj", "/CN=Mooring lab CA"],
            *["-addext", "keyUsage=critical,keyCertSign,cRLSign"],
            *["-keyout", str(CA / "ca.key"), "-out", str(CA / "ca.crt")],
        ]
    )
    extensions = CA / "hub.extensions"
    names = ",".join(f"DNS:{name}" for name in ("hub", *HUB_NAMES))
    extensions.write_text(f"subjectAltName={names}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    request = ["-keyout", str(CA / "hub.key"), "-out", str(CA / "hub.csr")]
    run(["openssl", "req", *elliptic, "-subj", "/CN=registry-1.docker.io", *request])
    run(
        [
            *["openssl", "x509", "-req", "-in", str(CA / "hub.csr"), "-CA", str(CA / "ca.crt")],
            *["-CAkey", str(CA / "ca.key"), "-set_serial", str(secrets.randbits(63)), "-days", _DAYS],
            *["-extfile", str(extensions), "-out", str(CA / "hub.crt")],
        ]
    )
    for leftover in (CA / "hub.csr", Path(extensions)):
        leftover.unlink()

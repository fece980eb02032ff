"""The RPM repository of the EL7-like hosts: Red Hat's docker layout around Debian's engine, built
with rpmbuild."""

from __future__ import annotations

import shutil
from pathlib import Path

from lab.commands import run
from lab.places import HERE
from lab.roots import unpack_debs

SOURCES = HERE / "redhat"

_SCRIPTS = ("dockerd-current", "docker-current", "docker")
_FILES = {
    "docker.service": "usr/lib/systemd/system/docker.service",
    "sysconfig-docker": "etc/sysconfig/docker",
    "sysconfig-docker-storage": "etc/sysconfig/docker-storage",
    "sysconfig-docker-network": "etc/sysconfig/docker-network",
    "registries.conf": "etc/containers/registries.conf",
    "redhat_options": "usr/libexec/docker/redhat_options.py",
}
_ENGINE = {
    "usr/sbin/dockerd": "dockerd",
    "usr/bin/docker": "docker",
    "usr/sbin/runc": "docker-runc-current",
    "usr/sbin/docker-proxy": "docker-proxy-current",
    "usr/bin/tini-static": "docker-init-current",
    "usr/bin/containerd": "containerd",
    "usr/bin/containerd-shim": "containerd-shim",
    "usr/bin/containerd-shim-runc-v1": "containerd-shim-runc-v1",
    "usr/bin/containerd-shim-runc-v2": "containerd-shim-runc-v2",
}
_TEXTS = {
    "etc/docker/daemon.json": "{}\n",
    "etc/docker/seccomp.json": '{"defaultAction": "SCMP_ACT_ALLOW"}\n',
    "etc/containers/policy.json": '{"default": [{"type": "insecureAcceptAnything"}]}\n',
}


def build_repository(debs: Path, work: Path, repository: Path) -> None:
    """A yum repository in REPOSITORY; the engine comes from the packages in DEBS, WORK is
    an empty directory."""
    engine, parts, sources = work / "engine", work / "parts", work / "sources"
    # rpmbuild hands paths to shells, and the checkout's may say anything.
    shutil.copytree(SOURCES, sources)
    unpack_debs(debs, engine)
    _collect(engine, parts)
    _rpmbuild(work, "docker", parts)
    _rpmbuild(work, "centos-release", sources / "release")
    for version in ("1.0", "1.1"):
        _rpmbuild(work, "sample", parts, version)
    repository.mkdir(parents=True)
    for package in work.glob("RPMS/*/*.rpm"):
        shutil.move(package, repository / package.name)
    run(["createrepo_c", "--quiet", "--no-database", str(repository)])


def _collect(engine: Path, parts: Path) -> None:
    """Lays out PARTS as the files of the docker packages stand on a host."""
    places = {SOURCES / name: parts / "usr/bin" / name for name in _SCRIPTS}
    places |= {SOURCES / name: parts / place for name, place in _FILES.items()}
    places |= {engine / place: parts / "usr/libexec/docker" / name for place, name in _ENGINE.items()}
    for source, target in places.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
        target.chmod(0o755 if source.stat().st_mode & 0o100 else 0o644)
    # BuildKit inside the engine looks for this name in PATH, whatever the default runtime is.
    (parts / "usr/libexec/docker/runc").symlink_to("docker-runc-current")
    for place, text in _TEXTS.items():
        (parts / place).parent.mkdir(parents=True, exist_ok=True)
        (parts / place).write_text(text)
    (parts / "etc/docker/certs.d").mkdir()
    (parts / "var/lib/docker").mkdir(parents=True)


def _rpmbuild(work: Path, name: str, parts: Path, version: str = "1.0") -> None:
    definitions = {
        "_topdir": str(work),
        "parts": str(parts),
        "sample_version": version,
        "_rpmdir": str(work / "RPMS"),
    }
    flags = [word for key, value in definitions.items() for word in ("--define", f"{key} {value}")]
    run(["rpmbuild", "-bb", "--quiet", *flags, str(work / "sources" / f"{name}.spec")])

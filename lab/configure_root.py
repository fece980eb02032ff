"""Turn a plain Debian root into one of the lab's hosts: its files, its logins, its services."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path

from lab.commands import run
from lab.places import HERE, copy_files
from lab.topology import LOGIN, OPERATOR

_PYTHON3 = Path("usr/libexec/mooring-lab/python3")

# Without devices and consoles of its own a container has no work for these.
_MASKED = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "e2scrub_reap.service",
    "fstrim.timer",
    "getty@tty1.service",
    "console-getty.service",
    "systemd-logind.service",
    "systemd-udevd.service",
    "systemd-udev-trigger.service",
    "systemd-udevd-control.socket",
    "systemd-udevd-kernel.socket",
    "sys-kernel-debug.mount",
    "sys-kernel-tracing.mount",
    "sys-kernel-config.mount",
    "sys-fs-fuse-connections.mount",
    "dev-hugepages.mount",
    "systemd-modules-load.service",
    "systemd-journald-audit.socket",
    "systemd-update-utmp.service",
    "systemd-update-utmp-runlevel.service",
    "apparmor.service",
    "getty.target",
    "systemd-remount-fs.service",
    "systemd-random-seed.service",
    "systemd-hwdb-update.service",
    "systemd-pcrphase.service",
    "systemd-pcrphase-sysinit.service",
    "systemd-boot-system-token.service",
)


def configure_el7(root: Path) -> None:
    """Python 2.7, yum and a real RPM database; Debian's own tools are taken out of sight."""
    _configure(root, ["every", "el7"], ["mooring-lab-seed.service:sysinit"])
    (root / "usr/bin/python3.9").rename(root / _PYTHON3)
    for name in ("python", "python2"):
        (root / "usr/bin" / name).unlink(missing_ok=True)
        (root / "usr/bin" / name).symlink_to("python2.7")
    _remove(root, [f"etc/{name}" for name in ("os-release", "debian_version", "apt", "issue", "issue.net", "dnf")])
    _remove(root, ["usr/lib/os-release"])
    # What yum asks for its version of the system ($releasever) is a package.
    run(["chroot", str(root), "/usr/bin/yum", "--quiet", "-y", "--releasever=7", "install", "centos-release"])
    (root / "usr/lib/os-release").symlink_to("../../etc/os-release")
    shutil.rmtree(root / "var/cache/yum", ignore_errors=True)
    for pattern in ("apt*", "dpkg*", "deb*", "dnf*", "py3*", "pydoc3*", "pygettext3*", "python3*"):
        _remove(root, [f"usr/bin/{path.name}" for path in (root / "usr/bin").glob(pattern)])


def configure_debian(root: Path) -> None:
    """A Debian host whose packages come from its own disk."""
    _configure(root, ["every", "debian"], ["mooring-lab-seed.service:sysinit"])


def configure_hub(root: Path) -> None:
    """A Debian host that answers by Docker Hub's names."""
    _configure(
        root,
        ["every", "debian", "hub"],
        ["mooring-lab-seed.service:sysinit", "docker-hub.service:multi-user", "lab-names.service:multi-user"],
    )


def _configure(root: Path, overlays: Iterable[str], enabled: Iterable[str]) -> None:
    for overlay in overlays:
        copy_files(HERE / "overlay" / overlay, root)
    (root / "etc/sudoers.d/mooring-lab").chmod(0o440)
    # Debian has a group "operator" already.
    for login, group in ((LOGIN, "--user-group"), (OPERATOR, f"--gid={OPERATOR}")):
        run(["chroot", str(root), "useradd", "--create-home", "--shell=/bin/bash", group, login])
    units = root / "etc/systemd/system"
    for unit in _MASKED:
        _link(units / unit, "/dev/null")
    for pair in enabled:
        unit, _, target = pair.partition(":")
        _link(units / f"{target}.target.wants" / unit, f"/etc/systemd/system/{unit}")
    _link(units / "default.target", "/lib/systemd/system/multi-user.target")
    _remove(root, [f"etc/ssh/{key.name}" for key in (root / "etc/ssh").glob("ssh_host_*")])
    _remove(root, ["etc/hostname", "etc/hosts", "etc/resolv.conf", "usr/sbin/policy-rc.d"])
    (root / "etc/machine-id").write_text("")


def _link(place: Path, target: str) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    place.symlink_to(target)


def _remove(root: Path, paths: Iterable[str]) -> None:
    for path in paths:
        place = root / path
        if place.is_dir() and not place.is_symlink():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)

"""Small images made from Debian's packages: the offline bundles of the hosts, and
what the hub holds."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from lab.archive import Image, make_image, write_archive
from lab.commands import run
from lab.places import HERE, copy_files
from lab.roots import unpack_debs

_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_BUSYBOX_NAMES = ("busybox:latest", "busybox:1.35")
_ACCOUNTS = """root:x:0:0:root:/root:/bin/sh
nginx:x:101:101:nginx:/:/bin/false
nobody:x:65534:65534:nobody:/:/bin/false
"""
_GROUPS = "root:x:0:\nnginx:x:101:\nnogroup:x:65534:\n"


def make_images(root: Path, work: Path, architecture: str) -> dict[str, Image]:
    """{"registry", "nginx", "busybox"}: Image, from the packages that lie beside the bookworm
    ROOT."""
    debs = root / "opt/bundle"
    unpack_debs(root / "opt/debs/images", debs)
    made = {}
    for name, build in (("registry", _registry), ("nginx", _nginx), ("busybox", _busybox)):
        tree = work / name
        _busybox_tree(debs, tree)
        settings, names = build(root, debs, tree)
        made[name] = make_image(tree, {"Env": [_PATH], **settings}, names, architecture)
    shutil.rmtree(debs)
    return made


def write_bundles(images: dict[str, Image], directory: Path) -> None:
    """One archive per image, the form in which images travel to hosts that reach no registry."""
    for name, image in images.items():
        write_archive([image], directory / f"{name}.tar")


def _busybox(root: Path, debs: Path, tree: Path) -> tuple[dict[str, object], tuple[str, ...]]:
    return {"Cmd": ["sh"]}, _BUSYBOX_NAMES


def _registry(root: Path, debs: Path, tree: Path) -> tuple[dict[str, object], tuple[str, ...]]:
    _add_program(root, debs / "usr/bin/docker-registry", tree, "bin/registry")
    copy_files(HERE / "images/registry", tree)
    (tree / "var/lib/registry").mkdir(parents=True)
    settings: dict[str, object] = {
        "Entrypoint": ["/entrypoint.sh"],
        "Cmd": ["/etc/docker/registry/config.yml"],
        "ExposedPorts": {"5000/tcp": {}},
        "Volumes": {"/var/lib/registry": {}},
    }
    return settings, ("registry:2.8.2", "registry:2")


def _nginx(root: Path, debs: Path, tree: Path) -> tuple[dict[str, object], tuple[str, ...]]:
    _add_program(root, debs / "usr/sbin/nginx", tree, "usr/sbin/nginx")
    copy_files(HERE / "images/nginx", tree)
    shutil.copy(debs / "etc/nginx/mime.types", tree / "etc/nginx/mime.types")
    page = tree / "usr/share/nginx/html/index.html"
    page.parent.mkdir(parents=True)
    page.write_text("<!DOCTYPE html><title>nginx</title><p>nginx runs.</p>\n")
    for directory in ("var/log/nginx", "var/lib/nginx", "run"):
        (tree / directory).mkdir(parents=True, exist_ok=True)
    (tree / "var/log/nginx/access.log").symlink_to("/dev/stdout")
    (tree / "var/log/nginx/error.log").symlink_to("/dev/stderr")
    settings: dict[str, object] = {
        "Entrypoint": ["/docker-entrypoint.sh"],
        "Cmd": ["nginx", "-g", "daemon off;"],
        "ExposedPorts": {"80/tcp": {}},
        "StopSignal": "SIGQUIT",
    }
    return settings, ("nginx:1.22", "nginx:stable")


def _busybox_tree(debs: Path, tree: Path) -> None:
    """A root with a shell, the usual commands and two accounts."""
    for directory in ("bin", "etc", "root", "tmp"):
        (tree / directory).mkdir(parents=True)
    (tree / "tmp").chmod(0o1777)
    shutil.copy(debs / "bin/busybox", tree / "bin/busybox")
    for applet in run([str(tree / "bin/busybox"), "--list"]).split():
        if applet != "busybox":
            (tree / "bin" / applet).symlink_to("busybox")
    (tree / "etc/passwd").write_text(_ACCOUNTS)
    (tree / "etc/group").write_text(_GROUPS)
    (tree / "etc/nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\n")


def _add_program(root: Path, program: Path, tree: Path, place: str) -> None:
    """PROGRAM, which lies in ROOT, to PLACE in TREE, with the shared libraries
    that it is linked to."""
    (tree / place).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(program, tree / place)
    linked = run(["chroot", str(root), "ldd", f"/{program.relative_to(root)}"], may_fail=True)
    wanted = set(re.findall(r"(/\S+\.so\S*)", linked))
    if wanted:
        # Loaded by name at run time: without them no host name is ever resolved.
        libraries = next(iter(wanted)).rsplit("/", 1)[0]
        wanted |= {f"{libraries}/{name}" for name in ("libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2")}
    for library in sorted(wanted):
        source = root / library.lstrip("/")
        if source.exists():
            target = tree / library.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)

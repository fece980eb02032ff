"""The image of the registry of Docker 1.5 and older: Debian's Python 2.7, and pinned packages of
the package index.

Made only on request, `./invoke lab.registry-v1`: neither the lab's hosts nor the demo need it.
"""

from __future__ import annotations

import fcntl
import platform
import shutil
from pathlib import Path

from lab.archive import make_image, write_archive
from lab.commands import LabError, Say, run
from lab.images import ARCHITECTURES
from lab.places import BUNDLES, HERE, cache, copy_files, digest
from lab.programs import apt_get
from lab.roots import scratch, unpack_debs

IMAGE = "docker-registry:0.9.1"
ARCHIVE = BUNDLES / "registry-v1.tar"

_RECIPE = ("registry_v1.py", "archive.py", "registry_v1_image")
_PACKAGES = ("python2.7", "python-setuptools", "python-pip-whl")
_PIP = "/usr/share/python-wheels/pip-20.3.4-py2.py3-none-any.whl"
_AUTHORITIES = "etc/ssl/certs/ca-certificates.crt"
_SITE = "srv/registry"
_DEVICES = (("null", "3"), ("urandom", "9"))
# Of what Python's packages depend on, all that it does not need to run.
_NEEDLESS = (
    "dev", "etc", "sbin", "bin", "tmp", "usr/sbin", "usr/share", "usr/lib/python3",
    "usr/lib/mime", "usr/lib/dpkg", "usr/lib/debug",
)  # fmt: skip
_ACCOUNTS = "root:x:0:0:root:/root:/bin/false\nnobody:x:65534:65534:nobody:/:/bin/false\n"
_PING = "import urllib2; urllib2.urlopen('http://127.0.0.1:5000/v1/_ping', timeout=5)"
_START = "from gunicorn.app.wsgiapp import run; run()"


def ensure_archive(say: Say) -> Path:
    """Where the image's archive is; made where its recipe has changed, or it was not there."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / "registry-v1.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _ensure_archive(say)


def _ensure_archive(say: Say) -> Path:
    kept = cache() / f"registry-v1-{digest(*[HERE / path for path in _RECIPE])}.tar"
    if not kept.exists():
        say("making the image of the V1 registry from Debian's Python 2.7 and the package index (about a minute)")
        _build(kept, say)
        for stale in kept.parent.glob("registry-v1-*.tar"):
            if stale != kept:
                stale.unlink()
    ARCHIVE.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(kept, ARCHIVE)
    say(f"{IMAGE} is in {ARCHIVE}")
    return ARCHIVE


def _build(place: Path, say: Say) -> None:
    with scratch("registry-v1") as work:
        tree = work / "tree"
        get = apt_get("bullseye", work / "apt")
        run([*get, "update"])
        run([*get, "--download-only", "--no-install-recommends", "install", *_PACKAGES])
        unpack_debs(work / "apt/archives", tree)
        _install(tree)
        _strip(tree)
        copy_files(HERE / "registry_v1_image/stubs", tree / _SITE)
        architecture = ARCHITECTURES.get(platform.machine(), platform.machine())
        write_archive([make_image(tree, _settings(), (IMAGE,), architecture)], place)


def _install(tree: Path) -> None:
    """The packages of the index, checked against their hashes, by the pip of Debian's that still
    knows Python 2.7."""
    authorities = Path("/") / _AUTHORITIES
    if not authorities.exists():
        raise LabError("the package index is asked by TLS, and this machine trusts nobody: install ca-certificates")
    for source in (authorities, Path("/etc/resolv.conf"), HERE / "registry_v1_image/requirements.txt"):
        target = tree / (source.relative_to("/") if source.is_relative_to("/etc") else "tmp/requirements.txt")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    (tree / "dev").mkdir(exist_ok=True)
    for name, minor in _DEVICES:
        run(["mknod", "--mode=666", str(tree / "dev" / name), "c", "1", minor])
    options = ("--no-deps", "--require-hashes", "--no-compile", "--no-cache-dir", f"--target=/{_SITE}")
    run(
        ["chroot", str(tree), "/usr/bin/python2.7", "-m", "pip", "install", *options, "-r", "/tmp/requirements.txt"],
        env={"PYTHONPATH": _PIP, "PIP_CERT": f"/{_AUTHORITIES}", "HOME": "/tmp", "TMPDIR": "/tmp"},
    )


def _strip(tree: Path) -> None:
    """Leaves Python, its libraries and the registry; the namespace that two packages share becomes
    a plain package."""
    for needless in _NEEDLESS:
        shutil.rmtree(tree / needless, ignore_errors=True)
    for program in (tree / "usr/bin").iterdir():
        if program.name != "python2.7":
            program.unlink()
    for directory in (tree / "usr/lib").glob("*/perl*"):
        shutil.rmtree(directory, ignore_errors=True)
    for place in ("etc", "tmp", "var/lib/registry"):
        (tree / place).mkdir(parents=True, exist_ok=True)
    (tree / "tmp").chmod(0o1777)
    for package in ("docker_registry", "docker_registry/drivers"):
        (tree / _SITE / package / "__init__.py").touch()
    (tree / "etc/passwd").write_text(_ACCOUNTS)


def _settings() -> dict[str, object]:
    """The image's configuration: one process for each of four requests, logs to the container's."""
    options = ("-k", "sync", "--workers=4", "--timeout=900", "--bind=0.0.0.0:5000", "--access-logfile=-")
    return {
        "Env": ["PATH=/usr/bin", f"PYTHONPATH=/{_SITE}", "PYTHONDONTWRITEBYTECODE=1", "PYTHONWARNINGS=ignore"],
        "Entrypoint": ["/usr/bin/python2.7", "-c", _START],
        "Cmd": [*options, "docker_registry.wsgi:application"],
        "ExposedPorts": {"5000/tcp": {}},
        "Healthcheck": {"Test": ["CMD", "/usr/bin/python2.7", "-c", _PING], "Interval": 30_000_000_000},
    }

"""The stand-ins for Red Hat's docker refuse, strip and report what domain experience says that the
originals do."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

SOURCES = Path(__file__).resolve().parents[3] / "lab" / "redhat"
PYTHON2 = [str(python) for python in sorted(Path("~/.pyenv/versions").expanduser().glob("2.7*/bin/python"))]
PYTHONS = [sys.executable, *(PYTHON2 or filter(None, [shutil.which("python2.7")]))][:2]


def load(name: str) -> ModuleType:
    """A program without a suffix, as a module."""
    loader = importlib.machinery.SourceFileLoader(name.replace("-", "_"), str(SOURCES / name))
    spec = importlib.util.spec_from_loader(loader.name, loader)
    assert spec
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    try:
        loader.exec_module(module)
    finally:
        sys.dont_write_bytecode = before
    return module


redhat = load("redhat_options")
client = load("docker-current")


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (["--insecure-registry", "h:5000"], [("insecure-registry", "h:5000")]),
        (["--insecure-registry=h"], [("insecure-registry", "h")]),
        (["--log-driver", "journald", "--debug"], [("log-driver", "journald"), ("debug", None)]),
        (["--signature-verification=false"], [("signature-verification", "false")]),
        (["-H", "fd://", "-D"], [("host", "fd://"), ("debug", None)]),
        (["--add-registry="], [("add-registry", "")]),
        (["--registry-mirror", "http://m:5000"], [("registry-mirror", "http://m:5000")]),
    ],
)
def test_flags_are_taken_as_pflag_takes_them(words: list[str], flags: list[tuple[str, str | None]]) -> None:
    assert redhat.parse_flags(words) == flags


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["registry.example.com"], "accepts no argument"),
        (["--insecure-registry", "a", "b"], "accepts no argument"),
        (["--debug", "true"], "accepts no argument"),
        (["--add-registry"], "flag needs an argument: --add-registry"),
        (["--registry-mirror=http://m/"], "Unsupported path/query/fragment at end of the URI"),
        (["--registry-mirror=m.example.com"], "is not a valid URI"),
        (["--registry-mirror=ftp://m"], "Unsupported scheme ftp"),
    ],
)
def test_wrong_flags_are_refused(words: list[str], why: str) -> None:
    with pytest.raises(redhat.Refused, match=why):
        redhat.parse_flags(words)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "EOF"),
        ("{", "unable to configure the Docker daemon with file /d.json: "),
        ('{"data-root": "/x"}', "don't match any configuration option: data-root"),
        ('{"insecure-registries": ["b"]}', r"insecure-registries: \(from flag: \[a\], from file: \[b\]\)"),
        ('{"add-registry": ["b", "c"]}', r"add-registry: \(from flag: \[x\], from file: \[b c\]\)"),
        ('{"log-driver": "none"}', r"log-driver: \(from flag: journald, from file: none\)"),
    ],
)
def test_wrong_files_are_refused(text: str, why: str) -> None:
    flags = redhat.parse_flags(["--insecure-registry=a", "--add-registry=x", "--log-driver=journald"])
    with pytest.raises(redhat.Refused, match=why):
        redhat.parse_config(text, "/d.json", flags)


def test_the_engine_gets_what_it_knows() -> None:
    words = ["--add-registry=x", "--signature-verification=false", "--insecure-registry=http://h", "--debug"]
    assert redhat.flags_for_engine(redhat.parse_flags(words)) == ["--debug"]
    config = {"add-registry": ["x"], "graph": "/g", "registry-mirrors": ["m:5000"], "insecure-registries": ["a,b", "c"]}
    wanted = {"data-root": "/g", "registry-mirrors": ["https://m:5000"], "insecure-registries": ["c"]}
    assert redhat.config_for_engine(config) == wanted
    assert redhat.config_for_reload(config) == {"insecure-registries": ["c"]}


@pytest.mark.parametrize(
    ("name", "known", "tries"),
    [
        ("tiny:1", {"add": ["r:5000"], "block": []}, [("r:5000", "tiny:1"), ("docker.io", "tiny:1")]),
        ("a/tiny", {"add": ["r"], "block": ["docker.io"]}, [("r", "a/tiny")]),
        ("tiny", {"add": [], "block": ["docker.io"]}, []),
        ("tiny", {"add": ["r"], "block": ["all"]}, [("r", "tiny")]),
        ("r.example.com/x", {"add": [], "block": ["r.example.com"]}, []),
        ("docker.io/x", {"add": ["r"], "block": ["public"]}, []),
        ("localhost/x", {"add": ["r"], "block": []}, [("localhost", "x")]),
    ],
)
def test_names_are_tried_in_order(name: str, known: dict[str, list[str]], tries: list[tuple[str, str]]) -> None:
    assert client.candidates(name, known) == tries


def test_insecure_registries_are_told_from_secure_ones() -> None:
    config = {"InsecureRegistryCIDRs": ["127.0.0.0/8"], "IndexConfigs": {"r:5000": {"Secure": False}}}
    assert client.is_insecure("r:5000", config)
    assert client.is_insecure("127.0.0.1:5999", config)
    assert not client.is_insecure("docker.io", config)


ENGINE = """#!/bin/sh
printf '%s\\n' "$@" > "$DOCKER_CURRENT_STATE/engine.args"
trap 'cp "$DOCKER_CURRENT_STATE/daemon.json" "$DOCKER_CURRENT_STATE/reloaded"' HUP
trap 'exit 7' TERM
python3 -c 'import os,socket
s=socket.socket(socket.AF_UNIX,socket.SOCK_DGRAM)
s.sendto(b"READY=1\\nMAINPID=1", os.environ["NOTIFY_SOCKET"])'
while :; do sleep 0.05; done
"""


@pytest.mark.parametrize("python", PYTHONS)
def test_the_supervisor_reloads_notifies_and_ends(python: str, tmp_path: Path) -> None:
    """Around a small script in the engine's place, on both Pythons."""
    parts, state, config = tmp_path / "parts", tmp_path / "state", tmp_path / "daemon.json"
    parts.mkdir()
    (parts / "redhat_options.py").write_text((SOURCES / "redhat_options").read_text())
    (parts / "dockerd").write_text(ENGINE)
    (parts / "dockerd").chmod(0o755)
    config.write_text('{"insecure-registries": ["a"]}')
    systemd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    systemd.bind(str(tmp_path / "systemd"))
    systemd.settimeout(20)
    environment = {
        **os.environ,
        "DOCKER_CURRENT_PARTS": str(parts),
        "DOCKER_CURRENT_STATE": str(state),
        "NOTIFY_SOCKET": str(tmp_path / "systemd"),
    }
    words = ["--add-registry", "r:5000", f"--config-file={config}"]
    process = subprocess.Popen(
        [python, str(SOURCES / "dockerd-current"), *words], env=environment, stderr=subprocess.PIPE
    )
    try:
        assert systemd.recv(100) == b"READY=1"
        assert json.loads((state / "registries.json").read_text()) == {"add": ["r:5000"], "block": []}
        assert (state / "engine.args").read_text() == f"--config-file={state}/daemon.json\n"
        config.write_text('{"insecure-registries": ["b"], "registry-mirrors": ["http://m"]}')
        process.send_signal(signal.SIGHUP)
        assert json.loads(wait_for_text(state / "reloaded")) == {"insecure-registries": ["b"]}
        (state / "reloaded").unlink()
        config.write_text('{"add-registry": ["other"]}')
        process.send_signal(signal.SIGHUP)
        assert process.stderr
        assert b"specified both as a flag and in the configuration file" in process.stderr.readline()
        assert not (state / "reloaded").exists()
        process.terminate()
        assert process.wait(20) == 7
    finally:
        process.kill()
        process.wait()
        systemd.close()


@pytest.mark.parametrize("python", PYTHONS)
def test_a_bare_host_ends_the_daemon(python: str, tmp_path: Path) -> None:
    (tmp_path / "redhat_options.py").write_text((SOURCES / "redhat_options").read_text())
    environment = {**os.environ, "DOCKER_CURRENT_PARTS": str(tmp_path)}
    command = [python, str(SOURCES / "dockerd-current"), "registry.example.com"]
    done = subprocess.run(command, env=environment, check=False, capture_output=True)
    assert done.returncode == 1
    assert b'"dockerd-current" accepts no argument(s).' in done.stderr


def wait_for_text(path: Path) -> str:
    """The file's text, as soon as there is one."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.02)
    raise AssertionError(f"{path} never came")

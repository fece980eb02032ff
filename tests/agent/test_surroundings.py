"""What a login has put in the way of its Pythons does not run in the agent, and its
commands still get it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from agent_modules import SOURCES

from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection

TRAP = "import os\nos.close(os.open({mark!r} + '/' + {name!r}, os.O_CREAT | os.O_WRONLY))\n"
# What old virtualenvs have in place of the standard library: a `site` that knows where it is.
OLD_SITE = """
import sys
def main():
    with open(sys.prefix + "/lib/python%d.%d/orig-prefix.txt" % sys.version_info[:2]) as stream:
        real = stream.read().strip() + "/lib/python%d.%d" % sys.version_info[:2]
    sys.path += [real, real + "/lib-dynload"]
if sys.version_info[0] == 2 or not sys.flags.no_site:
    main()
"""


class Login:
    """A login with traps for every Python in its home, its working directory and its
    environment."""

    def __init__(self, folder: Path, interpreter: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.mark, self.home, self.base = folder / "sprung", folder / "home", folder / "base"
        self.mark.mkdir()
        for place in (self.home, self.base):
            self.trap(self.user_site(interpreter, place), place.name)
        self.names = {
            "HOME": str(self.home),
            "PYTHONPATH": str(self.trap(folder / "path", "path")),
            "PYTHONSTARTUP": str(folder / "path" / "json.py"),
            "PYTHONUSERBASE": str(self.base),
            "PYTHONHOME": str(folder / "nowhere"),
            "PYTHONINSPECT": "1",
            "PYTHONWARNINGS": "error",
            "PYTHONBREAKPOINT": "usercustomize.breakpoint",
            "PYTHONIOENCODING": "latin-1",
            "PYTHONUTF8": "0",
        }
        for name, value in self.names.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(self.trap(folder / "cwd", "cwd"))
        monkeypatch.setenv("PWD", os.getcwd())
        monkeypatch.delenv("OLDPWD", raising=False)

    def user_site(self, interpreter: str, base: Path) -> Path:
        """Where this interpreter looks for a user's own modules."""
        code = "import sys, site; sys.stdout.write(site.getusersitepackages())"
        names = {"HOME": str(base), "PATH": os.environ["PATH"]}
        names |= {"PYTHONUSERBASE": str(base)} if base is self.base else {}
        ran = subprocess.run([interpreter, "-c", code], env=names, capture_output=True, text=True, check=True)
        return Path(ran.stdout)

    def trap(self, folder: Path, name: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for module in ("usercustomize", "sitecustomize", "json", "zlib", "linecache"):
            (folder / f"{module}.py").write_text(TRAP.format(mark=str(self.mark), name=f"{name}-{module}"))
        line = TRAP.format(mark=str(self.mark), name=f"{name}-pth").replace("\n", ";")
        (folder / "trap.pth").write_text(f"{line}\n")
        return folder

    def sprung(self) -> list[str]:
        return sorted(os.listdir(self.mark))


@pytest.fixture
def login(tmp_path: Path, interpreter: str, monkeypatch: pytest.MonkeyPatch) -> Login:
    return Login(tmp_path, interpreter, monkeypatch)


def test_the_traps_are_sharp(login: Login, interpreter: str) -> None:
    """An ordinary start springs them."""
    names = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONINSPECT")}
    subprocess.run([interpreter, "-c", "import json"], env=names, capture_output=True, check=False)
    assert {"base-pth", "path-usercustomize", "path-sitecustomize"} <= set(login.sprung())


def test_nothing_of_the_logins_runs_in_the_agent(login: Login, interpreter: str) -> None:
    with Remote.start(LocalConnection(), Bundle(SOURCES), interpreter=interpreter) as remote:
        assert remote.call("t_nothing", {"x": 1})["got"] == {"x": 1}
        assert login.sprung() == []
        ran = remote.call("t_program", {"argv": "env", "shell": True})
        where = remote.call("t_program", {"argv": "pwd -P; echo $PWD ${OLDPWD-}", "shell": True})["stdout"]
    assert where.split() == [os.getcwd()] * 2
    seen = dict(line.split("=", 1) for line in ran["stdout"].splitlines() if "=" in line)
    assert {name: seen.get(name) for name in login.names} == login.names


def test_an_interpreter_by_a_relative_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interpreter: str) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(interpreter)
    monkeypatch.chdir(tmp_path)
    with Remote.start(LocalConnection(), Bundle(SOURCES), interpreter="bin/python") as remote:
        assert remote.call("t_nothing", {"x": 1})["got"] == {"x": 1}


def venv_of(interpreter: str, folder: Path) -> Path:
    """A virtual environment in today's way, or in the old way of Python 2."""
    program = folder / "bin" / "python"
    version = subprocess.run(
        [interpreter, "-c", "import sys; print('%d.%d' % sys.version_info[:2]); print(sys.prefix)"],
        capture_output=True, text=True, check=True,
    ).stdout.split()  # fmt: skip
    if version[0] != "2.7":
        subprocess.run([interpreter, "-m", "venv", "--without-pip", str(folder)], check=True)
        return program
    library = folder / "lib" / "python2.7"
    library.mkdir(parents=True)
    program.parent.mkdir()
    shutil.copy(os.path.realpath(interpreter), program)
    (library / "os.py").symlink_to(f"{version[1]}/lib/python2.7/os.py")
    (library / "lib-dynload").symlink_to(f"{version[1]}/lib/python2.7/lib-dynload")
    (library / "orig-prefix.txt").write_text(version[1])
    (library / "site.py").write_text(OLD_SITE)
    return program


def test_an_interpreter_in_a_virtual_environment(interpreter: str, tmp_path: Path) -> None:
    program = venv_of(interpreter, tmp_path / "venv")
    with Remote.start(LocalConnection(), Bundle(SOURCES), interpreter=str(program)) as remote:
        assert remote.call("t_nothing", {"x": 1})["got"] == {"x": 1}


@pytest.mark.parametrize("becomes", [True, False])
def test_a_program_in_the_logins_path_does_not_become_root(tmp_path: Path, becomes: bool) -> None:
    """Where sudo keeps PATH. The login's own agent is started by what the login calls python3."""
    if not Path("/usr/bin/python3").exists() or Path("/usr/libexec/platform-python").exists():
        pytest.skip("needs a Python in /usr/bin, as most systems have it")
    for name in ("python3", "python2.7", "python"):
        program = tmp_path / name
        program.write_text(f'#!/bin/sh\necho x >{tmp_path}/sprung\nexec {shlex.quote(sys.executable)} "$@"\n')
        program.chmod(0o755)
    bundle = Bundle()
    ran = subprocess.run(
        ["sh", "-c", bundle.script(becomes=becomes)],
        input=bundle.packed,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert becomes is not (tmp_path / "sprung").exists()

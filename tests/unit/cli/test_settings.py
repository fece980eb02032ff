"""What holds where the command line is silent: MOORING_… variables, ansible.cfg, password files,
and their order."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest

from mooring.cli.ansible_cfg import read_ansible_cfg
from mooring.cli.options import Request
from mooring.cli.password_file import read_password
from mooring.cli.provision import connection_options, options
from mooring.cli.settings import SETTINGS, settle
from mooring.errors import MooringError, SourceError, UsageError
from mooring.fleet.site import looking_user
from mooring.transport.connection import ConnectionSettings, RunOptions

CFG = """\
# as Ansible's users have it
[defaults]
inventory = hosts.yml, ~/more.yml ; two
forks = 7
timeout: 20
remote_user = admin
roles_path = ~/roles:vendor/roles
host_key_checking = False
pipelining = True

[privilege_escalation]
become = yes
become_user = ops
become_method = sudo
become_ask_pass = True

[ssh_connection]
ssh_args = -C
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", "/home/me")
    (tmp_path / "ansible.cfg").write_text(CFG)
    return tmp_path


def settled(folder: Path, options: dict[str, Any] | None = None, **environment: str) -> dict[str, Any]:
    return settle(options or {}, read_ansible_cfg(folder), environment)


def test_ansible_cfg_is_read(folder: Path) -> None:
    assert settled(folder) == {
        "inventory": (f"{folder}/hosts.yml", "/home/me/more.yml"),
        "forks": 7,
        "timeout": 20,
        "remote_user": "admin",
        "roles_path": (Path("/home/me/roles"), folder / "vendor" / "roles"),
        "become": True,
        "become_user": "ops",
        "become_method": "sudo",
        "ask_become_pass": True,
    }


def test_other_keys_are_named_once(folder: Path) -> None:
    (warning,) = read_ansible_cfg(folder).warnings
    assert warning == (
        f"{folder}/ansible.cfg: these keys mean nothing here: host_key_checking, pipelining, [ssh_connection] ssh_args"
    )


def test_the_command_line_wins_over_variables_and_these_over_ansible_cfg(folder: Path) -> None:
    assert settled(folder, {"forks": "9"}, MOORING_FORKS="8")["forks"] == 9
    assert settled(folder, {"forks": ""}, MOORING_FORKS="8")["forks"] == 8
    assert settled(folder, {"forks": ""}, MOORING_FORKS="")["forks"] == 7
    assert settled(folder, {"inventory": ["x"]}, MOORING_INVENTORY="y")["inventory"] == ["x"]
    assert settled(folder, {"inventory": []}, MOORING_INVENTORY="y,$HOME/z")["inventory"] == (
        "y",
        f"{os.environ['HOME']}/z",
    )
    assert settled(folder, MOORING_INVENTORY="web1,web2,")["inventory"] == ("web1,web2,",)
    assert settled(folder, MOORING_TIMEOUT="3")["timeout"] == 3
    assert settle({}, read_ansible_cfg(folder / "nowhere"), {}) == {}
    # Only those that are documented, and none of Ansible's.
    assert settled(folder, ANSIBLE_FORKS="3", MOORING_BECOME_USER="x")["forks"] == 7
    assert settled(folder, MOORING_BECOME_USER="x")["become_user"] == "ops"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("forks = many", 'ansible.cfg:2:1: forks is "many" (it takes a whole number from 1 on)'),
        ("forks = 0", 'forks is "0" (it takes a whole number from 1 on)'),
        ("forks = ٣", "it takes a whole number"),
        ("timeout = -1", "it takes a whole number"),
        ("remote_user = a b", "it takes the name of a user"),
        ("remote_user = root\n  ProxyCommand x", "it takes the name of a user"),
        ("forks 7", "ansible.cfg:2:1: neither a section nor key = value"),
        ("forks=1\nforks=2", 'ansible.cfg:3:1: "forks" stands twice in [defaults]'),
        ("[defaults]", "ansible.cfg:2:1: [defaults] stands twice"),
        ("[privilege_escalation]\nbecome = perhaps", 'ansible.cfg:3:1: become is "perhaps" (it takes yes or no)'),
        ("[privilege_escalation]\nbecome_method = su", 'ansible.cfg:3:1: become_method is "su" (it takes sudo'),
    ],
)
def test_a_wrong_value_is_told_with_its_line(line: str, message: str, tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text(f"[defaults]\n{line}\n")
    with pytest.raises(SourceError, match=re.escape(message)):
        settled(tmp_path)


def test_a_file_without_a_section(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text("forks = 7\n")
    with pytest.raises(SourceError, match=r"ansible.cfg:1:1: a line before the first section, such as \[defaults\]"):
        settled(tmp_path)


@pytest.mark.parametrize("data", [b"[defaults]\nforks = \xff\n", b"\x00" * 50, b"[a]\n" * 3])
def test_files_that_are_none(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_bytes(data)
    with pytest.raises(SourceError):
        settled(tmp_path)


def test_sections_and_keys_as_configparser_has_them(tmp_path: Path) -> None:
    (tmp_path / "ansible.cfg").write_text(
        "[DEFAULT]\nforks = 3\n[defaults]\nForks = 4 ; four\ntimeout =\n100% = %(x)s\n"
    )
    cfg = read_ansible_cfg(tmp_path)
    assert settle({}, cfg, {}) == {"forks": 4}
    assert cfg.warnings == (f"{tmp_path}/ansible.cfg: these keys mean nothing here: [DEFAULT] forks, 100%",)


def test_a_directory_that_anybody_may_write_to(folder: Path) -> None:
    folder.chmod(0o777)
    cfg = read_ansible_cfg(folder)
    assert settle({}, cfg, {}) == {}
    assert cfg.warnings == (f"{folder}/ansible.cfg is ignored: anybody may write to its directory",)


@pytest.mark.parametrize("name", ["FORKS", "TIMEOUT"])
def test_a_wrong_variable_is_told_by_its_name(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f'MOORING_{name} is "x": it takes a whole number from 1 on'):
        settled(tmp_path, **{f"MOORING_{name}": "x"})
    with pytest.raises(UsageError, match=f'--{name.lower()} is "x": it takes a whole number from 1 on'):
        settled(tmp_path, {name.lower(): "x"})


# --- passwords ---


def test_a_file_and_a_question_are_two_ways_to_one_password(folder: Path) -> None:
    options = {"become_password_file": "f", "ask_become_pass": True}
    with pytest.raises(UsageError, match="--become-password-file and --ask-become-pass are two ways"):
        settled(folder, options)
    assert "ask_become_pass" not in settled(folder, {"become_password_file": "f"})
    assert "ask_become_pass" not in settled(folder, MOORING_BECOME_PASSWORD_FILE="f")
    settled_options = settled(folder, {"ask_become_pass": True}, MOORING_BECOME_PASSWORD_FILE="f")
    assert (settled_options["ask_become_pass"], "become_password_file" in settled_options) == (True, False)
    settled_options = settled(folder, {"ask_pass": True}, MOORING_CONNECTION_PASSWORD_FILE="f")
    assert (settled_options["ask_pass"], "connection_password_file" in settled_options) == (True, False)


def test_passwords_are_read_from_files(tmp_path: Path) -> None:
    for name in ("login", "sudo"):
        (tmp_path / name).write_text(f"{name} p$ss wörd\n")
        (tmp_path / name).chmod(0o600)
    request = Request(connection_password_file=f"{tmp_path}/login", become_password_file=f"{tmp_path}/sudo")
    made = connection_options(request)
    assert (made.passwords.login, made.passwords.become) == ("login p$ss wörd", "sudo p$ss wörd")


@pytest.mark.parametrize(
    ("text", "mode", "message"),
    [
        ("x\n", 0o644, r"holds a password, and others may read it \(0644\): chmod 600 "),
        ("x\n", 0o640, "others may read it"),
        ("#!/bin/sh\n", 0o700, "is executable, and no file with a password is run"),
        ("", 0o600, "must hold one line, the password; it has 0"),
        ("\n", 0o600, "must hold one line"),
        ("a\nb\n", 0o600, "it has 2"),
        (None, 0, "No such file"),
    ],
)
def test_a_password_file_that_is_none(text: str | None, mode: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    if text is not None:
        path.write_text(text)
        path.chmod(mode)
    with pytest.raises(MooringError, match=message) as caught:
        read_password(str(path))
    assert "#!/bin" not in str(caught.value)


def test_a_pipe_is_as_good(tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.write(writer, b"piped\n")
    os.close(writer)
    assert read_password(f"/dev/fd/{reader}") == "piped"
    os.close(reader)


# --- what is made of them ---


def test_the_remote_user_is_below_the_inventorys() -> None:
    run = RunOptions(remote_user="admin")
    assert ("User", "admin") in ConnectionSettings.from_variables("web1", {}, run).overrides
    own = ConnectionSettings.from_variables("web1", {"ansible_user": "root"}, run)
    assert ("User", "root") in own.overrides
    assert "User" not in dict(ConnectionSettings.from_variables("web1", {}).overrides)


def test_whom_a_look_becomes() -> None:
    assert looking_user({}, "admin", "ops") == "ops"
    assert looking_user({"ansible_become_user": "x"}, "admin", "ops") == "x"
    assert looking_user({}, "root") is None
    assert looking_user({"ansible_user": "admin"}, "root") == "root"


def test_the_runner_gets_become() -> None:
    made = options(Request(become=True, become_user="ops"))
    assert (made.become, made.become_user) == (True, "ops")


def test_the_page_has_every_setting() -> None:
    page = (Path(__file__).parents[3] / "docs" / "command-line.md").read_text(encoding="utf-8")
    for setting in SETTINGS:
        assert f"`{setting.variable}`" in page or not setting.variable
        assert (setting.key or setting.option) in page
        assert f"[{setting.section}]" in page

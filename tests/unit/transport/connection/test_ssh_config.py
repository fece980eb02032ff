"""OpenSSH's configuration as people break it: one line with the place, nothing unasked, nothing
without end."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mooring.errors import HostUnreachable
from mooring.transport.connection import config_lines
from mooring.transport.connection.ssh_config import resolve


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    return tmp_path / ".ssh" / "config"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('Host *\n  User a\nHost "a', ':3: Unparsable host "a'),
        ('\nMatch host "x', ":2: No closing quotation"),
        ('Match exec "', ":1: No closing quotation"),
        ('User a\nInclude "x', ":2: No closing quotation"),
        ("Match", ":1: Unparsable line Match"),
        ("Match user", ":1: Missing parameter"),
        ("Match localnetwork 192.0.2.0/24\n  User x", "`Match localnetwork` in the SSH configuration is not supported"),
        ("Include config", "is included without end"),
        ("Include *", "is included without end"),
        ("Port x", "port in the SSH configuration is 'x', which is not a number"),
        ("Port 99999999999", "it may be 0 to 65535"),
        ("ConnectTimeout nan", "it may be 0 to 1000000"),
        ("ConnectTimeout -1", "it may be 0 to 1000000"),
        ("CanonicalizeHostname yes", "'canonicaldomains' is missing"),
        ("CanonicalizeMaxDots x", "the SSH configuration is wrong: invalid literal"),
        ('UserKnownHostsFile "x', "No closing quotation"),
        ("HostName web1;reboot\nProxyCommand nc %h %p", "'web1;reboot' goes into no command"),
        ("User $(reboot)\nProxyCommand ssh %r@gate", "'$(reboot)' goes into no command"),
    ],
)
def test_mistakes(text: str, message: str, config: Path) -> None:
    config.write_text(text)
    with pytest.raises(HostUnreachable) as error:
        resolve("web1")
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    if message.startswith(":"):
        assert f"{config}{message}" in str(error.value)


def test_what_is_no_file(config: Path) -> None:
    os.mkfifo(config)
    with pytest.raises(HostUnreachable, match=r"config is a pipe, not a file"):
        resolve("web1")
    config.unlink()
    config.symlink_to("/dev/zero")
    with pytest.raises(HostUnreachable, match=r"config is a device, not a file"):
        resolve("web1")


def test_includes_do_not_walk_through_every_directory(config: Path, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b" / "c.conf").write_text("User deep\n")
    config.write_text(f"Include {tmp_path}/**/c.conf\nUser top\n")
    assert resolve("web1").user == "top"  # as in OpenSSH, ** is no more than *


def test_no_command_where_none_is_wanted(config: Path) -> None:
    config.write_text("ProxyCommand none\nProxyJump none\n")
    assert resolve("web1").proxy_command is None
    assert resolve("web1", config_file="none").user


def test_match_exec_is_asked_as_ssh_asks_it(config: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    config.write_text(
        f'Match host "web*" exec "echo %h >> {log}; cat"\n  User matched\n'
        'Match !exec "exit 1"\n  Port 2201\nMatch host "other" exec "touch {log}.other"\n  User wrong\n'
    )
    assert (resolve("web1").user, resolve("web1").port) == ("matched", 2201)
    assert log.read_text().split() == ["web1", "web1"]  # once for each time that it is asked
    assert not list(tmp_path.glob("*.other"))


def test_match_exec_gets_no_name_that_a_shell_would_obey(config: Path, tmp_path: Path) -> None:
    config.write_text('Match exec "test %h = x"\n  User matched\n')
    for name in (f"a;touch {tmp_path}/taken", f"$(touch {tmp_path}/taken)", "-oProxyCommand=x", "a b", "a\nb"):
        with pytest.raises(HostUnreachable, match="goes into no command of the SSH configuration"):
            resolve(name)
    assert not (tmp_path / "taken").exists()


def test_match_exec_that_does_not_end(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(config_lines, "EXEC_SECONDS", 0.1)
    config.write_text('Match exec "sleep 60"\n  User matched\n')
    with pytest.raises(HostUnreachable, match="did not end within"):
        resolve("web1")


def test_a_user_without_a_name(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def lack() -> str:
        raise KeyError("getpwuid(): uid not found: 4242")

    monkeypatch.setattr("getpass.getuser", lack)
    with pytest.raises(HostUnreachable, match=r"this machine has no name for the user .*: set USER"):
        resolve("web1")

"""Host variables and OpenSSH's configuration files become settings; known_hosts in all its
forms."""

from __future__ import annotations

import base64
import hashlib
import hmac
import struct
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.errors import HostKeyRejected, HostUnreachable, InventoryError, TemplateError
from mooring.templating.foreign_kinds import Foreign
from mooring.templating.templar import Templar
from mooring.transport.connection import ConnectionSettings, Passwords, RunOptions
from mooring.transport.connection.host_keys import HostKeyCheck, host_name
from mooring.transport.connection.known_hosts import HostKey, KnownHosts
from mooring.transport.connection.ssh_config import Target, resolve, resolve_jump


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".ssh").mkdir()
    return tmp_path


def target_of(**variables: Any) -> Target:
    settings = ConnectionSettings.from_variables("web1", variables)
    return resolve(settings.address, settings.overrides, settings.config_file)


def test_variables_win_over_files(home: Path) -> None:
    (home / ".ssh" / "config").write_text("Host web1\n  User file\n  Port 2200\n  HostName 192.0.2.7\n")
    assert str(target_of()) == "192.0.2.7:2200"
    assert target_of().user == "file"
    target = target_of(ansible_user="me", ansible_port="22", ansible_ssh_common_args="-o Port=99 -l other")
    assert (str(target), target.user) == ("192.0.2.7:22", "me")
    assert target_of(ansible_ssh_extra_args="-p 99 -oUser=other").user == "other"
    assert str(target_of(ansible_host="192.0.2.9")) == "192.0.2.9:22"


def test_named_file_replaces_the_usual_ones(home: Path) -> None:
    (home / ".ssh" / "config").write_text("Host *\n  User usual\n")
    (home / "own").write_text("Host *\n  User own\n")
    assert target_of(ansible_ssh_common_args=f"-F {home}/own").user == "own"
    with pytest.raises(HostUnreachable, match="does not exist"):
        target_of(ansible_ssh_common_args="-F /no/such/file")


def test_includes_and_first_value_wins(home: Path) -> None:
    (home / ".ssh" / "config").write_text("Include conf.d/*.conf\nHost *\n  User late\n  Port 2\n")
    (home / ".ssh" / "conf.d").mkdir()
    (home / ".ssh" / "conf.d" / "a.conf").write_text("Host web*\n  User early\n")
    assert (target_of().user, target_of().port) == ("early", 2)


def test_no_value_makes_a_setting_of_its_own(home: Path) -> None:
    with pytest.raises(HostUnreachable, match="IdentityFile holds a line end"):
        target_of(ansible_ssh_private_key_file="/a\nProxyCommand touch /tmp/x")


@pytest.mark.parametrize("name", ["plain", "a b -o ProxyCommand=x", "$(x)`x`;", 'it\'s "so"', "100%c"])
@pytest.mark.parametrize("inventory", ["inventory.yml", "lab/fleet.yml"])
def test_the_labs_inventories_in_any_directory(home: Path, inventory: str, name: str) -> None:
    text = yaml.safe_load((Path(__file__).parents[4] / inventory).read_text())["all"]["vars"]["ansible_ssh_common_args"]
    folder = str(home / name)
    target = target_of(ansible_ssh_common_args=Templar().render(text, {"inventory_dir": folder}))
    up = "/.." if inventory == "lab/fleet.yml" else ""
    assert target.host_key.user_files == (Path(f"{folder}{up}/.lab/ssh/known_hosts"),)
    assert (target.proxy_command, target.identities_only) == (None, True)


def test_ways_and_checks(home: Path) -> None:
    (home / ".ssh" / "config").write_text(
        "Host web1\n  ProxyJump me@one:2201, two\n  StrictHostKeyChecking accept-new\n  ConnectTimeout 3\n"
        "  UserKnownHostsFile ~/a ~/b\n  HostKeyAlias front\n  ServerAliveInterval 7\n  IdentitiesOnly yes\n"
        "  ServerAliveCountMax 2\n  IdentityFile ~/.ssh/k1\n"
    )
    target = target_of(ansible_ssh_private_key_file="~/k0")
    assert target.proxy_jump == ("me@one:2201", "two")
    assert target.identity_files == (f"{home}/k0", f"{home}/.ssh/k1")
    assert target.identities_only
    assert (target.timeout, target.alive_seconds, target.alive_count) == (3, 7, 2)
    assert target.host_key.user_files == (home / "a", home / "b")
    assert (target.host_key.name, target.host_key.accepts_new) == ("front", True)
    jump = resolve_jump("me@one:2201", None, False)
    assert (jump.user, str(jump)) == ("me", "one:2201")
    assert str(resolve_jump("ssh://[2001:db8::1]:2222", None, False)) == "2001:db8::1:2222"
    assert target_of(ansible_ssh_common_args="-J none").proxy_jump == ()


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"ansible_connection": "docker"}, "unsupported ansible_connection 'docker' (ssh or local)"),
        ({"ansible_become_method": "su"}, "unsupported ansible_become_method 'su' (only sudo)"),
        (
            {"ansible_become_flags": "-i"},
            "ansible_become_flags is not supported (sudo is called with -H",
        ),
        ({"ansible_shell_type": "csh"}, "ansible_shell_type is not supported (programs start by /bin/sh)"),
        ({"ansible_port": "ssh"}, "ansible_port is 'ssh' (a number from 1 to 65535)"),
        ({"ansible_ssh_common_args": "-A"}, "-A is not supported"),
        ({"ansible_ssh_common_args": "-o Cipher=none"}, "-o Cipher=none is not supported"),
        ({"ansible_ssh_common_args": "-o 'Port"}, "No closing quotation"),
    ],
)
def test_what_we_cannot_do_is_an_error(variables: dict[str, str], message: str) -> None:
    with pytest.raises(InventoryError) as caught:
        ConnectionSettings.from_variables("web1", variables)
    assert str(caught.value).startswith("web1: ")
    assert message in str(caught.value)


def test_options_that_mean_nothing_here_are_let_pass() -> None:
    arguments = "-o ControlMaster=auto -o ControlPersist=60s -o ControlPath=/tmp/x"
    assert ConnectionSettings.from_variables("web1", {"ansible_ssh_args": arguments}).overrides == ()


def test_ansibles_own_defaults_are_let_pass() -> None:
    variables = {"ansible_become_exe": "sudo", "ansible_shell_type": "sh", "ansible_become_flags": ""}
    assert ConnectionSettings.from_variables("web1", variables).kind == "ssh"


def test_become_and_interpreter() -> None:
    variables = {
        "ansible_connection": "local",
        "ansible_become": True,
        "ansible_become_password": "s3cret",
        "ansible_python_interpreter": "auto_silent",
    }
    settings = ConnectionSettings.from_variables("web1", variables, RunOptions(passwords=Passwords(become="other")))
    assert (settings.kind, settings.interpreter) == ("local", None)
    assert (settings.become.user, settings.become.password) == ("root", "s3cret")
    assert (settings.become_as("www").user, settings.become_as("www").password) == ("www", "s3cret")
    assert "s3cret" not in repr(settings)
    assert "other" not in repr(settings)


def key_of(content: bytes, kind: str = "ssh-ed25519") -> HostKey:
    """A key in the form of the wire: each part behind its length."""
    parts = (kind.encode(), content)
    return HostKey(kind, base64.b64encode(b"".join(struct.pack(">I", len(part)) + part for part in parts)).decode())


KEY, OTHER, RSA = key_of(b"key"), key_of(b"other"), key_of(b"other", "ssh-rsa")


def hashed(name: str) -> str:
    digest = hmac.new(b"salt", name.encode(), hashlib.sha1).digest()
    return f"|1|{base64.b64encode(b'salt').decode()}|{base64.b64encode(digest).decode()}"


@pytest.mark.parametrize(
    ("patterns", "name", "matches"),
    [
        ("web1", "web1", True),
        ("WEB1,other", "web1", True),
        ("web?", "web1", True),
        ("*,!web1", "web1", False),
        ("web1", "[web1]:2222", False),
        ("[web1]:2222", "[web1]:2222", True),
        ("[*]:2222", "[web1]:2222", True),
        (hashed("[web1]:2222"), "[web1]:2222", True),
        (hashed("web2"), "web1", False),
        ("|1|broken", "web1", False),
    ],
)
def test_names_in_known_hosts(tmp_path: Path, patterns: str, name: str, matches: bool) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"# {patterns} comment\n\n{patterns} {KEY.kind} {KEY.blob} comment\n")
    keys = KnownHosts().find([path, tmp_path / "missing"], name)
    assert [entry.place for entry in keys] == ([f"{path}:3"] if matches else [])


def test_host_names_with_ports() -> None:
    assert (host_name("web1", 22), host_name("web1", 2222)) == ("web1", "[web1]:2222")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (f"@revoked * {KEY.kind} {KEY.blob}", "is revoked by"),
        (f"web1 {OTHER.kind} {OTHER.blob}", "has changed"),
        (f"web1 ssh-rsa {RSA.blob}", "has ssh-rsa SHA256:"),
        (f"@cert-authority * {OTHER.kind} {OTHER.blob}", "certificate authorities as in"),
        ("", f"web1 {KEY.kind} {KEY.blob}"),
    ],
)
def test_keys_that_are_refused(tmp_path: Path, line: str, message: str) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(line + "\n")
    with pytest.raises(HostKeyRejected) as caught:
        HostKeyCheck("web1", (path,)).check(KEY, KnownHosts())
    assert message in caught.value.reason


def test_recording_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"web2 {OTHER.kind} {OTHER.blob}")  # no newline at its end
    for _ in range(2):
        HostKeyCheck("web1", (path,), accepts_new=True).check(KEY, KnownHosts())
        KnownHosts().record(path, "web1", KEY)
    assert path.read_text() == f"web2 {OTHER.kind} {OTHER.blob}\nweb1 {KEY.kind} {KEY.blob}\n"
    HostKeyCheck("web1", (path,)).check(KEY, KnownHosts())


def test_revoked_key_is_not_recorded(tmp_path: Path) -> None:
    path = tmp_path / "known_hosts"
    path.write_text(f"@revoked web1 {KEY.kind} {KEY.blob}\n")
    with pytest.raises(HostKeyRejected, match="is revoked"):
        HostKeyCheck("web1", (path,), accepts_new=True).check(KEY, KnownHosts())


@pytest.mark.parametrize(
    "name",
    [
        "ansible_connection", "ansible_become_method", "ansible_host", "ansible_port", "ansible_user",
        "ansible_password", "ansible_ssh_common_args", "ansible_ssh_private_key_file", "ansible_python_interpreter",
        "ansible_become_user", "ansible_become_password", "ansible_timeout",
    ],
)  # fmt: skip
def test_no_setting_is_a_hosts_text(name: str) -> None:
    """Variables without facts hold none; should one come through all the same, it is refused
    here."""
    with pytest.raises(TemplateError, match="text that a host sent"):
        ConnectionSettings.from_variables("web1", {name: Foreign("local")})


def test_files_that_the_inventory_names_are_looked_for_in_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the operator stands; what is not there is relative to the working
    directory, as ssh has it."""
    for place, name in (("project", "key"), ("project", "config"), ("here", "key"), ("here", "other")):
        (tmp_path / place).mkdir(exist_ok=True)
        (tmp_path / place / name).write_text("")
    monkeypatch.chdir(tmp_path / "here")
    options = RunOptions(directory=tmp_path / "project")

    def settings(**variables: str) -> ConnectionSettings:
        return ConnectionSettings.from_variables("web1", variables, options)

    assert settings(ansible_ssh_private_key_file="key").key_file == str(tmp_path / "project" / "key")
    assert settings(ansible_ssh_private_key_file="other").key_file == "other"
    assert settings(ansible_ssh_common_args="-F config").config_file == str(tmp_path / "project" / "config")
    assert ("IdentityFile", str(tmp_path / "project" / "key")) in settings(ansible_ssh_args="-i key").overrides
    (tmp_path / "project" / "known hosts").write_text("")
    named = "-o identityfile=key -o \"UserKnownHostsFile='known hosts' other ~/x\" -o GlobalKnownHostsFile=none"
    overrides = settings(ansible_ssh_common_args=named).overrides
    assert overrides[0] == ("identityfile", str(tmp_path / "project" / "key"))
    check = resolve("web1", overrides, "none").host_key
    assert check.user_files == (tmp_path / "project" / "known hosts", Path("other"), Path("~/x").expanduser())
    assert check.global_files == ()

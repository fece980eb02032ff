"""Settings of the mirror that cannot hold are refused by the control machine alone, before
any host is touched."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mooring.actions.mirror_settings import run
from mooring.cli.options import Request
from mooring.cli.provision import run_playbook

NAME = "registry.example.com"
MIRROR = f"mirror.{NAME}"


def ask(tmp_path: Path | None = None, **settings: Any) -> Any:
    """What the task says of these arguments."""
    args = {"registry_names": [NAME], "mirror_names": [MIRROR], "upstreams": [], "own_namespaces": [], **settings}
    place = tmp_path or Path("/")
    call: Any = SimpleNamespace(args=args, host="s", find=lambda name, folder: place / name)
    return run(call)


@pytest.mark.parametrize("names", [[], [MIRROR], [f"{MIRROR}:8080"], ["cache.example.com", MIRROR]])
def test_names_that_can_hold(names: list[str]) -> None:
    assert not ask(mirror_names=names, own_namespaces=["acme", "ghcr.io/acme"]).get("failed")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"mirror_names": [NAME]}, f"{NAME} is a name of the registry too"),
        ({"mirror_names": ["Registry.Example.com.:8080"]}, "is a name of the registry too"),
        ({"mirror_names": ["192.0.2.7"]}, "192.0.2.7 is an address"),
        ({"mirror_names": ["a b"]}, '"a b" is no name'),
        ({"mirror_names": ["*.example.com"]}, "is no name"),
        ({"upstreams": [{"registry": "docker.io", "addresses": ["hub.example.com"]}]}, "no scheme"),
        ({"own_namespaces": ["Acme"]}, '"Acme" is none'),
        ({"own_namespaces": ["/"]}, '"/" is none'),
    ],
)
def test_what_cannot_hold_is_one_sentence(settings: dict[str, Any], words: str) -> None:
    reply = ask(**settings)
    assert reply["failed"]
    assert words in reply["msg"]
    assert "\n" not in reply["msg"]


def account(**settings: str) -> dict[str, Any]:
    return {"upstreams": [{"registry": "docker.io", "username": "me", **settings}]}


def test_a_password_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_PASSWORD", raising=False)
    assert "export HUB_PASSWORD=" in ask(**account(password_env="HUB_PASSWORD"))["msg"]
    monkeypatch.setenv("HUB_PASSWORD", "geheim")
    reply = ask(**account(password_env="HUB_PASSWORD"))
    assert not reply.get("failed")
    assert "geheim" not in str(reply)


def test_a_passwords_file_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "hub.password"
    settings = account(password_file="hub.password")
    assert "No such file" in ask(tmp_path, **settings)["msg"]
    file.write_text("geheim\n")
    file.chmod(0o644)
    assert f"others may read {file} (mode 0644): chmod 600" in ask(tmp_path, **settings)["msg"]
    file.chmod(0o600)
    assert not ask(tmp_path, **settings).get("failed")
    file.write_text("\n")
    assert "must hold the password" in ask(tmp_path, **settings)["msg"]
    assert "geheim" not in str(ask(tmp_path, **settings))


@pytest.mark.parametrize("playbook", ["server", "clients"])
def test_no_host_is_touched_before(playbook: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The host cannot be reached at all, and the run ends before that is seen."""
    inventory = tmp_path / "inventory.yml"
    host = {"ansible_host": "127.0.0.1", "ansible_port": 1}
    hosts = {"server": {"hosts": {"s": host}}, "clients": {"hosts": {"c": host}}}
    wrong = {"registry_names": [NAME], "mirror_names": [NAME]}
    inventory.write_text(json.dumps({"all": {"vars": wrong, "children": hosts}}))
    request = Request(inventory=(str(inventory),))
    assert run_playbook(str(request.project.playbook(f"{playbook}.yml")), request) == 2
    shown = capsys.readouterr().out
    assert f"mirror_names: {NAME} is a name of the registry too" in shown
    assert "UNREACHABLE" not in shown

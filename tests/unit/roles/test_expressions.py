"""What the roles' tasks hand to their actions: the expressions rendered by the
engine's own templating."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.playbook.roles import load_variables
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables

ROLE = Path(__file__).parents[3] / "roles/registry_client"
NAME = "registry.example.com"


def arguments(**values: Any) -> dict[str, Any]:
    """What registry_client's task gives its action with these variables."""
    task, _ = yaml.safe_load((ROLE / "tasks/main.yml").read_text())
    templar = Templar()
    variables = Variables(templar, [(load_variables(ROLE / "defaults/main.yml"), False), (values, False)])
    rendered: dict[str, Any] = templar.render(task["registry_client"], variables)
    return rendered


def test_by_default_the_registry_is_insecure_searched_and_a_mirror() -> None:
    args = arguments()
    assert args["registries"] == [
        {"name": NAME, "insecure": True},
        {"name": f"mirror.{NAME}", "insecure": True},
        {"name": NAME, "search": "where-possible"},
    ]
    assert args["mirrors"] == [{"url": f"http://mirror.{NAME}", "registry": "docker.io"}]
    assert args["allow_restart"] is False
    assert (args["state"], args["deadline"], args["fault"], args["service"]) == ("present", 180, "", "docker")


def test_with_a_ca_nothing_is_insecure() -> None:
    args = arguments(registry_client_ca_file="tls/ca.crt", registry_names=["a.example.com", "b.example.com"])
    assert args["registries"] == [
        {"name": "a.example.com", "ca_file": "tls/ca.crt"},
        {"name": "b.example.com", "ca_file": "tls/ca.crt"},
        {"name": "mirror.a.example.com", "ca_file": "tls/ca.crt"},
        {"name": "a.example.com", "search": "where-possible"},
    ]
    assert args["mirrors"] == [{"url": "https://mirror.a.example.com", "registry": "docker.io"}]


@pytest.mark.parametrize("name", ["registry_client_insecure_registries", "registry_client_add_registries"])
def test_empty_lists_ask_for_nothing(name: str) -> None:
    assert len(arguments(**{name: []})["registries"]) == {"insecure": 1, "add": 2}[name.split("_")[2]]


def test_without_a_name_of_the_mirrors_the_registry_is_the_mirror() -> None:
    for values in ({"mirror_names": []}, {"registry_client_names": ["other.example.com:8443"]}):
        args = arguments(**values)
        name = values.get("registry_client_names", [NAME])[0]
        assert args["mirrors"] == [{"url": f"http://{name}", "registry": "docker.io"}]
        assert {entry["name"] for entry in args["registries"]} == {name}
    some = arguments(registry_client_names=["b.example.com"], registry_names=[NAME, "b.example.com"])
    assert some["mirrors"] == [{"url": f"http://mirror.{NAME}", "registry": "docker.io"}]


def test_a_client_certificate_belongs_to_every_name() -> None:
    registries = arguments(registry_client_certificate_file="c.pem", registry_client_key_file="k.pem")["registries"]
    assert {"name": NAME, "certificate_file": "c.pem"} in registries
    assert {"name": NAME, "key_file": "k.pem"} in registries


def test_further_registries_and_mirrors_go_as_they_are() -> None:
    own = {"name": "other.example.com", "block": True}
    mirror = {"url": "http://m.example.com", "registry": "ghcr.io"}
    registries = arguments(registry_client_registries=[own], registry_client_registry_mirrors=[mirror])
    assert registries["registries"][-1] == own
    assert registries["mirrors"][-1] == mirror

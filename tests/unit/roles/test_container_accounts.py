"""The accounts that the roles registry and nginx give their containers, and the rights
that go with them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mooring.playbook.roles import load_variables
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables

ROLES = Path(__file__).parents[3] / "roles"
NEW = {"registry_directory": {"stat": {"exists": False}}, "registry_earlier": {"rc": 1, "stdout": ""}}


def directory(uid: int, gid: int) -> dict[str, Any]:
    return {"registry_directory": {"stat": {"exists": True, "uid": uid, "gid": gid}}}


def variables(role: str, **values: Any) -> Variables:
    layers = [
        (load_variables(ROLES / role / "defaults/main.yml"), False),
        (load_variables(ROLES / role / "vars/main.yml"), False),
        ({**NEW, **values}, True),
    ]
    return Variables(Templar(), layers)


@pytest.mark.parametrize(
    ("values", "account"),
    [
        ({}, "65532:65532"),
        (directory(0, 0), "65532:65532"),
        (directory(1000, 50), "1000:50"),
        ({**directory(1000, 50), "registry_user": "root"}, "0:0"),
        ({**directory(1000, 50), "registry_user": "2000"}, "2000:2000"),
        ({"registry_user": 2000}, "2000:2000"),
        ({"registry_user": "2000:3000"}, "2000:3000"),
    ],
)
def test_the_registrys_account(values: dict[str, Any], account: str) -> None:
    computed = variables("registry", **values)
    assert computed["registry_account"] == account
    assert f"{computed['registry_uid']}:{computed['registry_gid']}" == account


@pytest.mark.parametrize(("user", "account"), [("65531", "65531:65531"), ("root", "0:0"), ("101:5", "101:5")])
def test_nginxs_account(user: str, account: str) -> None:
    computed = variables("nginx", nginx_user=user)
    assert computed["nginx_account"] == account
    assert f" --user {account} --cap-drop ALL " in computed["nginx_trial"]


def test_only_root_needs_a_capability() -> None:
    assert variables("registry")["registry_container_capabilities"] == []
    assert variables("registry", registry_user="root")["registry_container_capabilities"] == ["DAC_OVERRIDE"]
    own = variables("registry", registry_capabilities=["NET_BIND_SERVICE"])
    assert own["registry_container_capabilities"] == ["NET_BIND_SERVICE"]
    assert variables("nginx")["nginx_container_capabilities"] == []
    assert variables("nginx", nginx_user="0:0")["nginx_container_capabilities"] == ["SETGID", "SETUID"]


@pytest.mark.parametrize(
    ("values", "hands_over"),
    [
        ({}, False),
        (directory(0, 0), True),
        (directory(65532, 65532), True),
        ({**directory(0, 0), "registry_user": "root"}, False),
        ({**directory(0, 0), "registry_user": "root", "registry_earlier": {"rc": 0, "stdout": ""}}, False),
        ({**directory(0, 0), "registry_user": "root", "registry_earlier": {"rc": 0, "stdout": "65532:65532"}}, True),
    ],
)
def test_storage_changes_hands_where_its_account_needs_it(values: dict[str, Any], hands_over: bool) -> None:
    """Root never needed to own anything, and a network file system may not let it."""
    assert variables("registry", **values)["registry_hands_over"] is hands_over


@pytest.mark.parametrize(
    ("stdout", "effect"),
    [("", "keeps running"), ("root", "keeps running"), ("65532:65532", "keeps running"), ("7:7", "pushes may fail")],
)
def test_what_the_handover_means_for_clients_is_told(stdout: str, effect: str) -> None:
    computed = variables("registry", **directory(0, 0), registry_earlier={"rc": 0, "stdout": stdout})
    assert effect in computed["registry_handover_effect"]

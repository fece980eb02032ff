"""What the roles work out from a host's files: the expressions of roles/*/vars, rendered by the engine's templating."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from mooring.roles import load_variables
from mooring.templating import Templar
from mooring.variables import Variables

ROLE = Path(__file__).parents[2] / "roles/registry_client"
NAME = "registry.example.com"
PLAIN_INFO = {
    "ServerVersion": "26.1.5",
    "RegistryConfig": {"IndexConfigs": {"docker.io": {"Secure": True}}, "Mirrors": None},
}


def encoded(text: str) -> dict[str, str]:
    """What slurp returns."""
    return {"content": base64.b64encode(text.encode()).decode()}


def client(
    sysconfig: str = "", daemon: str = "", record: dict[str, Any] | None = None, info: Any = None, **given: Any
) -> Variables:
    """The role's variables on a host with these files; a host with a sysconfig is Red Hat's."""
    facts = {
        "registry_client_redhat_binary": {"stat": {"exists": bool(sysconfig)}},
        "registry_client_sysconfig": encoded(sysconfig),
        "registry_client_daemon_file": encoded(daemon),
        "registry_client_record_file": encoded(json.dumps(record or {})),
        "registry_client_host_info": {"host_info": info or PLAIN_INFO},
        "registry_client_info_text": {"stdout": given.pop("info_text", "")},
    }
    layers = [
        (load_variables(ROLE / "defaults/main.yml"), False),
        (load_variables(ROLE / "vars/main.yml"), False),
        (facts, True),
        (given, False),
    ]
    return Variables(Templar(), layers)


def flag_line(sysconfig: str, variable: str = "INSECURE_REGISTRY", **given: Any) -> str:
    """The line that the role would write, "" where it writes none."""
    variables = client(sysconfig, **given)
    item = next(flag for flag in list(variables["registry_client_flags"]) if flag["variable"] == variable)
    inner = variables.with_layer({"item": dict(item)}, final=True)
    if inner["registry_client_new_entries"] == inner["registry_client_entries"]:
        return ""
    quote, value = inner["registry_client_quote"], inner["registry_client_new_value"]
    return f"{variable}={quote}{value}{quote}"


OURS = f"--insecure-registry {NAME}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("OPTIONS=''\n", f"INSECURE_REGISTRY='{OURS}'"),
        ("# INSECURE_REGISTRY='--insecure-registry'\n", f"INSECURE_REGISTRY='{OURS}'"),
        ("INSECURE_REGISTRY=\n", f"INSECURE_REGISTRY='{OURS}'"),
        ("INSECURE_REGISTRY=''\n", f"INSECURE_REGISTRY='{OURS}'"),
        ("INSECURE_REGISTRY='--insecure-registry '\n", f"INSECURE_REGISTRY='{OURS}'"),
        (f"INSECURE_REGISTRY='{OURS}'\n", ""),
        (f"INSECURE_REGISTRY={OURS.replace(' ', '=')}\n", ""),
        (f"INSECURE_REGISTRY='{OURS} --insecure-registry=a:5000'\n", ""),
        ("INSECURE_REGISTRY='--insecure-registry a:5000'\n", f"INSECURE_REGISTRY='--insecure-registry a:5000 {OURS}'"),
        (
            'INSECURE_REGISTRY="--insecure-registry=a:5000 $MORE"\n',
            f'INSECURE_REGISTRY="$MORE --insecure-registry a:5000 {OURS}"',
        ),
        (
            f"INSECURE_REGISTRY='{OURS}'\nINSECURE_REGISTRY='--insecure-registry b'\n",
            f"INSECURE_REGISTRY='--insecure-registry b {OURS}'",
        ),
        (
            "INSECURE_REGISTRY='--insecure-registry a --block-registry all'\n",
            f"INSECURE_REGISTRY='--block-registry all --insecure-registry a {OURS}'",
        ),
        (f"INSECURE_REGISTRY='{OURS}:5000'\n", f"INSECURE_REGISTRY='{OURS}:5000 {OURS}'"),
    ],
)  # fmt: skip
def test_flags_are_merged(before: str, after: str) -> None:
    assert flag_line(before) == after


def test_only_what_this_role_added_is_taken_away() -> None:
    before = "INSECURE_REGISTRY='--insecure-registry theirs --insecure-registry old'\n"
    record = {"insecure-registries": ["old"]}
    assert flag_line(before, record=record) == f"INSECURE_REGISTRY='--insecure-registry theirs {OURS}'"
    only_ours = "INSECURE_REGISTRY='--insecure-registry old'\n"
    assert flag_line(only_ours, record=record, registry_client_insecure_registries=[]) == "INSECURE_REGISTRY=''"


def test_an_empty_list_writes_no_flag() -> None:
    assert flag_line("OPTIONS=''\n", "ADD_REGISTRY", registry_client_add_registries=[]) == ""
    assert flag_line("OPTIONS=''\n", "ADD_REGISTRY") == f"ADD_REGISTRY='--add-registry {NAME}'"


@pytest.mark.parametrize("value", ["'--insecure-registry a", "'a' 'b'", '"a\\"b"', "a b", "'a'\\", "'a'  # lab"])
def test_values_that_cannot_be_kept_whole_are_seen(value: str) -> None:
    variables = client(f"INSECURE_REGISTRY={value}\n").with_layer(
        {"item": {"variable": "INSECURE_REGISTRY"}}, final=True
    )
    templar = Templar()
    expression = "{{ registry_client_assigned is match(registry_client_assignment_pattern) }}"
    assert templar.render(expression, variables) is False


def test_daemon_json_is_made_where_there_is_none() -> None:
    for empty in ("", "\n", "{}"):
        made = client(daemon=empty)["registry_client_new_daemon_json"]
        assert made == {"registry-mirrors": [f"http://{NAME}"], "insecure-registries": [NAME]}


def test_daemon_json_keeps_the_operators_keys_order_and_entries() -> None:
    before = {
        "log-driver": "json-file",
        "insecure-registries": ["a:5000"],
        "bip": "10.9.0.1/16",
        "registry-mirrors": ["https://m.example.com/"],
    }
    made = client(daemon=json.dumps(before))["registry_client_new_daemon_json"]
    assert list(made) == list(before)
    assert made["insecure-registries"] == ["a:5000", NAME]
    assert made["registry-mirrors"] == ["https://m.example.com/", f"http://{NAME}"]
    again = client(daemon=json.dumps(made))
    assert again["registry_client_new_daemon_json"] == again["registry_client_daemon_json"]


def test_a_key_is_emptied_not_deleted() -> None:
    variables = client(
        daemon=json.dumps({"registry-mirrors": ["http://old"], "insecure-registries": ["old", "theirs"]}),
        record={"registry-mirrors": ["http://old"], "insecure-registries": ["old"]},
        registry_client_mirrors=[],
        registry_client_insecure_registries=[],
    )
    assert variables["registry_client_new_daemon_json"] == {"registry-mirrors": [], "insecure-registries": ["theirs"]}
    untouched = client(registry_client_mirrors=[], registry_client_insecure_registries=[])
    assert untouched["registry_client_new_daemon_json"] == {}


def test_red_hats_insecure_registries_stay_out_of_daemon_json() -> None:
    made = client("OPTIONS=''\n", daemon="{}")["registry_client_new_daemon_json"]
    assert made == {"registry-mirrors": [f"http://{NAME}"]}


def test_with_a_ca_nothing_is_insecure() -> None:
    made = client(registry_client_ca_file="tls/ca.crt")["registry_client_new_daemon_json"]
    assert made == {"registry-mirrors": [f"https://{NAME}"]}


LIVE = {
    "ServerVersion": "26.1.5",
    "RegistryConfig": {
        "IndexConfigs": {"docker.io": {"Secure": True}, NAME: {"Secure": False}},
        "InsecureRegistryCIDRs": ["127.0.0.0/8"],
        "Mirrors": [f"http://{NAME}/"],
    },
}


def test_the_daemons_word_decides() -> None:
    assert client(info=LIVE)["registry_client_differences"] == []
    assert client()["registry_client_differences"] == [
        f"insecure registry not in effect: {NAME}",
        f"mirror not in effect: http://{NAME}",
    ]
    stale = client(info=LIVE, record={"registry-mirrors": [f"http://{NAME}"]}, registry_client_mirrors=[])
    assert stale["registry_client_differences"] == [f"mirror still in effect: http://{NAME}"]


def test_added_registries_are_read_from_red_hats_info() -> None:
    text = f"Server Version: 1.13.1\nRegistries: {NAME} (insecure), docker.io (secure)\n"
    assert client("x=1\n", info=LIVE, info_text=text)["registry_client_differences"] == []
    missing = client("x=1\n", info=LIVE, info_text="Registries: docker.io (secure)\n")
    assert missing["registry_client_differences"] == [f"added registry not in effect: {NAME}"]


@pytest.mark.parametrize(
    ("version", "suffices"),
    [
        ("1.13.1", False),
        ("17.03.2-ce", False),
        ("20.10.24+dfsg1", True),
        ("23.0.6", False),
        ("23.0.7", True),
        ("24.0.0", False),
        ("28.2.2", True),
    ],
)
def test_reload_suffices_by_version(version: str, suffices: bool) -> None:
    variables = client(info={**PLAIN_INFO, "ServerVersion": version})
    assert variables["registry_client_reload_suffices"] is suffices
    only_mirrors = client(info={**PLAIN_INFO, "ServerVersion": version}, registry_client_insecure_registries=[])
    assert only_mirrors["registry_client_reload_suffices"] is (suffices or version[:2] in ("23", "24"))


def test_red_hats_engine_is_always_restarted() -> None:
    assert client("x=1\n", info={**PLAIN_INFO, "ServerVersion": "28.2.2"})["registry_client_reload_suffices"] is False


def test_the_record_names_only_what_was_not_there() -> None:
    daemon = json.dumps({"insecure-registries": [NAME]})
    made = client(daemon=daemon)["registry_client_new_record"]
    assert dict(made) == {
        "insecure-registries": [],
        "add-registry": [],
        "registry-mirrors": [f"http://{NAME}"],
        "ca": [],
    }
    kept = client(daemon=daemon, record={"insecure-registries": [NAME]})["registry_client_new_record"]
    assert kept["insecure-registries"] == [NAME]
    redhat = client(f'ADD_REGISTRY="--add-registry {NAME}"\n')["registry_client_new_record"]
    assert redhat["add-registry"] == []
    assert redhat["insecure-registries"] == [NAME]

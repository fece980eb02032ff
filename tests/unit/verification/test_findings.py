"""Judging what was seen: each layer by itself, from the name up to the registry."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.registry.transport import Endpoint
from mooring.verification.engines.settings import added_registries, judge_added, judge_insecure, judge_mirrors
from mooring.verification.findings import (
    HTTP,
    NAME,
    REGISTRY,
    SETTING,
    TCP,
    TLS,
    Finding,
    Wrong,
    expect,
    judge_probe,
)

ENDPOINT = Endpoint("registry.example.com")
VERSION = ["Docker-Distribution-Api-Version", "registry/2.0"]
GOOD = {
    "layer": "",
    "msg": "",
    "addresses": ["192.0.2.10"],
    "status": 200,
    "headers": [["Content-Length", "2"], VERSION],
    "body": "{}",
}


@pytest.mark.parametrize("change", [{}, {"status": 401, "body": "{...}"}, {"body": "{}\n"}])
def test_a_good_answer_has_no_finding(change: dict[str, Any]) -> None:
    assert judge_probe({**GOOD, **change}, ENDPOINT, "192.0.2.10") is None


@pytest.mark.parametrize(
    ("change", "layer", "words"),
    [
        ({"layer": NAME, "msg": "does not resolve", "addresses": []}, NAME, "does not resolve"),
        ({"addresses": ["192.0.2.99"]}, NAME, "resolves to 192.0.2.99, not to 192.0.2.10"),
        ({"layer": TCP, "msg": "Connection refused"}, TCP, "Connection refused"),
        ({"layer": TLS, "msg": "certificate verify failed"}, TLS, "certificate"),
        ({"layer": HTTP, "msg": "does not speak HTTP"}, HTTP, "does not speak"),
        ({"status": 502}, REGISTRY, "nginx answers 502"),
        ({"status": 404, "headers": []}, HTTP, "answers 404 instead of 200"),
        ({"status": 500}, REGISTRY, "answers 500"),
        ({"headers": [VERSION, VERSION]}, HTTP, "once, but is registry/2.0 and registry/2.0"),
        ({"headers": []}, HTTP, "once, but is missing"),
        ({"body": "<h1>It works"}, HTTP, "<h1>It works"),
    ],
)
def test_the_layer_that_is_wrong_is_named(change: dict[str, Any], layer: str, words: str) -> None:
    finding = judge_probe({**GOOD, **change}, ENDPOINT, "192.0.2.10")
    assert finding is not None
    assert finding.layer == layer
    assert words in finding.message
    assert finding.remedy


def test_expect_raises_what_was_found() -> None:
    expect(None)
    with pytest.raises(Wrong, match="TCP: refused\n  remedy: look") as caught:
        expect(Finding(TCP, "refused", "look"))
    assert caught.value.finding.layer == TCP


INFO = {
    "RegistryConfig": {
        "Mirrors": ["http://registry.example.com/"],
        "InsecureRegistryCIDRs": ["127.0.0.0/8", "198.51.100.0/24"],
        "IndexConfigs": {
            "docker.io": {"Secure": True},
            "registry.example.com": {"Secure": False},
        },
    }
}


def test_the_engines_own_word_on_mirrors() -> None:
    assert judge_mirrors(INFO, ["http://registry.example.com"]) is None
    finding = judge_mirrors(INFO, ["http://mirror.example.com"])
    assert finding is not None
    assert finding.layer == SETTING
    assert finding.message == (
        "the engine's mirrors lack http://mirror.example.com; it has: http://registry.example.com"
    )


@pytest.mark.parametrize("entry", ["registry.example.com", "198.51.100.0/24", "198.51.100.7", "127.0.0.1"])
def test_insecure_registries_in_effect(entry: str) -> None:
    assert judge_insecure(INFO, [entry]) is None


@pytest.mark.parametrize("entry", ["docker.io", "registry.example.com:5000", "198.51.100.0/23", "2001:db8::1"])
def test_insecure_registries_not_in_effect(entry: str) -> None:
    finding = judge_insecure(INFO, [entry])
    assert finding is not None
    assert entry in finding.message


def test_an_engine_without_any_setting() -> None:
    finding = judge_insecure({}, ["registry.example.com"])
    assert finding is not None
    assert finding.message.endswith("it has: none")


TEXT = "Insecure Registries:\n 127.0.0.0/8\nRegistries: registry.example.com (insecure), docker.io (secure)\n"


@pytest.mark.parametrize(
    ("info", "text"),
    [
        ({}, TEXT),
        ({"Registries": ["registry.example.com", "docker.io"]}, ""),
        ({"Registries": [{"Name": "registry.example.com", "Secure": False}, {"Name": "docker.io"}]}, TEXT),
    ],
)
def test_added_registries_by_the_api_or_by_the_clients_line(info: dict[str, Any], text: str) -> None:
    assert added_registries(info, text) == ["registry.example.com", "docker.io"]
    assert judge_added(info, text, ["registry.example.com"]) is None
    finding = judge_added(info, text, ["other.example.com"])
    assert finding is not None
    assert finding.layer == SETTING


def test_an_engine_that_knows_no_added_registries() -> None:
    assert added_registries({}, "Server Version: 26.1") == []

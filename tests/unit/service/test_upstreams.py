"""The upstreams and their accounts, from the server's variables."""

from __future__ import annotations

from typing import Any

import pytest

from mooring.errors import UsageError
from mooring.registry.tokens import Account
from mooring.service.upstreams import Secrets, read_settings

SECRETS = Secrets({"HUB_PASSWORD": "s3cret"}, lambda path: f"from {path}")


def read(entry: Any = None, **variables: Any) -> Any:
    return read_settings({**({"mirror_upstreams": [entry]} if entry is not None else {}), **variables}, SECRETS)


def test_a_registry_that_is_not_listed_is_asked_under_its_own_name() -> None:
    settings = read()
    assert [place.url for place in settings.find("docker.io").addresses] == ["https://registry-1.docker.io"]
    assert [place.url for place in settings.find("ghcr.io").addresses] == ["https://ghcr.io"]
    assert [place.url for place in settings.find("r.example.com:5000").addresses] == ["https://r.example.com:5000"]
    assert (settings.via, settings.reserve) == ("server", 20)


def test_addresses_and_accounts() -> None:
    addresses = ["https://accelerator.example.com", "http://192.0.2.9:5000"]
    entry = {"registry": "docker.io", "addresses": addresses, "username": "ada", "password_env": "HUB_PASSWORD"}
    setting = read(entry, sync_via="control", hub_reserve=0).find("docker.io")
    assert [place.url for place in setting.addresses] == addresses
    assert setting.account == Account("ada", "s3cret")
    assert "s3cret" not in repr(setting)
    entry = {"registry": "quay.io", "username": "ada", "password_file": "secret"}
    assert read(entry).find("quay.io").account == Account("ada", "from secret")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ("docker.io", "entry 1 has no registry"),
        ({"registry": "Docker"}, '"Docker" is no registry'),
        ({"registry": "docker.io", "addresses": ["x.example.com"]}, 'address "x.example.com" has no scheme'),
        ({"registry": "docker.io", "addresses": ["https://x.example.com:x"]}, "must be https://host[:port]"),
        ({"registry": "docker.io", "addresses": ["https://ada:s3cret@x.example.com"]}, "has a login in it"),
        ({"registry": "docker.io", "addresses": ["https://x.example.com:99999"]}, "must be https://host[:port]"),
        ({"registry": "docker.io", "addresses": ["https://[x"]}, "must be https://host[:port]"),
        ({"registry": "docker.io", "username": "ada"}, "an account is username with password_env or password_file"),
        ({"registry": "docker.io", "username": "ada", "password_env": "NONE"}, "the environment has no NONE"),
    ],
)
def test_mistakes(entry: Any, reason: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(entry)
    assert reason in str(caught.value)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "variables", [{"sync_via": "mail"}, {"hub_reserve": "many"}, {"mirror_upstreams": "docker.io"}]
)
def test_settings_of_another_kind(variables: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(variables))):
        read(**variables)

"""The action registry_certificate: which files it looks at, for whom, and what it says."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mooring.actions.registry_certificate import run
from mooring.certificates.subjects import names_of, trusted_by
from mooring.errors import PlaybookError
from mooring.templating.foreign import choose, mark
from mooring.templating.foreign_kinds import join
from tests.support.authority import NAME, OTHER, Pair, authority, leaf

CA, ELSE = authority("ca"), authority("else")
GOOD, LACKS = leaf(CA, NAME, OTHER), leaf(CA, NAME)


def refusals(folder: Path, files: dict[str, str], hosts: dict[str, Any], servers: str = "s") -> list[str]:
    """What the task says on the host "s"; `files` are the control machine's."""
    for name, text in files.items():
        (folder / name).write_text(text)

    def find(name: str, _: str) -> Path:
        if not (folder / name).exists():
            raise PlaybookError(f'no such file: "{name}"')
        return folder / name

    args = {"servers": [servers], "clients": list(hosts)}
    call: Any = SimpleNamespace(args=args, host="s", find=find, variables={"hostvars": hosts})
    reply = run(call)
    assert bool(reply.get("failed")) == (reply["msg"] != "every client accepts the registry's certificate")
    return reply["msg"].splitlines() if reply.get("failed") else []


def world(client: dict[str, Any] | None = None, **server: Any) -> dict[str, Any]:
    names = {"registry_names": [NAME, f"{OTHER}:443"]}
    own = {"nginx_tls_certificate": "r.crt", "nginx_tls_key": "r.key"}
    return {"s": {**names, **own, **server}, "c": {**names, "registry_client_ca_file": "ca.crt", **(client or {})}}


def files(pair: Pair, key: Pair | None = None, ca: Pair = CA) -> dict[str, str]:
    return {"r.crt": pair.pem, "r.key": (key or pair).key_pem, "ca.crt": ca.pem}


@pytest.mark.parametrize(
    ("own", "hosts", "words"),
    [
        (files(GOOD), world(), []),
        (files(LACKS), world(), [f"r.crt: it is not for {OTHER}: it has only {NAME}"]),
        (files(GOOD, key=LACKS), world(), ["nginx_tls_key: "]),
        (files(LACKS, key=GOOD), world(), ["nginx_tls_key: ", "it is not for"]),
        (files(GOOD), world(nginx_tls_key=""), ["nginx_tls_key is empty"]),
        (files(GOOD, ca=ELSE), world(), ["registry_client_ca_file: ca.crt (c) and nginx_tls_certificate: "]),
        (files(GOOD, ca=ELSE), world({"registry_client_names": ["hub.example.com"]}), []),
        (files(GOOD, ca=ELSE), world({"registry_client_state": "absent"}), []),
        (files(GOOD, ca=ELSE), world(nginx_behind_proxy=True), []),
        (files(LACKS), world(nginx_tls_certificate=""), []),
        (files(GOOD), world({"registry_client_ca_file": "none.crt"}), ['registry_client_ca_file: no such file: "none']),
        ({**files(GOOD), "ca.crt": "x"}, world(), ["ca.crt: it holds no certificate in PEM form"]),
        ({**files(GOOD), "r.crt": CA.key_pem}, world(), ["r.crt: it holds a private key"]),
        (
            {**files(GOOD), "e.crt": ELSE.pem},
            world({"registry_client_registries": [{"name": OTHER, "ca_file": "e.crt"}]}),
            ["registry_client_ca_file: e.crt (c)"],
        ),
    ],
)
def test_what_is_refused(tmp_path: Path, own: dict[str, str], hosts: dict[str, Any], words: list[str]) -> None:
    messages = refusals(tmp_path, own, hosts)
    assert len(messages) == len(words), messages
    assert all(word in text for word, text in zip(words, messages, strict=True)), messages


def test_a_client_that_verifies_nothing_is_not_asked_about_another_host(tmp_path: Path) -> None:
    hosts = {**world(), "t": world()["s"]}
    assert refusals(tmp_path, files(LACKS, key=GOOD), hosts, "t") == refusals(tmp_path, files(LACKS), hosts)
    assert refusals(tmp_path, files(LACKS), world({"registry_client_ca_file": ""}) | {"t": world()["s"]}, "t") == []


@pytest.mark.parametrize("name", ["nginx_tls_certificate", "nginx_tls_key", "registry_client_ca_file"])
def test_a_host_neither_says_nor_chooses_which_file_it_is(tmp_path: Path, name: str) -> None:
    own = {"nginx_tls_certificate": "r.crt", "nginx_tls_key": "r.key", "registry_client_ca_file": "ca.crt"}[name]
    for file in (choose(own), mark(own), join([mark(own[:1]), own[1:]])):
        hosts = world({name: file}) if name == "registry_client_ca_file" else world(**{name: file})
        (refusal,) = refusals(tmp_path, files(GOOD), hosts)
        assert refusal.startswith(f"{name}: it "), refusal
        assert "text that a host sent" in refusal


def test_whose_names_and_whose_authorities() -> None:
    hosts = world()
    assert names_of(hosts["s"]) == [NAME, OTHER]
    assert trusted_by(hosts["s"], hosts, hosts) == {"ca.crt": ["c"]}

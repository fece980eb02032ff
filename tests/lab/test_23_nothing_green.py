"""Chapter 23: a certificate that clients refuse is not written; a server that does not serve is not green."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from invocations import Run, invoke, provision, succeed
from lab_hosts import LookedAt, until

NAMES = ("registry.example.com", "docker.registry.example.com")
TLS = "/etc/mooring/nginx/tls"
RELOAD = "docker exec mooring-nginx nginx -c /etc/nginx/mooring/server.conf -s reload"


@dataclass(frozen=True)
class Office:
    """An authority of our own, and what it signs."""

    folder: Path

    def openssl(self, words: str) -> None:
        subprocess.run(["openssl", *words.split()], cwd=self.folder, check=True, capture_output=True)

    def found(self, name: str) -> None:
        self.openssl(f"req -x509 -newkey rsa:2048 -nodes -days 900 -subj /CN={name} -keyout {name}.key -out {name}.crt")

    def issue(self, name: str, *names: str, by: str = "ca", more: str = "-days 300") -> None:
        (self.folder / "names").write_text(
            f"subjectAltName={','.join(f'DNS:{one}' for one in names)}\n" if names else ""
        )
        self.openssl(f"req -newkey rsa:2048 -nodes -subj /CN={NAMES[0]} -keyout {name}.key -out {name}.csr")
        signing = f"x509 -req -in {name}.csr -CA {by}.crt -CAkey {by}.key -CAcreateserial -extfile names"
        self.openssl(f"{signing} {more} -out {name}.crt")

    def extra(self, name: str, key: str = "", authority: str = "ca") -> tuple[str, str]:
        """The option that sets these files."""
        files = {
            "nginx_tls_certificate": f"{self.folder}/{name}.crt",
            "nginx_tls_key": f"{self.folder}/{key or name}.key",
            "registry_client_ca_file": f"{self.folder}/{authority}.crt",
        }
        return "-e", json.dumps(files)


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = Office(tmp_path_factory.mktemp("office"))
    made.found("ca")
    made.found("other")
    made.issue("good", *NAMES)
    made.issue("over", *NAMES, more="-days -1")
    made.issue("soon", *NAMES, more="-days 10")
    made.issue("lacks", NAMES[0])
    made.issue("nameless")
    made.issue("foreign", *NAMES, by="other")
    return made


REFUSALS = [
    ("over", "", "over.crt: it expired on "),
    ("lacks", "", f"lacks.crt: it is not for {NAMES[1]}: it has only {NAMES[0]}; have it issued for every name in "),
    ("nameless", "", f'it has no subjectAltName (its CN "{NAMES[0]}" does not count)'),
    ("foreign", "", "no authority that the clients get has signed it"),
    ("good", "foreign", "foreign.key: it does not belong to the certificate"),
]


@pytest.mark.parametrize(("name", "key", "words"), REFUSALS, ids=[f"{one[0]}-{one[1]}" for one in REFUSALS])
def test_what_clients_refuse_is_not_written(name: str, key: str, words: str, office: Office, server: LookedAt) -> None:
    before = server.state()
    for mode in (["--check"], []):
        run = provision("server", *mode, *office.extra(name, key))
        assert run.status == 2, run.said
        (failure,) = run.finished("failed")
        assert words in failure["message"]
        assert "nginx_tls_" in failure["message"]
        assert not run.changes
    assert server.state() == before


def test_clients_do_not_get_an_authority_that_has_not_signed_it(office: Office, client_debian: LookedAt) -> None:
    before = client_debian.files()
    run = provision("clients", "--limit", client_debian.name, *office.extra("good", authority="other"))
    assert run.status == 2, run.said
    assert "registry_client_ca_file" in run.finished("failed")[0]["message"]
    assert client_debian.files() == before


@pytest.fixture(scope="module")
def secured(office: Office, server: LookedAt) -> Iterator[Office]:
    succeed(provision("server", *office.extra("good")))
    try:
        yield office
    finally:
        succeed(provision("server"))


def serve(office: Office, name: str, server: LookedAt) -> None:
    """Another certificate on the server than the control side's, taken into use behind Mooring's back."""
    for suffix, file in (("crt", "server.crt"), ("key", "server.key")):
        text = (office.folder / f"{name}.{suffix}").read_text()
        server.run(f"cat > {TLS}/{file} <<'END'\n{text}END\n")
    server.run(RELOAD)


def doctor(office: Office, status: int = 0) -> dict[str, dict[str, Any]]:
    run = invoke("doctor", "server", "--json", *office.extra("good"))
    assert run.status == status, run.said
    return {each["rule"]: each for each in json.loads(run.out)["hosts"][0]["findings"]}


def row(*words: str) -> tuple[Run, dict[str, Any]]:
    """The server's row, and the run that told it."""
    run = invoke("status", "--json", "--detailed-exitcode", "--limit", "server", *words)
    (found,) = json.loads(run.out)["hosts"]
    return run, found


CERTIFICATE = ("certificate-names", "certificate-expiry", "certificate-trust")


def test_what_is_served_is_judged_as_clients_do(secured: Office, server: LookedAt) -> None:
    found = doctor(secured)
    assert {found[rule]["verdict"] for rule in CERTIFICATE} == {"ok"}
    run, told = row(*secured.extra("good"))
    assert (run.status, told["drift"]) == (0, "none")
    assert told["server"]["certificate"]["days_left"] in (298, 299)
    assert told["server"]["certificate"]["trusted"] is True
    assert sorted(told["server"]["certificate"]["names"]) == sorted(NAMES)


@pytest.mark.parametrize(
    ("name", "rule", "verdict", "words"),
    [
        ("soon", "certificate-expiry", "warning", "expires on "),
        ("over", "certificate-expiry", "broken", "expired on "),
        ("lacks", "certificate-names", "broken", f"it is not for {NAMES[1]}"),
        ("foreign", "certificate-trust", "broken", "no authority that the clients get has signed it"),
    ],
)
def test_a_certificate_that_was_put_there_by_hand(
    name: str, rule: str, verdict: str, words: str, secured: Office, server: LookedAt
) -> None:
    status = 2 if verdict == "broken" else 0
    serve(secured, name, server)
    until(lambda: invoke("doctor", "server", "--json", *secured.extra("good")).out.count(words) > 0, "it is served")
    found = doctor(secured, status)
    assert found[rule]["verdict"] == verdict
    run, told = row(*secured.extra("good"))
    assert told["drift"] == ("certificate is not taken by clients" if status else "none")
    assert run.status == (8 if status else 0)


@pytest.fixture
def mended(server: LookedAt) -> Iterator[None]:
    try:
        yield
    finally:
        succeed(provision("server"))


@pytest.mark.parametrize("container", ["mooring-registry", "mooring-nginx"])
def test_a_container_that_is_gone(container: str, server: LookedAt, mended: None) -> None:
    server.run(f"docker rm -f {container}")
    role = container.removeprefix("mooring-")
    run, told = row()
    assert (run.status, told["drift"]) == (8, "registry does not answer")
    assert (told["server"][role]["state"], told["server"][role]["answers"]) == ("absent", False)
    said = invoke("status")
    assert said.status == 0
    assert "registry does not answer" in said.out
    found = {
        each["rule"]: each["verdict"]
        for each in json.loads(invoke("doctor", "server", "--json").out)["hosts"][0]["findings"]
    }
    assert found[f"{role}-configuration"] == "not checked"
    assert found["nginx-upstream"] == "broken"


def test_a_registry_that_ends_again_and_again(server: LookedAt, mended: None) -> None:
    server.run("echo 'version: 9' > /etc/mooring/registry/config.yml; docker restart mooring-registry")
    state = "docker inspect -f '{{.State.Status}}' mooring-registry"
    until(lambda: server.run(state).strip() == "restarting", "the registry ends again and again")
    run, told = row()
    assert (run.status, told["drift"]) == (8, "registry does not answer")
    assert told["server"]["registry"]["answers"] is False
    assert told["server"]["registry"]["restarts"] > 0


def test_all_is_green_again() -> None:
    run, told = row()
    assert (run.status, told["drift"], told["server"]["certificate"]) == (0, "none", None)
    assert invoke("doctor", "server").status == 0

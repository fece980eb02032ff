"""Chapter 29: a certificate that clients refuse is not written; a server that does not
serve is not green."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
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
            f"subjectAltName={','.join(f'DNS:{name}' for name in names)}\n" if names else ""
        )
        self.openssl(f"req -newkey rsa:2048 -nodes -subj /CN={NAMES[0]} -keyout {name}.key -out {name}.csr")
        signing = f"x509 -req -in {name}.csr -CA {by}.crt -CAkey {by}.key -CAcreateserial -extfile names"
        self.openssl(f"{signing} {more} -out {name}.crt")

    def postpone(self, name: str, other: str, by: str = "ca") -> None:
        """The certificate NAME as another one of the same key that is valid from tomorrow on."""
        old = x509.load_pem_x509_certificate((self.folder / f"{name}.crt").read_bytes())
        key: Any = serialization.load_pem_private_key((self.folder / f"{by}.key").read_bytes(), None)
        begins = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
        builder = x509.CertificateBuilder(
            old.issuer,
            old.subject,
            old.public_key(),
            x509.random_serial_number(),
            begins,
            begins + datetime.timedelta(days=300),
            list(old.extensions),
        )
        text = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        (self.folder / f"{other}.crt").write_bytes(text)
        (self.folder / f"{other}.key").write_bytes((self.folder / f"{name}.key").read_bytes())

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
    made.postpone("good", "early")
    return made


REFUSALS = [
    ("over", "", "over.crt: it expired on "),
    ("early", "", "early.crt: it is not valid before "),
    ("lacks", "", f"lacks.crt: it is not for {NAMES[1]}: it has only {NAMES[0]}; have it issued for every name in "),
    ("nameless", "", f'it has no subjectAltName (its CN "{NAMES[0]}" does not count)'),
    ("foreign", "", "no authority that the clients get has signed it"),
    ("good", "foreign", "foreign.key: it does not belong to the certificate"),
]


# A certificate and a key that every run tries; --long tries all of them.
FEW = ("lacks", "good")
EVERY = [
    pytest.param(*case, id=f"{case[0]}-{case[1]}", marks=() if case[0] in FEW else pytest.mark.long)
    for case in REFUSALS
]


@pytest.mark.parametrize(("name", "key", "words"), EVERY)
def test_what_clients_refuse_is_not_written(name: str, key: str, words: str, office: Office, server: LookedAt) -> None:
    before = server.state()
    for mode in (["--check"], []):
        run = provision("server", *mode, *office.extra(name, key))
        assert run.status == 2, run.transcript
        (failure,) = run.finished("failed")
        assert words in failure["message"]
        assert "nginx_tls_" in failure["message"]
        assert not run.changes
    assert server.state() == before


def test_clients_do_not_get_an_authority_that_has_not_signed_it(office: Office, client_debian: LookedAt) -> None:
    before = client_debian.files()
    for mode in (["--check"], []):
        words = ["--limit", client_debian.name, *office.extra("good", authority="other")]
        run = provision("clients", *mode, *words)
        assert run.status == 2, run.transcript
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
    """Another certificate on the server than the control machine's, taken into use
    behind Mooring's back."""
    for suffix, file in (("crt", "server.crt"), ("key", "server.key")):
        text = (office.folder / f"{name}.{suffix}").read_text()
        server.run(f"cat > {TLS}/{file} <<'END'\n{text}END\n")
    server.run(RELOAD)


def doctor(office: Office, status: int = 0) -> dict[str, dict[str, Any]]:
    run = invoke("doctor", "server", "--json", *office.extra("good"))
    assert run.status == status, run.transcript
    return {finding["rule"]: finding for finding in json.loads(run.out)["hosts"][0]["findings"]}


def row(*words: str) -> tuple[Run, dict[str, Any]]:
    """The server's row, and the run that told it."""
    run = invoke("status", "--json", "--detailed-exitcode", "--limit", "server", *words)
    (host,) = json.loads(run.out)["hosts"]
    return run, host


def pull_verified(client: LookedAt, name: str) -> str:
    """What a real engine says that verifies: with its port a name is another registry, and no
    insecure one."""
    return client.run(f"docker pull {name}:443/mooring/none:1 2>&1 || true")


@pytest.fixture(scope="module")
def trusting(office: Office, client_debian: LookedAt) -> Iterator[LookedAt]:
    """A client whose engine has the office's authority for all names."""
    folders = [f"/etc/docker/certs.d/{name}:443" for name in NAMES]
    authority = (office.folder / "ca.crt").read_text()
    for folder in folders:
        client_debian.run(f"mkdir -p {folder} && cat > {folder}/ca.crt <<'END'\n{authority}END\n")
    yield client_debian
    client_debian.run(f"rm -r {' '.join(folders)}; rmdir --ignore-fail-on-non-empty /etc/docker/certs.d")


CERTIFICATE = ("certificate-names", "certificate-expiry", "certificate-trust")


def test_what_is_served_is_judged_as_clients_do(secured: Office, trusting: LookedAt) -> None:
    findings = doctor(secured)
    assert {findings[rule]["verdict"] for rule in CERTIFICATE} == {"ok"}
    run, columns = row(*secured.extra("good"))
    assert (run.status, columns["drift"]) == (0, "none")
    assert columns["server"]["certificate"]["days_left"] in (298, 299)
    assert columns["server"]["certificate"]["trusted"] is True
    assert sorted(columns["server"]["certificate"]["names"]) == sorted(NAMES)
    left = columns["server"]["certificate"]["days_left"]
    assert f" {left} days left  " in invoke("status", "--limit", "server", *secured.extra("good")).out
    for name in NAMES:
        assert "not found" in pull_verified(trusting, name)


@pytest.mark.parametrize(
    ("name", "rule", "verdict", "words"),
    [
        ("soon", "certificate-expiry", "warning", "expires on "),
        pytest.param("over", "certificate-expiry", "broken", "expired on ", marks=pytest.mark.long),
        pytest.param("early", "certificate-expiry", "broken", "is not valid before ", marks=pytest.mark.long),
        ("lacks", "certificate-names", "broken", f"it is not for {NAMES[1]}"),
        pytest.param("nameless", "certificate-names", "broken", f"it is not for {NAMES[1]}", marks=pytest.mark.long),
        ("foreign", "certificate-trust", "broken", "no authority that the clients get has signed it"),
    ],
)
def test_a_certificate_that_was_put_there_by_hand(
    name: str, rule: str, verdict: str, words: str, secured: Office, server: LookedAt, trusting: LookedAt
) -> None:
    """The doctor and status say what a real engine makes of it."""
    status = 2 if verdict == "broken" else 0
    serve(secured, name, server)
    until(lambda: invoke("doctor", "server", "--json", *secured.extra("good")).out.count(words) > 0, "it is served")
    findings = doctor(secured, status)
    assert findings[rule]["verdict"] == verdict
    run, columns = row(*secured.extra("good"))
    assert columns["drift"] == ("clients refuse the certificate" if status else "none")
    assert run.status == (8 if status else 0)
    output = pull_verified(trusting, NAMES[1])
    assert ("x509: " in output, "not found" in output) == (bool(status), not status), output


SERVER_ROW = ("registry", "nginx", "certificate", "disk", "mirror")


def doctor_of_server() -> dict[str, dict[str, Any]]:
    """The findings of a server that is broken, by rule; of several of a rule one."""
    run = invoke("doctor", "server", "--json")
    assert run.status == 2, run.transcript
    return {finding["rule"]: finding for finding in json.loads(run.out)["hosts"][0]["findings"]}


@pytest.fixture
def mended(server: LookedAt) -> Iterator[None]:
    try:
        yield
    finally:
        succeed(provision("server"))


# One of the two is gone in every run, and the other one ends; --long tries all four.
@pytest.mark.parametrize("container", [pytest.param("mooring-registry", marks=pytest.mark.long), "mooring-nginx"])
def test_a_container_that_is_gone(container: str, server: LookedAt, mended: None) -> None:
    server.run(f"docker rm -f {container}")
    role = container.removeprefix("mooring-")
    run, columns = row()
    assert (run.status, columns["drift"]) == (8, "registry does not answer")
    assert (columns["server"][role]["state"], columns["server"][role]["answers"]) == ("absent", False)
    output = invoke("status")
    assert output.status == 0
    assert "registry does not answer" in output.out
    assert re.search(rf"^server +{' +'.join(SERVER_ROW)}$", output.out, re.M), output.out
    findings = doctor_of_server()
    assert findings[f"{role}-configuration"]["verdict"] == "not checked"
    assert findings["nginx-upstream"]["verdict"] == "broken"


@pytest.mark.parametrize(
    ("role", "spoil"),
    [
        pytest.param("registry", "echo 'version: 9' > /etc/mooring/registry/config.yml", id="registry"),
        pytest.param("nginx", "echo nonsense > /etc/mooring/nginx/server.conf", id="nginx", marks=pytest.mark.long),
    ],
)
def test_a_container_that_ends_again_and_again(role: str, spoil: str, server: LookedAt, mended: None) -> None:
    server.run(f"{spoil}; docker restart mooring-{role}")
    state = f"docker inspect -f '{{{{.State.Status}}}}' mooring-{role}"
    until(lambda: server.run(state).strip() == "restarting", f"{role} ends again and again")
    run, columns = row()
    assert (run.status, columns["drift"]) == (8, "registry does not answer")
    assert columns["server"][role]["answers"] is False
    assert columns["server"][role]["restarts"] > 0
    findings = doctor_of_server()
    assert findings[f"{role}-configuration"]["verdict"] == "not checked"
    assert f"container mooring-{role} does not run" in findings["nginx-upstream"]["seen"]


def test_all_is_green_again() -> None:
    run, columns = row()
    assert (run.status, columns["drift"], columns["server"]["certificate"]) == (0, "none", None)
    assert invoke("doctor", "server").status == 0

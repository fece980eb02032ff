"""registry_blobs against sources without manners, its memory, and what else a run
on a server meets."""

from __future__ import annotations

import contextlib
import hashlib
import ipaddress
import os
import re
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from module_process import ModuleProcess, run_modules

from mooring.errors import HostUnreachable
from mooring.playbook import arguments
from mooring.transport.agent_client import Remote
from mooring.transport.bundle import Bundle
from mooring.transport.connection.local import LocalConnection
from tests.support.authority import Pair, issue, usage
from tests.support.blob_world import MIB, BlobWorld, Layer, run_blob_world
from tests.support.evil_server import DRIPS, FLOODS, EvilServer, serve_evil
from tests.support.local_hub import run_hub
from tests.support.local_registry import program_or_skip, run_program, run_registry, wait_for_port

OUTERMOST = True
LAYER = Layer("sha256:" + hashlib.sha256(b"hello\n").hexdigest(), 6, "library/x")
PLAIN = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture(scope="module")
def shared_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BlobWorld]:
    with run_blob_world(tmp_path_factory.mktemp("blobs")) as world:
        yield world


@pytest.fixture
def world(shared_world: BlobWorld) -> BlobWorld:
    """The hub on a good day."""
    shared_world.hub.set_knobs()
    return shared_world


@pytest.fixture(scope="module")
def agent(interpreter: str) -> Iterator[ModuleProcess]:
    with run_modules(interpreter) as process:
        yield process


def explain(agent: ModuleProcess, world: BlobWorld, source: str, **more: Any) -> str:
    """Why the layer cannot be copied from there."""
    args = {"source": source, "retries": 0, "timeout": 1, **more}
    reply = agent.run("registry_blobs", **{**world.arguments(LAYER.entry()), **args})
    assert reply["blobs"][0]["state"] == "failed", reply
    assert reply["blobs"][0]["sent"] <= LAYER.size + 256 * 1024
    assert not world.directory.exists()
    return str(reply["blobs"][0]["message"])


@contextmanager
def evil(behaviour: Any, **more: Any) -> Iterator[tuple[EvilServer, str]]:
    with serve_evil(behaviour, **more) as server:
        yield server, f"http://127.0.0.1:{server.port}"


def say(head: bytes, data: bytes = b"") -> Any:
    return lambda server, sock: server.send(sock, head + b"Content-Length: %d\r\n\r\n" % len(data) + data)


def redirect_to_itself(server: EvilServer, sock: Any) -> None:
    place = b"Location: /again%d\r\n" % len(server.requests)
    server.send(sock, b"HTTP/1.1 307 Go\r\n" + place + b"Content-Length: 0\r\n\r\n")


def challenge(realm: str) -> Any:
    def behave(server: EvilServer, sock: Any) -> None:
        realm_here = realm.replace("HERE", f"127.0.0.1:{server.port}").encode()
        if server.path.startswith("/token"):
            server.send(sock, TOKENS[server.path.partition("?")[0][6:]])
        else:
            server.send(sock, b'HTTP/1.1 401 No\r\nWWW-Authenticate: Bearer realm="%s"\r\n' % realm_here)
            server.send(sock, b"Content-Length: 0\r\n\r\n")

    return behave


def token(text: bytes) -> bytes:
    return PLAIN + b"Content-Length: %d\r\n\r\n" % len(text) + text


TOKENS = {
    "/text": token(b"no JSON"),
    "/list": token(b"[1]"),
    "/none": token(b"{}"),
    "/number": token(b'{"token": "x", "expires_in": "soon"}'),
    "/lines": token(b'{"token": "x\\r\\nX-Evil: 1"}'),
    "/deep": token(b"[" * 100000),
    "/huge": PLAIN + b"Content-Length: 1000000000\r\n\r\n",
    "/good": token(b'{"token": "x"}'),
}
LIES = {
    "other bytes": (say(PLAIN, b"HELLO\n"), "the source sends other bytes than sha256:5891b5"),
    "a long answer": (say(PLAIN, b"hello\nmore"), "sends 10 bytes, not 6: the size is wrong"),
    "a short answer": (say(PLAIN, b"hello"), "sends 5 bytes, not 6: the size is wrong"),
    "a part of another": (
        say(b"HTTP/1.1 206 Part\r\nContent-Range: bytes 3-8/9\r\n", b"hello\n"),
        "sends another part than the one asked for|has a blob of 9 bytes, not of 6",
    ),
    "redirects without an end": (redirect_to_itself, "redirects more than 5 times"),
    "a redirect to no URL": (
        say(b"HTTP/1.1 307 Go\r\nLocation: http://[::1\r\n"),
        "redirects to what is no http or https address",
    ),
    "a redirect to a file": (
        say(b"HTTP/1.1 307 Go\r\nLocation: file:///etc/shadow\r\n"),
        "something that is no http or https address",
    ),
    "a redirect to another protocol": (
        say(b"HTTP/1.1 307 Go\r\nLocation: ftp://registry.example.com/\r\n"),
        "something that is no http or https address",
    ),
    "no status": (say(b"nothing\r\n"), "Request failed"),
    "an error with escapes": (
        say(b"HTTP/1.1 500 No\r\n", b'{"errors": [{"message": "\\u001b[2J\\nPLAY"}]}'),
        r"status 500 \(\?\?2J\?PLAY\); given up after 1 tries",
    ),
    "no challenge": (say(b"HTTP/1.1 401 No\r\n"), "wants to know who asks for library/x: name an account"),
    "a realm that is no URL": (
        challenge("file:///etc/passwd"),
        "names no https address of its token service",
    ),
    "a token that is text": (challenge("http://HERE/token/text"), "answers something that is no token"),
    "a token that is a list": (challenge("http://HERE/token/list"), "answers something that is no token"),
    "no token": (challenge("http://HERE/token/none"), "answers something that is no token"),
    "a life that is no number": (challenge("http://HERE/token/number"), "answers something that is no token"),
    "a token of two lines": (challenge("http://HERE/token/lines"), "answers something that is no token"),
    "a token that is deep": (challenge("http://HERE/token/deep"), "answers something that is no token"),
    "a token that is huge": (challenge("http://HERE/token/huge"), "more than 262144 bytes would come"),
    "a token that is not enough": (challenge("http://HERE/token/good"), "401.*also with a fresh token"),
}


def test_a_source_that_lies(agent: ModuleProcess, world: BlobWorld) -> None:
    for name, (behaviour, message) in LIES.items():
        with evil(behaviour) as (_, url):
            words = explain(agent, world, url)
            assert re.search(message, words), (name, words)


def test_a_source_that_does_not_end(agent: ModuleProcess, world: BlobWorld, request: pytest.FixtureRequest) -> None:
    drips = DRIPS if request.config.getoption("--long") else {"a drip of a body": DRIPS["a drip of a body"]}
    for name, behaviour in {**FLOODS, **drips}.items():
        with evil(behaviour) as (server, url):
            words = explain(agent, world, url)
            assert re.search("Request failed: |: the size is wrong$", words), (name, words)
            assert server.sent < 40 * MIB, name


def make_certificates(*names: x509.GeneralName) -> tuple[Pair, Pair]:
    """An authority and a server's certificate for the names, with all that Python
    3.13 wants of both."""
    key = ec.generate_private_key(ec.SECP256R1())
    known = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    signing = (usage(key_cert_sign=True, crl_sign=True), True)
    issuer = issue("ca", extensions=[(x509.BasicConstraints(True, None), True), signing, known], key=key)
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    return issuer, issue("server", issuer, [x509.SubjectAlternativeName(names), by])


def test_a_certificate_of_another_host_is_told_at_once(agent: ModuleProcess, world: BlobWorld, tmp_path: Path) -> None:
    issuer, server = make_certificates(x509.DNSName("registry.example.com"))
    (tmp_path / "ca.pem").write_text(issuer.pem)
    (tmp_path / "server.pem").write_text(server.pem + server.key_pem)
    with run_hub(tmp_path / "hub", world.upstream.url, [f"--tls-cert={tmp_path}/server.pem"]) as hub:
        words = explain(agent, world, hub.url, ca_path=str(tmp_path / "ca.pem"), retries=5)
        assert "given up after" not in words
        assert re.search("(?i)certificate|doesn't match", words), words


def test_certificates_are_checked_and_nobody_leads_out_of_tls(
    agent: ModuleProcess, world: BlobWorld, tmp_path: Path
) -> None:
    # Python 2.7 looks for an address among the names alone.
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    issuer, server = make_certificates(x509.DNSName("localhost"), x509.DNSName("127.0.0.1"), address)
    (tmp_path / "ca.pem").write_text(issuer.pem)
    (tmp_path / "server.pem").write_text(server.pem + server.key_pem)
    trusted, tls = {"ca_path": str(tmp_path / "ca.pem")}, f"--tls-cert={tmp_path}/server.pem"
    layer = world.push(MIB)
    with run_hub(tmp_path / "hub", world.upstream.url, [tls]) as hub:
        args = world.arguments(layer.entry(), source=hub.url, retries=5)
        failed = agent.run("registry_blobs", **args)["blobs"][0]
        assert re.search("(?i)certificate.verify.failed", failed["message"]), failed
        assert hub.requests() == []
        copied = agent.run("registry_blobs", **args, **trusted)["blobs"][0]
        assert copied["state"] == "copied", copied
    with (
        evil(say(PLAIN)) as (plain, url),
        run_hub(tmp_path / "other", world.upstream.url, [tls, f"--blobs-url={url}"]) as hub,
    ):
        words = explain(agent, world, hub.url, **trusted, blobs=[world.push(1).entry()])
        assert words == f"{hub.authority} redirects from https to http, which is not followed"
        assert plain.requests == []


def test_a_python_that_cannot_check_certificates_fetches_nothing(interpreter: str, world: BlobWorld) -> None:
    with run_modules(interpreter, "import ssl; del ssl.create_default_context\n") as old:
        words = old.fail("registry_blobs", **world.arguments(LAYER.entry(), source="https://registry.example.com"))
        assert "too old to check the certificate of https://registry.example.com" in words
        assert words.endswith("with sync_via: control")


def test_an_upload_that_was_not_cut_goes_on(agent: ModuleProcess, world: BlobWorld, tmp_path: Path) -> None:
    """And one whose registry was started anew, and knows its own states no more, begins
    anew from the file."""
    layer = world.push(9 * MIB)
    with run_registry(tmp_path / "own") as own:

        def copy(drop_after: int | None) -> tuple[str, int]:
            world.hub.set_knobs(drop_after=drop_after, only="/registry-v2/")
            args = world.arguments(layer.entry(), target=own.url, retries=0, chunk_size=MIB)
            blob = agent.run("registry_blobs", **args)["blobs"][0]
            return blob["state"], blob["sent"]

        assert copy(3 * MIB) == ("failed", 3 * MIB)
        assert copy(2 * MIB) == ("failed", 2 * MIB)
        assert len(re.findall(r"request.method=POST", own.log.read_text())) == 1
    program = program_or_skip("docker-registry")
    with run_program([str(program), "serve", str(tmp_path / "own/config.yml")], tmp_path / "again.log") as process:
        wait_for_port(int(own.url.rpartition(":")[2]), process, tmp_path / "again.log")
        assert copy(None) == ("copied", 4 * MIB)
        assert len(re.findall(r"request.method=POST", (tmp_path / "again.log").read_text())) == 1
    assert not world.directory.exists()


def test_two_runs_do_not_share_a_blob(agent: ModuleProcess, interpreter: str, world: BlobWorld) -> None:
    layer = world.push(2 * MIB)
    world.hub.set_knobs(slow=MIB, only="/registry-v2/")
    args = world.arguments(layer.entry())
    agent.begin("registry_blobs", **args)
    wait_for(world.directory / layer.digest.replace(":", "-"))
    with run_modules(interpreter) as other:
        blob = other.run("registry_blobs", **args)["blobs"][0]
    assert blob["message"] == "another run copies this blob to this server at this moment: wait for it"
    assert agent.end()["blobs"][0]["state"] == "copied"


def test_a_directory_of_others_is_refused(agent: ModuleProcess, world: BlobWorld, tmp_path: Path) -> None:
    layer, folder = world.push(1), tmp_path / "open"
    folder.mkdir()
    (folder / "kept").touch()
    folder.chmod(0o777)
    blob = agent.run("registry_blobs", **world.arguments(layer.entry(), directory=str(folder)))["blobs"][0]
    assert blob["message"] == f"{folder} is not ours alone (mode 0700): others could change what lies there"
    assert os.listdir(folder) == ["kept"]


def test_what_nobody_went_on_with_is_removed(agent: ModuleProcess, world: BlobWorld) -> None:
    name = "sha256-" + "0" * 64
    world.directory.mkdir(0o700)
    for file in (name, f"{name}.json", f"{name}.new", "not-ours", f"sha256-{'1' * 64}"):
        (world.directory / file).touch()
        if "1111" not in file:
            os.utime(world.directory / file, (0, 0))
    agent.run("registry_blobs", **world.arguments(world.push(1).entry()))
    assert sorted(os.listdir(world.directory)) == ["not-ours", f"sha256-{'1' * 64}"]
    shutil.rmtree(world.directory)


def test_progress_comes_in_bytes(interpreter: str, world: BlobWorld) -> None:
    layers = [world.push(2 * MIB) for _ in range(2)]
    world.hub.set_knobs(slow=2 * MIB, only="/registry-v2/")
    args = arguments.normalize(
        arguments.find_module("registry_blobs"), world.arguments(*(layer.entry() for layer in layers)), None
    )
    steps: list[tuple[str, int, int | None]] = []
    with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as remote:
        assert remote.call("registry_blobs", args, on_progress=lambda *step: steps.append(step))["changed"]
    assert {(step[0], step[2]) for step in steps} == {("copying layers", 4 * MIB)}
    assert [step[1] for step in steps] == sorted(step[1] for step in steps)
    assert steps[-1][1] == 4 * MIB
    assert len({step[1] for step in steps}) > 2


def test_the_agent_ends_with_the_control_machine(interpreter: str, world: BlobWorld) -> None:
    layer = world.push(8 * MIB)
    world.hub.set_knobs(slow=MIB // 4, only="/registry-v2/")
    args = arguments.normalize(arguments.find_module("registry_blobs"), world.arguments(layer.entry()), None)

    def call() -> None:
        with contextlib.suppress(HostUnreachable):
            remote.call("registry_blobs", args)

    with Remote.start(LocalConnection(), Bundle(), interpreter=interpreter) as remote:
        thread = threading.Thread(target=call)
        thread.start()
        wait_for(world.directory / layer.digest.replace(":", "-"))
        began = time.monotonic()
        remote.close()
        assert not Path(f"/proc/{remote.hello['pid']}").exists()
        assert time.monotonic() - began < 20
        thread.join()
    shutil.rmtree(world.directory)


def wait_for(path: Path) -> None:
    until = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < until


def test_memory_is_flat(interpreter: str, world: BlobWorld, request: pytest.FixtureRequest) -> None:
    """One layer of 200 MB; with --long 2 GB in 200 layers."""
    is_long = request.config.getoption("--long")
    layers = [world.push(10 * MIB) for _ in range(200)] if is_long else [world.push(200 * MIB)]
    target = f"flat/r{os.urandom(4).hex()}"
    with run_modules(interpreter) as process:
        process.run("registry_blobs", **world.arguments(world.push(1).entry()))
        before = process.peak
        reply = process.run("registry_blobs", **world.arguments(*(layer.entry(target) for layer in layers)))
        assert {blob["state"] for blob in reply["blobs"]} == {"copied"}
        assert process.peak - before < 8 * MIB

"""`invoke sync` as an operator runs it: a lock file, a server, real registries on loopback."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mooring.service.lock_file import SourcelessImage
from tests.support.authority import authority, leaf
from tests.support.filled_site import FilledSite, locked
from tests.support.indexed_images import push_indexed
from tests.support.local_hub import LocalHub, run_hub
from tests.support.local_registry import LocalRegistry, crane, run_registry
from tests.support.program import CHECKOUT


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalRegistry]:
    with run_registry(tmp_path_factory.mktemp("upstream")) as running:
        yield running


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, upstream: LocalRegistry) -> Iterator[LocalHub]:
    with run_hub(tmp_path_factory.mktemp("hub"), upstream.url) as running:
        yield running


@pytest.fixture
def own(tmp_path: Path) -> Iterator[LocalRegistry]:
    with run_registry(tmp_path / "own") as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, own: LocalRegistry, hub: LocalHub) -> FilledSite:
    hub.set_knobs(remaining=100)
    hub.forget()
    return FilledSite.make(tmp_path / "site", own, hub.url)


def test_the_registry_holds_the_lock_files_images(site: FilledSite, upstream: LocalRegistry, hub: LocalHub) -> None:
    first, second = (push_indexed(upstream.url, f"library/{name}", "1", name.encode()) for name in ("first", "second"))
    gone = "sha256:" + "0" * 64
    site.lock(
        locked("docker.io/library/first", "1", first.index.digest),
        locked("docker.io/library/second", "1", second.index.digest, "client1"),
        locked("docker.io/library/evil", "1", second.index.digest),
        locked("registry.example.com/ours", "1", second.index.digest),
        forbidden=("docker.io/library/evil",),
        without_source=(SourcelessImage("sha256:" + "1" * 64, ("app:1",)),),
    )
    plan = site.sync("--check", "--detailed-exitcode")
    assert (plan.returncode, plan.stderr) == (8, ""), plan
    assert "to copy docker.io/library/second:1\n" in plan.stdout
    verdict = "done: 0 held, 2 to copy; left: 0; failed: 0; Hub-outage readiness: 0 %, missing: "
    assert plan.stdout.endswith(f"{verdict}docker.io/library/second:1, docker.io/library/first:1\n")

    ran = site.sync()
    assert (ran.returncode, ran.stderr) == (0, ""), ran
    lines = ran.stdout.splitlines()
    assert [line.split(":1")[0] for line in lines[:2]] == [
        "copied  docker.io/library/second",
        "copied  docker.io/library/first",
    ]
    assert lines[2:4] == [
        "not copied, forbidden: docker.io/library/evil:1",
        "not copied, without a source: app:1",
    ]
    assert lines[4].startswith("done: 2 copied (")
    assert lines[4].endswith("), 0 held before; left: 0; failed: 0; Hub-outage readiness: 100 %")
    assert crane("catalog", site.own.authority).split() == ["library/first", "library/second"]
    for name in ("first", "second"):
        there, here = (crane("digest", f"{endpoint.authority}/library/{name}:1") for endpoint in (upstream, site.own))
        assert there == here

    # No byte of a layer came through this machine.
    layers = [entry for entry in hub.requests() if entry["path"].startswith("/registry-v2/")]
    assert layers
    assert {entry["agent"] for entry in layers} == {"mooring"}
    assert {entry["agent"] for entry in hub.requests() if "/manifests/" in entry["path"]} == {"mooring-control"}

    # A second run asks the upstream for nothing, and one's own registry one question an image.
    hub.forget()
    log = len(site.own.log.read_bytes())
    again = site.sync("--json")
    assert again.returncode == 0
    summary = json.loads(again.stdout)
    assert (summary["readiness"], [image["state"] for image in summary["images"]]) == (100, ["held", "held"])
    assert hub.requests() == []
    paths = [line.split('"')[1] for line in site.own.log.read_text()[log:].splitlines() if '" 200 ' in line]
    assert sorted(paths) == [f"HEAD /v2/library/{name}/manifests/1 HTTP/1.1" for name in ("first", "second")]

    # What an upstream has no more is named, and the rest goes on.
    site.lock(
        locked("docker.io/library/first", "2", gone), locked("docker.io/library/second", "2", second.index.digest)
    )
    ran = site.sync()
    assert ran.returncode == 2
    assert "failed  docker.io/library/first:2: docker.io has no library/first@sha256:0000" in ran.stdout
    assert ran.stdout.endswith(
        "done: 1 copied (0 B), 0 held before; left: 0; failed: 1; "
        "Hub-outage readiness: 50 %, missing: docker.io/library/first:2\n"
    )


def test_layers_go_through_this_machine_where_that_is_set(
    tmp_path: Path, own: LocalRegistry, upstream: LocalRegistry, hub: LocalHub
) -> None:
    hub.set_knobs(accounts={"ada": "s3cret"}, private=["library/private"], remaining=100)
    hub.forget()
    pushed = push_indexed(upstream.url, "library/private", "1", b"private")
    entry = {"registry": "docker.io", "addresses": [hub.url], "username": "ada", "password_env": "HUB_PASSWORD"}
    site = FilledSite.make(tmp_path / "site", own, hub.url, sync_via="control", mirror_upstreams=[entry])
    site.lock(locked("docker.io/library/private", "1", pushed.index.digest))
    ran = site.sync(HUB_PASSWORD="s3cret")
    assert ran.returncode == 0, ran
    assert {entry["agent"] for entry in hub.requests()} == {"mooring-control"}
    ran = site.sync()
    assert (ran.returncode, ran.stdout) == (1, "")
    assert "mirror_upstreams: docker.io: the environment has no HUB_PASSWORD (password_env)" in ran.stderr


def test_a_budget_that_ends_is_told_with_when_it_goes_on(
    site: FilledSite, upstream: LocalRegistry, hub: LocalHub
) -> None:
    names = ("one", "two", "three")
    pushed = {name: push_indexed(upstream.url, f"library/{name}", "1", name.encode()) for name in names}
    site.lock(*(locked(f"docker.io/library/{name}", "1", image.index.digest) for name, image in pushed.items()))
    hub.set_knobs(remaining=30)
    ran = site.sync()
    assert ran.returncode == 2
    verdict = ran.stdout.splitlines()[-1]
    assert verdict.startswith("done: 1 copied (")
    assert re.search(
        r"; left: 2, resumes at \d{4}-\d\d-\d\d \d\d:\d\d; failed: 0; Hub-outage readiness: 33 %, missing: ", verdict
    )
    counted = [entry for entry in hub.requests() if entry["counted"]]
    assert (len(counted), min(entry["remaining"] for entry in counted)) == (10, 20)
    hub.set_knobs(remaining=100)
    assert site.sync().returncode == 0


def test_a_bundle_carries_images_over_an_air_gap(site: FilledSite, upstream: LocalRegistry, hub: LocalHub) -> None:
    pushed = push_indexed(upstream.url, "library/carried", "1", b"carried")
    image = locked("docker.io/library/carried", "1", pushed.index.digest)
    site.lock(image)
    plan = site.sync("--to-bundle", "gap", "--check", "--detailed-exitcode")
    assert plan.returncode == 8
    assert not (site.folder / "gap").exists()
    ran = site.sync("--to-bundle", "gap")
    assert ran.returncode == 0, ran
    assert ran.stdout.splitlines()[-1].startswith("done: 1 copied (")
    assert "readiness" not in ran.stdout
    assert {entry["agent"] for entry in hub.requests()} == {"mooring-control"}
    hub.forget()
    assert site.sync("--to-bundle", "gap").returncode == 0
    assert hub.requests() == []

    ran = site.sync("--from-bundle", "gap")
    assert ran.returncode == 0, ran
    assert ran.stdout.endswith("Hub-outage readiness: 100 %\n")
    assert hub.requests() == []
    crane("validate", "--remote", f"{site.own.authority}/library/carried:1")
    for tag in (pushed.referrers_tag, f"{pushed.referrers_tag}.sig"):
        assert crane("digest", f"{site.own.authority}/library/carried:{tag}")

    # The next one takes only what the registry lacks: no layer of the first image.
    more = push_indexed(upstream.url, "library/carried", "2", b"carried too")
    site.lock(image, locked("docker.io/library/carried", "2", more.index.digest))
    ran = site.sync("--to-bundle", "delta", "--only-missing")
    assert ran.returncode == 0, ran
    blobs = {f"sha256:{path.name}" for path in (site.folder / "delta/blobs/sha256").iterdir()}
    assert blobs == {more.index.digest, more.referrer.digest, more.referrers.digest} | {
        digest for image in more.images for digest in (image.digest, *(blob.digest for blob in image.blobs))
    }
    assert site.sync("--from-bundle", "delta").returncode == 0
    crane("validate", "--remote", f"{site.own.authority}/library/carried:2")


def test_a_bundle_of_another_version_is_refused(site: FilledSite) -> None:
    site.lock()
    (site.folder / "new").mkdir()
    index = {"schemaVersion": 2, "annotations": {"io.mooring.bundle.version": "2"}, "manifests": []}
    (site.folder / "new" / "index.json").write_text(json.dumps(index))
    ran = site.sync("--from-bundle", "new")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("new is a bundle of version 2, and this Mooring reads version 1")
    for words, reason in (
        (("--from-bundle", "none"), "none is no bundle: index.json: No such file or directory"),
        (("--to-bundle", "playbooks"), "playbooks is no bundle: index.json"),
        (("--to-bundle", "a", "--from-bundle", "b"), "--to-bundle and --from-bundle are two ways"),
        (("--only-missing",), "--only-missing is about a bundle"),
    ):
        ran = site.sync(*words)
        assert (ran.returncode, ran.stdout) == (1, "")
        assert ran.stderr.startswith(reason)


def test_certificates_are_checked_on_both_ways(tmp_path: Path, own: LocalRegistry, upstream: LocalRegistry) -> None:
    ca = authority()
    hub_pair = leaf(ca, "127.0.0.1", "localhost")
    (tmp_path / "hub.pem").write_text(hub_pair.pem + hub_pair.key_pem)
    pushed = push_indexed(upstream.url, "library/secured", "1", b"secured")
    image = locked("docker.io/library/secured", "1", pushed.index.digest)
    with run_hub(tmp_path / "hub", upstream.url, [f"--tls-cert={tmp_path / 'hub.pem'}"]) as hub:
        site = FilledSite.make(tmp_path / "site", own, hub.url)
        site.lock(image)
        ran = site.sync()
        assert ran.returncode == 2
        assert "certificate verify failed" in ran.stdout
        assert hub.requests() == []
        (site.folder / "files" / "ca.crt").write_text(ca.pem)
        for via in ("server", "control"):
            site.lock(image, locked("docker.io/library/secured", via, pushed.index.digest))
            ran = site.sync("-e", "mirror_ca_file=ca.crt", "-e", f"sync_via={via}")
            assert ran.returncode == 0, ran
    crane("validate", "--remote", f"{own.authority}/library/secured:1")


def test_ctrl_c_says_what_is_done_and_the_same_command_goes_on(
    site: FilledSite, upstream: LocalRegistry, hub: LocalHub
) -> None:
    layer = random.Random(3).randbytes(3_000_000)
    names = ("aaa", "bbb")
    pushed = {name: push_indexed(upstream.url, f"library/{name}", "1", layer + name.encode()) for name in names}
    site.lock(*(locked(f"docker.io/library/{name}", "1", image.index.digest) for name, image in pushed.items()))
    hub.set_knobs(slow=1_000_000, only="/registry-v2/", remaining=100)
    argv = [sys.executable, "-m", "mooring.cli", "sync"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(argv, cwd=site.folder, env=environment, stdout=-1, stderr=-1, text=True) as process:
        until = time.monotonic() + 60
        while not any("/registry-v2/" in entry["path"] for entry in hub.requests()):
            assert time.monotonic() < until
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 130
    assert re.search(r"^interrupted; done: \d copied .*; left: [12]; failed: 0; Hub-outage readiness: ", out, re.M), out
    hub.set_knobs(remaining=100)
    assert site.sync().returncode == 0


def test_mistakes_are_told_before_the_server_is_touched(tmp_path: Path, upstream: LocalRegistry) -> None:
    site = FilledSite.make(tmp_path / "site", upstream, "registry-1.docker.io")
    ran = site.sync()
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith("there is no images.lock.yml here: `invoke images` writes it")
    site.lock()
    ran = site.sync()
    assert (ran.returncode, ran.stdout) == (1, "")
    assert 'docker.io: address "registry-1.docker.io" has no scheme' in ran.stderr
    (site.folder / "images.lock.yml").write_text("version: 7\n")
    ran = site.sync()
    assert ran.returncode == 1
    assert "images.lock.yml:1:" in ran.stderr

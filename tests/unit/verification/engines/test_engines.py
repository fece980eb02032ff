"""The table of engines, and podman's and CRI-O's way to pull, to list, to remove and to
tell their settings."""

from __future__ import annotations

import json

import pytest

from mooring.errors import UsageError
from mooring.verification.backend import CheckFailed
from mooring.verification.engines import ENGINES, engine_of
from tests.support.answering_machine import Machine, engine

NAME = "registry.example.com"
MIRROR = f"http://{NAME}"


def test_every_engine_is_known_by_the_variables_word() -> None:
    for name, kind in ENGINES.items():
        assert isinstance(engine_of(Machine(name, {})), kind)
    with pytest.raises(UsageError, match="client1: registry_client_engine is 'rkt', but must be one of docker, podman"):
        engine_of(Machine("rkt", {}))


PODMAN = {
    "host": {"arch": "amd64"},
    "registries": {
        "docker.io": {"Location": "docker.io", "Insecure": False, "Mirrors": [{"Location": NAME, "Insecure": True}]},
        "registry.example.com:5000": {"Location": "registry.example.com:5000", "Insecure": True, "Mirrors": None},
        "search": [NAME],
    },
}


def test_podman_tells_its_settings() -> None:
    podman, _ = engine("podman", {"podman info": json.dumps(PODMAN)})
    assert podman.machine == "amd64"
    assert podman.takes_short_names
    assert podman.judge_mirrors([MIRROR]) is None
    assert podman.judge_insecure([NAME, f"{NAME}:5000"]) is None
    assert podman.judge_added([NAME]) is None
    for finding, words in (
        (podman.judge_mirrors(["http://other.example.com"]), "mirrors of docker.io lack http://other.example.com"),
        (podman.judge_insecure(["other.example.com"]), f"it has: {NAME}, {NAME}:5000"),
        (podman.judge_added(["other.example.com"]), f"short names lack other.example.com; it has: {NAME}"),
    ):
        assert finding is not None
        assert words in finding.message
        assert "podman info" in finding.remedy


def test_podman_without_any_setting() -> None:
    podman, _ = engine("podman", {"podman info": json.dumps({"host": {"arch": "arm64"}, "registries": None})})
    for finding in (podman.judge_mirrors([MIRROR]), podman.judge_insecure([NAME]), podman.judge_added([NAME])):
        assert finding is not None
        assert finding.message.endswith("it has: none")


def test_a_podman_that_cannot_read_its_files_does_not_answer() -> None:
    podman, _ = engine("podman", {})
    with pytest.raises(CheckFailed, match="client1: podman info: no such thing"):
        podman.expect_answer()


def test_podman_pulls_and_removes_by_its_own_program() -> None:
    listed = f"{NAME}/proof-1 proof sha256:1 2\nno image\n"
    podman, machine = engine("podman", {"podman images": listed, "timeout": "", "podman rmi": ""})
    assert podman.pull(f"{podman.hub_prefix}proof-1:proof", 9).rc == 0
    [image] = podman.list_images()
    assert (image.name, image.digest, image.reference) == ("proof-1", "sha256:1", f"{NAME}/proof-1:proof")
    assert podman.remove([image.reference]).rc == 0
    assert machine.lines[0] == "timeout 9 podman pull docker.io/library/proof-1:proof 2>&1"
    assert machine.lines[-1] == f"podman rmi --force {NAME}/proof-1:proof"


def test_cri_o_pulls_over_cri() -> None:
    crio, machine = engine("crio", {"crictl version": "Version:", "uname": "aarch64", "timeout": "", "crictl rmi": ""})
    assert crio.machine == "aarch64"
    assert crio.pull("a:1", 9).rc == 0
    assert crio.remove(["a:1"]).rc == 0
    assert machine.lines[-2:] == ["timeout 9 crictl pull a:1 2>&1", "crictl rmi a:1"]
    assert crio.list_images() == []
    assert crio.judge_mirrors([MIRROR]) is crio.judge_insecure([NAME]) is None
    with pytest.raises(CheckFailed, match="CRI-O does not answer"):
        engine("crio", {})[0].expect_answer()

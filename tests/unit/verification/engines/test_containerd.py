"""containerd under verification, by crictl and by ctr: what they print, and what hosts.toml
says."""

from __future__ import annotations

import json

import pytest

from mooring.verification.backend import CheckFailed
from mooring.verification.engines.containerd import (
    config_path_in_dump,
    config_path_in_info,
    is_insecure,
    parse_hosts,
    pulling_hosts,
)
from mooring.verification.engines.cri import parse_images, parse_table
from mooring.verification.engines.engine import Engine
from tests.support.answering_machine import Machine, engine

NAME = "registry.example.com"
MIRROR = f"http://{NAME}"
CERTS = "/etc/containerd/certs.d"


CRI_IMAGES = {
    "images": [
        {"id": "sha256:1", "repoTags": ["docker.io/library/a:1", f"{NAME}:5000/b:2"],
         "repoDigests": ["docker.io/library/a@sha256:d1", f"{NAME}:5000/b@sha256:d2"]},
        {"id": "sha256:2", "repoTags": ["docker.io/library/c:1"], "repoDigests": []},
        {"id": "sha256:3", "repoTags": None, "repoDigests": None},
    ]
}  # fmt: skip


def test_images_as_cri_tells_them() -> None:
    images = parse_images(json.dumps(CRI_IMAGES))
    assert [(image.name, image.tag, image.digest) for image in images] == [
        ("a", "1", "sha256:d1"),
        ("b", "2", "sha256:d2"),
        ("c", "1", ""),
    ]
    assert parse_images('{"images": null}') == []


CTR_IMAGES = f"""\
REF                          TYPE                       DIGEST     SIZE    PLATFORMS   LABELS
{NAME}/proof-1:proof         application/vnd.d.m.v2     sha256:d1  2.1 KiB linux/amd64 io.cri-containerd.image=managed
{NAME}/proof-1@sha256:d1     application/vnd.d.m.v2     sha256:d1  2.1 KiB linux/amd64 io.cri-containerd.image=managed
sha256:c1                    application/vnd.d.m.v2     sha256:d1  2.1 KiB linux/amd64 io.cri-containerd.image=managed
docker.io/library/other:1    application/vnd.d.m.v2     sha256:d2  2.1 KiB linux/amd64 -
"""


def test_images_as_ctr_lists_them() -> None:
    assert [name for name, _ in parse_table(CTR_IMAGES)] == [
        f"{NAME}/proof-1:proof",
        "sha256:c1",
        "docker.io/library/other:1",
    ]
    assert parse_table("") == []


@pytest.fixture
def by_ctr() -> tuple[Engine, Machine]:
    dump = f'[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = "{CERTS}"\n'
    return engine(
        "containerd",
        {"ctr -n k8s.io images ls": CTR_IMAGES, "ctr -n k8s.io images rm": "", "timeout": "",
         "containerd config dump": dump, "ctr version": "Server:", "uname -m": "x86_64\n"},
    )  # fmt: skip


def test_without_crictl_containerds_own_client_pulls_by_the_same_files(by_ctr: tuple[Engine, Machine]) -> None:
    containerd, machine = by_ctr
    assert containerd.machine == "x86_64"
    assert not containerd.takes_short_names
    assert containerd.pull("docker.io/library/x:1", 9).rc == 0
    assert f"timeout 9 ctr -n k8s.io images pull --hosts-dir {CERTS} docker.io/library/x:1 2>&1" in machine.lines
    assert [image.reference for image in containerd.list_images()] == [
        f"{NAME}/proof-1:proof",
        "docker.io/library/other:1",
    ]


def test_what_cri_made_of_an_image_goes_with_it(by_ctr: tuple[Engine, Machine]) -> None:
    containerd, machine = by_ctr
    containerd.remove([f"{NAME}/proof-1:proof"])
    assert machine.lines[-1] == f"ctr -n k8s.io images rm {NAME}/proof-1:proof sha256:c1"


def test_a_containerd_that_is_down_does_not_answer() -> None:
    containerd, _ = engine("containerd", {})
    with pytest.raises(CheckFailed, match="client1: containerd does not answer: no such thing"):
        containerd.expect_answer()


HUB_TOML = f"""
server = "https://registry-1.docker.io"
[host."{MIRROR}"]
  capabilities = ["pull", "resolve"]
[host."http://push.example.com"]
  capabilities = ["push"]
[host."https://all.example.com/"]
"""


def test_containerd_is_judged_by_the_files_that_the_running_daemon_reads() -> None:
    info = json.dumps({"config": {"registry": {"configPath": f"/somewhere:{CERTS}"}}})
    containerd, machine = engine(
        "containerd",
        {"command -v crictl": "", "crictl info": info, f"cat {CERTS}/docker.io/hosts.toml": HUB_TOML,
         f"cat {CERTS}/_default/hosts.toml": f'server = "http://{NAME}"'},
    )  # fmt: skip
    assert containerd.judge_mirrors([MIRROR]) is None
    assert containerd.judge_insecure([NAME]) is None
    finding = containerd.judge_insecure(["other.example.com"])
    assert finding is not None
    assert finding.message == "the engine's insecure registries lack other.example.com; it has: none"
    assert "containerd config dump" not in machine.lines
    assert containerd.pull("x", 9).rc == 1
    assert machine.lines[-1] == "timeout 9 crictl pull x 2>&1"


def test_a_daemon_that_reads_no_hosts_files_has_no_mirrors() -> None:
    info = json.dumps({"config": {"registry": {"configPath": ""}}})
    containerd, machine = engine("containerd", {"command -v crictl": "", "crictl info": info, "cat": HUB_TOML})
    finding = containerd.judge_mirrors([MIRROR])
    assert finding is not None
    assert not [line for line in machine.lines if line.startswith("cat ")]


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("version = 2\n", ""),
        ('[plugins."io.containerd.grpc.v1.cri".registry]\n  config_path = ""\n', ""),
        (f"    [plugins.'io.containerd.cri.v1.images'.registry]\n      config_path = '{CERTS}'\n", CERTS),
        (f"[plugins.'io.containerd.transfer.v1.local']\n  config_path = '{CERTS}'\n", ""),
        (f'[plugins.cri.registry]\nconfig_path = "{CERTS}"\n[other]\n', CERTS),
    ],
)
def test_the_folder_of_hosts_files_in_what_containerd_dumps(text: str, path: str) -> None:
    assert config_path_in_dump(text) == path


@pytest.mark.parametrize("text", ["", "no JSON", "[]", "{}", '{"config": {"registry": null}}'])
def test_a_daemon_that_does_not_say_where(text: str) -> None:
    assert config_path_in_info(text) == ""


def test_the_hosts_that_are_asked_for_images() -> None:
    assert pulling_hosts(parse_hosts(HUB_TOML)) == [MIRROR, "https://all.example.com"]
    assert pulling_hosts(parse_hosts("server = ")) == []


@pytest.mark.parametrize(
    ("text", "insecure"),
    [
        (f'server = "http://{NAME}"', True),
        (f'server = "https://{NAME}"', False),
        (f'server = "https://{NAME}"\nskip_verify = true', True),
        (f'[host."https://{NAME}"]\nskip_verify = true', True),
        (f'[host."https://{NAME}"]\nca = "ca.crt"', False),
        ('[host."http://mirror.example.com"]', False),
        ("", False),
    ],
)
def test_an_insecure_name_in_its_hosts_file(text: str, insecure: bool) -> None:
    assert is_insecure(parse_hosts(text), NAME) is insecure

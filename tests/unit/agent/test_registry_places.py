"""Where a registry keeps its images, what is in it, and when another place must not be
served in its stead."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from mooring.agent import registry_places, repositories
from mooring.agent.modules import registry_storage

MOUNTS = {"/var/lib/registry": "/srv/registry", "/data": "/mnt/data"}
ROOT = "REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY"
CONFIG = "version: 0.1\nlog:\n  level: info\nstorage:\n  delete:\n    enabled: true\n"


@pytest.mark.parametrize(
    ("environment", "configuration", "name", "path"),
    [
        ({}, "", "/srv/registry", "/srv/registry"),
        ({ROOT: "/var/lib/registry/new/"}, "", "/srv/registry/new", "/srv/registry/new"),
        ({ROOT: "/data"}, "", "/mnt/data", "/mnt/data"),
        ({ROOT: "/elsewhere"}, "", "container:/elsewhere", None),
        ({ROOT: "/var/lib/registry-2"}, "", "container:/var/lib/registry-2", None),
        ({"REGISTRY_STORAGE": "filesystem"}, f"{CONFIG}  s3:\n    bucket: b\n", "/srv/registry", "/srv/registry"),
        ({"REGISTRY_STORAGE": "s3", "REGISTRY_STORAGE_S3_BUCKET": "b"}, "", "s3:b", None),
        ({"REGISTRY_STORAGE": "azure", "REGISTRY_STORAGE_AZURE_CONTAINER": "c"}, "", "azure:c", None),
        ({"REGISTRY_STORAGE": "inmemory", ROOT: "/data"}, "", "inmemory:", None),
        (
            {},
            f"{CONFIG}  filesystem:\n    rootdirectory: /data # here\nhttp:\n  addr: :5000\n",
            "/mnt/data",
            "/mnt/data",
        ),
        (
            {},
            f"{CONFIG}  s3:\n    region: x\n    bucket: b\n    rootdirectory: /r\n  cache:\n    x: y\n",
            "s3:b/r",
            None,
        ),
        ({}, "storage: inmemory\n", "inmemory:", None),
        ({}, ":::\n\t{", "/srv/registry", "/srv/registry"),
    ],
)
def test_places(environment: dict[str, str], configuration: str, name: str, path: str | None) -> None:
    place = registry_places.find(environment, MOUNTS, configuration)
    assert (place["name"], place["path"]) == (name, path)


def fill(top: Path, *names: str) -> None:
    for name in names:
        (top / repositories.FOLDER / name / "_manifests" / "tags").mkdir(parents=True)


def test_repositories_are_counted_but_not_uploads(tmp_path: Path) -> None:
    assert repositories.count(str(tmp_path)) == 0
    fill(tmp_path, "one", "deep/er/two", "deep")
    (tmp_path / repositories.FOLDER / "begun" / "_uploads").mkdir(parents=True)
    (tmp_path / repositories.FOLDER / "link").symlink_to("/")
    assert repositories.count(str(tmp_path)) == 3


def test_the_count_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, *(f"r{n}" for n in range(9)))
    monkeypatch.setattr(repositories, "MOST", 5)
    assert repositories.count(str(tmp_path)) == 5
    monkeypatch.setattr(repositories, "MOST_FOLDERS", 3)
    assert repositories.count(str(tmp_path)) <= 3


class Statvfs:
    f_frsize, f_blocks, f_bavail, f_files, f_favail, f_flag = 4096, 1000000, 500000, 100, 50, 0


@pytest.mark.parametrize(
    ("change", "trouble", "warning"),
    [
        ({}, "", ""),
        ({"f_bavail": 0}, "is full: 0 B of 3.8 GiB are free", ""),
        ({"f_favail": 0}, "no inode left", ""),
        ({"f_favail": 0, "f_files": 0}, "", ""),
        ({"f_flag": 1}, "is read-only", ""),
        ({"f_bavail": 10000}, "", "is nearly full: 39.1 MiB of 3.8 GiB"),
        ({"f_blocks": 0, "f_bavail": 0}, "", ""),
    ],
)
def test_what_is_wrong_with_a_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, int], trouble: str, warning: str
) -> None:
    monkeypatch.setattr(os, "statvfs", lambda path: type("S", (Statvfs,), change))
    answers = repositories.trouble(str(tmp_path / "not" / "there"), "/srv")
    assert [bool(answer) for answer in answers] == [bool(trouble), bool(warning)]
    assert trouble in answers[0]
    assert warning in answers[1]


def test_a_directory_of_somebody_else(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert "by the registry's account 65532" in repositories.trouble(str(tmp_path), "/srv", 65532)[0]
    assert repositories.trouble(str(tmp_path), "/srv", 0)[0] == ""


def place(name: str, count: int | None, **more: Any) -> dict[str, Any]:
    path = name if name.startswith("/") else None
    return {"name": name, "path": path, "repositories": count, "is_bare": not count, **more}


FULL, EMPTY, S3 = place("/full", 7), place("/empty", 0), place("s3:b", None)
NOTE = {"storage": "/full", "has_repositories": True}


@pytest.mark.parametrize(
    ("wanted", "earlier", "record", "words"),
    [
        (EMPTY, FULL, {}, "the registry has 7 repositories in /full, and its new storage /empty has none"),
        (EMPTY, place("/full", 1000), {}, "has 1000 repositories or more in /full"),
        (EMPTY, S3, {}, "an unknown number of repositories in s3:b"),
        (S3, FULL, {}, "its new storage s3:b cannot be looked into from here"),
        (place("s3:c", None), S3, {}, "in s3:b, and its new storage s3:c cannot"),
        (place("/full", 0), FULL, {}, "/full has no repositories on the host, and the running registry still has 7"),
        (place("/full", 0), place("/full", 0), NOTE, "/full had repositories when it was last provisioned"),
        (EMPTY, place("/full", 0), NOTE, "the registry had repositories when it was last provisioned in /full"),
        (place("/other", 0), None, {}, ""),
        (EMPTY, place("/old", 0), {}, ""),
        (place("/new", 2), FULL, {}, ""),
        (FULL, FULL, NOTE, ""),
        (place("/full", 0), place("/full", 0), {**NOTE, "has_repositories": False}, ""),
        (place("/full", 0, is_bare=False), place("/full", 0, is_bare=False), NOTE, ""),
        (S3, S3, {"storage": "s3:b", "has_repositories": True}, ""),
    ],
)
def test_which_place_is_refused(
    wanted: dict[str, Any], earlier: dict[str, Any] | None, record: dict[str, Any], words: str
) -> None:
    refusal = registry_storage.find_refusal(wanted, earlier, record)
    assert words in refusal
    assert bool(refusal) == bool(words)
    assert not refusal or f"set registry_accept_empty_storage: {wanted['name']}" in refusal


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ('{"storage": "/srv", "has_repositories": true}', {"storage": "/srv", "has_repositories": True}),
        ('{"storage": "/srv"}', {"storage": "/srv", "has_repositories": False}),
        ('{"storage": 5}', {}),
        ("[]", {}),
        ("{", {}),
    ],
)
def test_a_note_is_data(tmp_path: Path, text: str, data: dict[str, Any]) -> None:
    (tmp_path / "registry.json").write_text(text)
    assert registry_storage.read_record(str(tmp_path / "registry.json")) == data
    assert json.dumps(registry_storage.read_record(str(tmp_path / "none"))) == "{}"


@pytest.mark.parametrize(
    ("fstab", "mounts", "trouble"),
    [
        ("LABEL=x /srv/registry ext4 defaults 0 0", "", "/srv/registry"),
        ("LABEL=x /srv ext4 defaults 0 0", "", "/srv"),
        ("LABEL=x /srv/ ext4 defaults 0 0", "LABEL /srv ext4 rw 0 0", ""),
        ("LABEL=x /srv ext4 noauto 0 0", "", ""),
        ("# LABEL=x /srv ext4 defaults 0 0\n\nLABEL=y / ext4 defaults 0 0\nswap none swap sw 0 0", "", ""),
        ("LABEL=x /srv/registry-2 ext4 defaults 0 0", "", ""),
    ],
)
def test_a_disk_that_should_be_mounted(monkeypatch: pytest.MonkeyPatch, fstab: str, mounts: str, trouble: str) -> None:
    texts = {"/etc/fstab": fstab, "/proc/self/mounts": mounts}
    monkeypatch.setattr(registry_storage, "lines", lambda path: texts[path].splitlines())
    assert registry_storage.unmounted("/srv/registry") == trouble

"""images.lock.yml: what is written is read again, and whatever else stands in it is a
mistake with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from mooring.errors import SourceError
from mooring.service import lock_file
from mooring.service.lock_file import LockedImage, LockFile, SourcelessImage, read_lock_file, write_lock_file

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
NGINX = LockedImage(
    "docker.io/library/nginx", "1.10", A, platforms=("linux/amd64", "linux/arm64"), running=("host-a",), idle=("10",)
)
LOCK = LockFile(
    (
        NGINX,
        LockedImage("docker.io/library/nginx", "1.10", B, idle=("host-é", "no")),
        LockedImage("ghcr.io/owner/app", "", A, keep=True),
    ),
    ("docker.io/evil/*", "docker.io/library/evil", "ghcr.io/owner/app:1.0", "quay.io/*"),
    (SourcelessImage(A, ("app:1", "x: y #z"), running=("host-a",)), SourcelessImage(B)),
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "images.lock.yml"
    assert write_lock_file(path, LOCK)
    assert read_lock_file(path) == LOCK
    assert not write_lock_file(path, LOCK)


def test_the_order_is_the_files_own(tmp_path: Path) -> None:
    turned = LockFile(LOCK.images[::-1], LOCK.forbidden[::-1], LOCK.without_source[::-1])
    write_lock_file(tmp_path / "one", LOCK)
    assert write_lock_file(tmp_path / "two", turned)
    assert (tmp_path / "one").read_text() == (tmp_path / "two").read_text()


def test_what_is_turned_in_the_file_is_put_in_order(tmp_path: Path) -> None:
    path = tmp_path / "images.lock.yml"
    entries = [f"- {{name: {name}, digest: '{A}', idle: [b, a]}}\n" for name in ("docker.io/x/b", "docker.io/x/a")]
    path.write_text("version: 1\nimages:\n" + "".join(entries))
    images = read_lock_file(path).images
    assert [image.name for image in images] == ["docker.io/x/a", "docker.io/x/b"]
    assert images[0].idle == ("a", "b")


def test_the_text_for_people(tmp_path: Path) -> None:
    path = tmp_path / "images.lock.yml"
    write_lock_file(path, LockFile((NGINX,), ("docker.io/library/evil",)))
    lines = path.read_text().splitlines()
    assert lines[0].startswith("# The images of the fleet")
    assert lines[lines.index("---") :] == [
        "---",
        "version: 1",
        "images:",
        "- name: docker.io/library/nginx",
        "  tag: '1.10'",
        f"  digest: {A}",
        "  platforms: [linux/amd64, linux/arm64]",
        "  running: [host-a]",
        "  idle: ['10']",
        "forbidden: [docker.io/library/evil]",
    ]


def test_both_dumpers_write_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    many = LockFile((LockedImage("docker.io/x/y", "1", A, idle=tuple(f"host-{n}" for n in range(60))), *LOCK.images))
    text = lock_file.format_lock(many)
    monkeypatch.setattr(lock_file, "DUMPER", yaml.SafeDumper)
    assert lock_file.format_lock(many) == text


def test_what_is_forbidden() -> None:
    banned = [
        ("docker.io/library/evil", "1"), ("docker.io/library/evil", ""), ("docker.io/evil/app", ""),
        ("ghcr.io/owner/app", "1.0"), ("quay.io/a/b", "2"),
    ]  # fmt: skip
    allowed = [
        ("docker.io/library/evil2", ""),
        ("ghcr.io/owner/app", "1.1"),
        ("ghcr.io/owner/app", ""),
        ("docker.io/evil", ""),
    ]
    assert all(LOCK.find_ban(*image) for image in banned)
    assert not any(LOCK.find_ban(*image) for image in allowed)


IMAGE = f"images:\n- name: docker.io/library/nginx\n  digest: {A}\n"
# What is in the file below `version: 1`, the place of the mistake, and words of the message.
MISTAKES = [
    ("image: []\n", "2:1", 'unknown key "image" in the lock file (did you mean "images"?)'),
    ("images: {}\n", "2:9", '"images" must be a list'),
    ("images: [nginx]\n", "2:10", "an image must be a mapping of keys to values"),
    (IMAGE.replace("docker.io/library/nginx", "nginx"), "3:9", 'write "docker.io/library/nginx"'),
    (IMAGE.replace("nginx", "nginx:1.25"), "3:9", "holds a tag"),
    (IMAGE.replace("docker.io/library/nginx", "no name"), "3:9", "is no image's name"),
    (IMAGE.replace(A, "sha256:12"), "4:11", '"sha256:12" is not a digest such as sha256:<64 digits>'),
    (IMAGE.replace("digest", "digets"), "4:3", 'unknown key "digets" in an image (did you mean "digest"?)'),
    (IMAGE.partition("  digest")[0], "3:3", 'an image needs "digest"'),
    (IMAGE + "  tag: 1.10\n", "5:8", '"tag" is not text (it needs quotes: "1.10")'),
    (IMAGE + "  tag: a/b\n", "5:8", '"a/b" is not a tag'),
    (IMAGE + "  platforms: [amd64]\n", "5:15", '"amd64" is not a platform such as linux/amd64'),
    (IMAGE + "  running: host-a\n", "5:12", '"running" must be a list'),
    (IMAGE + "  running: [17]\n", "5:13", "it needs quotes"),
    (IMAGE + "  running: ['']\n", "5:13", '"running" is empty'),
    (IMAGE + "  running: [a]\n  idle: [a, b]\n", "3:3", '"a" stands under "running" and under "idle"'),
    (IMAGE + "  keep: maybe\n", "5:9", '"keep" must be yes or no'),
    (IMAGE + "  kepp: true\n", "5:3", 'did you mean "keep"?'),
    (IMAGE + IMAGE.partition("\n")[2], "5:3", f"docker.io/library/nginx@{A} is given twice, first in line 3"),
    ("forbidden: docker.io/library/evil\n", "2:12", '"forbidden" must be a list'),
    ("forbidden: [evil]\n", "2:13", 'write "docker.io/library/evil"'),
    ("forbidden: ['docker.io/*/evil']\n", "2:13", "is no pattern"),
    ("forbidden: ['*']\n", "2:13", "is no pattern"),
    ("forbidden: ['evil/*']\n", "2:13", "forbids nothing"),
    ("forbidden: ['docker.io/library/evil:a b']\n", "2:13", '"a b" is not a tag'),
    ("forbidden: [quay.io/a, quay.io/a]\n", "2:24", "quay.io/a is given twice, first in line 2"),
    ("without_source: [{id: app}]\n", "2:23", '"app" is not an ID'),
    (f"without_source: [{{id: {A!r}, names: [1]}}]\n", "2:106", "it needs quotes"),
    (f"without_source: [{{id: {A!r}}}, {{id: {A!r}}}]\n", "2:99", f"{A} is given twice"),
    ("images: []\nimages: []\n", "3:1", "duplicate key"),
    ("images: [\n", "3:1", "expected"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "words"), MISTAKES, ids=[words[:40] for _, _, words in MISTAKES])
def test_mistakes_have_their_place(tmp_path: Path, text: str, place: str, words: str) -> None:
    path = tmp_path / "images.lock.yml"
    path.write_text("version: 1\n" + text)
    with pytest.raises(SourceError, match=re.escape(words)) as caught:
        read_lock_file(path)
    assert str(caught.value).startswith(f"{path}:{place}: ")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    path = tmp_path / "images.lock.yml"
    path.write_text(f"version: 1\nimages:\n- {{name: a, digest: {A!r}}}\n- {{name: b, digest: {A!r}}}\nforbiden: []\n")
    with pytest.raises(SourceError) as caught:
        read_lock_file(path)
    assert len(caught.value.all()) == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "the file is empty"),
        ("# nothing\n", "the file is empty"),
        ("images: []\n", "does not say its version (version: 1)"),
        ("version: 2\nimagery: []\n", ":1:10: the lock file is of version 2 (this Mooring reads version 1 alone"),
        ("version: true\n", "of version true"),
        ("version: '1'\n", "of version 1"),
        ("version: []\n", "of another kind"),
        ("- a\n", "the lock file must be a mapping"),
        ("\x00", "cannot stand in YAML"),
    ],
)
def test_other_files_are_refused(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "images.lock.yml"
    path.write_text(text)
    with pytest.raises(SourceError, match=re.escape(words)) as caught:
        read_lock_file(path)
    assert len(caught.value.all()) == 1


def test_no_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read_lock_file(tmp_path / "none.yml")

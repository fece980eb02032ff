"""Looking into the output of `docker save`, in the layouts that engines of all ages write."""

import gzip
import hashlib
import io
import json
import tarfile

import pytest

from mooring.errors import SourceError, Where
from mooring.registry.docker_archive import CHUNK, read_archive

CONFIG = json.dumps({"rootfs": {"diff_ids": ["sha256:layer"]}}).encode()
CONFIG_DIGEST = hashlib.sha256(CONFIG).hexdigest()


def tar(files):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return stream.getvalue()


def legacy(names=("nginx:1.22",)):
    """What engines up to 24 save."""
    name = f"{CONFIG_DIGEST}.json"
    return tar({name: CONFIG, "manifest.json": [{"Config": name, "RepoTags": list(names), "Layers": []}]})


def oci():
    """What engines from 25 on save: both an OCI layout and the legacy manifest over the same
    blobs."""
    manifest = json.dumps({"config": {"digest": f"sha256:{CONFIG_DIGEST}"}, "layers": []}).encode()
    digest = hashlib.sha256(manifest).hexdigest()
    missing = {"digest": "sha256:" + "0" * 64}
    nested = json.dumps({"manifests": [{"digest": f"sha256:{digest}"}, missing]}).encode()
    nested_digest = hashlib.sha256(nested).hexdigest()
    files = {
        f"blobs/sha256/{CONFIG_DIGEST}": CONFIG,
        f"blobs/sha256/{digest}": manifest,
        f"blobs/sha256/{nested_digest}": nested,
        "index.json": {"manifests": [{"digest": f"sha256:{nested_digest}"}]},
        "oci-layout": {"imageLayoutVersion": "1.0.0"},
        "manifest.json": [{"Config": f"blobs/sha256/{CONFIG_DIGEST}", "RepoTags": ["nginx:1.22"], "Layers": []}],
    }
    return tar(files), {f"sha256:{digest}", f"sha256:{nested_digest}"}


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_legacy_archive_names_the_image_by_its_configuration(tmp_path, pack):
    path = tmp_path / "nginx.tar"
    path.write_bytes(pack(legacy()))
    archive = read_archive(path)
    assert archive.size == path.stat().st_size
    assert archive.arguments("nginx", "1.22") == {
        "archive_ids": [f"sha256:{CONFIG_DIGEST}"],
        "archive_names": ["nginx:1.22"],
        "archive_layers": ["sha256:layer"],
        "archive_size": archive.size,
    }


def test_an_oci_archive_also_tells_the_ids_that_the_containerd_store_gives(tmp_path):
    data, manifests = oci()
    path = tmp_path / "nginx.tar"
    path.write_bytes(data)
    image = read_archive(path).image("nginx:1.22")
    assert image.ids[0] == f"sha256:{CONFIG_DIGEST}"
    assert set(image.ids[1:]) == manifests


def test_the_only_image_may_be_loaded_under_any_name(tmp_path):
    path = tmp_path / "x.tar"
    path.write_bytes(legacy(names=()))
    assert read_archive(path).image("registry.example.com/nginx").ids == (f"sha256:{CONFIG_DIGEST}",)


def test_of_several_images_the_one_with_the_name_is_meant(tmp_path):
    other = json.dumps({"rootfs": {}}).encode()
    manifest = [{"Config": "a.json", "RepoTags": ["library/a:1"]}, {"Config": "b.json", "RepoTags": ["b:1"]}]
    path = tmp_path / "two.tar"
    path.write_bytes(tar({"a.json": CONFIG, "b.json": other, "manifest.json": manifest}))
    archive = read_archive(path)
    assert archive.image("docker.io/a:1").names == ("library/a:1",)
    assert archive.image("b", "1").ids == ("sha256:" + hashlib.sha256(other).hexdigest(),)
    with pytest.raises(SourceError, match=r"does not hold the image c:latest \(it holds library/a:1, b:1\)"):
        archive.image("c")


def test_the_bytes_come_in_chunks(tmp_path):
    path = tmp_path / "nginx.tar"
    data = legacy() + b"\0" * (2 * CHUNK)
    path.write_bytes(data)
    chunks = list(read_archive(path).chunks())
    assert b"".join(chunks) == data
    assert max(map(len, chunks)) == CHUNK


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"no tar at all", "it is not a tar file"),
        (tar({"bin/sh": b"x"}), "not `docker export`"),
        (tar({"oci-layout": {}, "index.json": {}}), "OCI layout without manifest.json"),
        (tar({"manifest.json": [{"Config": "gone.json"}]}), "not a whole docker-archive"),
        (tar({"manifest.json": b"{"}), "not a whole docker-archive"),
        (legacy()[:700], "not a whole docker-archive|it is not a tar file"),
    ],
)
def test_what_is_no_archive_is_refused_at_the_task_that_names_it(tmp_path, data, why):
    path = tmp_path / "x.tar"
    path.write_bytes(data)
    with pytest.raises(SourceError, match=why) as caught:
        read_archive(path, Where("roles/x/tasks/main.yml", 3, 5))
    assert str(caught.value).startswith(f"roles/x/tasks/main.yml:3:5: {path} cannot be loaded: ")


def test_a_missing_archive_is_named(tmp_path):
    with pytest.raises(SourceError, match=r"cannot read the image archive .*no such file"):
        read_archive(tmp_path / "gone.tar")


def test_a_single_image_of_another_tag_is_another_image(tmp_path):
    path = tmp_path / "one.tar"
    path.write_bytes(tar({"a.json": CONFIG, "manifest.json": [{"Config": "a.json", "RepoTags": ["registry:2.8.1"]}]}))
    with pytest.raises(SourceError, match=r"does not hold the image registry:2.8.2 \(it holds registry:2.8.1\)"):
        read_archive(path).image("registry", "2.8.2")


def test_a_single_image_without_a_name_gets_the_one_that_is_asked_for(tmp_path):
    path = tmp_path / "one.tar"
    path.write_bytes(tar({"a.json": CONFIG, "manifest.json": [{"Config": "a.json", "RepoTags": None}]}))
    assert read_archive(path).image("registry", "2.8.2").names == ()

"""What is in a docker-archive (the output of `docker save`): image IDs, names and layers.
Read on both sides.

Understands the legacy layout (manifest.json beside a directory per layer), the OCI layout that
newer engines write (manifest.json and index.json over blobs/), and either of them gzipped. An
engine with the classic image store names an image by the digest of its configuration, one with the
containerd store by that of its manifest or index, so an image has several possible IDs. Pure
reading; raises NotAnArchive.
"""

from __future__ import absolute_import, division, print_function

import collections
import hashlib
import json
import tarfile

# names: ["nginx:1.22"]; ids: ["sha256:..."], the configuration's digest first; layers: digests of
# unpacked layers.
ArchivedImage = collections.namedtuple("ArchivedImage", "names ids layers")
LARGEST_DOCUMENT = 16 * 1024 * 1024


class NotAnArchive(Exception):
    """The file is not a docker-archive; the message says what it is instead."""


def read_images(path):
    """The images in the archive at `path`, a list of ArchivedImage."""
    try:
        with tarfile.open(path, "r:*") as archive:
            return list(images_of(archive))
    except tarfile.ReadError:
        raise NotAnArchive("it is not a tar file, or broken; write it with `docker save -o FILE NAME`")
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAnArchive("it is not a whole docker-archive (%s: %s)" % (type(error).__name__, error))


def images_of(archive):
    """The images of an open archive, one after the other."""
    try:
        manifest = document(archive, "manifest.json")
    except KeyError:
        if "oci-layout" in archive.getnames():
            raise NotAnArchive("it is an OCI layout without manifest.json; write it with `docker save -o FILE NAME`")
        raise NotAnArchive("it has no manifest.json; write it with `docker save -o FILE NAME`, not `docker export`")
    manifests = manifest_ids(archive)
    for entry in manifest:
        config = content(archive, entry["Config"])
        digest = "sha256:" + hashlib.sha256(config).hexdigest()
        layers = (json.loads(config.decode("utf-8")).get("rootfs") or {}).get("diff_ids") or []
        yield ArchivedImage(entry.get("RepoTags") or [], [digest] + sorted(manifests.get(digest, ())), layers)


def manifest_ids(archive):
    """Digests of manifests and indexes by the configuration that they lead to; {}
    in legacy archives."""
    parents = {}
    try:
        index = document(archive, "index.json")
    except KeyError:
        return parents
    for descriptor in index.get("manifests") or ():
        follow(archive, descriptor["digest"], [], parents)
    return parents


def follow(archive, digest, path, parents):
    """Note every digest on the way from an index to its images' configurations."""
    try:
        read = document(archive, "blobs/" + digest.replace(":", "/"))
    except KeyError:
        return  # other platforms of an index are not in the archive
    for descriptor in read.get("manifests") or ():
        follow(archive, descriptor["digest"], path + [digest], parents)
    if "config" in read:
        parents.setdefault(read["config"]["digest"], set()).update(path + [digest])


def document(archive, name):
    return json.loads(content(archive, name).decode("utf-8"))


def content(archive, name):
    """A small file of the archive; KeyError where there is none."""
    member = archive.getmember(name)
    stream = archive.extractfile(member)
    if stream is None or member.size > LARGEST_DOCUMENT:
        raise ValueError("%s is not a document" % name)
    return stream.read()


def choose(images, name):
    """The image meant by `name` ("nginx:1.22"): the one that bears it, else a single
    one without any name.

    None where there is neither: an image that bears another name is another image.
    """
    bearing = [image for image in images if any(same_name(name, known) for known in image.names)]
    if bearing:
        return bearing[0]
    return images[0] if len(images) == 1 and not images[0].names else None


def same_name(name, other):
    return short(name) == short(other)


def short(name):
    """Names as the engine shows them: without docker.io/ and library/."""
    for prefix in ("docker.io/", "index.docker.io/", "library/"):
        if name.startswith(prefix):
            name = name[len(prefix):]
    return name

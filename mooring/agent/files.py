"""Files on the host: names as bytes, digests, contents, whole writes.

Names travel as text and touch the disk as UTF-8 bytes, whatever the locale: under LANG=C Python 3.6
would refuse to encode them. Owner, group, mode and SELinux context are in attributes.py, writing in
draft.py; both are offered here as well.
"""

from __future__ import absolute_import, division, print_function

import errno
import hashlib
import os

from mooring.agent import directory, host, modes
from mooring.agent.attributes import (  # noqa: F401  (files is the one door to them)
    FILE_ARGS,
    NEW_DIRECTORY,
    NEW_FILE,
    apply_attributes,
    apply_to,
    attributes,
    kind,
    numbers,
    path_info,
    wanted_attributes,
)
from mooring.agent.draft import CHUNK, SPECIAL, Draft  # noqa: F401
from mooring.agent.names import raw, text

SMALL = 100 * 1000


def read(path):
    """A file's bytes; None when there is no such file. Other trouble is OSError or IOError."""
    try:
        with os.fdopen(directory.read_regular(path), "rb") as stream:
            return stream.read()
    except (IOError, OSError) as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        raise


def chunks(path):
    """A file's content in pieces."""
    with os.fdopen(directory.read_regular(path), "rb") as stream:
        for chunk in iter(lambda: stream.read(CHUNK), b""):
            yield chunk


def digest(path, algorithm="sha1"):
    """The hex digest of a regular file's content; None where there is none."""
    path = raw(path)
    if not os.path.isfile(path):
        return None
    checksum = hashlib.new(algorithm)
    for chunk in chunks(path):
        checksum.update(chunk)
    return checksum.hexdigest()


def md5(path):
    """Ansible's `md5sum` of a file; None where there is none, or a host in FIPS
    mode that has no MD5."""
    try:
        return digest(path, "md5")
    except ValueError:
        return None


def new_md5():
    """A digest to be fed; None on such a host."""
    try:
        return hashlib.new("md5")
    except ValueError:
        return None


def digest_bytes(data, algorithm="sha1"):
    """The hex digest of bytes."""
    return hashlib.new(algorithm, data).hexdigest()


def printable(path):
    """A file's text for a diff; where it is binary or large, a line that says so. Absent is
    empty."""
    path = raw(path)
    if not os.path.isfile(path):
        return ""
    if os.path.getsize(path) > SMALL:
        return too_large(os.path.getsize(path))
    return printable_bytes(read(path))


def printable_bytes(data):
    """Like `printable`, for content that is at hand."""
    if len(data) > SMALL:
        return too_large(len(data))
    if b"\0" in data:
        return "(binary, %d bytes, sha1 %s)\n" % (len(data), digest_bytes(data))
    return text(data)


def too_large(size):
    return "(%d bytes, too large to show)\n" % size


def content_diff(path, before, after):
    """The one entry of a diff that shows a file's content; both texts as `printable` makes them."""
    header = "%s (content)" % path
    return {"before": before, "after": after, "before_header": header, "after_header": header}


def attributes_diff(path, before, after):
    """The one entry of a diff that shows what changes of owner, group, mode and the like."""
    keys = sorted(key for key in after if before.get(key) != after[key])
    texts = ["".join("%s: %s\n" % (key, state.get(key)) for key in keys) for state in (before, after)]
    header = "%s (file attributes)" % path
    return {"before": texts[0], "after": texts[1], "before_header": header, "after_header": header}


def make_directories(path, args):
    """mkdir -p; every directory that is made gets the attributes of FILE_ARGS, as with Ansible.

    Links above it are followed, as they are when somebody names the path; what is
    made is never a link.
    """
    here, folder = directory.open_directory(b"/" if path.startswith("/") else b"."), ""
    try:
        for part in [part for part in path.split("/") if part]:
            folder += ("/" if folder or path.startswith("/") else "") + part
            below = open_or_make(here, raw(part), args)
            here.close()
            here = below
    except OSError as error:
        raise host.Failed("cannot create directory %s: %s" % (folder, error.strerror), path=folder)
    finally:
        here.close()


def open_or_make(here, name, args):
    """The directory `name` of a Directory, made with these attributes where it is not there."""
    try:
        return here.enter(name, follow=True)
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
    owner = numbers(args, os.path.join(here.shown, name))
    made = here.make(name)
    try:
        # A directory takes the group's bit over from the one that it is in.
        settle(made, args, owner, made.status().st_mode & SPECIAL | NEW_DIRECTORY & ~modes.umask())
    except BaseException:
        made.close()
        raise
    return made


def make_empty(path, args):
    """A new empty file with these attributes; OSError where there is something by now."""
    folder, name = directory.locate(path)
    with folder:
        owner = numbers(args, path)
        with directory.Held(folder.create(name), raw(path)) as made:
            settle(made, args, owner, NEW_FILE & ~modes.umask())


def settle(made, args, owner, bits):
    """The attributes of a thing just made, which nobody else may open yet; `bits` where the
    arguments give no mode."""
    is_directory = kind(made.status().st_mode) == "directory"
    wanted = wanted_attributes(args, {"mode": modes.octal(bits)}, is_directory)
    os.chown(made.path, *owner)
    os.chmod(made.path, int(wanted.get("mode", modes.octal(bits)), 8))
    apply_to(made, dict(args, owner=None, group=None, mode=None))

"""Look at a file: whether it exists, its kind, owner, mode, times and checksum."""

from __future__ import absolute_import, division, print_function

import errno
import os
import stat

from mooring.agent import files, host
from mooring.agent.attributes import group_name, user_name
from mooring.agent.names import raw, text

ARGS = {
    "path": {"type": "path", "required": True, "aliases": ["dest", "name"]},
    "follow": {"type": "bool", "default": False},
    "get_checksum": {"type": "bool", "default": True},
    "get_mime": {"type": "bool", "default": True, "aliases": ["mime", "mime_type", "mime-type"]},
    "get_attributes": {"type": "bool", "default": True, "aliases": ["attr", "attributes"]},
    "checksum_algorithm": {
        "default": "sha1", "choices": ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"],
        "aliases": ["checksum", "checksum_algo"],
    },
}
READ_ONLY = True
BITS = {
    "rusr": stat.S_IRUSR, "wusr": stat.S_IWUSR, "xusr": stat.S_IXUSR,
    "rgrp": stat.S_IRGRP, "wgrp": stat.S_IWGRP, "xgrp": stat.S_IXGRP,
    "roth": stat.S_IROTH, "woth": stat.S_IWOTH, "xoth": stat.S_IXOTH,
    "isuid": stat.S_ISUID, "isgid": stat.S_ISGID,
}
KINDS = {
    "isdir": stat.S_ISDIR, "ischr": stat.S_ISCHR, "isblk": stat.S_ISBLK, "isreg": stat.S_ISREG,
    "isfifo": stat.S_ISFIFO, "islnk": stat.S_ISLNK, "issock": stat.S_ISSOCK,
}
NUMBERS = {
    "uid": "st_uid", "gid": "st_gid", "size": "st_size", "inode": "st_ino", "dev": "st_dev", "nlink": "st_nlink",
    "atime": "st_atime", "mtime": "st_mtime", "ctime": "st_ctime", "blocks": "st_blocks",
    "block_size": "st_blksize", "device_type": "st_rdev",
}


def run(args):
    """{"stat": {"exists": ..., ...}} in Ansible's words."""
    path = raw(args["path"])
    try:
        status = os.stat(path) if args["follow"] else os.lstat(path)
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            return {"changed": False, "stat": {"exists": False}}
        raise host.Failed("cannot look at %s: %s" % (args["path"], error.strerror))
    values = {"exists": True, "path": args["path"], "mode": "%04o" % stat.S_IMODE(status.st_mode)}
    values.update((name, check(status.st_mode)) for name, check in KINDS.items())
    values.update((name, bool(status.st_mode & bit)) for name, bit in BITS.items())
    values.update((name, getattr(status, field)) for name, field in NUMBERS.items())
    values.update(pw_name=user_name(status.st_uid), gr_name=group_name(status.st_gid))
    values.update(readable=os.access(path, os.R_OK), writeable=os.access(path, os.W_OK),
                 executable=os.access(path, os.X_OK))
    if values["islnk"]:
        values.update(lnk_source=text(os.path.realpath(path)), lnk_target=text(os.readlink(path)))
    if values["isreg"] and values["readable"] and args["get_checksum"]:
        values["checksum"] = files.digest(path, args["checksum_algorithm"])
    if args["get_mime"]:
        values.update(mime(args["path"]))
    if args["get_attributes"]:
        values.update(flags(args["path"]))
    return {"changed": False, "stat": values}


def mime(path):
    """Type and character set by `file`, where the host has it."""
    unknown = {"mimetype": "unknown", "charset": "unknown"}
    if not host.which("file"):
        return unknown
    ran = host.run(["file", "--brief", "--mime-type", "--mime-encoding", path])
    kind, separator, charset = ran.out.strip().partition("; charset=")
    return {"mimetype": kind, "charset": charset} if ran.rc == 0 and separator else unknown


def flags(path):
    """The flags of chattr by `lsattr`, where the file system has them."""
    values = {"version": None, "attributes": [], "attr_flags": ""}
    ran = host.run(["lsattr", "-vd", path]) if host.which("lsattr") else None
    words = ran.out.split() if ran is not None and ran.rc == 0 else []
    if len(words) >= 2:
        letters = words[1].replace("-", "")
        names = [NAMES.get(letter, letter) for letter in letters]
        values.update(version=words[0], attr_flags=letters, attributes=names)
    return values


NAMES = {
    "A": "noatime", "a": "append", "c": "compressed", "C": "nocow", "d": "nodump", "D": "dirsync", "e": "extents",
    "E": "encrypted", "h": "blocksize", "i": "immutable", "I": "indexed", "j": "journalled", "N": "inline",
    "s": "zero", "S": "synchronous", "t": "notail", "T": "blockroot", "u": "undelete", "X": "compressedraw",
    "Z": "compresseddirty",
}

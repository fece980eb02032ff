"""Copy a file to the host, whole and only where its content differs."""

from __future__ import absolute_import, division, print_function

import hashlib
import os

from mooring.agent import directory, files, host, tree_copy
from mooring.agent.names import raw, text

# `checksum` is the new content's sha1. With `remote_src` the content is `src` on the host, else the
# control machine streams it when it is asked, and says its `size` so that a large file is not
# fetched only to be shown.
ARGS = {
    "dest": {"type": "path", "required": True},
    "src": {"type": "path"},
    "content": {"secret": True},
    "checksum": {},
    "size": {"type": "int"},
    "original_basename": {},
    "remote_src": {"type": "bool", "default": False},
    "backup": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": True},
    "follow": {"type": "bool", "default": False},
    "validate": {},
    "directory_mode": {"type": "raw"},
    "local_follow": {"type": "bool", "default": True},
}
ARGS.update(files.FILE_ARGS)
# Bytes from which on there is progress to tell.
LARGE = 4000000


def current(args):
    """{"state", "checksum", "owner", "group", "mode", "text" for a diff}, or a tree's
    differing "entries"."""
    path = place(args)
    if is_tree(args):
        return tree_copy.compare(raw(args["src"]), raw(path), args)
    now = files.attributes(path, follow=False)
    if now is not None and now["state"] == "file":
        now["checksum"] = files.digest(path)
        now["text"] = files.printable(path)
    return now


def wanted(args, before):
    """What the file must be; nothing where `force: false` leaves an existing one alone."""
    path = place(args)
    if is_tree(args):
        return {"entries": []}
    if before is not None and not args["force"]:
        return {}
    if before is not None and before["state"] in ("directory", "other"):
        raise host.Failed("%s is not a regular file and will not be replaced by one" % path, dest=path)
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(raw(folder)) and not makes_folder(args):
        host.warn("Destination directory %s does not exist" % folder)
    after = files.wanted_attributes(file_args(args), kept(before))
    after.update(state="file", checksum=checksum(args))
    return after


def kept(before):
    """The attributes that stay when the content changes: a file's; a link that is
    replaced has none."""
    return before if before is not None and before["state"] == "file" else None


def place(args):
    """Where the file goes: below a directory under its own name, behind a link that is followed."""
    path = args["dest"]
    if is_tree(args):
        return path if args["src"].endswith("/") else os.path.join(path, os.path.basename(args["src"]))
    if path.endswith("/") or os.path.isdir(raw(path)):
        name = args["original_basename"] or os.path.basename(args["src"] or "")
        if not name:
            raise host.Failed("%s is a directory, and there is no name for a file in it" % path, dest=path)
        path = os.path.join(path, name)
    return text(directory.resolve(path)) if args["follow"] and os.path.islink(raw(path)) else path


def is_tree(args):
    return bool(args["remote_src"] and args["src"] and os.path.isdir(raw(args["src"])))


def makes_folder(args):
    return args["dest"].endswith("/")


def file_args(args):
    """The arguments with `mode: preserve` resolved to the mode of a source on the host."""
    if args["mode"] != "preserve":
        return args
    source = files.attributes(args["src"]) if args["remote_src"] else None
    return dict(args, mode=source["mode"] if source else None)


def checksum(args):
    """The sha1 of the new content."""
    if not args["remote_src"]:
        if not args["checksum"]:
            raise host.Failed("copy needs the checksum of its content")
        return args["checksum"]
    source = raw(args["src"] or "")
    if not os.path.exists(source):
        raise host.Failed("Source %s not found" % args["src"], src=args["src"])
    if not os.path.isfile(source):
        raise host.Failed("Cannot copy invalid source '%s': not a file" % args["src"], src=args["src"])
    sha1 = files.digest(source)
    if args["checksum"] and args["checksum"] != sha1:
        raise host.Failed("Copied file does not match the expected checksum. Transfer failed.",
                          checksum=sha1, expected_checksum=args["checksum"])
    return sha1


def apply(args, before, after):
    """Write the content beside the file and rename it; with the same content only
    set the attributes."""
    path = place(args)
    if is_tree(args):
        return tree_copy.copy(raw(args["src"]), raw(path), before["entries"], args)
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(raw(folder)):
        if not makes_folder(args):
            raise host.Failed("Destination directory %s does not exist" % folder, dest=path)
        files.make_directories(folder, dict(args, mode=args["directory_mode"]))
    if kept(before) is None or before["checksum"] != after["checksum"]:
        return write(args, path, before, after)
    return files.apply_attributes(path, file_args(args), follow=False)


def write(args, path, before, after):
    """The new content under `path`; its `md5sum`, and the backup's name if one was asked for."""
    done = {}
    with files.Draft(path, file_args(args), follow=False) as draft:
        sha1, other = hashlib.sha1(), files.new_md5()
        digests = [digest for digest in (sha1, other) if digest is not None]
        draft.write(report(watched(chunks(args), digests), os.path.basename(path), size_of(args)))
        if sha1.hexdigest() != after["checksum"]:
            raise host.Failed("Copied file does not match the expected checksum. Transfer failed.",
                              checksum=sha1.hexdigest(), expected_checksum=after["checksum"])
        if args["validate"]:
            draft.validate(args["validate"])
        if args["backup"] and before is not None and os.path.exists(raw(path)):
            done["backup_file"] = draft.backup()
        draft.commit(args["unsafe_writes"])
    done["md5sum"] = other and other.hexdigest()
    return done


def chunks(args):
    """The new content as an iterator of bytes."""
    if not args["remote_src"]:
        return host.content()
    return files.chunks(args["src"])


def watched(source, digests):
    """The same chunks, while their digests are taken."""
    for chunk in source:
        for digest in digests:
            digest.update(chunk)
        yield chunk


def size_of(args):
    """The bytes of the new content; 0 where nobody knows."""
    return os.path.getsize(raw(args["src"])) if args["remote_src"] else args["size"] or 0


def report(source, name, total):
    """The same chunks, with progress where they are many."""
    done = 0
    for chunk in source:
        yield chunk
        done += len(chunk)
        if max(done, total) >= LARGE:
            host.progress("copying %s" % name, done, total)


def diff(args, before, after):
    """The contents; what is no longer or not yet on the host's disk is fetched for
    it when it is small."""
    path = place(args)
    if is_tree(args):
        names = "".join("%s\n" % name for name in before["entries"])
        return [files.content_diff(path, "", names)]
    parts = []
    if kept(before) is None or before["checksum"] != after["checksum"]:
        old = (kept(before) or {}).get("text", "")
        parts.append(files.content_diff(path, old, new_text(args, path, after)))
    attributes = dict(after, checksum=(before or {}).get("checksum"))
    if before is not None and any(before.get(key) != attributes[key] for key in attributes):
        parts.append(files.attributes_diff(path, before, attributes))
    return parts


def new_text(args, path, after):
    if files.digest(path) == after["checksum"]:
        return files.printable(path)
    if args["remote_src"]:
        return files.printable(args["src"])
    if args["size"] is not None and args["size"] > files.SMALL:
        return files.too_large(args["size"])
    return files.printable_bytes(b"".join(host.content()))


def returns(args, before, now):
    """Ansible's return values."""
    path = place(args)
    values = {"dest": path, "src": args["src"], "path": path}
    if not is_tree(args):
        values["checksum"] = (now or {}).get("checksum")
        if args["remote_src"] and kept(before) and before["checksum"] == values["checksum"]:
            values["md5sum"] = files.md5(path)
        values.update(files.path_info(path))
    if before is not None and not args["force"]:
        values["msg"] = "file already exists"
    return values

"""The files of a transaction: what will be written lies ready beside them, and so do the old ones.

All that needs disk space is done before anything changes. After that every step forward and back is a rename. The
names begin with a dot and end in a number, so that no engine reads them (`*.crt`, `*.conf`, `*.toml` and the like).
"""

from __future__ import absolute_import, division, print_function

import errno
import os
import shutil

from mooring.agent import files, host, modes, xattrs
from mooring.agent.names import raw, text
from mooring.agent.transaction.journal import remove, remove_directory, sync

NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


def lay_out(steps, undo, mark):
    """(values for the journal, [(draft, real, entry of the plan)]): every name that will be made, none of them yet."""
    names = Names(mark)
    laid = {"steps": [names.step(step) for step in steps],
            "undo": {kind: [names.step(step) for step in undo.get(kind) or []] for kind in ("reload", "restart")}}
    laid["files"] = [names.files[real] for real in names.order]
    laid["directories"] = names.missing_directories()
    laid["drafts"] = [draft for draft, _, _ in names.drafts]
    return laid, names.drafts


class Names(object):
    """Numbers what is made beside the files."""

    def __init__(self, mark):
        self.mark, self.count = mark, 0
        self.files, self.order, self.drafts = {}, [], []

    def beside(self, real):
        self.count += 1
        folder, name = os.path.split(real)
        return os.path.join(folder, ".%s.mooring-%s.%d" % (name, self.mark, self.count))

    def step(self, step):
        """A step whose files name their drafts (None: remove) instead of their texts."""
        return dict(step, files=[self.file(one) for one in step["files"]])

    def file(self, one):
        real = text(os.path.realpath(raw(one["path"])))
        if real not in self.files:
            sha1 = files.digest(real)
            backup = self.beside(real) if sha1 else None
            self.files[real] = {"path": one["path"], "real": real, "sha1": sha1, "backup": backup, "ours": []}
            self.order.append(real)
        draft = None
        if one["text"] is not None:
            draft = self.beside(real)
            self.drafts.append((draft, real, one))
            self.files[real]["ours"].append(files.digest_bytes(raw(one["text"])))
        return {"path": one["path"], "real": real, "draft": draft}

    def missing_directories(self):
        """Directories that drafts need and that are not there, outermost first."""
        found = []
        for _, real, _ in self.drafts:
            folder, needed = os.path.dirname(real), []
            while not os.path.isdir(raw(folder)):
                needed.insert(0, folder)
                folder = os.path.dirname(folder)
            found += [one for one in needed if one not in found]
        return found


def save(values):
    """Directories, and the old files under a second name; nothing is changed yet."""
    for folder in values["directories"]:
        guarded(os.mkdir, folder, raw(folder), 0o755)
        guarded(os.chmod, folder, raw(folder), 0o755)
    for one in values["files"]:
        if one["backup"]:
            guarded(link_or_copy, one["backup"], raw(one["real"]), raw(one["backup"]))
    sync_folders(values["files"])


def link_or_copy(real, backup):
    """A second name needs no space; where the file system has none, a copy with all attributes."""
    try:
        os.link(real, backup)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        shutil.copy2(real, backup)
        old = os.stat(real)
        os.chown(backup, old.st_uid, old.st_gid)
        xattrs.keep(real, backup)
        sync(text(backup))


def write_drafts(drafts):
    """Every new text, beside its file, with its owner, mode and context, on the disk."""
    for draft, real, entry in drafts:
        guarded(write_draft, draft, raw(draft), raw(real), entry)


def write_draft(draft, real, entry):
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(handle, "wb") as stream:
        stream.write(raw(entry["text"]))
        stream.flush()
        if os.path.exists(real):
            old = os.stat(real)
            os.fchown(stream.fileno(), old.st_uid, old.st_gid)
            os.fchmod(stream.fileno(), old.st_mode & 0o7777)
            xattrs.keep(real, draft)
        else:
            os.fchmod(stream.fileno(), modes.parse(entry.get("mode") or "0644", 0))
            fresh = xattrs.policy_context(real, 0o100644)
            if fresh:
                keep_context(draft, fresh)
        os.fsync(stream.fileno())


def keep_context(draft, fresh):
    try:
        xattrs.write(draft, xattrs.SELINUX, fresh.encode("ascii") + b"\0")
    except OSError:
        # A mount with one fixed context for all files.
        pass


def place(one, keep=False):
    """One file of a step: its draft becomes the file, or the file goes; `keep` leaves the draft for a second time."""
    if not one["draft"]:
        guarded(remove, one["path"], raw(one["real"]))
    else:
        guarded(replace, one["path"], raw(one["draft"]), raw(one["real"]), keep)
    folder = os.path.dirname(one["real"])
    if os.path.isdir(raw(folder)):
        guarded(sync, folder, folder)


def replace(source, real, keep):
    """`source` becomes `real`, in one step; with `keep` by way of a second name, so that it can be done again."""
    if keep:
        twin = source + b".again"
        try:
            remove(twin)
            os.link(source, twin)
            source = twin
        except OSError as error:
            if error.errno not in NO_LINKS + (errno.ENOSPC,):
                raise
    os.rename(source, real)
    if keep:
        # Of two names of one file (it was never replaced) rename keeps both.
        remove(twin)


def put_back(values):
    """The old files again, whatever lies there now; returns what could not be put back, in words."""
    problems = []
    for one in values["files"]:
        try:
            put_back_one(one)
        except EnvironmentError as error:
            problems.append("%s: %s" % (one["path"], error.strerror))
    sync_folders(values["files"])
    return problems


def put_back_one(one):
    """A file that was not there before goes, where it is ours."""
    real = raw(one["real"])
    if is_old(one):
        return
    if one["backup"] is None:
        remove(real)
    elif os.path.lexists(raw(one["backup"])):
        replace(raw(one["backup"]), real, True)
    else:
        raise EnvironmentError(errno.ENOENT, "its backup is gone")


def tidy(values, directories):
    """Remove what lies beside the files; with `directories` also those that were made for them."""
    for name in values["drafts"] + [one["backup"] for one in values["files"] if one["backup"]]:
        guarded(remove, name, raw(name))
        guarded(remove, name, raw(name) + b".again")
    for folder in reversed(values["directories"]) if directories else []:
        guarded(remove_directory, folder, folder)


def leave_no_empty_directory(values):
    """A registry's directory of certificates, a unit's of drop-ins, our own: gone with the last file in it."""
    for one in values["files"]:
        folder = os.path.dirname(one["real"])
        # Wherever the operator has certs.d.
        is_certificates = one["real"].endswith((".crt", ".cert", ".key", "/hosts.toml"))
        is_ours = is_certificates or folder.endswith((".service.d", "/etc/mooring"))
        if is_ours and one["sha1"] and not os.path.exists(raw(one["real"])):
            guarded(remove_directory, folder, folder)


def are_old(values):
    """Whether all files are what they were before."""
    return all(is_old(one) for one in values["files"])


def is_old(one):
    """Whether a file is what it was; also where somebody else's edit came before anything of ours was done to it."""
    now = files.digest(one["real"])
    is_saved = one["backup"] is not None and os.path.lexists(raw(one["backup"]))
    is_edited = now is not None and now not in one["ours"] and not is_saved
    return now == one["sha1"] or is_edited


def sync_folders(entries):
    """The names in the files' directories on the disk."""
    for folder in sorted({os.path.dirname(one["real"]) for one in entries}):
        if os.path.isdir(raw(folder)):
            guarded(sync, folder, folder)


def guarded(act, what, *args):
    """Call `act`; the system's refusal becomes a failure that names `what`."""
    try:
        act(*args)
    except EnvironmentError as error:
        raise host.Failed("cannot write %s: %s" % (what, error.strerror))

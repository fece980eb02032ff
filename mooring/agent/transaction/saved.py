"""The files of a transaction: what will be written lies ready beside them, and so do the old ones.

All that needs disk space is done before anything changes. After that every step forward and back is
a rename. The names begin with a dot and end in a number, so that no engine reads them (`*.crt`,
`*.conf`, `*.toml` and the like).

The directories are an engine's own, where root alone may write (or who is root by way of the
engine). Still no mode and no owner is set by a name, new files are never links, and they are closed
to others until they are theirs.
"""

from __future__ import absolute_import, division, print_function

import errno
import os
import stat

from mooring.agent import backups, directory, files, host, modes, xattrs
from mooring.agent.names import raw, text
from mooring.agent.transaction.journal import remove, remove_directory, sync

OURS = "/etc/mooring"
NO_LINKS = (errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK, errno.EXDEV)


def lay_out(steps, undo, mark):
    """(values for the journal, [(draft, real, entry of the plan)]): all names that will be made."""
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
        return dict(step, files=[self.file(entry) for entry in step["files"]])

    def file(self, entry):
        real = text(os.path.realpath(raw(entry["path"])))
        if real not in self.files:
            sha1 = files.digest(real)
            backup = self.beside(real) if sha1 else None
            self.files[real] = {"path": entry["path"], "real": real, "sha1": sha1, "backup": backup, "ours": []}
            self.order.append(real)
        draft = None
        if entry["text"] is not None:
            draft = self.beside(real)
            self.drafts.append((draft, real, entry))
            self.files[real]["ours"].append(files.digest_bytes(raw(entry["text"])))
        return {"path": entry["path"], "real": real, "draft": draft}

    def missing_directories(self):
        """Directories that drafts need and that are not there, outermost first."""
        directories = []
        for _, real, _ in self.drafts:
            folder, needed = os.path.dirname(real), []
            while not os.path.isdir(raw(folder)):
                needed.insert(0, folder)
                folder = os.path.dirname(folder)
            directories += [folder_needed for folder_needed in needed if folder_needed not in directories]
        return directories


def save(values):
    """Directories, and the old files under a second name; nothing is changed yet."""
    for folder in values["directories"]:
        guarded(make_directory, folder, folder)
    for entry in values["files"]:
        if entry["backup"]:
            guarded(link_or_copy, entry["backup"], raw(entry["real"]), raw(entry["backup"]))
    sync_folders(values["files"])


def make_directory(folder):
    """An engine's directory, for everybody to read (podman runs for users too, and needs a
    registry's ca.crt).

    A key in it is closed by its own mode. Our own directory is nobody's business.
    """
    os.mkdir(raw(folder), 0o700)
    if not folder.endswith(OURS):
        with directory.hold(folder, follow=False) as made:
            os.chmod(made.path, 0o755)


def link_or_copy(real, backup):
    """A second name needs no space; where the file system has none, a copy with all attributes."""
    try:
        os.link(real, backup)
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        source = os.fdopen(directory.read_regular(real), "rb")
        with source, os.fdopen(os.open(backup, os.O_WRONLY | directory.NEW, 0o600), "wb") as target:
            backups.copy(source, target)


def write_drafts(drafts):
    """Every new text, beside its file, with its owner, mode and context, on the disk."""
    for draft, real, entry in drafts:
        guarded(write_draft, draft, raw(draft), raw(real), entry)


def write_draft(draft, real, entry):
    """Its owner and mode come before its first byte, never wider than they will be."""
    old = hold(real)
    with os.fdopen(os.open(draft, os.O_WRONLY | directory.NEW, 0o600), "wb") as stream:
        handle = stream.fileno()
        if old is not None:
            with old:
                status = old.status()
                mode = stat.S_IMODE(status.st_mode)
                os.fchown(handle, status.st_uid, status.st_gid)
                xattrs.keep(old.path, handle, mode)
        else:
            mode = modes.parse(entry.get("mode") or "0644", 0)
            keep_context(handle, xattrs.policy_context(real, 0o100644))
        os.fchmod(handle, mode)
        stream.write(raw(entry["text"]))
        stream.flush()
        os.fsync(handle)


def hold(real):
    return directory.hold(real) if os.path.lexists(real) else None


def keep_context(handle, fresh):
    try:
        if fresh:
            xattrs.write(handle, xattrs.SELINUX, fresh.encode("ascii") + b"\0")
    except OSError:
        # A mount with one fixed context for all files.
        pass


def place(entry, keep=False):
    """A step's file: its draft becomes the file, or the file goes; `keep` leaves the draft."""
    if not entry["draft"]:
        guarded(remove, entry["path"], raw(entry["real"]))
    else:
        guarded(replace, entry["path"], raw(entry["draft"]), raw(entry["real"]), keep)
    folder = os.path.dirname(entry["real"])
    if os.path.isdir(raw(folder)):
        guarded(sync, folder, folder)


def replace(source, real, keep):
    """`source` becomes `real`, in one step; with `keep` by a second name, to be done again."""
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
    """The old files again, whatever is there now; returns what could not be put back."""
    problems = []
    for entry in values["files"]:
        try:
            put_back_one(entry)
        except EnvironmentError as error:
            problems.append("%s: %s" % (entry["path"], error.strerror))
    sync_folders(values["files"])
    return problems


def put_back_one(entry):
    """A file that was not there before goes, where it is ours."""
    real = raw(entry["real"])
    if is_old(entry):
        return
    if entry["backup"] is None:
        remove(real)
    elif os.path.lexists(raw(entry["backup"])):
        replace(raw(entry["backup"]), real, True)
    else:
        raise EnvironmentError(errno.ENOENT, "its backup is gone")


def tidy(values, directories):
    """Remove what lies beside the files; with `directories` also those that were made for them."""
    for name in values["drafts"] + [entry["backup"] for entry in values["files"] if entry["backup"]]:
        guarded(remove, name, raw(name))
        guarded(remove, name, raw(name) + b".again")
    for folder in reversed(values["directories"]) if directories else []:
        guarded(remove_directory, folder, folder)


def leave_no_empty_directory(values):
    """A directory of certificates, of drop-ins or of ours is gone with the last file in it."""
    for entry in values["files"]:
        folder = os.path.dirname(entry["real"])
        # Wherever the operator has certs.d.
        is_certificates = entry["real"].endswith((".crt", ".cert", ".key", "/hosts.toml"))
        is_ours = is_certificates or folder.endswith((".service.d", OURS))
        if is_ours and entry["sha1"] and not os.path.exists(raw(entry["real"])):
            guarded(remove_directory, folder, folder)


def are_old(values):
    """Whether all files are what they were before."""
    return all(is_old(entry) for entry in values["files"])


def is_old(entry):
    """Whether a file is what it was, or somebody edited it before we did anything to it."""
    now = files.digest(entry["real"])
    is_saved = entry["backup"] is not None and os.path.lexists(raw(entry["backup"]))
    is_edited = now is not None and now not in entry["ours"] and not is_saved
    return now == entry["sha1"] or is_edited


def sync_folders(entries):
    """The names in the files' directories on the disk."""
    for folder in sorted({os.path.dirname(entry["real"]) for entry in entries}):
        if os.path.isdir(raw(folder)):
            guarded(sync, folder, folder)


def guarded(act, path, *args):
    """Call `act`; the system's refusal becomes a failure that names `path`."""
    try:
        act(*args)
    except EnvironmentError as error:
        raise host.Failed("cannot write %s: %s" % (path, error.strerror))

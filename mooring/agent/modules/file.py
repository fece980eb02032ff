"""Manage files, directories and links: their presence, kind, owner, group and mode."""

from __future__ import absolute_import, division, print_function

import os

from mooring.agent import directory, files, host, trees
from mooring.agent.attributes import set_times
from mooring.agent.names import raw, text

ARGS = {
    "path": {"type": "path", "required": True, "aliases": ["dest", "name"]},
    "state": {"choices": ["absent", "directory", "file", "hard", "link", "touch"]},
    "src": {"type": "path"},
    "recurse": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
    "follow": {"type": "bool", "default": True},
    "access_time": {"choices": ["preserve", "now"]},
    "modification_time": {"choices": ["preserve", "now"]},
}
ARGS.update(files.FILE_ARGS)
ALWAYS = ("times",)


def current(args):
    """{"state", "owner", "group", "mode"}; "src" of a link; "same" file as src; what
    is "unlike" below."""
    path, state = place(args), asked_state(args)
    now = files.attributes(path, follow=False)
    if now is None:
        return None
    if now["state"] == "link":
        now = dict(files.attributes(path, args["follow"]) or now)
        now.update(state="link", src=text(os.readlink(raw(path))))
    elif now["state"] == "file" and state == "hard" and os.stat(raw(path)).st_nlink > 1:
        now["state"] = "hard"
    if state == "hard" and args["src"] and os.path.exists(raw(args["src"])):
        now["same"] = os.path.samefile(raw(path), raw(args["src"])) if now["state"] != "link" else False
    if args["recurse"] and now["state"] == "directory":
        now["unlike"] = trees.shorten(trees.unlike(raw(path), args))
    return now


def wanted(args, before):
    """What `current` must say; {} where the thing may stay as it is."""
    state = asked_state(args)
    if args["recurse"] and state != "directory":
        raise host.Failed("recurse option requires state to be 'directory'", path=args["path"])
    if args["src"] and state not in ("link", "hard"):
        raise host.Failed("src option requires state to be 'link' or 'hard'", path=args["path"])
    after = WANTED[state](args, before)
    if after is not None and "now" in times(args, state, before):
        after["times"] = "now"
    return after


def place(args):
    """The path that is worked on: behind a followed link, or below a directory that a
    hard link goes into."""
    path, state = args["path"], asked_state(args)
    if state == "hard" and args["src"] and os.path.isdir(raw(path)):
        return os.path.join(path, os.path.basename(args["src"]))
    if state in ("file", "directory", "touch") and args["follow"] and os.path.islink(raw(path)):
        return text(directory.resolve(path))
    return path


def asked_state(args):
    """The state argument; without one, what is there stays."""
    if args["state"]:
        return args["state"]
    now = files.attributes(args["path"], follow=False)
    if now is None:
        return "directory" if args["recurse"] else "file"
    return now["state"] if now["state"] in ("link", "directory") else "file"


def times(args, state, before):
    """What access and modification time shall be: each "now" or "preserve"."""
    default = "now" if state == "touch" and before is not None else "preserve"
    return [args["access_time"] or default, args["modification_time"] or default]


def want_absent(args, before):
    return None


def want_file(args, before):
    if before is None:
        host.warn("file (%s) is absent" % args["path"])
        return dict(files.wanted_attributes(args, None), state="file")
    if before["state"] in ("directory", "link"):
        raise host.Failed("file (%s) is %s, cannot continue" % (args["path"], before["state"]),
                          path=args["path"], state=before["state"])
    return files.wanted_attributes(args, before)


def want_touch(args, before):
    is_directory = before is not None and before["state"] == "directory"
    after = files.wanted_attributes(args, before, is_directory)
    return dict(after, state="file") if before is None else after


def want_directory(args, before):
    if before is not None and before["state"] != "directory":
        raise host.Failed("%s already exists as a %s" % (args["path"], before["state"]), path=args["path"])
    after = dict(files.wanted_attributes(args, before, is_directory=True), state="directory")
    return dict(after, unlike=[]) if args["recurse"] and before is not None else after


def want_link(args, before):
    """A link's attributes are its target's when it is followed; a link that leads
    nowhere has none to set."""
    path, source = args["path"], args["src"]
    if source is None:
        if before is None or before["state"] != "link":
            raise host.Failed("src is required for creating new symlinks", path=path)
        source = before["src"]
    target = os.path.join(os.path.dirname(path), source)
    there = files.attributes(target)
    if there is None and not args["force"] and args["src"]:
        host.warn("src file does not exist: %s" % target)
    refuse_conversion(args, before)
    after = {"state": "link", "src": source}
    if not args["follow"]:
        after.update(files.wanted_attributes(dict(args, mode=None), before))
    elif there is not None:
        after.update(files.wanted_attributes(args, there, there["state"] == "directory"))
    elif any(args[key] is not None for key in ("owner", "group", "mode")):
        host.warn("%s does not exist, so owner, group and mode are not set" % target)
    return after


def refuse_conversion(args, before):
    """A symlink takes the place of a file or an empty directory only by force."""
    if before is None or before["state"] == "link":
        return
    if not args["force"]:
        raise host.Failed("refusing to convert from %s to symlink for %s" % (before["state"], args["path"]),
                          path=args["path"])
    if before["state"] == "directory" and os.listdir(raw(args["path"])):
        raise host.Failed("the directory %s is not empty, refusing to convert it" % args["path"],
                          path=args["path"])


def want_hard(args, before):
    source = args["src"]
    if source is None:
        if before is None or before["state"] != "hard":
            raise host.Failed("src is required for creating new hardlinks", path=args["path"])
        return files.wanted_attributes(args, before)
    there = files.attributes(source)
    if there is None:
        host.warn("src does not exist: %s" % source)
        return {"state": "hard", "same": True}
    if before is not None and not before["same"] and not args["force"] and before["state"] != "link":
        obstacle = "different hard link" if before["state"] == "hard" else before["state"]
        raise host.Failed("Cannot link, %s exists at destination" % obstacle, dest=args["path"], src=source)
    return dict(files.wanted_attributes(args, there), state="hard", same=True)


WANTED = {"absent": want_absent, "file": want_file, "touch": want_touch, "directory": want_directory,
          "link": want_link, "hard": want_hard}


def apply(args, before, after):
    """Make the thing, then its attributes, then its times."""
    path, state = place(args), asked_state(args)
    try:
        if after is None:
            return trees.remove(path)
        refuse_missing(args, path, before)
        make(args, path, before, after)
        if "owner" in after or "group" in after or "mode" in after or "context" in after:
            # `place` has gone where links lead but for a link's own: any other that is here now
            # came meanwhile.
            target = directory.resolve(path) if args["follow"] and state == "link" else path
            files.apply_attributes(target, args, follow=False)
        if after.get("unlike") == []:
            trees.make_alike(raw(path), args)
        if "times" in after:
            set_times(path, times(args, state, before))
    except EnvironmentError as error:
        raise host.Failed("%s: %s" % (path, error.strerror), path=path, state=state)


def refuse_missing(args, path, before):
    """What must be there already; a check run only warns, as an earlier task may make it."""
    state, source = asked_state(args), args["src"]
    if state == "file" and before is None:
        raise host.Failed("file (%s) is absent, cannot continue" % path, path=path, state="absent")
    if state == "hard" and source and not os.path.exists(raw(source)):
        raise host.Failed("src does not exist", dest=path, src=source)
    target = os.path.join(os.path.dirname(path), source or "")
    if state == "link" and source and not args["force"] and not os.path.exists(raw(target)):
        raise host.Failed("src file does not exist, use 'force=yes' if you really want to create the link: "
                          + target, path=path, src=source)


def make(args, path, before, after):
    """Create what is missing; links are put in place by renaming, so that there always is one."""
    state = asked_state(args)
    if state == "touch" and before is None:
        files.make_empty(path, args)
    elif state == "directory" and before is None:
        files.make_directories(path, args)
    elif state == "link" and (before or {}).get("src") != after["src"]:
        folder, name = directory.locate(path)
        with folder:
            if before is not None and before["state"] == "directory":
                folder.remove_directory(name)
            folder.put_link(name, raw(after["src"]))
    elif state == "hard" and after.get("same") and not (before or {}).get("same"):
        folder, name = directory.locate(path)
        source, source_name = directory.locate(os.path.realpath(raw(args["src"])))
        with folder, source:
            folder.put_hard(name, source, source_name)


def returns(args, before, now):
    """Ansible's return values: `path` or `dest`, and what is there now."""
    path, state = place(args), asked_state(args)
    values = {"dest" if state in ("touch", "link", "hard") else "path": path}
    if state in ("link", "hard"):
        values["src"] = args["src"] if args["src"] is not None else (now or {}).get("src")
    values.update(files.path_info(path))
    if now is None:
        values["state"] = "absent"
    return values

"""Ensure that a block of lines, surrounded by marker lines, is in a text file, or is not."""

from __future__ import absolute_import, division, print_function

import re

from mooring.agent import edits, host
from mooring.agent.names import raw

ARGS = {
    "block": {"default": "", "aliases": ["content"]},
    "marker": {"default": "# {mark} ANSIBLE MANAGED BLOCK"},
    "marker_begin": {"default": "BEGIN"},
    "marker_end": {"default": "END"},
    "append_newline": {"type": "bool", "default": False},
    "prepend_newline": {"type": "bool", "default": False},
}
ARGS.update(edits.EDIT_ARGS)
RULES = {"mutually_exclusive": [["insertbefore", "insertafter"]]}


def current(args):
    """The file's content and attributes, None where there is none."""
    return edits.current(args)


def wanted(args, before):
    """The content with the block in place, and the attributes that are asked for."""
    check_markers(args)
    return edits.wanted(args, before, edit(args, (before or {}).get("content", b"")))


def apply(args, before, after):
    """Write the file."""
    saved = edits.write(args, before, after)
    return {"backup_file": saved} if saved else None


def diff(args, before, after):
    return edits.diff(args, before, after)


def returns(args, before, now):
    """Ansible's message."""
    if before is None:
        return {"msg": "File %s not present" % args["path"] if args["state"] == "absent" else "File created"}
    if edit(args, before["content"]) == before["content"]:
        return {"msg": edits.message(args, before, "")}
    return {"msg": edits.message(args, before, "Block inserted" if block_lines(args) else "Block removed")}


def check_markers(args):
    """Markers that cannot be told apart, or are not a line, would add the block again at every
    run."""
    if "{mark}" not in args["marker"] or args["marker_begin"] == args["marker_end"]:
        raise host.Failed("marker must contain {mark}, and marker_begin must differ from marker_end; "
                          "else the block could not be found again")
    if "\n" in args["marker"] + args["marker_begin"] + args["marker_end"]:
        raise host.Failed("a marker must be one line; else the block could not be found again")


def marker(args, which):
    return raw(args["marker"].replace("{mark}", args[which])) + b"\n"


def block_lines(args):
    """The block with its markers; nothing where it shall not be."""
    if args["state"] == "absent" or not args["block"]:
        return []
    block = raw(args["block"])
    block += b"" if block.endswith(b"\n") else b"\n"
    return [marker(args, "marker_begin")] + block.splitlines(True) + [marker(args, "marker_end")]


def edit(args, content):
    """The content with the block, at its old place or where it is to be inserted."""
    lines, block = content.splitlines(True), block_lines(args)
    place = take_out(args, lines)
    if place is None:
        if not block:
            return content
        place = find_place(args, content, lines)
    above, below = lines[:place], lines[place:]
    if above and not above[-1].endswith(b"\n"):
        above[-1] += b"\n"
    if args["state"] == "present":
        if args["prepend_newline"] and above and above[-1] != b"\n":
            above.append(b"\n")
        if args["append_newline"] and below and below[0] != b"\n":
            below.insert(0, b"\n")
    return b"".join(above + block + below)


def take_out(args, lines):
    """Remove the old block from `lines`; its place, or None where there is none. The
    last markers count."""
    begin, end = marker(args, "marker_begin"), marker(args, "marker_end")
    places = [[index for index, line in enumerate(lines) if line == border] for border in (begin, end)]
    if not places[0] or not places[1]:
        return None
    first, last = sorted([places[0][-1], places[1][-1]])
    del lines[first:last + 1]
    return first


def find_place(args, content, lines):
    """The index for a new block: by the last match of insertafter or insertbefore, else the end."""
    after, before = args["insertafter"], args["insertbefore"]
    if before is None and after in (None, "EOF"):
        return len(lines)
    if before == "BOF":
        return 0
    anchor = edits.pattern(before if after is None else after, "insertbefore" if after is None else "insertafter")
    if anchor.flags & re.MULTILINE:
        # An expression over several lines is tried on the whole text.
        match = anchor.search(content)
        if match is None:
            return len(lines)
        place = content.count(b"\n", 0, match.start() if after is None else match.end())
    else:
        matching = [index for index, line in enumerate(lines) if anchor.search(line)]
        if not matching:
            return len(lines)
        place = matching[-1]
    return place if after is None else place + 1

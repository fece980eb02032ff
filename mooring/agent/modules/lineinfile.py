"""Ensure that a line is in a text file, replace one, or remove lines."""

from __future__ import absolute_import, division, print_function

import io
import re

from mooring.agent import edits, host
from mooring.agent.names import raw

ARGS = {
    "regexp": {"aliases": ["regex"]},
    "search_string": {},
    "line": {"aliases": ["value"]},
    "backrefs": {"type": "bool", "default": False},
    "firstmatch": {"type": "bool", "default": False},
}
ARGS.update(edits.EDIT_ARGS)
RULES = {
    "mutually_exclusive": [["insertbefore", "insertafter"], ["regexp", "search_string"], ["backrefs", "search_string"]],
}
REFERENCE = re.compile(br"\\(?:([1-9][0-9]?)|g<([^>]+)>|(.))", re.S)
ESCAPES = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"\\": b"\\"}


def current(args):
    """The file's content and attributes, None where there is none."""
    return edits.current(args)


def wanted(args, before):
    """The content after the edit, and the attributes that are asked for."""
    check_arguments(args)
    lines, _ = edit(args, (before or {}).get("content", b""))
    return edits.wanted(args, before, b"".join(lines))


def apply(args, before, after):
    """Write the file; Ansible's `backup` is the name of the copy, or empty."""
    return {"backup": edits.write(args, before, after) or ""}


def diff(args, before, after):
    return edits.diff(args, before, after)


def returns(args, before, now):
    """`msg`, `backup`, and how many lines were `found` to be removed."""
    if before is None and args["state"] == "absent":
        return {"msg": "file not present", "found": 0, "backup": ""}
    lines, message = edit(args, (before or {}).get("content", b""))
    values = {"msg": edits.message(args, before, message), "backup": ""}
    if args["state"] == "absent":
        values["found"] = len(split(before["content"])) - len(lines)
    return values


def check_arguments(args):
    if args["state"] == "absent":
        if args["regexp"] is None and args["search_string"] is None and args["line"] is None:
            raise host.Failed("one of line, search_string, or regexp is required with state=absent")
    elif args["backrefs"] and args["regexp"] is None:
        raise host.Failed("regexp is required with backrefs=true")
    elif args["line"] is None:
        raise host.Failed("line is required with state=present")
    if "" in (args["regexp"], args["search_string"]):
        host.warn("an empty regexp or search_string matches every line of the file; "
                  "if that is meant, use regexp '^'")


def split(content):
    """Lines with their ends; only a newline ends a line."""
    return list(io.BytesIO(content))


def edit(args, content):
    """(lines after the edit, Ansible's words for it)."""
    lines = split(content)
    matches = matcher(args)
    if args["state"] == "absent":
        line = raw(args["line"] or "")
        kept = [old for old in lines if not (matches(old) if matches else old.rstrip(b"\r\n") == line)]
        return kept, "%d line(s) removed" % (len(lines) - len(kept)) if len(kept) < len(lines) else ""
    index, match = find(lines, matches, args["firstmatch"])
    if index is not None:
        new = expand(match, raw(args["line"])) if args["backrefs"] else raw(args["line"])
        return replace(lines, index, new)
    return insert(args, lines)


def matcher(args):
    """A function from a line to its match, or None where neither regexp nor search_string is
    given."""
    if args["regexp"] is not None:
        return edits.pattern(args["regexp"], "regexp").search
    if args["search_string"] is not None:
        wanted_part = raw(args["search_string"])
        return lambda line: wanted_part in line
    return None


def find(lines, matches, first):
    """(index, match) of the last line that matches, or of the first one; (None, None) without
    any."""
    place = (None, None)
    for index, line in enumerate(lines if matches else ()):
        match = matches(line)
        if match:
            place = (index, match)
            if first:
                break
    return place


def expand(match, template):
    """The line with \\1 and \\g<name> filled in; a group that took no part is empty,
    on Python 2 as well."""
    try:
        return match.expand(template)
    except re.error as error:
        if "unmatched group" not in str(error):
            raise host.Failed("line cannot be filled in: %s" % error)
    return REFERENCE.sub(lambda reference: filled(match, reference), template)


def filled(match, reference):
    number, name, other = reference.groups()
    if other is not None:
        return ESCAPES.get(other, b"\\" + other)
    name = int(number) if number else name
    return match.group(name) or b""


def replace(lines, index, new):
    """The line at `index` becomes `new`, with a newline."""
    new += b"" if new.endswith(b"\n") else b"\n"
    if lines[index] == new:
        return lines, ""
    return lines[:index] + [new] + lines[index + 1:], "line replaced"


def insert(args, lines):
    """The line where no line matched: there already, or put where insertafter or insertbefore say,
    or at the end."""
    line = raw(args["line"])
    same, place = look_around(args, lines, line)
    if same is not None:
        return replace(lines, same, line)
    if args["backrefs"]:
        return lines, ""
    if "BOF" in (args["insertbefore"], args["insertafter"]):
        place = 0
    elif place is None:
        place = len(lines)
    elif args["insertafter"] and place < len(lines) and lines[place].rstrip(b"\r\n") == line:
        return lines, ""
    above, below = lines[:place], lines[place:]
    if above and above[-1][-1:] not in (b"\n", b"\r"):
        above[-1] += b"\n"
    return above + [line + b"\n"] + below, "line added"


def look_around(args, lines, line):
    """(index of a line that is the wanted one, index at which the anchor would have
    it); each may be None.

    The anchor is the last line that insertafter or insertbefore match; with `firstmatch` the first,
    and what comes behind it is not looked at.
    """
    after, before = args["insertafter"], args["insertbefore"]
    anchor = None
    if after not in (None, "", "BOF", "EOF"):
        anchor = edits.pattern(after, "insertafter")
    elif before not in (None, "", "BOF"):
        anchor = edits.pattern(before, "insertbefore")
    same = place = None
    for index, text_line in enumerate(lines):
        if text_line.rstrip(b"\r\n") == line:
            same = index
        elif anchor is not None and anchor.search(text_line):
            place = index + 1 if after else index
            if args["firstmatch"]:
                break
    return same, place

"""Why a container does not run, in one sentence: the line of its log that says so,
or who has its port.

A program's last lines are mostly a stack or its usage; what went wrong stands before. The cause is
the first line of the last run that a program writes only when it gives up. Where it did not run for
long, it is else the first line that speaks of an error, or the last one; in the log of a long run
such lines have other reasons.
"""

from __future__ import absolute_import, division, print_function

import calendar
import re
import time

from mooring.agent import host, port_holders

# What is read of a log: the last run may have lasted for months.
MOST_LINES = 2000
MOST_LINE, LONGEST = 4000, 600
# A run of fewer seconds ended while it began.
SHORT = 60
# Words of a program that gives up: Go's runtime, its loggers, nginx, the registry.
LAST_WORD = re.compile(
    r"^(panic:|fatal error:|runtime error:|configuration error:|[Ff]atal:|FATAL)|\blevel=\"?(fatal|panic)\b|"
    r"\"level\": ?\"(fatal|panic)\"|\[(emerg|alert|crit)\]|^exec |^Traceback ")
ERROR = re.compile(
    r"\b(errors?|fatal|failed|failure|cannot|can't|could not|denied|refused|invalid|unable|unknown|no such|not found|"
    r"no space left|read-only file system|out of memory)\b", re.I)
HARMLESS = re.compile(
    r"\blevel=\"?(info|debug|trace)\b|\b(info|notice|warn(ing)?):|\[(notice|info|debug|warn)\]|"
    r"HTTP/1\.[01]\" [1-4][0-9][0-9]\b", re.I)
MESSAGE = re.compile(r"\blevel=\"?\w+\"?.*?\bmsg=\"((?:[^\"\\]|\\.)*)\"")
TAKEN = re.compile(
    r"(?:listen (?:tcp|udp)[46]? ?|Bind for |bind host port (?:for )?)"
    r"(?:\[[0-9A-Fa-f:.%]*\]|[0-9.]*|:*):([0-9]{1,5})\b.*?(?:already in use|already allocated)", re.S)


def cause(engine, container):
    """Why an inspected container does not run, or is not healthy; "" where nothing says so."""
    state = container.get("State") or {}
    if state.get("Error"):
        return explain_start(engine, str(state["Error"]), container.get("Id"))
    if state.get("OOMKilled"):
        return "it was killed, as memory had run out"
    return first_error(read_log(engine, container), seconds(state.get("FinishedAt")) - started(container) < SHORT)


def explain_start(engine, message, own=None):
    """A start that the engine refused: who has the port, where that is the reason,
    else its own words."""
    match = TAKEN.search(message)
    if not match:
        return message
    port = int(match.group(1))
    holder = container_at(engine, port, own) or port_holders.find(port) or "something that cannot be seen from here"
    return "port %d of the host is taken by %s" % (port, holder)


def container_at(engine, port, own):
    """The running container that publishes a port, as words."""
    try:
        running = engine.get("/containers/json")
    except host.Failed:
        return ""
    for container in running if isinstance(running, list) else ():
        ports = [port_entry.get("PublicPort") for port_entry in container.get("Ports") or ()]
        if port in ports and container.get("Id") != own:
            names = container.get("Names") or [container.get("Id")]
            return "container %s" % ", ".join(str(name).lstrip("/") for name in names)
    return ""


def read_log(engine, container):
    """The text of a container's last run; "" with a logging driver that cannot be read."""
    since = started(container)
    for more in ({"since": since}, {}) if since else ({},):
        query = dict(more, stdout=True, stderr=True, tail=MOST_LINES)
        try:
            log = engine.read("GET", "/containers/%s/logs" % container["Id"], query)
        except host.Failed:
            return ""
        text = log if (container.get("Config") or {}).get("Tty") else split_frames(log)
        text = host.native(text.decode("utf-8", "replace")).strip()
        if text:
            return text
    return ""


def started(container):
    """When the last run began, in whole seconds of the host's clock; 0 where that is unknown."""
    return seconds((container.get("State") or {}).get("StartedAt"))


def seconds(text):
    """A time as the engine writes it, in seconds since 1970; 0 of one that has not come."""
    try:
        return max(calendar.timegm(time.strptime(str(text or "")[:19], "%Y-%m-%dT%H:%M:%S")), 0)
    except ValueError:
        return 0


def first_error(text, is_short=True):
    """The line of a log that says what went wrong, with the next one where it ends in a colon; ""
    where none does."""
    lines = [line.strip()[:MOST_LINE] for line in text.splitlines() if line.strip()]
    places = [place for place, line in enumerate(lines) if LAST_WORD.search(line)]
    if is_short and not places:
        telling = [place for place, line in enumerate(lines) if not HARMLESS.search(line)]
        places = [place for place in telling if ERROR.search(lines[place])] or telling[-1:]
    if not places:
        return ""
    place, line = places[0], lines[places[0]]
    if line.endswith(":") and place + 1 < len(lines):
        line = "%s %s" % (line, lines[place + 1])
    if line.startswith("Traceback "):  # Python says it last
        line = lines[-1]
    message = MESSAGE.search(line)
    if message:
        line = message.group(1).replace('\\"', '"').replace("\\\\", "\\")
    return line if len(line) <= LONGEST else line[:LONGEST] + "..."


def split_frames(log):
    """The text of a log in which each piece has a header of 8 bytes: stream, 3 unused, length
    (big-endian)."""
    pieces, place = [], 0
    while place + 8 <= len(log):
        length = int.from_bytes(log[place + 4:place + 8], "big") if hasattr(int, "from_bytes") else int(
            log[place + 4:place + 8].encode("hex"), 16)
        pieces.append(log[place + 8:place + 8 + length])
        place += 8 + length
    return b"".join(pieces)

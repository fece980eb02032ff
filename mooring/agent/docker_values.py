"""What people write about containers, as the Docker API takes it: sizes, durations,
ports, names, words.

Pure functions; they raise host.Failed naming the value that cannot be understood.
"""

from __future__ import absolute_import, division, print_function

import os
import re
import shlex

from mooring.agent import host

try:
    TEXT = (basestring,)  # Python 2
except NameError:
    TEXT = (str,)

UNITS = {"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
SECONDS = {"us": 1000, "ms": 1000000, "s": 1000000000, "m": 60 * 1000000000, "h": 3600 * 1000000000}
MODES = frozenset(["rw", "ro", "z", "Z", "consistent", "delegated", "cached", "private", "rprivate", "shared",
                   "rshared", "slave", "rslave", "nocopy"])


def is_text(value):
    return isinstance(value, TEXT)


def size(value, name):
    """"512M", "1.5g", "64KiB" or bytes as an int; "unlimited" and -1 are -1."""
    if str(value).strip().lower() in ("unlimited", "-1"):
        return -1
    match = re.match(r"^([0-9]+(?:\.[0-9]+)?)\s*([kmgtp]?)(?:i?b)?$", str(value).strip().lower())
    if not match:
        raise host.Failed("%s: cannot read %r as a size; write 512M, 1.5G or bytes" % (name, value))
    return int(float(match.group(1)) * UNITS[match.group(2)])


def duration(value, name):
    """"1m30s", "10s", "500ms" as nanoseconds."""
    text = str(value).strip()
    parts = re.findall(r"([0-9]+(?:\.[0-9]+)?)(us|ms|s|m|h)", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise host.Failed("%s: cannot read %r as a duration; write 10s, 1m30s or 500ms" % (name, value))
    return int(sum(float(number) * SECONDS[unit] for number, unit in parts))


def words(value, name):
    """A command as list of words: a list as it is, a text split as a shell would."""
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        return [str(word) for word in value]
    try:
        return shlex.split(str(value))
    except ValueError as error:
        raise host.Failed("%s: %s: %s" % (name, error, value))


def texts(value, name):
    """A dict whose values are all texts: YAML's yes and numbers must be quoted, so that
    nobody has to guess."""
    for key, item in sorted((value or {}).items()):
        if not is_text(item):
            raise host.Failed("%s: the value of %s is not text; write it in quotes" % (name, key))
    return dict(value or {})


def image_name(name, tag=None):
    """"nginx" as "nginx:latest"; names with a tag or digest, and image IDs, stay as they are."""
    if re.match(r"^(sha256:)?[0-9a-f]{64}$", name) or "@" in name:
        return name
    if ":" in name.rsplit("/", 1)[-1]:
        return name
    return "%s:%s" % (name, tag or "latest")


def split_image(name):
    """"host:5000/app:1" as ("host:5000/app", "1"), a digest instead of the tag where there is
    one."""
    if "@" in name:
        return tuple(name.split("@", 1))
    front, slash, last = name.rpartition("/")
    last, _, tag = last.partition(":")
    return front + slash + last, tag or "latest"


def port_range(text, written):
    first, _, last = text.partition("-")
    try:
        ports = range(int(first), int(last or first) + 1)
    except ValueError:
        ports = ()
    if not ports or not 0 <= ports[0] <= ports[-1] <= 65535:
        raise host.Failed("ports: cannot read %r; write 80:80, 127.0.0.1:5000:5000 or 8000-8010:80-90/udp"
                          % written)
    return [int(port) for port in ports]


def published_ports(values, default_ip="0.0.0.0"):
    """Port mappings as {"80/tcp": [(address, "8080")]}; without host port it is "": any free
    one."""
    bindings = {}
    for value in values:
        text, _, protocol = str(value).partition("/")
        match = re.match(r"^(?:(\[[0-9A-Fa-f:.]+\]|[0-9.]*):)?(?:([0-9-]*):)?([0-9-]+)$", text)
        if match and match.group(1) and match.group(2) is None and "." not in match.group(1):
            match = re.match(r"^()([0-9-]+):([0-9-]+)$", text)  # "80:80": the first is a port, no address
        if not match:
            port_range("", value)
        address, outer, inner = match.groups()
        inside = port_range(inner, value)
        outside = port_range(outer, value) if outer else [""] * len(inside)
        if len(inside) != len(outside):
            raise host.Failed("ports: %r maps %d ports to %d" % (value, len(outside), len(inside)))
        for index, port in enumerate(inside):
            places = bindings.setdefault("%d/%s" % (port, protocol.lower() or "tcp"), [])
            places.append(((address or default_ip).strip("[]"), str(outside[index])))
    return bindings


def exposed_ports(values):
    """Ports as set of "80/tcp"."""
    ports = set()
    for value in values:
        text, _, protocol = str(value).partition("/")
        ports.update("%d/%s" % (port, protocol.lower() or "tcp") for port in port_range(text, value))
    return ports


def volume(value):
    """"./data:/data:ro" as ("/.../data", "/data", "ro"); an anonymous volume is (None, path,
    "")."""
    parts = value.split(":")
    if len(parts) == 1:
        return None, value, ""
    if len(parts) == 2 and set(parts[1].split(",")) <= MODES:
        return None, parts[0], parts[1]
    if len(parts) > 3 or not parts[1].startswith("/"):
        raise host.Failed("volumes: cannot read %r; write SOURCE:/PATH or SOURCE:/PATH:ro" % value)
    source, mode = parts[0], parts[2] if len(parts) == 3 else "rw"
    if source.startswith("~"):
        source = os.path.expanduser(source)
    if source.startswith("."):
        source = os.path.abspath(source)
    if not set(mode.split(",")) <= MODES:
        raise host.Failed("volumes: unknown mode %r in %r" % (mode, value))
    return source, parts[1], mode


def ulimit(value):
    """"nofile:1024:2048" as (name, soft, hard)."""
    name, _, limits = str(value).partition(":")
    soft, _, hard = limits.partition(":")
    try:
        return name, int(soft), int(hard or soft)
    except ValueError:
        raise host.Failed("ulimits: cannot read %r; write nofile:1024:2048" % value)


def capability(value):
    """"cap_net_admin" as "NET_ADMIN": engines differ in whether they keep the prefix."""
    name = str(value).upper()
    return name[4:] if name.startswith("CAP_") else name


def healthcheck(options):
    """The health check's given parts under the API's names, durations in nanoseconds."""
    check = {}
    test = options.get("test")
    if is_text(test):
        check["Test"] = ["NONE"] if test == "NONE" else ["CMD-SHELL", test]
    elif test is not None:
        test = [str(word) for word in test]
        check["Test"] = test if test[:1] and test[0] in ("NONE", "CMD", "CMD-SHELL") else ["CMD"] + test
    for key, name in (("interval", "Interval"), ("timeout", "Timeout"), ("start_period", "StartPeriod")):
        if options.get(key) is not None:
            check[name] = duration(options[key], "healthcheck." + key)
    if options.get("retries") is not None:
        check["Retries"] = int(options["retries"])
    return check

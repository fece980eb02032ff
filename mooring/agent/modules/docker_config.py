"""The texts that a Docker engine's configuration is made of: unit, files, certs.d, command line. Changes nothing.

Mooring's own module. `unit` is what `systemctl cat` prints; `files` are texts by path, null for one that is not there;
`certificates` are the file names below certs.d by registry; `argv` is the running daemon's, empty where none runs.
"""

from __future__ import absolute_import, division, print_function

import glob
import os
import re

from mooring.agent import docker, host

ARGS = {
    "service": {"type": "str", "default": "docker"},
    "certificates": {"type": "path", "default": "/etc/docker/certs.d"},
    "docker_host": docker.ENGINE_ARGS["docker_host"],
    "timeout": {"type": "int", "default": 10},
}
READ_ONLY = True
# Always looked for, so that it is known when they are not there.
FILES = ("/etc/docker/daemon.json", "/etc/containers/policy.json", "/etc/mooring/registry_client.json")


def run(args):
    """All texts in one answer."""
    shown = host.run(["systemctl", "cat", args["service"]], timeout=args["timeout"])
    if shown.rc != 0:
        raise host.Failed("there is no service %s: %s" % (args["service"], shown.err.strip()))
    state = properties(args)
    argv = command_line(state.get("MainPID", "0"))
    found = {
        "changed": False,
        "unit": shown.out,
        "needs_reload": state.get("NeedDaemonReload") == "yes",
        "argv": argv,
        "files": files(shown.out, argv),
        "certificates": certificates(args["certificates"]),
    }
    found.update(engine(args, shown.out))
    return found


def properties(args):
    """What systemd knows of the service beyond its files."""
    shown = host.run(["systemctl", "show", args["service"], "--property=MainPID,NeedDaemonReload"],
                     timeout=args["timeout"])
    return dict(line.split("=", 1) for line in shown.out.splitlines() if "=" in line)


def command_line(pid):
    """The process's own argument list; empty where it does not run."""
    try:
        data = host.read_bytes("/proc/%s/cmdline" % pid)
    except (IOError, OSError):
        return []
    return program(host.as_text(data).split("\0")[:-1])


def program(words):
    """Without the interpreter, where the daemon is a script."""
    if len(words) > 1 and re.match(r"(python|sh|bash)[0-9.]*$", os.path.basename(words[0])):
        words = [word for word in words[1:] if word != "-B"]
    return words


def files(unit, argv):
    """The texts of the files that the unit names, of daemon.json and what stands in for it."""
    paths = set(FILES)
    for named in re.findall(r"^\s*EnvironmentFile=-?\"?([^\"\n]+)", unit, re.M):
        paths.update(glob.glob(named.strip()) or [named.strip()])
    found = {path: text(path) for path in paths}
    everything = "\n".join([unit, " ".join(argv)] + [one for one in found.values() if one])
    for path in re.findall(r"--config-file[= ]([^\s'\"\\]+)", everything):
        found[path] = text(path)
    return found


def text(path):
    try:
        return host.read_text(path)
    except (IOError, OSError):
        return None


def certificates(directory):
    """{registry: [file name]}."""
    found = {}
    for path in sorted(glob.glob(os.path.join(directory, "*"))):
        if os.path.isdir(path):
            found[os.path.basename(path)] = sorted(os.listdir(path))
    return found


def engine(args, unit):
    """The engine's version and its own settings; where it does not run, the version that its program prints."""
    try:
        client = docker.Engine(args)
        return {"version": client.get("/version").get("Version", ""), "info": client.get("/info")}
    except host.Failed:
        named = re.findall(r"^\s*ExecStart=[@:!+-]*(\S+)", unit, re.M)
        path = host.which(named[-1]) if named else None
        shown = host.run([path, "--version"], timeout=args["timeout"]) if path else None
        return {"version": shown.out.strip() if shown else "", "info": {}}

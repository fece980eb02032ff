"""The texts of a Docker engine's configuration: unit, files, certs.d, command. Changes nothing.

Mooring's own module. `unit` is what `systemctl cat` prints; `files` are texts by path, null for one
that is not there; `certificates` are the file names below certs.d by registry; `argv` is the
running daemon's, empty where none runs. `newer` are the files that changed since that process
began, `replaced` tells whether its program did. `containers` are the running ones with their
restart policy, `state` what systemd knows of the unit and `registries_service` of that service,
`digests` the sha1 of every file looked at; `error` says why the daemon did not answer. Fails with
`missing` where there is no unit.
"""

from __future__ import absolute_import, division, print_function

import glob
import os
import re

from mooring.agent import configuration, docker, host
from mooring.agent import files as agent_files
from mooring.agent.transaction import processes

ARGS = {
    "service": {"type": "str", "default": "docker"},
    "certificates": {"type": "path", "default": "/etc/docker/certs.d"},
    "paths": {"type": "list", "elements": "path", "default": []},
    "docker_host": docker.ENGINE_ARGS["docker_host"],
    "timeout": {"type": "int", "default": 10},
}
READ_ONLY = True
# Always looked for, so that it is known when they are not there.
FILES = ("/etc/docker/daemon.json", "/etc/containers/policy.json", "/etc/containers/registries.conf",
         "/etc/mooring/registry_client.json")
# What makes flags of registries.conf before docker starts, on Red Hat's systems.
REGISTRIES = "registries.service"
# Below certs.d these are told as texts; a key is known by its digest alone.
SHOWN = (".crt", ".cert", ".toml")
STATE = ("LoadState", "ActiveState", "SubState", "UnitFileState")


def run(args):
    """All texts in one answer."""
    state, registries = properties(args)
    name, known = args["service"], {key: state.get(key, "") for key in STATE}
    if known["LoadState"] == "masked":
        # systemctl shows nothing of a masked unit, so there is nothing to judge either.
        message = "%s.service is masked; `systemctl unmask %s` gives it back" % (name, name)
        raise host.Failed(message, state=known, masked=True)
    shown = host.run(["systemctl", "cat", name], timeout=args["timeout"])
    if shown.rc != 0:
        raise host.Failed("there is no service %s: %s" % (name, shown.err.strip()), state=known, missing=True)
    pid = state.get("MainPID", "0")
    argv = command_line(pid)
    texts = files(configuration.check("what systemctl shows of %s" % name, shown.out), argv)
    texts.update({path: text(path) for path in args["paths"]})
    below = certificates(args["certificates"])
    paths = [os.path.join(args["certificates"], name, file_name) for name in below for file_name in below[name]]
    texts.update({path: text(path) for path in paths if path.endswith(SHOWN)})
    reply = {
        "changed": False,
        "unit": shown.out,
        "state": known,
        "registries_service": {key: registries.get(key, "") for key in STATE},
        "needs_reload": state.get("NeedDaemonReload") == "yes",
        "argv": argv,
        "newer": processes.changed_since(pid, texts) if argv else [],
        "replaced": processes.is_replaced(pid),
        "files": texts,
        "certificates": below,
        "digests": digests(paths + list(texts)),
    }
    reply.update(engine(args, shown.out))
    return reply


def properties(args):
    """What systemd knows of the service beyond its files, and of registries.service."""
    wanted = "--property=%s" % ",".join(("MainPID", "NeedDaemonReload") + STATE)
    shown = host.run(["systemctl", "show", args["service"], REGISTRIES, wanted], timeout=args["timeout"])
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
              for block in shown.out.split("\n\n")]
    return blocks[0], blocks[1] if len(blocks) > 1 else {}


def digests(paths):
    """{path: sha1} of the files that are there."""
    sums = {path: agent_files.digest(path) for path in paths}
    return {path: sha1 for path, sha1 in sums.items() if sha1}


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
    for named in named_files(unit):
        paths.update(glob.glob(named) or [named])
    texts = {path: text(path) for path in paths}
    everything = "\n".join([unit, " ".join(argv)] + [content for content in texts.values() if content])
    for path in configuration_files(everything):
        texts[path] = text(path)
    return texts


def named_files(unit):
    """What the EnvironmentFile= lines name."""
    paths = re.findall(r"^[ \t]*EnvironmentFile[ \t]*=[ \t]*\"?-?([^\"\n]+)", unit, re.M)
    return [path.strip() for path in paths if path.strip()]


def configuration_files(text):
    """The files that --config-file names."""
    return re.findall(r"--config-file[= ]([^\s'\"\\]+)", text)


def text(path):
    return configuration.read(path)


def certificates(directory):
    """{registry: [file name]}."""
    names_by_folder = {}
    for path in sorted(glob.glob(os.path.join(directory, "*"))):
        if os.path.isdir(path):
            names_by_folder[os.path.basename(path)] = sorted(os.listdir(path))
    return names_by_folder


def engine(args, unit):
    """The engine's version, its own settings and its containers; where it does not answer, what its
    program says."""
    try:
        client = docker.Engine(args)
        return {"version": client.get("/version").get("Version", ""), "info": client.get("/info"), "error": "",
                "containers": containers(client)}
    except host.Failed as failure:
        named = re.findall(r"^[ \t]*ExecStart[ \t]*=[ \t]*[@:!+-]*(\S+)", unit, re.M)
        path = host.which(named[-1]) if named else None
        shown = host.run([path, "--version"], timeout=args["timeout"]) if path else None
        return {"version": shown.out.strip() if shown else "", "info": {}, "error": failure.message, "containers": []}


def containers(client):
    """The running containers; one that ends meanwhile is left out."""
    running = []
    for entry in client.get("/containers/json") or []:
        known = client.find("/containers/%s/json" % entry["Id"])
        if known:
            policy = (known.get("HostConfig") or {}).get("RestartPolicy") or {}
            name = known.get("Name", "").lstrip("/")
            running.append({"id": entry["Id"], "name": name, "restart": policy.get("Name") or "no"})
    return running

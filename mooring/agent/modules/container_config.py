"""The texts of podman's, CRI-O's, containerd's and BuildKit's configuration. Changes nothing.

Mooring's own module. `programs` are versions by program, for those that are there; `files`
texts by path, null for one that is not there; `certificates` the file names by directory and
registry; `digests` the sha1 of every file looked at; `units` what `systemctl cat` prints, the
states, the running process's argv and the `files` that changed after it began, for services
that are there; `environment` the variables that name a configuration; `docker` says whether
there is a docker service.
"""

from __future__ import absolute_import, division, print_function

import glob
import os
import re

from mooring.agent import configuration, host
from mooring.agent import files as agent_files
from mooring.agent.transaction import processes

ARGS = {
    "root": {"type": "path", "default": "/"},
    "paths": {"type": "list", "elements": "path", "default": []},
    "timeout": {"type": "int", "default": 10},
}
READ_ONLY = True
PROGRAMS = ("podman", "crio", "containerd", "buildkitd", "nerdctl", "ctr", "crictl", "buildctl")
UNITS = {"crio": "crio", "containerd": "containerd", "buildkit": "buildkit"}
STATES = ("LoadState", "ActiveState", "SubState", "UnitFileState", "NeedDaemonReload")
VARIABLES = ("CONTAINERS_REGISTRIES_CONF", "REGISTRIES_CONFIG_PATH")
# Always looked for, so that it is known when they are not there.
FILES = (
    "/etc/containers/registries.conf",
    "/etc/containers/policy.json",
    "/root/.config/containers/registries.conf",
    "/root/.config/containers/policy.json",
    "/etc/crio/crio.conf",
    "/etc/containerd/config.toml",
    "/etc/buildkit/buildkitd.toml",
    "/root/.docker/buildx/buildkitd.default.toml",
    "/etc/docker/daemon.json",
    "/etc/mooring/registry_client.json",
)
FOLDERS = (
    "/etc/containers/registries.conf.d/*.conf",
    "/root/.config/containers/registries.conf.d/*.conf",
    "/etc/crio/crio.conf.d/*",
    "/etc/containerd/conf.d/*.toml",
)
CERTIFICATES = ("/etc/containers/certs.d", "/etc/docker/certs.d", "/etc/containerd/certs.d")
# Below a directory of certificates these are told as texts; a key is known by its digest alone.
SHOWN = (".crt", ".cert", ".toml")
IMPORTS = re.compile(r"^[ \t]*imports[ \t]*=[ \t]*\[", re.M)
CONFIG_PATH = re.compile(r"^[ \t]*config_path[ \t]*=[ \t]*['\"]([^'\"\n]*)['\"]", re.M)
# Of one file; nobody has so many.
MOST_IMPORTS = 200
QUOTED = re.compile(r"['\"]([^'\"]+)['\"]")


def run(args):
    """All texts in one answer."""
    units = {}
    for name, service in sorted(UNITS.items()):
        state = unit(service, args)
        if state:
            units[name] = state
    environment = {name: os.environ[name] for name in VARIABLES if os.environ.get(name)}
    named = list(environment.values()) + args["paths"]
    named += [config for unit_state in units.values() for config in configs(unit_state)]
    texts = {path: text(path, args) for path in list(FILES) + below(FOLDERS, args) + named}
    imported(texts, args)
    everywhere = sorted(set(CERTIFICATES) | set(config_paths(texts)))
    listed = {directory: certificates(directory, args) for directory in everywhere}
    paths = [os.path.join(directory, name, file_name) for directory in listed for name in listed[directory]
             for file_name in listed[directory][name]]
    texts.update({path: text(path, args) for path in paths if path.endswith(SHOWN)})
    for unit_state in units.values():
        unit_state["newer"] = newer(texts, unit_state.pop("pid"), args)
    return {
        "changed": False,
        "programs": programs(args),
        "files": texts,
        "certificates": {directory: names for directory, names in listed.items() if names},
        "digests": digests(paths + list(texts), args),
        "units": units,
        "environment": environment,
        "docker": bool(unit("docker", args)),
    }


def programs(args):
    """{program: the first line of what its --version prints}."""
    versions = {}
    for name in PROGRAMS:
        path = host.which(name)
        if path:
            shown = host.run([path, "--version"], timeout=args["timeout"])
            versions[name] = (shown.out.strip() or shown.err.strip()).split("\n")[0]
    return versions


def unit(service, args):
    """The service's text, states and argv; None where there is no such service."""
    state = host.run(["systemctl", "show", service, "--property=%s" % ",".join(("MainPID",) + STATES)],
                     timeout=args["timeout"])
    states = dict(line.split("=", 1) for line in state.out.splitlines() if "=" in line)
    if states.get("LoadState") in (None, "", "not-found"):
        return None
    # systemctl shows nothing of a masked unit.
    shown = host.run(["systemctl", "cat", service], timeout=args["timeout"])
    pid = states.pop("MainPID", "0")
    configuration.check("what systemctl shows of %s" % service, shown.out)
    return {"text": shown.out, "states": states, "argv": command_line(pid, args) if pid != "0" else [], "pid": pid}


def command_line(pid, args):
    try:
        return host.as_text(host.read_bytes(placed("/proc/%s/cmdline" % pid, args))).split("\0")[:-1]
    except (IOError, OSError):
        return []


def newer(paths, pid, args):
    """Those of the paths that changed after the process began; none where there is no process."""
    if pid == "0" or processes.start_time(pid) is None:
        return []
    places = {placed(path, args): path for path in paths}
    return sorted(places[changed] for changed in processes.changed_since(pid, places))


def configs(unit_state):
    """The configuration files that a service is started with."""
    words = list(unit_state["argv"]) or re.findall(r"\S+", unit_state["text"])
    return [words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-c", "--config")] + [
        word.split("=", 1)[1] for word in words if word.startswith("--config=")]


def imported(texts, args):
    """Read what containerd's files import, and what these import in turn."""
    pending = [path for path in texts if path.endswith(".toml")]
    while pending:
        path = pending.pop()
        for name in listed_imports(texts[path] or "")[:MOST_IMPORTS]:
            name = name if name.startswith("/") else os.path.join(os.path.dirname(path), name)
            names = below([name], args) if "*" in name else [name]
            new = [name for name in names if name not in texts]
            texts.update({name: text(name, args) for name in new})
            pending += new


def listed_imports(text):
    """The names in a file's lists of imports."""
    patterns = []
    for begun in IMPORTS.finditer(text):
        end = text.find("]", begun.end())
        if end < 0:
            break
        patterns += QUOTED.findall(text[begun.end():end])
    return patterns


def named_config_paths(text):
    """The values of config_path in a file."""
    return CONFIG_PATH.findall(text)


def config_paths(texts):
    """The directories that containerd looks for hosts.toml in."""
    paths = []
    for path in texts:
        for value in named_config_paths(texts[path] or "") if path.endswith(".toml") else ():
            paths += [folder for folder in value.split(":") if folder.startswith("/")]
    return paths


def certificates(directory, args):
    """{registry: [file name]}."""
    names_by_folder = {}
    for path in sorted(glob.glob(placed(os.path.join(directory, "*"), args))):
        if os.path.isdir(path):
            names_by_folder[os.path.basename(path)] = sorted(os.listdir(path))
    return names_by_folder


def below(patterns, args):
    """The paths that fit, as the host names them."""
    prefix = args["root"].rstrip("/")
    return [path[len(prefix):] for pattern in patterns for path in sorted(glob.glob(placed(pattern, args)))]


def digests(paths, args):
    """{path: sha1} of the files that are there."""
    sums = {path: agent_files.digest(placed(path, args)) for path in paths}
    return {path: sha1 for path, sha1 in sums.items() if sha1}


def text(path, args):
    return configuration.read(placed(path, args), path)


def placed(path, args):
    return args["root"].rstrip("/") + path

"""What containerd has, namespace by namespace, by its own client `ctr`.

It keeps no list of where images came from. What it does keep, at each piece of content, is a label
with the registry (its port left out) and the repository of each pull and push. An image that was
imported from a file has none.
"""

from __future__ import absolute_import, division, print_function

import errno
import os
import socket
import stat

from mooring.agent import host
from mooring.agent.image_lists.references import locate, platform, record, split

SOURCE = "containerd.io/distribution.source."
# Namespaces whose images another engine tells, or that are nobody's to run.
OTHERS = ("moby", "plugins.moby")
BUILDERS = "buildkit"
DOCKERS = ("dockerd", "dockerd-current")
CONNECT_SECONDS = 5


def collect(args):
    """The engine's list; None where no containerd runs, or where it is only there for docker."""
    sockets, program = find_sockets(args), host.which("ctr")
    # Where there is docker it is most probably docker's own.
    is_own = not any(host.which(name) for name in DOCKERS)
    if not sockets and is_own and host.which("containerd"):
        raise host.Failed("it is installed and does not answer")
    if sockets and is_own and not program and not host.which("crictl"):
        raise host.Failed("there is neither ctr nor crictl to ask it")
    if not sockets or not program:
        return None
    by_digest = {}
    namespaces = [(path, name) for path in sockets for name in own_namespaces(program, path, args)]
    for path, name in namespaces:
        for image in read_namespace(program, path, name, args):
            merge(by_digest, image)
    if not namespaces:
        return None
    images = [by_digest[digest] for digest in sorted(by_digest)]
    return {"name": "containerd", "platform": platform("linux", os.uname()[4]), "images": images}


def find_sockets(args):
    """The sockets at which a containerd listens; one that ended without its own doing leaves its
    file behind."""
    return [path for path in args["containerd_sockets"] if os.path.exists(path) and not is_left_behind(path)]


def is_left_behind(path):
    if not stat.S_ISSOCK(os.stat(path).st_mode):
        return False
    caller = socket.socket(socket.AF_UNIX)
    try:
        caller.settimeout(CONNECT_SECONDS)
        caller.connect(path)
    except (OSError, IOError) as error:
        return error.errno == errno.ECONNREFUSED
    finally:
        caller.close()
    return False


def own_namespaces(program, path, args):
    names = ask(program, path, None, ["namespaces", "ls", "-q"], args).split()
    return [name for name in names if name not in OTHERS and not name.startswith(BUILDERS)]


def read_namespace(program, path, namespace, args):
    """The images of a namespace, one for each digest."""
    lines = ask(program, path, namespace, ["images", "ls"], args).splitlines()[1:]
    rows = [line.split() for line in lines]
    references = {row[0]: row[2] for row in rows if len(row) > 2}
    if not references:
        return []
    sources = read_sources(ask(program, path, namespace, ["content", "ls"], args))
    running = find_running(program, path, namespace, args)
    digests_running = {references[name] for name in running if name in references}
    registries = list_registries(references)
    images = []
    for digest in sorted(set(references.values())):
        tags = [name for name in references if references[name] == digest and split(name)[1] and "@" not in name]
        # The runtime interface of Kubernetes names images by their IDs as well: those are no names.
        tags = [name for name in tags if not name.startswith("sha256:")]
        proven = prove(tags, digest, sources.get(digest, ()), registries)
        images.append(record(digest, tags, proven, digest in digests_running))
    return images


def merge(by_digest, image):
    """Add an image that another namespace may have too."""
    before = by_digest.get(image["id"], image)
    by_digest[image["id"]] = record(image["id"], before["tags"] + image["tags"], before["digests"] + image["digests"],
                                    before["running"] or image["running"])


def find_running(program, path, namespace, args):
    """The references of the images whose containers run, also those that pause."""
    tasks = [line.split() for line in ask(program, path, namespace, ["tasks", "ls"], args).splitlines()[1:]]
    alive = {row[0] for row in tasks if len(row) > 2 and row[2] in ("RUNNING", "PAUSED")}
    containers = [line.split() for line in ask(program, path, namespace, ["containers", "ls"], args).splitlines()[1:]]
    return {row[1] for row in containers if len(row) > 1 and row[0] in alive}


def read_sources(text):
    """{digest: [(registry without its port, repository)]} of what `ctr content ls` prints."""
    sources = {}
    for line in text.splitlines()[1:]:
        columns = [column for column in line.split("\t") if column.strip()]
        pairs = read_labels(columns[-1]) if len(columns) > 1 else []
        if pairs:
            sources[columns[0].strip()] = pairs
    return sources


def read_labels(text):
    """The sources among labels; a label's value may hold commas, as what separates labels does."""
    pairs, key = [], ""
    for part in text.strip().split(","):
        if "=" in part:
            key, part = part.split("=", 1)
        if key.startswith(SOURCE):
            pairs.append((key[len(SOURCE):], part))
    return pairs


def prove(tags, digest, sources, registries):
    """The names with the digest that a registry is known to have had, among those of the tags; by
    the sources alone where there is no tag and the registry's whole name is known."""
    names = {split(tag)[0] for tag in tags}
    if tags:
        proven = [name for name in names if any(is_source(source, locate(name)) for source in sources)]
    else:
        wholes = [(registries.get(registry, {registry}), repository) for registry, repository in sources]
        proven = ["%s/%s" % (min(registry), repository) for registry, repository in wholes if len(registry) == 1]
    return ["%s@%s" % (name, digest) for name in proven]


def is_source(source, place):
    registry, repository = place
    return source[1] == repository and source[0] in (registry, drop_port(registry))


def list_registries(references):
    """{registry without its port: {its names as references have them}}."""
    registries = {}
    for reference in references:
        registry = locate(split(reference)[0])[0]
        registries.setdefault(drop_port(registry), set()).add(registry)
    return registries


def drop_port(registry):
    """A registry's name without the port, an address without its brackets."""
    bare, colon, port = registry.rpartition(":")
    return (bare if colon and port.isdigit() else registry).strip("[]")


def ask(program, path, namespace, words, args):
    """What `ctr` prints."""
    space = ["-n", namespace] if namespace else []
    return host.check_run([program, "-a", path] + space + words, timeout=args["timeout"]).out

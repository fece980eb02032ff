"""Copy layers from an upstream registry straight into a registry that this host reaches, such as
its own on loopback.

Mooring's own module. What the registry has is not fetched; what another of its repositories has is
mounted. A blob that cannot be copied is `failed` with a `message`, and the others go on. A run that
was killed goes on where it was: what had come lies in `directory` until the blob is whole.
"""

from __future__ import absolute_import, division, print_function

import threading

from mooring.agent import host, links, registry_copies, registry_source, registry_spool, registry_uploads, urls
from mooring.agent.registry_patience import Pace, Stopped

BLOB = {
    "source_repository": {"type": "str", "required": True},
    "target_repository": {"type": "str", "required": True},
    "digest": {"type": "str", "required": True},
    "size": {"type": "int", "required": True},
    "mount_from": {"type": "list", "elements": "str", "default": []},
}
ARGS = {
    "source": {"type": "str", "required": True},
    "source_username": {"type": "str"},
    "source_password": {"type": "str", "secret": True},
    "target": {"type": "str", "default": "http://127.0.0.1:5000"},
    "ca_path": {"type": "path"},
    "parallel": {"type": "int", "default": 3},
    "chunk_size": {"type": "int", "default": 8388608},
    "retries": {"type": "int", "default": 5},
    "timeout": {"type": "int", "default": 60},
    "directory": {"type": "path", "default": "/var/lib/mooring/sync"},
    "blobs": {"type": "list", "elements": "dict", "options": BLOB, "required": True},
}
MOST_PARALLEL, LEAST_CHUNK, LARGEST_CHUNK = 16, 64 * 1024, 1024 * 1024 * 1024
# Seconds between two looks at the threads; the first ones are short, for what is done at once.
FIRST_LOOK, LOOK = 0.005, 0.2


class Work(object):
    """What is to be copied, and how far it is; threads share it. Blobs of one digest are one job:
    one is fetched."""

    def __init__(self, blobs):
        self.blobs, self.replies = blobs, [None] * len(blobs)
        self.lock = threading.Lock()
        self.settled, self.done = {}, 0
        jobs = {}
        for number, blob in enumerate(blobs):
            jobs.setdefault(blob["digest"], []).append(number)
        self.jobs = sorted(jobs.values())
        self.total = sum(max(0, blob["size"]) for blob in blobs)

    def take(self):
        """The numbers of the next job's blobs, [] where none is left."""
        with self.lock:
            return self.jobs.pop(0) if self.jobs else []

    def settle(self, blob, size):
        """There are so many bytes of the blob now."""
        with self.lock:
            self.done += size - self.settled.get(id(blob), 0)
            self.settled[id(blob)] = size

    def serve(self, copier):
        """A thread's part of it: one job after the other."""
        for numbers in iter(self.take, []):
            owners = []
            for number in numbers:
                blob = self.blobs[number]
                blob["mount_from"] = owners + blob["mount_from"]
                self.replies[number] = copier.copy(blob)
                if self.replies[number]["state"] != "failed":
                    owners = [blob["target_repository"]]
        copier.close()

    def reply(self, number):
        """What became of a blob."""
        blob = self.blobs[number]
        reply = self.replies[number] or {"state": "failed", "sent": 0, "message": "the thread that copied it broke off"}
        return dict(reply, digest=blob["digest"], target_repository=blob["target_repository"])


def run(args):
    """`blobs`: of each its digest, target_repository, state, sent, and where it failed message and
    retry_after."""
    source, target = connect(args)
    work, pace = Work(args["blobs"]), Pace()
    registry_spool.tidy(args["directory"])
    threads = [threading.Thread(target=serve, args=(work, pace, registry_copies.Copier(
        source, target, args, pace, work.settle))) for _ in range(min(args["parallel"], len(work.jobs)))]
    try:
        for thread in threads:
            # The agent does not wait for them when the control machine is gone.
            thread.daemon = True
            thread.start()
        watch(threads, work)
    finally:
        pace.stopped.set()
    registry_spool.tidy(args["directory"])
    replies = [work.reply(number) for number in range(len(work.blobs))]
    return {"changed": any(reply["state"] in ("copied", "mounted") for reply in replies), "blobs": replies}


def serve(work, pace, copier):
    """A thread: until nothing is left, or the run is over."""
    try:
        work.serve(copier)
    except Stopped:
        pass


def watch(threads, work):
    """Wait for the threads, and tell how far they are: only here, so that progress
    comes from one place."""
    pause = FIRST_LOOK
    while any(thread.is_alive() for thread in threads):
        host.sleep(pause)
        pause = min(LOOK, 2 * pause)
        host.progress("copying layers", min(work.done, max(0, work.total - 1)), work.total)
    host.progress("copying layers", work.done, work.total)


def connect(args):
    """The two registries; Failed where the arguments name none."""
    for name, limits in (("parallel", (1, MOST_PARALLEL)), ("chunk_size", (LEAST_CHUNK, LARGEST_CHUNK)),
                         ("retries", (0, 100)), ("timeout", (1, 3600))):
        if not limits[0] <= args[name] <= limits[1]:
            raise host.Failed("%s must be between %d and %d, not %d" % ((name,) + limits + (args[name],)))
    for name in ("source", "target"):
        check_url(name, args[name])
    request = {"url": "", "http_agent": "mooring", "use_proxy": True, "validate_certs": True, "url_username": None,
               "url_password": None, "force_basic_auth": False, "client_cert": None, "client_key": None,
               "timeout": args["timeout"]}
    if links.can_check():
        request["context"] = links.make_context(request, args["ca_path"])
    elif args["source"].startswith("https:"):
        raise host.Failed("this host's Python is too old to check the certificate of %s (that needs 2.7.9, or a "
                          "distribution's backport), and layers are not fetched unchecked: let them go through the "
                          "control machine, with sync_via: control" % urls.shown(args["source"]), lacks_tls=True)
    source = registry_source.Source(args["source"], args["source_username"], args["source_password"], request)
    own = dict(request, use_proxy=False)
    return source, registry_uploads.Target(args["target"], own, args["chunk_size"])


def check_url(name, url):
    """Failed where it is not a registry's address: scheme, host, and a port perhaps."""
    parts = urls.split(url)
    if parts.scheme not in ("http", "https") or not urls.is_host(parts.hostname):
        raise host.Failed("%s must be an address such as https://registry.example.com, not %s" % (
            name, urls.shown(url)))
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise host.Failed("%s must be an address alone; an account is named by source_username and source_password"
                          % name)

"""What modules use to look at their host and to speak with the control machine.

Text is the interpreter's own `str` everywhere (text.py); `host.native` makes it so for
texts from elsewhere.
"""

from __future__ import absolute_import, division, print_function

import collections
import io
import os
import re
import time

from mooring.agent import child
from mooring.agent.text import PY2, as_bytes, as_text, native, plain

PROGRESS_SECONDS = 0.2
SEARCH_PATH = ("/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin")
Ran = collections.namedtuple("Ran", "rc out err")


class Failed(Exception):
    """The task fails with this message and these return values."""

    def __init__(self, message, **values):
        Exception.__init__(self, message)
        self.message, self.values = message, values


class Session(object):
    """One request's link to the control machine; without a channel (in tests) it only collects."""

    def __init__(self, channel=None, number=0):
        self.channel, self.number = channel, number
        self.warnings = []
        self.environment = {}
        self.content_left = False
        self._told = 0.0

    def warn(self, text):
        if text not in self.warnings:
            self.warnings.append(text)

    def progress(self, label, done, total):
        """Tell how far a long step is, at most five times a second, but always its end."""
        now = time.time()
        if self.channel is None or (done != total and abs(now - self._told) < PROGRESS_SECONDS):
            return
        self._told = now
        message = {"what": plain(label), "done": int(done), "total": int(total or 0)}
        self.channel.send(self.number, {"progress": message})

    def content(self):
        if self.channel is None:
            raise Failed("this task has no content")
        self.channel.send(self.number, {"want": "content"})
        self.content_left = True
        return self._chunks()

    def _chunks(self):
        while self.content_left:
            body = self.channel.next_data(self.number)
            if body == b"" or isinstance(body, dict):
                self.content_left = False
            if isinstance(body, dict):
                raise Failed(native(body.get("abort", "the control machine has no content for this task")))
            if body:
                yield body

    def finish(self):
        """Drop content that the module did not take, so that the next frame is a request."""
        try:
            for _ in self._chunks():
                pass
        except Failed:
            pass

    def watched(self):
        return [] if self.channel is None else self.channel.watched()

    def fill(self):
        self.channel.fill()

    def pause(self, seconds):
        if self.channel is None:
            time.sleep(seconds)
        else:
            self.channel.pause(seconds)


# The one piece of state: the loop puts each request's session here.
session = Session()


def warn(text):
    """Add a warning to the reply."""
    session.warn(text)


def progress(label, done, total=0):
    """Tell how far a long step is (total 0: unknown)."""
    session.progress(label, done, total)


def content():
    """The task's content from the control machine, as an iterator of bytes
    chunks; once per request."""
    return session.content()


def sleep(seconds):
    """Sleep; ends at once when the control machine is gone. Use it instead of time.sleep."""
    session.pause(seconds)


def environment(changes=None):
    """This process's environment with LC_ALL=C (so outputs parse), the task's, and
    `changes` (None removes)."""
    result = dict(os.environ)
    variables = sorted(session.environment.items()) + sorted((changes or {}).items())
    for name, value in [("LC_ALL", "C")] + variables:
        if value is None:
            result.pop(name, None)
        else:
            result[native(name)] = native(value)
    return result


def run(argv, stdin=None, env=None, cwd=None, timeout=None, shell=False):
    """Run a program (with `shell` a command line for /bin/sh) and return Ran(rc, out, err) as text.

    `env` changes the environment; {"LC_ALL": None} leaves the host's own language. rc is negative
    when a signal ended it, as in subprocess. Raises Failed when it cannot be started or takes
    longer than `timeout`.
    """
    words = ["/bin/sh", "-c", argv] if shell else list(argv)
    words = [native(word) if isinstance(word, (str, bytes, type(u""))) else str(word) for word in words]
    shown = argv if shell else " ".join(words)
    data = None if stdin is None else as_bytes(stdin)
    try:
        rc, out, err = child.run(words, environment(env), cwd and native(cwd), data, timeout, session)
    except child.TimedOut:
        raise Failed("%s did not end within %s seconds" % (shown, timeout), rc=124, cmd=argv)
    except child.NotStarted as error:
        number = getattr(error.cause, "errno", None)
        reason = os.strerror(number) if number else str(error)
        raise Failed("cannot run %s: %s" % (shown, reason), rc=number or 2, cmd=argv)
    return Ran(rc, as_text(out), as_text(err))


def check_run(argv, stdin=None, env=None, cwd=None, timeout=None, shell=False):
    """As `run`, but Failed unless rc is 0, with the command, rc and the last lines of its
    output."""
    ran = run(argv, stdin, env, cwd, timeout, shell)
    if ran.rc != 0:
        shown = argv if shell else " ".join(native(str(word)) for word in argv)
        tail = "\n".join((ran.err.strip() or ran.out.strip()).splitlines()[-10:])
        raise Failed("%s ended with status %d: %s" % (shown, ran.rc, tail or "no output"),
                     rc=ran.rc, stdout=ran.out, stderr=ran.err, cmd=argv)
    return ran


def which(name):
    """The path of a program, also in the administrator's directories that a login
    may lack; or None."""
    if "/" in name:
        return name if os.path.isfile(name) and os.access(name, os.X_OK) else None
    for directory in os.environ.get("PATH", "").split(":") + list(SEARCH_PATH):
        path = os.path.join(directory, name)
        if directory and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    return None


def read_bytes(path):
    """A file's bytes; IOError when it cannot be read."""
    with io.open(path, "rb") as stream:
        return stream.read()


def read_text(path):
    """A file's text, whatever bytes it holds."""
    data = read_bytes(path)
    return data if PY2 else data.decode("utf-8", "surrogateescape")


def os_release():
    """/etc/os-release as a dict ({} where there is none)."""
    for path in ("/etc/os-release", "/usr/lib/os-release"):
        if os.path.exists(path):
            return parse_os_release(read_text(path))
    return {}


def parse_os_release(text):
    """The assignments, quotes taken off."""
    values = {}
    for name, value in re.findall(r"^([A-Z][A-Z0-9_]*)=(.*)$", text, re.M):
        value = value.strip()
        if value[:1] in ("'", '"') and value[-1:] == value[:1]:
            value = value[1:-1]
        values[name] = re.sub(r"\\([\"$`\\])", r"\1", value)
    return values


def package_manager():
    """apt, dnf, yum, zypper, apk or pacman, or None; EL7's is yum even where a dnf is installed."""
    release = os_release()
    family = (release.get("ID", "") + " " + release.get("ID_LIKE", "")).split()
    major = release.get("VERSION_ID", "").split(".")[0]
    order = [("apt", "apt-get"), ("dnf", "dnf"), ("yum", "yum"), ("zypper", "zypper"), ("apk", "apk"),
             ("pacman", "pacman")]
    if set(family) & {"rhel", "fedora", "centos"}:
        old = major.isdigit() and int(major) < 8
        order = [("yum", "yum"), ("dnf", "dnf")] if old else [("dnf", "dnf"), ("yum", "yum")]
    for name, program in order:
        if which(program):
            return name
    return None


def init_system():
    """ "systemd", or the name of what runs as process 1."""
    if os.path.isdir("/run/systemd/system"):
        return "systemd"
    try:
        return read_text("/proc/1/comm").strip()
    except (IOError, OSError):
        return "unknown"

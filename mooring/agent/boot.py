"""The agent's first code: given to the interpreter by `-c`, it takes the rest from standard input.

It guards the descriptors (a stray print must not corrupt frames), says the marker, reads the bundle
(length and zlib-compressed JSON {module name: source}) and makes those modules importable from
memory. Exit status 98: the bundle did not come whole.
"""

from __future__ import absolute_import, division, print_function

import fcntl
import json
import linecache
import os
import select
import struct
import sys
import types
import zlib

MARKER = b"\0\0MOORING-AGENT-1\n"


def guard():
    """Descriptors for the channel, closed in children; 0 is /dev/null from now on, and 1 is 2."""
    source, target = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    os.dup2(null, 0)
    os.dup2(2, 1)
    os.close(null)
    for descriptor in (source, target):
        fcntl.fcntl(descriptor, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    return source, target


def take(source, size):
    """Exactly `size` bytes; also from a descriptor that does not block."""
    data = b""
    while len(data) < size:
        select.select([source], [], [])
        part = os.read(source, size - len(data))
        if not part:
            sys.exit(98)
        data += part
    return data


class Importer(object):
    """Imports the bundle's modules, by both of Python's protocols for it."""

    def __init__(self, sources):
        self.sources = sources

    def find_module(self, name, path=None):
        return self if name in self.sources else None

    def load_module(self, name):
        module = sys.modules[name] = types.ModuleType(name)
        module.__loader__ = self
        try:
            self.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module

    def find_spec(self, name, path=None, target=None):
        if name not in self.sources:
            return None
        import importlib.machinery
        return importlib.machinery.ModuleSpec(name, self, is_package=self.holds_others(name))

    def create_module(self, spec):
        return None

    def holds_others(self, name):
        return any(other.startswith(name + ".") for other in self.sources)

    def exec_module(self, module):
        name = module.__name__
        is_package = self.holds_others(name)
        path = name.replace(".", "/") + ("/__init__.py" if is_package else ".py")
        source = self.sources[name]
        module.__file__ = path
        module.__package__ = name if is_package else name.rpartition(".")[0]
        if is_package:
            module.__path__ = []
        # Without a modification time linecache keeps it, and tracebacks show the lines.
        linecache.cache[path] = (len(source), None, source.splitlines(True), path)
        # Not in a function with an inner function: Python before 2.7.9 refuses such an exec.
        exec(compile(source, path, "exec", 0, True), module.__dict__)


def start():
    """Channel descriptors ready and modules importable; the loop may begin."""
    source, target = guard()
    language = sys.argv[1] if len(sys.argv) > 1 else ""
    if language:
        os.environ["LC_ALL"] = language
    else:
        os.environ.pop("LC_ALL", None)
    if len(sys.argv) > 2:
        try:
            os.chdir(sys.argv[2])
        except OSError:
            pass  # it may be gone, or closed to us; then it is the root directory
    os.write(target, MARKER)
    size = struct.unpack(">I", take(source, 4))[0]
    sources = json.loads(zlib.decompress(take(source, size)).decode("ascii"))
    sys.meta_path.insert(0, Importer({str(name): str(text) for name, text in sources.items()}))
    return source, target


if __name__ == "__main__":
    channel = start()
    from mooring.agent import loop

    loop.main(*channel)

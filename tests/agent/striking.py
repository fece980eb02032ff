"""A neighbour on the host who strikes between any two calls of the agent, sent along in the bundle.

`t_strike` runs a module while every function of os that touches files first lets the neighbour
move. He may do what his user number may, and no more. `swap`: each name in the folders that begins
with one of `names` becomes a link to the victim, the thing itself is put aside. `blink`: the link
stands there only from his move `begin` to his move `end`. `open`: whatever he may open he opens,
and reads it when the module is done.
"""

from __future__ import annotations

STRIKE = """
from __future__ import absolute_import, division, print_function
import os
from mooring.agent import host, loop
ARGS = {}
NAMES = ("open", "chmod", "fchmod", "chown", "fchown", "lchown", "rename", "link", "symlink", "mkdir", "rmdir",
         "unlink", "utime", "lstat", "stat", "listdir", "fsync", "readlink")
own = {name: getattr(os, name) for name in NAMES}

class Neighbour(object):
    def __init__(self, args):
        self.args, self.handles, self.count, self.active = args, [], 0, False

    def strike(self):
        if self.active:
            return
        self.active = True
        os.seteuid(self.args["uid"])
        try:
            getattr(self, self.args["way"])()
        finally:
            os.seteuid(0)
            self.active = False

    def swap(self):
        for folder, name in self.entries():
            path = os.path.join(folder, name)
            if name.startswith("aside") or os.path.islink(path) or not self.is_meant(name):
                continue
            self.count += 1
            try:
                own["rename"](path, os.path.join(folder, "aside%d" % self.count))
                own["symlink"](self.args["victim"], path)
            except OSError:
                pass

    def blink(self):
        path = os.path.join(self.args["folders"][0], self.args["names"][0])
        self.count += 1
        try:
            if self.count == self.args["begin"]:
                own["rename"](path, path + ".aside")
                own["symlink"](self.args["victim"], path)
            elif self.count == self.args["end"]:
                own["unlink"](path)
                own["rename"](path + ".aside", path)
        except OSError:
            pass

    def entries(self):
        for folder in self.args["folders"]:
            try:
                names = own["listdir"](folder)
            except OSError:
                continue
            for name in names:
                yield folder, name

    def is_meant(self, name):
        return any(name.startswith(word) for word in self.args["names"])

    def open(self):
        for folder, name in self.entries():
            try:
                self.handles.append(own["open"](os.path.join(folder, name), os.O_RDONLY | os.O_NOFOLLOW))
            except OSError:
                pass

    def loot(self):
        found = []
        for handle in self.handles:
            try:
                os.lseek(handle, 0, os.SEEK_SET)
                found.append(os.read(handle, 4096).decode("utf-8", "replace"))
            except OSError:
                pass
            os.close(handle)
        return "|".join(found)

def run(args):
    neighbour = Neighbour(args)
    def hooked(act):
        def call(*words, **named):
            neighbour.strike()
            return act(*words, **named)
        return call
    for name in NAMES:
        setattr(os, name, hooked(own[name]))
    try:
        reply = loop.perform({"module": args["module"], "args": args["args"]}, host.session)
    finally:
        for name in NAMES:
            setattr(os, name, own[name])
    return {"reply": reply, "loot": neighbour.loot(), "swaps": neighbour.count}
"""
SOURCES = {"mooring.agent.modules.t_strike": STRIKE}

"""Plays one data case in a temporary directory, on every interpreter that the agent supports.

As a program it reads {"root": PATH, "cases": [[MODULE, CASE], ...]} as JSON, its arguments
normalized, and prints {"failures": [...], "played": n}: so one control machine's cases meet every
interpreter.
"""

from __future__ import absolute_import, division, print_function

import hashlib
import json
import os
import re
import shutil
import sys
import traceback

from case_server import Server
from case_tree import build, content_bytes, differing, judge_file, tree

KEYS = {
    "name",
    "args",
    "before",
    "content",
    "commands",
    "programs",
    "check",
    "outcome",
    "check_outcome",
    "twice",
    "calls",
    "returns",
    "after",
    "msg",
    "diff",
    "fetched",
    "warning",
    "answers",
    "requests",
    "request_headers",
    "tls",
    "port",
}


def fill(value, root, sha1=""):
    """The case with {tmp} and {sha1} (of its content) replaced in every text."""
    if isinstance(value, dict):
        if "content" in value and "name" in value:
            sha1 = hashlib.sha1(content_bytes(value["content"])).hexdigest()
        return {fill(key, root, sha1): fill(item, root, sha1) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, root, sha1) for item in value]
    if isinstance(value, type(u"")):
        return value.replace(u"{tmp}", root).replace(u"{sha1}", sha1)
    return value


class Commands(object):
    """Canned answers instead of running programs; calls are recorded, an unlisted
    one fails the case."""

    def __init__(self, entries, make_ran):
        self.entries, self.make_ran, self.calls, self.unlisted = entries, make_ran, [], []

    def run(self, argv, stdin=None, env=None, cwd=None, timeout=None, shell=False):
        line = argv if shell else " ".join(word if isinstance(word, str) else str(word) for word in argv)
        for entry in self.entries:
            since = entry.get("since")
            if since and not any(re.search(since, call) for call in self.calls):
                continue
            wanted = as_str(entry["argv"])
            if line == wanted or re.match("(?:" + wanted + r")\Z", line):
                self.calls.append(line)
                texts = [as_str(entry.get(name, "")) for name in ("out", "err")]
                return self.make_ran(entry.get("rc", 0), *texts)
        self.unlisted.append(line)
        raise AssertionError("unlisted command: " + line)


def as_str(value):
    return value.encode("utf-8") if sys.version_info[0] == 2 and not isinstance(value, str) else value


def ask(loop, host, module, case, check, diff):
    """One request through the loop: (reply, how often content was fetched)."""

    class Session(host.Session):
        fetched = 0

        def content(self):
            assert "content" in case, "the module fetched content that the case does not have"
            Session.fetched += 1
            data = content_bytes(case["content"])
            return iter([data[at : at + 65536] for at in range(0, len(data), 65536)])

    request = json.loads(json.dumps({"module": module, "args": case["args"], "check": check, "diff": diff}))
    reply = loop.perform(request, Session())
    return json.loads(json.dumps(reply)), Session.fetched


def outcome(reply):
    for word in ("failed", "skipped", "changed"):
        if reply.get(word):
            return word
    return "ok"


def expect(reply, word, phase):
    assert outcome(reply) == word, "%s: outcome %s, expected %s: %s" % (
        phase,
        outcome(reply),
        word,
        json.dumps(reply, indent=1, sort_keys=True),
    )


def play(loop, host, module, case, root):
    """Check run, real run, second run, each with its expectations."""
    commands = case.get("commands") or []
    canned = Commands([] if commands == "real" else commands, host.Ran)
    kept = host.run, host.which
    if commands != "real":
        host.run = canned.run
    if case.get("programs") is not None:
        host.which = lambda name: case["programs"].get(name)
    try:
        serve(
            case,
            lambda server: play_phases(
                lambda check, diff: ask(loop, host, module, case, check, diff), case, root, canned, server
            ),
        )
        assert not canned.unlisted, "unlisted commands: %s" % canned.unlisted
    finally:
        host.run, host.which = kept


def serve(case, play):
    """Play with the case's HTTP server, if it has one."""
    if "answers" not in case:
        return play(None)
    shown = case.get("request_headers", [])
    with Server(case["port"], case["answers"], shown, case.get("tls")) as server:
        return play(server)


def play_phases(request, case, root, canned, server):
    word = case.get("outcome", "ok")
    before = tree(root)
    if case.get("check") or word == "changed":
        reply = request(True, True)[0]
        predicted = word if case.get("check") else case.get("check_outcome", "changed")
        expect(reply, predicted, "check mode")
        assert tree(root) == before, "check mode wrote: %s" % differing(before, tree(root))
        if case.get("check"):
            return judge(reply, case, root)
    del canned.calls[:]
    if server:
        del server.requests[:]
    reply, fetched = request(False, "diff" in case)
    expect(reply, word, "real run")
    if "calls" in case:
        assert canned.calls == [as_str(call) for call in case["calls"]], "calls: %s" % canned.calls
    if "requests" in case:
        assert server.requests == case["requests"], "requests: %s" % json.dumps(server.requests)
    if "fetched" in case:
        assert fetched == case["fetched"], "content was fetched %d times" % fetched
    judge(reply, case, root)
    if word != "changed":
        now = tree(root)
        assert case.get("after") or now == before, "wrote without a change: %s" % differing(before, now)
        return None
    done = tree(root)
    expect(request(False, False)[0], case.get("twice", "ok"), "second run")
    now = tree(root)
    assert case.get("twice") or now == done, "the second run wrote: %s" % differing(done, now)
    return None


def judge(reply, case, root):
    """The reply and the files against what the case says of them."""
    contains(reply, case.get("returns") or {}, "reply")
    if "msg" in case:
        assert re.search(case["msg"], reply.get("msg", "")), "msg is %r" % reply.get("msg")
    if "warning" in case:
        warnings = reply.get("warnings", [])
        assert any(re.search(case["warning"], line) for line in warnings), warnings
    if "diff" in case:
        assert reply.get("diff"), "no diff"
        contains(reply["diff"][0], case["diff"], "diff")
    for name, entry in (case.get("after") or {}).items():
        judge_file(os.path.join(root, name).encode("utf-8"), name, entry)
    left = [path for path in tree(root) if ".mooring-" in path]
    assert not left, "left behind: %s" % left


def contains(actual, wanted, what):
    """Every key of `wanted` is in `actual` with that value; a text that begins with ~ is a
    pattern."""
    for key, value in wanted.items():
        assert key in actual, "%s has no %s: %s" % (what, key, json.dumps(actual, sort_keys=True))
        if isinstance(value, dict) and isinstance(actual[key], dict):
            contains(actual[key], value, "%s.%s" % (what, key))
        elif isinstance(value, type(u"")) and value.startswith(u"~"):
            assert re.search(value[1:], actual[key]), "%s.%s is %r" % (what, key, actual[key])
        else:
            assert actual[key] == value, "%s.%s is %r, expected %r" % (what, key, actual[key], value)


def main():
    from mooring.agent import host, loop

    order = json.load(sys.stdin)
    failures = []
    for module, case in order["cases"]:
        shutil.rmtree(order["root"].encode("utf-8"), ignore_errors=True)
        try:
            build(order["root"], case.get("before") or {})
            play(loop, host, module, case, order["root"])
        except AssertionError as error:
            failures.append("%s: %s: %s" % (module, case["name"], error))
        except Exception:  # noqa: BLE001  (one broken case must not hide the others)
            failures.append("%s: %s: %s" % (module, case["name"], traceback.format_exc()))
    shutil.rmtree(order["root"].encode("utf-8"), ignore_errors=True)
    print(json.dumps({"failures": failures, "played": len(order["cases"])}))


if __name__ == "__main__":
    main()

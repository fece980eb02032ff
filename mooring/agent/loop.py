"""The agent's loop: request, module, reply. Check mode and the second look live
here and nowhere else."""

from __future__ import absolute_import, division, print_function

import importlib
import os
import signal
import sys
import traceback

from mooring.agent import changes, host, names, wire
from mooring.agent.channel import Channel


class Ended(BaseException):
    """A signal asks the agent to end; no module's `except` may hold it up."""


def main(source, target):
    """Serve requests from descriptor `source` until it ends; running children end with the
    agent."""
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _end)
    channel = Channel(source, target)
    try:
        channel.send(0, {"hello": _hello()})
        while True:
            number, request = channel.next_request()
            if request.get("quit"):
                return
            session = host.Session(channel, number)
            channel.write(wire.frame(wire.JSON, number, encode_reply(perform(request, session))))
            session.finish()
    except (wire.EndOfStream, Ended):
        return


def encode_reply(reply):
    """A reply's frame body; what no frame may hold becomes a failure, which says so and keeps the
    small values."""
    try:
        body = wire.encode({"reply": reply})
        excess = wire.explain_excess(body)
    except (RuntimeError, ValueError) as error:  # nested deeper than Python goes, or a number that JSON has not
        excess = str(error)
    return wire.encode({"reply": _refuse(reply, excess)}) if excess else body


def _refuse(reply, excess):
    kept = {host.plain(name): value for name, value in reply.items() if type(value) in (bool, int, type(None))}
    message = "what this task returned cannot be sent: %s. Let it return less, or write to a file on the host" % excess
    return dict(kept, failed=True, msg=message)


def _hello():
    return {"python": "%d.%d.%d" % sys.version_info[:3], "pid": os.getpid(), "uid": os.getuid()}


def _end(number, frame):
    raise Ended(number)


def perform(request, session):
    """One request's reply; every error of a module becomes a failed reply."""
    host.session = session
    session.environment = host.native(request.get("environment") or {})
    try:
        module = importlib.import_module("mooring.agent.modules." + str(request["module"]))
        args = names.expand(module.ARGS, host.native(request.get("args") or {}))
        values = _perform(module, args, request)
    except host.Failed as failure:
        values = dict(failure.values, failed=True, msg=failure.message)
    except wire.EndOfStream:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - the control machine must get an answer
        message = "%s: %s" % (type(error).__name__, _words(error))
        values = {"failed": True, "msg": message, "exception": traceback.format_exc()}
    values.setdefault("changed", False)
    if session.warnings:
        values["warnings"] = list(values.get("warnings") or []) + session.warnings
    try:
        return host.plain(values)
    except RuntimeError:
        return _refuse(values, "it is nested too deep")


def _words(error):
    """An exception's text, also where Python 2 cannot print its own."""
    try:
        return str(error)
    except UnicodeError:
        return repr(error)


def _perform(module, args, request):
    check, diff = bool(request.get("check")), bool(request.get("diff"))
    if hasattr(module, "run"):
        return dict(_run_once(module, args, check))
    return _reach(module, args, check, diff)


def _run_once(module, args, check):
    if not check or getattr(module, "READ_ONLY", False):
        return module.run(args) or {}
    predict = getattr(module, "predict", None)
    prediction = predict(args) if predict else None
    if prediction is None:
        return {"skipped": True, "msg": "would run", "changed": False}
    return prediction


def _reach(module, args, check, diff):
    """Bring a state module's object into the wanted state, and look again whether it got there.

    A module's `prepare` goes first, outside check mode: it makes the host see its own state afresh
    (systemd's daemon-reload, a package manager's lists), which does not change it. It may return
    values for the reply.
    """
    ready = {} if check or not hasattr(module, "prepare") else module.prepare(args) or {}
    before = host.native(module.current(args))
    wanted = host.native(module.wanted(args, before))
    always = getattr(module, "ALWAYS", ())
    differing = changes.find(before, wanted, always)
    reply = {"changed": bool(differing)}
    now, extra, failure = before, {}, None
    if differing and check:
        now = None if wanted is None else dict(before or {}, **wanted)
    elif differing:
        extra = module.apply(args, before, wanted) or {}
        now = host.native(module.current(args))
        failure = changes.explain_rest(now, wanted, always, changes.Secrets(module.ARGS, args))
    if hasattr(module, "returns"):
        reply.update(module.returns(args, before, now) or {})
    reply.update(dict(ready, **extra))
    if diff and differing:
        reply["diff"] = changes.draw(module, args, before, wanted)
    if failure:
        reply.update(failed=True, msg=failure)
    return reply

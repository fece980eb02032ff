"""Units of systemd: what is there, what is wanted, and the way from one to the other.

The `service`, `systemd` and `systemd_service` modules are this, with their own arguments.
"""

from __future__ import absolute_import, division, print_function

import os
import re

from mooring.agent import host

# Wishes that no state shows afterwards: they are differences, but are not looked for again.
ALWAYS = ("restart", "reload", "start", "enable")
RUNNING = ("active", "activating", "reloading")
# Units whose enablement has no switch of its own.
FIXED = ("static", "generated", "transient", "indirect")
NOT_FOUND = "Could not find the requested service %s: host"


def systemctl(args, *words):
    """The command line for a systemctl call, in the wanted scope."""
    scope = args.get("scope") or "system"
    return ["systemctl"] + ([] if scope == "system" else ["--" + scope]) + list(words)


def environment():
    """What systemctl --user needs and what a login without a session lacks."""
    if os.environ.get("XDG_RUNTIME_DIR"):
        return None
    return {"XDG_RUNTIME_DIR": "/run/user/%d" % os.geteuid()}


def prepare(args):
    """daemon-reexec and daemon-reload: systemd reads its files again, which does
    not change the host."""
    for word in ("daemon_reexec", "daemon_reload"):
        if args.get(word):
            verb = word.replace("_", "-")
            ran = host.run(systemctl(args, verb), env=environment())
            if ran.rc != 0:
                raise host.Failed("failure %d during %s: %s" % (ran.rc, verb, _reason(ran)))


def current(args):
    """The unit: found, state, enabled, masked, and systemd's own properties under "status"; {}
    without a name."""
    if not args["name"]:
        if any(args.get(key) is not None for key in ("state", "enabled", "masked")):
            raise host.Failed("state, enabled and masked need the unit's name")
        return {}
    if re.search(r"[*?\[]", args["name"]):
        raise host.Failed("This module does not support glob patterns, found in service name: %s" % args["name"])
    ran = host.run(systemctl(args, "show", args["name"]), env=environment())
    status = parse(ran.out)
    if ran.rc != 0 or "LoadState" not in status:
        raise host.Failed("systemd does not answer on this host (it is run by %s): %s" % (
            host.init_system(), _reason(ran)))
    is_known = status["LoadState"] != "not-found"
    if status["LoadState"] in ("error", "bad-setting"):
        raise host.Failed("Error loading unit file '%s': %s" % (
            args["name"], status.get("LoadError") or status["LoadState"]))
    word = _enablement(args, status) if is_known else "not-found"
    return {
        "found": is_known,
        "state": _state(status),
        "enabled": word == "enabled" or word in FIXED,
        "masked": status["LoadState"] == "masked" or word == "masked",
        "enablement": word,
        "status": status,
    }


def parse(output):
    """`systemctl show` to a dict; a value in braces may go over several lines."""
    values, open_lines = {}, None
    for line in output.splitlines():
        name, equals, value = line.partition("=")
        if open_lines is not None:
            open_lines.append(line)
            if line.rstrip().endswith("}"):
                open_lines = None
        elif equals and re.match(r"^[A-Za-z0-9]+$", name):
            values[name] = [value]
            if name.startswith("Exec") and value.startswith("{") and not value.rstrip().endswith("}"):
                open_lines = values[name]
    return {name: "\n".join(lines) for name, lines in values.items()}


def wanted(args, before):
    """Only what is asked for; nothing is asked of the enablement of a unit that has no such
    switch."""
    after = {}
    if args.get("masked") is not None:
        after["masked"] = args["masked"]
    if args.get("enabled") is not None:
        after.update(_wanted_enablement(args["enabled"], before))
    if args.get("state"):
        after.update(_wanted_state(args, before))
    if after and not before["found"] and set(after) != {"masked"}:
        after["found"] = True
        host.warn("there is no unit %s (yet)" % args["name"])
    return after


def _wanted_enablement(enabled, before):
    if before["enablement"] not in FIXED:
        return {"enabled": enabled}
    if before["enablement"] == "indirect" and enabled:
        # Enabling it enables the units that it names in Also=; what it says of itself stays.
        return {"enable": True}
    host.warn("the unit is %s: it cannot be enabled or disabled" % before["enablement"])
    return {}


def _wanted_state(args, before):
    state = args["state"]
    running = before["state"] == "started"
    after = {"state": "stopped" if state == "stopped" else "started"}
    if running and state in ("restarted", "reloaded"):
        after[{"restarted": "restart", "reloaded": "reload"}[state]] = True
    # Where nobody waits for the end, or where there is no lasting state, the request is all there
    # is to see.
    if args.get("no_block") or (state != "stopped" and _ends_by_itself(before.get("status", {}))):
        if before["state"] != after["state"]:
            after["start"] = True
        del after["state"]
    return after


def _ends_by_itself(status):
    return status.get("Type") == "oneshot" and status.get("RemainAfterExit") == "no"


def apply(args, before, after):
    """Mask or unmask, enable or disable, then start, stop, restart or reload: Ansible's order."""
    name = args["name"]
    if not before["found"] and after.get("found"):
        raise host.Failed(NOT_FOUND % name)
    for key, verbs in (("masked", ("unmask", "mask")), ("enabled", ("disable", "enable"))):
        if key in after and before[key] != after[key]:
            _act(args, verbs[bool(after[key])], "Failed to %s the service (%s): %s")
    if after.get("enable"):
        _act(args, "enable", "Unable to %s service %s: %s")
    verb = _verb(args, before, after)
    if verb:
        _act(args, verb, "Unable to %s service %s: %s", wait=not args.get("no_block"))
    if verb in ("start", "restart") and "state" in after:
        _expect_running(args)


def _expect_running(args):
    """systemctl is content when a program could be started; whether it stayed is another matter."""
    properties = "ActiveState,SubState,Result,ConditionResult"
    status = parse(host.run(systemctl(args, "show", "-p", properties, args["name"]), env=environment()).out)
    if _state(status) == "started":
        return
    words = ", ".join("%s=%s" % pair for pair in sorted(status.items()))
    if status.get("ConditionResult") == "no":
        words += "; a Condition in its unit file is not met"
    raise host.Failed("service %s does not stay up (%s)%s" % (args["name"], words, _journal(args)))


def _verb(args, before, after):
    for verb in ("restart", "reload"):
        if after.get(verb):
            return verb
    if after.get("start") or after.get("state", before["state"]) != before["state"]:
        return "stop" if args["state"] == "stopped" else "start"
    return None


def _act(args, verb, message, wait=True):
    """One systemctl call; a failed start shows what the unit wrote last."""
    options = ([] if wait else ["--no-block"]) + (["--force"] if args.get("force") else [])
    ran = host.run(systemctl(args, *(options + [verb, args["name"]])), env=environment())
    if ran.rc == 0:
        return
    reason = _reason(ran)
    if verb in ("start", "restart", "reload"):
        reason += _journal(args)
    raise host.Failed(message % (verb, args["name"], reason), rc=ran.rc)


def _journal(args):
    """The unit's last lines in the journal, where there is one."""
    if not host.which("journalctl") or (args.get("scope") or "system") != "system":
        return ""
    lines = host.run(["journalctl", "-u", args["name"], "-n", "10", "-o", "cat", "--no-pager"]).out.strip()
    return "\nits last words:\n" + lines if lines and not lines.startswith("-- No entries") else ""


def returns(args, before, now):
    """Ansible's return values: name, state, enabled, and status as it was found, before the
    change."""
    values = {"name": args["name"], "status": before.get("status", {})}
    if args.get("state"):
        values["state"] = "stopped" if args["state"] == "stopped" else "started"
    if args.get("enabled") is not None:
        values["enabled"] = (now or before).get("enabled")
    return values


def diff(args, before, after):
    """The asked-for keys, without the hundreds of properties."""
    keys = sorted(key for key in after if key not in ALWAYS and before.get(key) != after[key])
    wishes = sorted(key for key in after if key in ALWAYS)
    return [{
        "before": "".join("%s: %s\n" % (key, before.get(key)) for key in keys),
        "after": "".join("%s: %s\n" % (key, after[key]) for key in keys)
                 + "".join("%s: requested\n" % key for key in wishes),
        "before_header": args["name"], "after_header": args["name"],
    }]


def _state(status):
    """"started", "stopped", or what is neither: a unit that dies again and again, or is
    just being stopped."""
    active = status.get("ActiveState")
    if active in RUNNING:
        return "restarting" if status.get("SubState") == "auto-restart" else "started"
    return "stopping" if active == "deactivating" else "stopped"


def _enablement(args, status):
    """What `is-enabled` says; asked only where `show` does not know it (init scripts, systemd
    219)."""
    word = status.get("UnitFileState", "")
    if word not in ("", "bad", "generated"):
        return word
    out = host.run(systemctl(args, "is-enabled", args["name"]), env=environment()).out.split()
    return out[-1] if out else "disabled"


def _reason(ran):
    text = "\n".join((ran.err.strip() or ran.out.strip()).splitlines()[-10:]) or "status %d" % ran.rc
    if re.search(r"authentication required|Access denied", text):
        text += "\n(the task needs become: true)"
    return text

"""Add, change and remove users."""

from __future__ import absolute_import, division, print_function

from mooring.agent import accounts, host

ARGS = {
    "name": {"required": True, "aliases": ["user"]},
    "uid": {"type": "int"},
    "non_unique": {"type": "bool", "default": False},
    "group": {},
    "groups": {"type": "list", "elements": "str"},
    "append": {"type": "bool", "default": False},
    "comment": {},
    "shell": {"type": "path"},
    "home": {"type": "path"},
    "create_home": {"type": "bool", "default": True, "aliases": ["createhome"]},
    "move_home": {"type": "bool", "default": False},
    "system": {"type": "bool", "default": False},
    "password": {"secret": True},
    "update_password": {"choices": ["always", "on_create"], "default": "always"},
    "state": {"choices": ["absent", "present"], "default": "present"},
    "remove": {"type": "bool", "default": False},
    "force": {"type": "bool", "default": False},
}
# (key of the state, option of useradd and usermod) for what is told to both in the same way.
OPTIONS = (("uid", "-u"), ("group", "-g"), ("comment", "-c"), ("home", "-d"), ("shell", "-s"))


def current(args):
    user = accounts.find(args["name"])
    if user is not None and args["password"] is not None:
        # The hash itself stays here, whatever is shown of the state.
        known = accounts.password_hash(args["name"])
        user["password"] = "as wanted" if known == args["password"] else "another"
    return user


def wanted(args, before):
    if args["state"] == "absent":
        return None
    after = {key: args[key] for key in ("name", "uid", "comment", "home", "shell") if args[key] is not None}
    if args["group"] is not None:
        after["group"] = _known(args["group"])
    if args["groups"] is not None:
        after["groups"] = _wanted_groups(args, before)
    if args["create_home"]:
        after["has_home"] = True
    if args["password"] is not None and (before is None or args["update_password"] == "always"):
        after["password"] = "as wanted"
    return after


def _wanted_groups(args, before):
    primary = args["group"] or (before["group"] if before else args["name"])
    groups = {_known(group) for group in args["groups"] if group} - {_known(primary, silent=True)}
    if args["append"] and before is not None:
        groups |= set(before["groups"])
    return sorted(groups)


def _known(group, silent=False):
    """A group's name. One that is not there may come with an earlier task, so a check run goes
    on."""
    name = accounts.resolve_group(group)
    if name is None and not silent:
        host.warn("there is no group %s (yet)" % group)
    return name or group


def apply(args, before, after):
    if after is None:
        options = ["-f"] * args["force"] + ["-r"] * args["remove"]
        return _report(accounts.change(["userdel"] + options + [args["name"]]))
    for group in [args["group"]] + (args["groups"] or []):
        if group and accounts.resolve_group(group) is None:
            raise host.Failed("Group %s does not exist" % group)
    values = _create(args, after) if before is None else _change(args, before, after)
    if "password" in after and (before is None or before["password"] != after["password"]):
        accounts.set_password(args["name"], args["password"])
    if after.get("has_home"):
        entry = accounts.find(args["name"])
        if not entry["has_home"]:
            accounts.make_home(entry)
    return values


def _create(args, after):
    argv = ["useradd"] + _options(after) + ["-o"] * bool(args["non_unique"] and args["uid"] is not None)
    if args["group"] is None and accounts.resolve_group(args["name"]) == args["name"]:
        # A group of that name is there already, so useradd must not try to make it.
        argv.append("-N")
    if after.get("groups"):
        argv += ["-G", ",".join(after["groups"])]
    argv += ["-r"] * args["system"] + ["-m" if args["create_home"] else "-M"]
    return _report(accounts.change(argv + [args["name"]]))


def _change(args, before, after):
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    argv = ["usermod"] + _options(changed)
    if "uid" in changed:
        argv += ["-o"] * args["non_unique"]
    if "home" in changed:
        argv += ["-m"] * args["move_home"]
    if "groups" in changed:
        argv += ["-G", ",".join(changed["groups"])]
    return {} if len(argv) == 1 else _report(accounts.change(argv + [args["name"]]))


def _options(state):
    words = []
    for key, option in OPTIONS:
        if key in state:
            words += [option, str(state[key])]
    return words


def _report(ran):
    return {key: text for key, text in (("stdout", ran.out), ("stderr", ran.err)) if text}


def returns(args, before, now):
    """Ansible's return values, the password masked."""
    values = {"name": args["name"], "state": args["state"]}
    if args["state"] == "absent":
        if before is not None:
            values.update(force=args["force"], remove=args["remove"])
        return values
    now = now or {}
    values.update((key, now[key]) for key in ("uid", "comment", "home", "shell") if key in now)
    if "gid" in now:
        values["group"] = now["gid"]
    if args["groups"] is not None:
        values["groups"] = ",".join(now.get("groups", []))
        values["append"] = args["append"]
    if args["password"] is not None:
        values["password"] = "NOT_LOGGING_PASSWORD"
    if before is None:
        values.update(create_home=args["create_home"], system=args["system"])
    else:
        values["move_home"] = args["move_home"]
    return values

"""Install, update and remove packages with the package manager that the host has."""

from __future__ import absolute_import, division, print_function

import importlib

from mooring.agent import host

ARGS = {
    "name": {"type": "list", "elements": "str", "required": True, "aliases": ["pkg"]},
    "state": {"required": True, "choices": ["absent", "installed", "latest", "present", "removed"]},
    "use": {"default": "auto", "choices": ["auto", "apt", "dnf", "yum"]},
    "update_cache": {"type": "bool", "default": False},
}
OLDER_WORDS = {"installed": "present", "removed": "absent"}


def prepare(args):
    module, module_args = _chosen(args)
    return module.prepare(module_args)


def current(args):
    module, module_args = _chosen(args)
    return module.current(module_args)


def wanted(args, before):
    module, module_args = _chosen(args)
    return module.wanted(module_args, before)


def apply(args, before, after):
    module, module_args = _chosen(args)
    return module.apply(module_args, before, after)


def _chosen(args):
    """The manager's module, and the arguments as it has them."""
    name = host.package_manager() if args["use"] == "auto" else args["use"]
    if name not in ("apt", "dnf", "yum"):
        raise host.Failed("Could not detect a package manager that is supported here (apt, dnf, yum)")
    module = importlib.import_module("mooring.agent.modules." + name)
    module_args = {key: spec.get("default") for key, spec in module.ARGS.items()}
    module_args.update(name=args["name"], update_cache=args["update_cache"])
    module_args["state"] = OLDER_WORDS.get(args["state"], args["state"])
    return module, module_args

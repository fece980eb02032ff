"""Gather facts about the host: distribution, names, addresses, SELinux, hardware, environment."""

from __future__ import absolute_import, division, print_function

import fnmatch

from mooring.agent import facts, host, network

ARGS = {
    "gather_subset": {"type": "list", "elements": "str", "default": ["all"]},
    "filter": {"type": "list", "elements": "str", "default": []},
}
READ_ONLY = True
# The facts that have no "ansible_" before their names.
FACTS = ("gather_subset", "module_setup")

# Which subsets every collector belongs to: its own name, and Ansible's names of single facts.
MINIMUM = {
    "system": (facts.system, ("architecture", "distribution", "distribution_major_version",
                              "distribution_release", "distribution_version", "kernel", "machine",
                              "machine_id", "os_family", "pkg_mgr", "platform", "service_mgr")),
    "python": (facts.python, ("python_version",)),
    "user": (facts.user, ("effective_user_id", "env", "real_user_id", "user_dir", "user_gecos", "user_gid",
                          "user_id", "user_shell", "user_uid")),
    "date_time": (facts.date_time, ()),
    "selinux": (facts.selinux, ()),
}
OTHERS = {
    "hardware": (facts.hardware, ("processor", "processor_cores", "processor_count")),
    "network": (network.facts, ("all_ipv4_addresses", "all_ipv6_addresses", "default_ipv4", "default_ipv6",
                                "interfaces")),
    "virtual": (facts.virtualization, ("virtualization_role", "virtualization_type")),
}
# Subsets of Ansible that hold no facts here; asking for them or leaving them out is not a mistake.
EMPTY = ("facter", "ohai")


def run(args):
    collected = {}
    for collect in chosen(args["gather_subset"] or ["all"]):
        collected.update(collect())
    collected = {"ansible_" + name: value for name, value in collected.items()}
    patterns = [pattern for pattern in args["filter"] or [] if pattern]
    if patterns:
        collected = {name: value for name, value in collected.items() if _matches(name, patterns)}
    collected.update({"gather_subset": args["gather_subset"] or ["all"], "module_setup": True})
    return {"changed": False, "ansible_facts": collected}


def chosen(subset):
    """The collectors for Ansible's words: names add to the minimum, !names leave out,
    !all keeps only it."""
    names = known()
    wanted = {word for word in subset if not word.startswith("!")}
    unwanted = {word[1:] for word in subset if word.startswith("!")}
    for word in sorted(wanted | unwanted):
        if word not in names and word not in ("all", "min") + EMPTY:
            raise host.Failed("Bad subset '%s' given. gather_subset options allowed: %s" % (
                word, ", ".join(sorted(set(names) | {"all", "min"}))))
    collectors = set() if "min" in unwanted else set(MINIMUM)
    if "all" in wanted or ("all" not in unwanted and not wanted):
        collectors |= set(OTHERS)
    collectors |= {names[word] for word in wanted if word in names}
    if "all" in unwanted and not wanted:
        collectors -= set(OTHERS)
    collectors -= {names[word] for word in unwanted if word in names}
    return [(MINIMUM.get(name) or OTHERS[name])[0] for name in sorted(collectors)]


def known():
    """Every accepted word to its collector."""
    words = {}
    for group in (MINIMUM, OTHERS):
        for name, (_, others) in group.items():
            words.update(dict.fromkeys((name,) + others, name))
    return words


def _matches(name, patterns):
    """Patterns are for names with or without the prefix, as in Ansible."""
    short = name[len("ansible_"):]
    return any(fnmatch.fnmatch(name, pattern) or fnmatch.fnmatch(short, pattern) for pattern in patterns)

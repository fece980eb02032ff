"""Packages of Debian's family: what dpkg's database says, and what apt-get does about it."""

from __future__ import absolute_import, division, print_function

import collections
import fnmatch
import os
import re
import time

from mooring.agent import host, packages

ARGS = {
    "name": {"type": "list", "elements": "str", "aliases": ["package", "pkg"], "default": []},
    "state": {"choices": ["absent", "latest", "present"], "default": "present"},
    "deb": {"type": "path"},
    "update_cache": {"type": "bool", "aliases": ["update-cache"]},
    "cache_valid_time": {"type": "int", "default": 0},
    "install_recommends": {"type": "bool", "aliases": ["install-recommends"]},
    "purge": {"type": "bool", "default": False},
    "allow_downgrade": {"type": "bool", "default": False,
                        "aliases": ["allow-downgrade", "allow_downgrades", "allow-downgrades"]},
    "allow_unauthenticated": {"type": "bool", "default": False, "aliases": ["allow-unauthenticated"]},
    "dpkg_options": {"default": "force-confdef,force-confold"},
    "lock_timeout": {"type": "int", "default": 60},
}
RULES = {
    "required_one_of": [["name", "deb", "update_cache", "cache_valid_time"]],
    "mutually_exclusive": [["name", "deb"]],
}

FORMAT = r"${Package}\t${Architecture}\t${Status}\t${Version}\n"
LISTS = "/var/lib/apt/lists"
STAMP = "/var/lib/apt/periodic/update-success-stamp"
INSTALLED = ("installed", "triggers-awaited", "triggers-pending")
QUIET = {"DEBIAN_FRONTEND": "noninteractive", "DEBIAN_PRIORITY": "critical",
         "APT_LISTCHANGES_FRONTEND": "none"}
PIN = re.compile(r"^([^=<>\s]+?)\s*(>=|=)\s*(\S+)$")

Package = collections.namedtuple("Package", "status version")


def current(args):
    """Every name as "present", "absent", "latest" (if that is asked), or what is there instead."""
    names = asked_names(args)
    known = query([split(name)[0] for name in names])
    absent = packages.state(args) == "absent"
    states = {name: describe(name, known, absent, args["purge"]) for name in names}
    if packages.state(args) == "latest":
        _find_updates([name for name in names if states[name] == "present"], states)
    return states


def wanted(args):
    return {name: packages.state(args) for name in asked_names(args)}


def asked_names(args):
    return [args["deb"]] if args["deb"] else packages.names(args)


def prepare(args):
    """Fresh lists where the comparison needs them (which version is latest) or
    nothing else is asked."""
    names = asked_names(args)
    if not _wants_update(args) or (names and packages.state(args) != "latest"):
        return {}
    before = _lists()
    values = update(args)
    # As in Ansible, lists alone are a change when they brought something new.
    return values if names else dict(values, changed=_lists() != before)


def apply(args, before):
    """Fetch the lists if asked, then install or remove what differs, in one call of apt-get."""
    differing = [name for name in asked_names(args) if before.get(name) != packages.state(args)]
    values = {}
    if packages.state(args) != "latest" and _wants_update(args):
        values = update(args)
    argv = command(args)
    if packages.state(args) == "absent":
        verb = "purge" if args["purge"] else "remove"
        ran = packages.run(argv + [verb] + [split(name)[0] for name in differing], QUIET)
    else:
        ran = packages.run(argv + ["install"] + [_for_apt(name) for name in differing], QUIET)
    return dict(values, stdout=ran.out, stderr=ran.err)


def returns(args):
    """Ansible's word about the lists, however old."""
    return {"cache_updated": False, "cache_update_time": int(_updated_at())}


def command(args):
    """apt-get with the options that hold for every change."""
    argv = ["apt-get", "-y", "-q", "-o", "DPkg::Lock::Timeout=%d" % args["lock_timeout"]]
    for option in args["dpkg_options"].split(","):
        if option.strip():
            argv += ["-o", "Dpkg::Options::=--" + option.strip()]
    if packages.state(args) == "absent":
        return argv
    if args["install_recommends"] is not None:
        word = "true" if args["install_recommends"] else "false"
        argv += ["-o", "APT::Install-Recommends=" + word]
    if args["allow_downgrade"]:
        argv.append("--allow-downgrades")
    if args["allow_unauthenticated"]:
        argv.append("--allow-unauthenticated")
    return argv


def update(args):
    """Fetch the package lists, and remember when: apt leaves no trace when nothing is new."""
    argv = ["apt-get", "-q", "-o", "DPkg::Lock::Timeout=%d" % args["lock_timeout"], "update"]
    ran = packages.run(argv, QUIET)
    lost = re.findall(r"^(?:W|E): (Failed to fetch .*)$", ran.err, re.M)
    if lost:
        # apt-get goes on with the lists that it has; whether they suffice, the installation tells.
        host.warn("apt-get update: " + "; ".join(lost[:3]))
    else:
        host.run(["touch", LISTS])
    return {"cache_updated": True, "cache_update_time": int(_updated_at())}


def split(name):
    """(name, operator, version) of a pin such as docker.io=20.10* or foo>=1.0."""
    pin = PIN.match(name)
    if pin:
        return pin.groups()
    if packages.is_file(name):
        return name, None, None
    if re.search(r"[<>=*?\[\s]", name):
        raise host.Failed("%s: write a version as name=1.2-3, name=1.2* or name>=1.2" % name)
    return name, None, None


def query(names):
    """dpkg's view of the names, {name and name:arch: Package}, by one call for all of them."""
    plain = [name for name in names if not packages.is_file(name)]
    plain += [_deb_fields(name)[0] for name in names if packages.is_file(name) and os.path.exists(name)]
    known = {}
    if not plain:
        return known
    ran = host.run(["dpkg-query", "-W", "-f", FORMAT] + plain)
    if ran.rc not in (0, 1):
        raise packages.failure(["dpkg-query", "-W"] + plain, ran, "dpkg's database cannot be read")
    for line in ran.out.splitlines():
        name, arch, status, version = (line.split("\t") + [""] * 4)[:4]
        package = Package((status.split() or ["not-installed"])[-1], version)
        known[name + ":" + arch] = package
        if name not in known or package.status in INSTALLED:
            known[name] = package
    return known


def describe(name, known, absent=False, purge=False):
    """"present", "absent" or the other version there; with `purge` left-over configuration
    counts."""
    if packages.is_file(name):
        return _describe_file(name, known)
    plain, operator, version = split(name)
    package = known.get(plain, Package("not-installed", ""))
    if package.status not in INSTALLED:
        if package.status == "config-files":
            return "configuration files" if absent and purge else "absent"
        return "present" if not absent and _is_provided(plain) else "absent"
    if operator is None or absent:
        return "present"
    if operator == "=":
        fits = fnmatch.fnmatchcase(package.version, version)
    else:
        fits = compare(package.version, "ge", version)
    return "present" if fits else package.version


def compare(left, operator, right):
    """dpkg's own comparison of two versions."""
    return host.run(["dpkg", "--compare-versions", left, operator, right]).rc == 0


def _describe_file(path, known):
    """A .deb counts as present when its package is installed in that version or a newer one."""
    if "://" in path:
        raise host.Failed("%s: fetch it with get_url first and name the file" % path)
    if not os.path.exists(path):
        host.warn("%s is not there (yet)" % path)
        return "absent"
    name, version = _deb_fields(path)
    package = known.get(name)
    if package is None or package.status not in INSTALLED:
        return "absent"
    return "present" if compare(package.version, "ge", version) else package.version


def _deb_fields(path):
    ran = packages.run(["dpkg-deb", "-W", "--showformat=${Package}\\t${Version}", path])
    return tuple((ran.out.strip().split("\t") + [""])[:2])


def _is_provided(name):
    """Whether a name is a virtual package, and an installed package provides it."""
    ran = host.run(["dpkg-query", "-W", "-f", r"${Status}\t${Provides}\n"])
    rows = [line.split("\t", 1) for line in ran.out.splitlines()]
    provided = [row[1] for row in rows if row[0].endswith(" installed")]
    names = {re.sub(r"[:( ].*", "", word.strip()) for line in provided for word in line.split(",")}
    if name not in names:
        return False
    return "Candidate:" not in host.run(["apt-cache", "policy", name]).out.replace("Candidate: (none)", "")


def _find_updates(names, states):
    """Turn "present" into "latest", or into the installed and the newer version."""
    plain = [name for name in names if split(name)[1] is None and not packages.is_file(name)]
    policy = host.run(["apt-cache", "policy"] + plain).out if plain else ""
    newest = newest_versions(policy)
    for name in names:
        have, best = newest.get(name, ("", ""))
        states[name] = "latest" if have == best else "%s (%s is available)" % (have, best)


def newest_versions(policy):
    """{package: (installed, candidate)} of what `apt-cache policy` prints."""
    return {name: (have, best) for name, have, best in re.findall(
        r"^(\S+):\n[ \t]+Installed: (\S+)\n[ \t]+Candidate: (\S+)", policy, re.M)}


def _for_apt(name):
    """What apt-get understands: name=version, a path; for ">=" apt itself takes the newest."""
    plain, operator, version = split(name)
    if packages.is_file(name):
        return os.path.abspath(name)
    return "%s=%s" % (plain, version) if operator == "=" else plain


def _lists():
    """The package lists' names, sizes and times, which are the server's."""
    paths = [os.path.join(LISTS, name) for name in (os.listdir(LISTS) if os.path.isdir(LISTS) else [])]
    return sorted((path, os.path.getsize(path), os.path.getmtime(path)) for path in paths if os.path.isfile(path))


def _wants_update(args):
    return bool(args["update_cache"] or args["cache_valid_time"]) and not _is_fresh(args)


def _is_fresh(args):
    return _updated_at() + args["cache_valid_time"] > time.time()


def _updated_at():
    return max([os.path.getmtime(path) for path in (STAMP, LISTS) if os.path.exists(path)] or [0.0])

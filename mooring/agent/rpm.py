"""Packages of Red Hat's family: what the RPM database says, and what yum or dnf do about it."""

from __future__ import absolute_import, division, print_function

import collections
import fnmatch
import os
import re

from mooring.agent import host, packages, versions

ARGS = {
    "name": {"type": "list", "elements": "str", "aliases": ["pkg"], "default": []},
    "state": {"choices": ["absent", "installed", "latest", "present", "removed"]},
    "enablerepo": {"type": "list", "elements": "str", "default": []},
    "disablerepo": {"type": "list", "elements": "str", "default": []},
    "exclude": {"type": "list", "elements": "str", "default": []},
    "releasever": {},
    "disable_gpg_check": {"type": "bool", "default": False},
    "update_cache": {"type": "bool", "default": False, "aliases": ["expire-cache"]},
    "allow_downgrade": {"type": "bool", "default": False},
    "skip_broken": {"type": "bool", "default": False},
}
RULES = {"required_one_of": [["name", "update_cache"]]}

FORMAT = r"%{NAME}\t%{EPOCH}\t%{VERSION}\t%{RELEASE}\t%{ARCH}\t[%{PROVIDENAME} ]\n"
BROKEN = re.compile(r"^error: .*(database|rpmdb|\bdb\d?\b).*$", re.M)
MISSING = re.compile(r"^No package (\S+) available|^No match for argument: (\S+)", re.M)
COMPARISON = re.compile(r"^(\S+)\s*(>=|<=|>|<|=)\s*(\S+)$")

Package = collections.namedtuple("Package", "name epoch version release arch provides")


def current(program, args):
    """Every name as "present", "absent", "latest" (if that is asked), or what is there instead."""
    names = packages.names(args)
    # Files, URLs and paths are each asked for on their own.
    installed = query([name for name in names if "/" not in name and name != "*"])
    states = {name: describe(name, installed) for name in names if name != "*"}
    wanted_state = packages.state(args)
    if wanted_state == "latest":
        _find_updates(program, args, names, states)
    elif wanted_state == "absent":
        # Another version than the named one is as good as none.
        states = {name: word if word == "present" else "absent" for name, word in states.items()}
    return states


def prepare(program, args):
    """Fresh metadata where the comparison itself needs it, or where nothing else is asked."""
    if not args["update_cache"]:
        return
    if not packages.names(args):
        packages.run([program, "-y"] + repositories(args) + ["makecache"])
    elif packages.state(args) == "latest":
        packages.run([program, "-q", "clean", "expire-cache"])


def apply(program, args, before):
    """Install, update or remove what differs."""
    names = packages.differing(args, before)
    options = ["-y"] + repositories(args)
    if packages.state(args) == "absent":
        ran = packages.run([program, "-y", "remove"] + names)
        return {"results": ran.out.splitlines(), "rc": 0, "msg": ""}
    for argument, option in (("disable_gpg_check", "--nogpgcheck"), ("skip_broken", "--skip-broken"),
                             ("allowerasing", "--allowerasing")):
        if args.get(argument):
            options.append(option)
    if args.get("install_weak_deps") is False:
        options.append("--setopt=install_weak_deps=False")
    if args["update_cache"] and packages.state(args) == "present":
        packages.run([program, "-q", "clean", "expire-cache"])
    lines = []
    for verb, some in sort_out(names, before, args["allow_downgrade"]):
        argv = [program] + options + [verb] + some
        ran = packages.run(argv)
        # yum is content when it finds one of several names.
        missing = MISSING.search(ran.out + ran.err)
        if missing and not args["skip_broken"]:
            name = missing.group(1) or missing.group(2)
            reason = "No package matching '%s' found available, installed or updated" % name
            raise packages.failure(argv, ran, reason)
        lines += ran.out.splitlines()
    return {"results": lines, "rc": 0, "msg": ""}


def sort_out(names, before, may_downgrade):
    """(yum's verb, names) for every kind of difference."""
    verbs = collections.OrderedDict()
    for name in names:
        word = before.get(name, "")
        if name == "*" or word.startswith("outdated"):
            verb = "update"
        elif may_downgrade and word not in ("absent", ""):
            verb = "downgrade" if word.startswith("newer") else "install"
        else:
            verb = "install"
        verbs.setdefault(verb, []).append(name)
    return [(verb, [] if some == ["*"] else some) for verb, some in verbs.items()]


def repositories(args):
    """The options that choose repositories and packages."""
    options = []
    for argument, option in (("disablerepo", "--disablerepo="), ("enablerepo", "--enablerepo="),
                             ("exclude", "--exclude=")):
        options += [option + name for name in args[argument] or [] if name]
    if args["releasever"]:
        options.append("--releasever=" + args["releasever"])
    return options


def query(names):
    """The installed packages that any of the names could mean, by one call of rpm."""
    labels = []
    for name in names:
        refuse_unknown_forms(name)
        for label in candidates(name):
            if label not in labels:
                labels.append(label)
    if not labels:
        return []
    return _parse(host.run(["rpm", "-q", "--qf", FORMAT, "--whatprovides"] + labels))


def _parse(ran):
    broken = BROKEN.search(ran.err)
    if broken:
        raise host.Failed("the RPM database cannot be read: %s (`rpm --rebuilddb` may mend it)" %
                          broken.group(0), rc=ran.rc, stderr=ran.err)
    rows = [line.split("\t") for line in ran.out.splitlines()]
    return [Package(row[0], row[1].replace("(none)", "0"), row[2], row[3], row[4], set(row[5].split()))
            for row in rows if len(row) == 6]


def refuse_unknown_forms(name):
    if name.startswith("@"):
        raise host.Failed("package groups (%s) are not supported: name the packages" % name)
    if re.match(r"^[^-=<>\s]*[*?\[]", name) and name != "*":
        raise host.Failed("%s: a pattern is possible for the version only, as docker-1.13*" % name)


def candidates(name):
    """What rpm may know the name as: the whole, and the parts before each "-digit" and ".arch"."""
    comparison = COMPARISON.match(name)
    if comparison:
        return [comparison.group(1)]
    guesses = [] if re.search(r"[*?\[]", name) else [name]
    guesses += [name[: match.start()] for match in re.finditer(r"-(?=\d)", name)]
    base, _, arch = name.rpartition(".")
    if base and re.match(r"^(noarch|x86_64|aarch64|i[3-6]86|ppc64le|s390x)$", arch) and base not in guesses:
        guesses.append(base)
    # An epoch may stand in front of the name (2:docker-1.13.1).
    return [re.sub(r"^\d+:", "", guess) for guess in guesses]


def describe(name, installed):
    """ "present", "absent", or which other version is there."""
    if packages.is_file(name):
        return _describe_file(name)
    if name.startswith("/"):
        return "present" if query_file(name) else "absent"
    comparison = COMPARISON.match(name)
    same = []
    for package in installed:
        if comparison and package.name == comparison.group(1):
            same.append(package)
            if versions.holds(_evr(package), comparison.group(2), comparison.group(3)):
                return "present"
        elif not comparison and (name in package.provides or _is_named(name, package)):
            return "present"
        elif package.name in candidates(name):
            same.append(package)
    return _other_version(name, same[-1]) if same else "absent"


def _other_version(name, package):
    wanted = name[len(package.name) + 1:] if name.startswith(package.name + "-") else ""
    newer = wanted[:1].isdigit() and versions.compare(package.version + "-" + package.release, wanted) > 0
    return "%s%s-%s-%s" % ("newer: " if newer else "", package.name, package.version, package.release)


def query_file(path):
    """The installed packages that own or provide a path."""
    return _parse(host.run(["rpm", "-q", "--qf", FORMAT, "--whatprovides", path]))


def _is_named(name, package):
    """Whether one of the ways to write an installed package is the name, which may be a pattern."""
    full = "%s-%s" % (package.version, package.release)
    plain = [package.name, package.name + "-" + package.version, package.name + "-" + full]
    with_epoch = [package.epoch + ":" + rest for rest in plain[1:]]
    with_epoch += ["%s-%s:%s" % (package.name, package.epoch, version) for version in (package.version, full)]
    forms = plain + with_epoch
    forms += [form + "." + package.arch for form in forms]
    return any(fnmatch.fnmatchcase(form, name) for form in forms)


def _evr(package):
    return "%s:%s-%s" % (package.epoch, package.version, package.release)


def _describe_file(name):
    """A package file counts as present when its package is installed in that
    version or a newer one."""
    if "://" not in name and not os.path.exists(name):
        # It may come with an earlier task; then the installation itself tells.
        host.warn("%s is not there (yet)" % name)
        return "absent"
    ran = host.run(["rpm", "-qp", "--qf", FORMAT, name])
    owners = _parse(ran)
    if ran.rc != 0 or not owners:
        raise packages.failure(["rpm", "-qp", name], ran, "%s is not a package that rpm can read" % name)
    for package in query([owners[0].name]):
        same = package.name == owners[0].name
        if same and versions.compare(_evr(package), _evr(owners[0])) >= 0:
            return "present"
    return "absent"


def _find_updates(program, args, names, states):
    """Turn "present" into "latest" or "outdated: ..." by one question to the repositories."""
    there = [name for name in names if states.get(name) == "present"]
    plain = [name for name in there if not packages.is_file(name)]
    updates = {}
    if plain or "*" in names:
        argv = [program, "-q"] + repositories(args) + ["check-update"] + ([] if "*" in names else plain)
        ran = host.run(argv)
        if ran.rc not in (0, 100):
            raise packages.failure(argv, ran)
        updates = parse_updates(ran.out)
    for name in there:
        match = [version for label, version in updates.items() if name in (label, label.rpartition(".")[0])]
        states[name] = "outdated: %s is available" % match[0] if match else "latest"
    if "*" in names:
        states["*"] = "outdated: %d updates are available" % len(updates) if updates else "latest"


def parse_updates(output):
    """`check-update` to {name.arch: version}; yum folds long lines, so words count and not
    lines."""
    words = output.split("Obsoleting Packages")[0].split()
    pairs = [words[at : at + 2] for at in range(0, len(words) - 2, 3)]
    return {label: version for label, version in pairs if "." in label and version[:1].isdigit()}

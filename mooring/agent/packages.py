"""The package modules' common ground: states by name, running the manager, its
failures with remedies."""

from __future__ import absolute_import, division, print_function

import os
import re

from mooring.agent import host

# Ansible's older words for the same states.
STATES = {"installed": "present", "removed": "absent", None: "present"}
# Of a line, and of the last lines, of what a package manager prints.
LINE, LINES = 500, 2000
HINTS = (
    (r"are you root|need to be root|superuser privileges|be run under the root user", "the task needs become: true"),
    (r"mirrorlist\.centos\.org|Cannot find a valid baseurl for repo: \w+/7",
     "CentOS 7 has reached its end of life and its mirror list is gone: let the repositories point to https://vault.centos.org"),
    (r"Could not get lock|holding the yum lock|Unable to acquire the dpkg|Failed to obtain .* lock",
     "another package manager is at work on this host: try again when it has ended"),
    (r"dpkg was interrupted", "an earlier run was cut off: run `dpkg --configure -a` on this host"),
    (r"[Uu]nmet dependencies|held broken packages", "run `apt-get -f install` on this host to see more"),
    (r"No space left on device|more space needed|need .* to install", "the disk of this host is full"),
    (r"Unable to locate package|has no installation candidate|No package \S+ available|No match for argument",
     "the name is wrong, its repository is not set up, or the package lists are old (update_cache: true)"),
    (r"NO_PUBKEY|Public key for \S+ is not installed|GPG check FAILED|is not signed",
     "the repository's key is not known here: install it first"),
    (r"Could not resolve host|Temporary failure resolving", "this host cannot resolve the repository's name"),
    (r"Connection refused|Connection timed out|Could not connect to|Timeout was reached",
     "this host cannot reach the repository: look at its network and proxy"),
    (r"deb\.debian\.org.* 404 |does not have a Release file", "this release moved to archive.debian.org"),
)


def state(args):
    """present, absent or latest."""
    return STATES.get(args["state"], args["state"])


def names(args):
    """The names without blanks and doubles, in their order."""
    listed = []
    for name in args["name"] or []:
        if name.strip() and name.strip() not in listed:
            listed.append(name.strip())
    return listed


def wanted(args):
    """Every name in the wanted state."""
    return {name: state(args) for name in names(args)}


def differing(args, before):
    """The names that are not as wanted, in their order."""
    return [name for name in names(args) if before.get(name) != state(args)]


def is_file(name):
    """Whether a name means a package's file, here or by URL."""
    return "://" in name or (name.endswith((".rpm", ".deb")) and "/" in name)


def run(argv, env=None):
    """Run a package manager; Failed with its last lines and a remedy when it fails."""
    ran = host.run(argv, env=env)
    if ran.rc != 0:
        raise failure(argv, ran)
    return ran


def failure(argv, ran, reason=None):
    """A Failed for an unsuccessful run: what was done, the last lines of its output,
    what to do about it."""
    output = "\n".join(text.strip() for text in (ran.out, ran.err) if text.strip())
    lines = [line for line in output.splitlines() if line.strip()]
    words = [word for word in argv if not word.startswith("-") and "::" not in word]
    words[0] = os.path.basename(words[0])
    summary = reason or "%s ended with status %d" % (" ".join(words), ran.rc)
    remedy = hint(output)
    message = "%s:\n%s" % (summary, "\n".join(lines[-10:]) or "no output")
    if remedy:
        message += "\n(%s)" % remedy
    return host.Failed(message, rc=ran.rc, stdout=ran.out, stderr=ran.err, cmd=argv)


def hint(output):
    """What to do about a package manager's output, or None."""
    # The beginning of a line says it; some patterns would go back and forth in a very long one.
    shown = "\n".join(line[:LINE] for line in output.splitlines()[-LINES:])
    for pattern, remedy in HINTS:
        if re.search(pattern, shown):
            return remedy
    return None

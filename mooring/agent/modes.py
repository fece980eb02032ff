"""File modes: octal numbers, octal texts and symbolic texts, all to one form ("0644")."""

from __future__ import absolute_import, division, print_function

import os
import re

SYMBOLIC = re.compile(r"^([ugoa]*)((?:[-+=][rwxXstugo]*)+)$")
CLAUSE = re.compile(r"([-+=])([rwxXstugo]*)")
SHIFT = {"u": 6, "g": 3, "o": 0}
SPECIAL = {"u": 0o4000, "g": 0o2000, "o": 0o1000}
BITS = {"r": 4, "w": 2, "x": 1}


def umask():
    """The process's umask; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def octal(mode):
    """A mode's number as text, as Ansible prints it: 420 is "0644"."""
    return "%04o" % (mode & 0o7777)


def parse(mode, before, is_directory=False):
    """The number that `mode` (int, "0644" or "u=rw,go-w") stands for; `before` is the number now.

    Raises ValueError for anything else. A number is a number: a YAML 0644 arrives as 420.
    """
    if isinstance(mode, int):
        number = mode
    else:
        text = mode.strip()
        try:
            number = int(text, 8)
        except ValueError:
            number = symbolic(text, before, is_directory)
    if number < 0 or number > 0o7777:
        raise ValueError("mode %s is not a file mode; at most 07777 is allowed" % mode)
    return number


def symbolic(text, mode, is_directory):
    """chmod's language: clauses separated by commas, each "who", then operators and permissions."""
    for clause in text.split(","):
        match = SYMBOLIC.match(clause)
        if not match:
            raise ValueError("mode %r must be in octal or symbolic form" % str(text))
        classes = match.group(1)
        mask = 0 if classes else umask()
        users = "ugo" if not classes or "a" in classes else classes
        for operator, letters in CLAUSE.findall(match.group(2)):
            for user in users:
                bits = permissions(letters, user, mode, is_directory) & ~mask
                mode = combine(mode, operator, bits, user)
    return mode


def permissions(letters, user, mode, is_directory):
    """The bits that `letters` mean for one of user, group, others, in place."""
    bits = 0
    for letter in letters:
        if letter in BITS:
            bits |= BITS[letter] << SHIFT[user]
        elif letter == "X":
            bits |= (1 if is_directory or mode & 0o111 else 0) << SHIFT[user]
        elif letter == "s":
            bits |= SPECIAL[user] if user != "o" else 0
        elif letter == "t":
            bits |= 0o1000 if user == "o" else 0
        else:
            bits |= ((mode >> SHIFT[letter]) & 7) << SHIFT[user]
    return bits


def combine(mode, operator, bits, user):
    """`mode` after one operator for one user; "=" also clears that user's setuid,
    setgid or sticky bit."""
    if operator == "+":
        return mode | bits
    if operator == "-":
        return mode & ~bits
    return (mode & ~(7 << SHIFT[user] | SPECIAL[user])) | bits

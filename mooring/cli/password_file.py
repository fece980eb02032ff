"""A password from a file in place of a question: --connection-password-file,
--become-password-file."""

from __future__ import annotations

import os
import stat

from mooring.errors import UsageError, on_one_line
from mooring.files.reading import LARGEST_SETTING, read_text

READABLE = stat.S_IRWXG | stat.S_IRWXO
EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


def read_password(path: str) -> str:
    """The file's one line. UsageError where others than its owner may read it, as ssh wants it of a
    key; a pipe, such as the shell's `<(program)`, is as good. Ansible would run an executable file;
    that would be taken for the password."""
    name = on_one_line(path)
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        raise UsageError(f"{name}: {getattr(error, 'strerror', None) or error}") from None
    if stat.S_ISREG(mode) and mode & EXECUTABLE:
        raise UsageError(f"{name} is executable, and no file with a password is run: give its output, as <({name})")
    if stat.S_ISREG(mode) and mode & READABLE:
        raise UsageError(
            f"{name} holds a password, and others may read it ({stat.S_IMODE(mode):04o}): chmod 600 {name}"
        )
    lines = read_text(path, LARGEST_SETTING, takes_pipe=True).splitlines()
    if len(lines) != 1 or not lines[0]:
        raise UsageError(f"{name} must hold one line, the password; it has {len(lines)}")
    return lines[0]

"""Reading the texts of an engine's configuration, which are small: what is not is
refused with its name.

They are taken apart on the control machine, so that a file of many megabytes must not get there.
"""

from __future__ import absolute_import, division, print_function

import io

from mooring.agent import host

# Characters (here bytes) of a file, of a bundle of certificates, and of all files but those; the
# files.
LARGEST, LARGEST_CERTIFICATE, LARGEST_OF_ALL = 128 * 1024, 2 * 1024 * 1024, 512 * 1024
# What systemd shows of a unit, and other things that are short on every host.
LARGEST_UNIT = 64 * 1024
MOST_FILES = 1000


def is_certificate(path):
    """Whether the file is only compared, not taken apart."""
    return path.endswith((".crt", ".cert"))


def read(path, name=None):
    """The file's text; None where it cannot be read, Failed where it is too large. `name` is its
    path to the host."""
    largest = LARGEST_CERTIFICATE if is_certificate(path) else LARGEST
    try:
        with io.open(path, "rb") as stream:
            data = stream.read(largest + 1)
    except (IOError, OSError):
        return None
    if len(data) > largest:
        raise host.Failed("%s is too large for an engine's configuration (more than %d bytes): see what wrote it" % (
            name or path, largest))
    return data if host.PY2 else data.decode("utf-8", "surrogateescape")


def check(label, text):
    """The text, that a program printed; Failed where it is too large."""
    if len(text) > LARGEST_UNIT:
        raise host.Failed("%s is too large (more than %d characters)" % (label, LARGEST_UNIT))
    return text

"""Extended attributes of files: SELinux contexts and access control lists, on Python 2 as well.

Python 3 has os.getxattr and its sisters; on Python 2 the same calls of the C library are
made by ctypes. Where the platform or the file system has none, reading finds nothing and
copying does nothing.
"""

from __future__ import absolute_import, division, print_function

import ctypes
import errno
import os
import struct

SELINUX = "security.selinux"
LIST = "system.posix_acl_access"
KEPT = (SELINUX, LIST)
# An access list is a version (4 bytes) and entries of tag, bits and number, little-endian.
ENTRY = struct.Struct("<HHI")
OWNER, GROUP, MASK, OTHERS = 0x01, 0x04, 0x10, 0x20
LARGEST = 65536


def library(name):
    """A shared library by name, or None."""
    try:
        return ctypes.CDLL(name, use_errno=True)
    except OSError:
        return None


def read(target, name, follow=True):
    """The attribute's bytes, or None where it is not set or cannot be read. `target` is
    bytes or a descriptor."""
    if hasattr(os, "getxattr"):
        try:
            return os.getxattr(target, name) if is_number(target) else os.getxattr(target, name, follow_symlinks=follow)
        except OSError:
            return None
    call = c_call("getxattr", target, follow)
    if call is None:
        return None
    buffer = ctypes.create_string_buffer(LARGEST)
    size = call(target, name.encode("ascii"), buffer, LARGEST)
    return buffer.raw[:size] if size >= 0 else None


def write(target, name, value, follow=True):
    """Set the attribute; raises OSError."""
    if hasattr(os, "setxattr"):
        if is_number(target):
            os.setxattr(target, name, value)
        else:
            os.setxattr(target, name, value, follow_symlinks=follow)
        return
    call = c_call("setxattr", target, follow)
    if call is None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    if call(target, name.encode("ascii"), value, len(value), 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def is_number(target):
    return isinstance(target, int)


def c_call(name, target, follow):
    """The C library's function for a descriptor, a path, or a link itself; None where it has
    none."""
    prefix = "f" if is_number(target) else "" if follow else "l"
    return getattr(library(None), prefix + name, None)


def keep(source, target, mode):
    """Give `target` what `source` has of contexts and access lists, and nothing else; never fails.

    A list says what the mode says too, so it is brought in line with `mode` first: nobody may read
    `target` for a moment who may not read it in the end. A file system without such attributes, or
    a mount with one fixed context, refuses; nothing is kept then.
    """
    for name in KEPT:
        value = read(source, name)
        if value is not None and name == LIST:
            value = masked(value, mode)
        if value is not None and value != read(target, name):
            try:
                write(target, name, value)
            except OSError:
                pass


def masked(value, mode):
    """An access list as chmod leaves it: owner, mask (or group, where there is no mask) and others
    from the mode."""
    entries = [ENTRY.unpack_from(value, at) for at in range(4, len(value) - ENTRY.size + 1, ENTRY.size)]
    middle = MASK if any(tag == MASK for tag, _, _ in entries) else GROUP
    shifts = {OWNER: 6, middle: 3, OTHERS: 0}
    return value[:4] + b"".join(
        ENTRY.pack(tag, (mode >> shifts[tag]) & 7 if tag in shifts else bits, number) for tag, bits, number in entries)


def selinux_is_on():
    """Whether the kernel runs SELinux (enforcing or permissive)."""
    return os.path.exists("/sys/fs/selinux/enforce") or os.path.exists("/selinux/enforce")


def context(path, follow=True):
    """The SELinux context as text "user:role:type:level", or None."""
    value = read(path, SELINUX, follow) if selinux_is_on() else None
    return value.rstrip(b"\0").decode("ascii") if value else None


def policy_context(path, mode):
    """The context that the policy gives a new file of this name (matchpathcon), or None."""
    selinux = library("libselinux.so.1") if selinux_is_on() else None
    if selinux is None:
        return None
    label = ctypes.c_char_p()
    selinux.matchpathcon.argtypes = [ctypes.c_char_p, ctypes.c_uint, ctypes.POINTER(ctypes.c_char_p)]
    if selinux.matchpathcon(path, mode, ctypes.byref(label)) != 0 or not label.value:
        return None
    return label.value.decode("ascii")

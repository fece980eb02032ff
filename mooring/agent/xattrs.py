"""Extended attributes of files: SELinux contexts and access control lists, on Python 2 as well.

Python 3 has os.getxattr and its sisters; on Python 2 the same calls of the C library are made by ctypes.
Where the platform or the file system has none, reading finds nothing and copying does nothing.
"""

from __future__ import absolute_import, division, print_function

import ctypes
import os

SELINUX = "security.selinux"
KEPT = (SELINUX, "system.posix_acl_access")
LARGEST = 65536


def library(name):
    """A shared library by name, or None."""
    try:
        return ctypes.CDLL(name, use_errno=True)
    except OSError:
        return None


def read(path, name, follow=True):
    """The attribute's bytes, or None where it is not set or cannot be read. `path` is bytes."""
    if hasattr(os, "getxattr"):
        try:
            return os.getxattr(path, name, follow_symlinks=follow)
        except OSError:
            return None
    libc = library(None)
    if not hasattr(libc, "lgetxattr"):
        return None
    buffer = ctypes.create_string_buffer(LARGEST)
    call = libc.getxattr if follow else libc.lgetxattr
    size = call(path, name.encode("ascii"), buffer, LARGEST)
    return buffer.raw[:size] if size >= 0 else None


def write(path, name, value, follow=True):
    """Set the attribute; raises OSError."""
    if hasattr(os, "setxattr"):
        os.setxattr(path, name, value, follow_symlinks=follow)
        return
    libc = library(None)
    call = libc.setxattr if follow else libc.lsetxattr
    if call(path, name.encode("ascii"), value, len(value), 0) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def keep(source, target):
    """Give `target` what `source` has of contexts and access lists, and nothing else; never fails.

    A file system without such attributes, or a mount with one fixed context, refuses; nothing is kept then.
    """
    for name in KEPT:
        value = read(source, name)
        if value is not None and value != read(target, name):
            try:
                write(target, name, value)
            except OSError:
                pass


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
    found = ctypes.c_char_p()
    selinux.matchpathcon.argtypes = [ctypes.c_char_p, ctypes.c_uint, ctypes.POINTER(ctypes.c_char_p)]
    if selinux.matchpathcon(path, mode, ctypes.byref(found)) != 0 or not found.value:
        return None
    return found.value.decode("ascii")

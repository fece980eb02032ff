"""File systems that are full, for the registry's and the engines' files."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from lab_hosts import LookedAt


@contextlib.contextmanager
def mounted(client: LookedAt, mount: str, folder: str) -> Iterator[None]:
    """A mount over FOLDER while the block runs."""
    client.run(mount)
    try:
        yield
    finally:
        client.run(f"umount {folder}")


def full(folder: str) -> str:
    """A file system of its own at FOLDER with the same files and not a byte free."""
    return (
        f"mkdir -p {folder} && cp -a {folder} /tmp/drill && mount -t tmpfs -o size=64k,mode=755 tmpfs {folder}"
        f" && cp -a /tmp/drill/. {folder} && rm -r /tmp/drill"
        f" && (dd if=/dev/zero of={folder}/drill-filler bs=1k 2>/dev/null; true)"
    )

"""Every Python on this machine that the agent must run on."""

from __future__ import annotations

import glob
import os
import shutil
import subprocess
from functools import cache

NAMES = ("python2.7", *(f"python3.{minor}" for minor in range(6, 15)), "python3")


@cache
def find_interpreters() -> dict[str, str]:
    """Version "3.11" -> path; one of each, from pyenv's directory or PATH."""
    paths = sorted(glob.glob("/opt/python*/bin/python"))
    paths += glob.glob(str(os.path.expanduser("~/.pyenv/versions/*/bin/python")))
    paths += [path for name in NAMES if (path := shutil.which(name))]
    interpreters: dict[str, str] = {}
    for path in paths:
        pyenv = subprocess.run(
            [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=False,
        )
        version = pyenv.stdout.strip()
        if pyenv.returncode == 0 and version not in interpreters:
            interpreters[version] = path
    return dict(sorted(interpreters.items(), key=lambda item: tuple(map(int, item[0].split(".")))))

"""The Pythons that the data cases run on."""

from __future__ import annotations

import glob
import os
import shutil
import sys

INTERPRETERS = ("2.7", "3.6", "3.13")


def interpreters() -> dict[str, str]:
    """Other interpreters on this machine, by version."""
    interpreters = {}
    for version in INTERPRETERS:
        if f"{sys.version_info[0]}.{sys.version_info[1]}" == version:
            continue
        places = sorted(glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version}.*/bin/python")))
        path = places[-1] if places else shutil.which(f"python{version}")
        if path:
            interpreters[version] = path
    return interpreters

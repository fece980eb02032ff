"""Writes docs/sbom.cdx.json from the lock file: `python -m docs.generate_sbom`.

A CycloneDX 1.6 bill of materials of what an installation runs: each package with its version and
the condition under which it is installed, and which packages ask for it, as uv notes it in the lock
file's comments. The packages' hashes stay in the lock file, which pip checks; there are dozens of
them for each.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomlkit

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "requirements.lock"
PAGE = Path(__file__).parent / "sbom.cdx.json"
_PACKAGE = re.compile(r"([A-Za-z0-9._-]+)==([^ ;\\]+)(?: ; ([^\\]+?))? \\")
_VIA = re.compile(r"    # +(?:via )?([A-Za-z0-9._-]+)(?: \(pyproject\.toml\))?$")


@dataclass(frozen=True)
class Package:
    """One line of the lock file; `marker` is the condition for its installation,
    `users` who ask for it."""

    name: str
    version: str
    marker: str
    users: tuple[str, ...]

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def read_lock(text: str) -> Iterator[Package]:
    """The packages of a lock file."""
    head, users = None, []
    for line in text.splitlines():
        package, via = _PACKAGE.match(line), _VIA.match(line)
        if package:
            if head:
                yield Package(*head, tuple(users))
            head, users = (package[1], package[2], package[3] or ""), []
        elif via and head and via[1] != "via":
            users.append(via[1])
    if head:
        yield Package(*head, tuple(users))


def document() -> dict[str, Any]:
    """The whole bill, the same for the same lock file."""
    project = tomlkit.parse((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"].unwrap()
    packages = list(read_lock(LOCK.read_text(encoding="utf-8")))
    own = f"pkg:generic/{project['name']}@{project['version']}"
    main = {"type": "application", "bom-ref": own, "name": project["name"], "version": project["version"]}
    users = {project["name"]: own, **{package.name: package.purl for package in packages}}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {**main, "licenses": [{"license": {"id": project["license"]}}]}},
        "components": [_component(package) for package in packages],
        "dependencies": [
            {"ref": ref, "dependsOn": sorted(package.purl for package in packages if name in package.users)}
            for name, ref in users.items()
        ],
    }


def _component(package: Package) -> dict[str, Any]:
    component = {"type": "library", "bom-ref": package.purl, "name": package.name, "version": package.version}
    properties = [{"name": "python:marker", "value": package.marker}] if package.marker else []
    return {**component, "purl": package.purl, **({"properties": properties} if properties else {})}


if __name__ == "__main__":
    PAGE.write_text(json.dumps(document(), indent=1) + "\n", encoding="utf-8")

"""docs/sbom.cdx.json lists what the lock file installs."""

from __future__ import annotations

import json
import re

from docs.generate_sbom import LOCK, PAGE, document


def test_the_bill_is_not_stale() -> None:
    assert json.loads(PAGE.read_text(encoding="utf-8")) == document(), "run: .venv/bin/python -m docs.generate_sbom"


def test_every_package_of_the_lock_file_is_in_it_and_somebody_needs_it() -> None:
    bill = document()
    locked = sorted(re.findall(r"^([^ =]+)==([^ ]+)", LOCK.read_text(encoding="utf-8"), re.M))
    assert sorted((part["name"], part["version"]) for part in bill["components"]) == locked
    needed = {ref for row in bill["dependencies"] for ref in row["dependsOn"]}
    assert {part["bom-ref"] for part in bill["components"]} == needed

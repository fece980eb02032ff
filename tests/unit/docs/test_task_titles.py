"""Task titles stand alone in the output, often without the one before: each names what it is
about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mooring.run.conditions import unmet
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables

ROOT = Path(__file__).parents[3]
FILES = [*ROOT.glob("roles/*/tasks/*.yml"), *ROOT.glob("roles/*/handlers/*.yml")]
CLIENT = ROOT / "roles/registry_client/tasks/main.yml"


def titles(tasks: list[dict[str, Any]]) -> Iterator[str]:
    """The tasks' names, those within blocks too."""
    for task in tasks:
        yield task["name"]
        for part in ("block", "rescue", "always"):
            yield from titles(task.get(part) or [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_title_points_at_another(path: Path) -> None:
    vague = re.compile(r"\b(it|them|they|those)\b", re.IGNORECASE)
    titles_of_file = list(titles(yaml.safe_load(path.read_text(encoding="utf-8"))))
    assert titles_of_file
    assert not [title for title in titles_of_file if vague.search(title)]


@pytest.mark.parametrize(
    ("state", "title"),
    [("present", "Set up the engine for the registry"), ("absent", "Take the engine off the registry")],
)
def test_deprovisioning_has_a_title_of_its_own(state: str, title: str) -> None:
    templar = Templar()
    variables = Variables(templar, [({"registry_client_state": state}, False)])
    tasks = yaml.safe_load(CLIENT.read_text(encoding="utf-8"))
    assert [task["name"] for task in tasks if unmet([task["when"]], templar, variables) is None] == [title]

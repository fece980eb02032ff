"""Checks of an operator's own, in tests/hosts/ of the project: they run after Mooring's, and ask
for the same."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mooring.project import Project
from tests.support.verification_run import make_fleet, run, world
from tests.support.verification_world import World

__all__ = ["world"]

GOOD = """\
import words_of_ours

hosts = "clients"

def test_it(member, request):
    \"\"\"Something of our own\"\"\"
    request.config.pluginmanager.get_plugin("mooring").fleet.seen.append(member.name)
    assert words_of_ours.YES
"""
EVERYWHERE = """\
hosts = "all"

def test_all(member):
    'It is there'
    assert member.name != "client2", "client2 it is"
"""
ALONE = 'hosts = "clients"\n\ndef test_nobody():\n    """About no host"""\n'


def check(world: World, root: Path, files: dict[str, str]) -> tuple[int, dict[str, Any], list[str]]:
    root = root / "a b"
    folder = root / "tests" / "hosts"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    site = SimpleNamespace(options=SimpleNamespace(forks=5), project=Project(root))
    fleet = make_fleet(world, site=site, seen=[])
    status, result = run(fleet, str(root.parent / "junit.xml"))
    return status, result, fleet.seen


def test_they_run_after_ours_and_may_have_the_same_names(world: World, tmp_path: Path) -> None:
    files = {"test_client.py": GOOD, "words_of_ours.py": "YES = True\n", "test_alone.py": ALONE}
    status, result, seen = check(world, tmp_path, files)
    assert (status, result["errors"], seen) == (0, [], ["client1", "client2"])
    names = [line for line in (tmp_path / "junit.xml").read_text().split("<testcase ")[1:] if "test_it" in line]
    assert len(names) == 2
    assert "test_it[client2]" in (tmp_path / "junit.xml").read_text().split("<testcase ")[-1]


def test_one_that_fails(world: World, tmp_path: Path) -> None:
    status, result, _ = check(world, tmp_path, {"test_mine.py": EVERYWHERE})
    assert status == 2
    [failure] = result["hosts"]["client2"]["failures"]
    assert failure["check"] == "It is there"
    assert "client2 it is" in failure["message"]
    assert result["hosts"]["server"]["status"] == "ok"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nothing_of_the_kind\n", "nothing_of_the_kind"),
        ("def test_it(member):\n    pass\n", 'hosts = "clients" or hosts = "server" is missing'),
        ('hosts = "client"\n\ndef test_it(member):\n    pass\n', 'hosts = "clients" or hosts = "server" is missing'),
    ],
)
def test_a_file_that_is_no_good_is_named_and_the_others_run(
    world: World, tmp_path: Path, text: str, words: str
) -> None:
    status, result, seen = check(
        world, tmp_path, {"test_bad.py": text, "test_good.py": GOOD, "words_of_ours.py": "YES = 1\n"}
    )
    assert status == 2
    assert seen == ["client1", "client2"]
    assert len(result["errors"]) == 1
    assert "test_bad.py" in result["errors"][0]
    assert words in result["errors"][0]
    assert result["hosts"]["server"]["checks"]["passed"] > 5


def test_settings_of_pytest_in_a_folder_above_count_for_nothing(world: World, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\npython_files = nothing.py\n")
    (tmp_path / "conftest.py").write_text("")
    status, result, seen = check(world, tmp_path, {"test_good.py": GOOD, "words_of_ours.py": "YES = 1\n"})
    assert (status, result["errors"], seen) == (0, [], ["client1", "client2"])

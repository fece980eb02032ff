"""The role hosts_file sees a line of the operator's that gives a name another
address, and nothing else."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml

from mooring.agent.modules import blockinfile
from mooring.playbook.roles import load_variables
from mooring.results import Outcome
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables
from tests.support.story import Story

ROLE = Path(__file__).parents[3] / "roles/hosts_file"
BLOCK = (
    "# BEGIN registry names, managed by mooring\n"
    "192.0.2.99 registry.example.com\n"
    "# END registry names, managed by mooring\n"
)


def other_line(text: str, address: str = "192.0.2.10", name: str = "registry.example.com") -> str:
    """What the role would refuse, "" where it would go on: its own program, run here."""
    with tempfile.NamedTemporaryFile("w", newline="", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        layers = [
            (load_variables(ROLE / "defaults/main.yml"), False),
            (load_variables(ROLE / "vars/main.yml"), False),
            ({"hosts_file_path": stream.name, "hosts_file_names": [name], "registry_server_address": address}, True),
        ]
        words = Variables(Templar(), layers)["hosts_file_look"]
        out = subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout
    return out.rstrip("\n").partition("\t")[2].strip()


@pytest.mark.parametrize(
    "line",
    [
        "192.0.2.9 registry.example.com",
        "192.0.2.9\tother registry.example.com # mine",
        "  192.0.2.9 registry.example.com other",
        "192.0.2.100 registry.example.com",
    ],
)
def test_another_address_is_seen(line: str) -> None:
    assert other_line(f"127.0.0.1 localhost\n{line}\n{BLOCK}") == line.strip()


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1 localhost\n",
        BLOCK,
        f"127.0.0.1 localhost\n{BLOCK}::1 ip6-localhost\n",
        "192.0.2.10 registry.example.com\n",
        "# 192.0.2.9 registry.example.com\n",
        "192.0.2.9 other # registry.example.com\n",
        "192.0.2.9 my.registry.example.com registry.example.com.net\n",
        "2001:db8::9 registry.example.com\n",
        "192.0.2.9\nregistry.example.com\n",
    ],
)
def test_everything_else_is_left_alone(text: str) -> None:
    assert other_line(text) == ""


# Many lines and a long one in every run; --long fills the file with the others too.
RARELY = (" ", "#", "1.", "192.0.2.9 ", "# BEGIN registry names, managed by mooring\n")


@pytest.mark.parametrize(
    "unit", ["\n", "a", "192.0.2.9 a\n", *(pytest.param(unit, marks=pytest.mark.long) for unit in RARELY)]
)
def test_five_megabytes_of_anything_are_looked_through_at_once(unit: str) -> None:
    """Each line is looked at once, and nothing but what is in the way comes back."""
    line = "192.0.2.9 registry.example.com"
    filled = unit * (5_000_000 // len(unit))
    assert other_line(f"127.0.0.1 localhost\n{filled}\n{line}{' x' * 1000}\n{BLOCK}")[:30] == line
    assert other_line(f"{line}\n{filled}") == line


def test_a_block_without_an_end_is_no_block() -> None:
    line = "192.0.2.9 registry.example.com"
    begin, _, end = BLOCK.splitlines()
    assert other_line(f"{begin}\n{line}\n") == line
    assert other_line(f"{begin}\n{line}\n{end}\n") == ""


def test_names_are_the_same_in_any_case() -> None:
    assert other_line("192.0.2.9 Registry.Example.com\n") == "192.0.2.9 Registry.Example.com"


def test_ipv6_is_compared_with_ipv6() -> None:
    line = "2001:db8::9 registry.example.com"
    assert other_line(line + "\n192.0.2.9 registry.example.com\n", "2001:db8::10") == line
    assert other_line(line + "\n", "2001:db8::9") == ""


@pytest.mark.parametrize(
    "text", [b"", b"127.0.0.1 localhost\n", b"127.0.0.1 localhost\r\n\r\n", b"127.0.0.1 localhost"]
)
def test_the_block_goes_without_a_trace_but_for_a_missing_line_end(text: bytes) -> None:
    """As with Ansible's: what has to stand above the block keeps the line end that it got."""
    args = {"block": "192.0.2.10 registry.example.com", "marker": "# {mark} names", "state": "present",
            "marker_begin": "BEGIN", "marker_end": "END", "insertafter": None, "insertbefore": None,
            "append_newline": False, "prepend_newline": False}  # fmt: skip
    made = blockinfile.edit(args, text)
    assert b"\n192.0.2.10 registry.example.com\n" in made
    assert blockinfile.edit(args, made) == made
    gone = blockinfile.edit({**args, "state": "absent"}, made)
    assert gone == (text if text.endswith(b"\n") or not text else text + b"\n")
    assert blockinfile.edit({**args, "state": "absent"}, gone) == gone


@pytest.mark.parametrize(
    ("taken", "words"),
    [
        ({"stdout_lines": []}, ""),
        ({"skipped": True}, ""),
        (
            {"stdout_lines": ["registry.example.com\t192.0.2.9\tregistry.example.com # mine"]},
            'already has "192.0.2.9 registry.example.com # mine", but registry.example.com is to be 192.0.2.10: take',
        ),
    ],
)
def test_the_refusal_names_the_line(tmp_path: Path, taken: dict[str, object], words: str) -> None:
    """With the role's own task; what it would say must be renderable where nothing
    is in the way too."""
    (tmp_path / "roles").symlink_to(ROLE.parent)
    task = yaml.safe_load((ROLE / "tasks/main.yml").read_text())[2]
    tasks = [{"name": "t", **{key: value for key, value in task.items() if key != "name"}}]
    variables = {
        **yaml.safe_load((ROLE / "vars/main.yml").read_text()),
        **yaml.safe_load((ROLE / "defaults/main.yml").read_text()),
        "hosts_file_taken": taken,
        "registry_server_address": "192.0.2.10",
    }
    text = yaml.safe_dump([{"hosts": "a", "gather_facts": False, "vars": variables, "tasks": tasks}])
    story = Story(tmp_path, text)
    assert story.outcomes()[0][1] is (Outcome.FAILED if words else Outcome.OK)
    assert words in story.messages()[0]

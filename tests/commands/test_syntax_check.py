"""`--syntax-check` tells every mistake in the files, once; a run tells the first."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from mooring.errors import SourceError
from mooring.playbook.playbook import Playbook
from mooring.run.action_files import check_action

ROOT = Path(__file__).parents[2]
FILES = {
    "inventory.yml": """
        all:
          hosts: {a: {ansible_hots: 192.0.2.1}}
    """,
    "roles/one/tasks/main.yml": """
        - {name: one, copi: }
        - {name: two, debug: {msg: "{{ x | nofilter }}"}, when: "a = 1"}
    """,
    "roles/one/defaults/main.yml": """
        9lives: 1
    """,
    "roles/one/handlers/main.yml": """
        - {name: three, command: echo, delegate_to: a}
    """,
    "p.yml": """
        - hosts: all
          become: perhaps
          vars: {v: "{{ y | notest2 }}"}
          roles: [one, nowhere]
          tasks:
            - {name: four, debug: {mgs: x, verbosit: 1}, unknown_key: 1, retries: many, loop: x, delay: "{{ 1 +"}
            - {name: five, include_tasks: missing.yml}
            - name: six
              strange: 1
              block:
                - {name: seven, stat: , until: b =, changed_when: c =}
              rescue:
                - {name: eight, fetch: {src: x}, whn: true}
              always:
                - {name: nine, run_once: true, any_errors_fatal: true, debug: }
          handlers:
            - {name: ten, template: {src: missing.j2, dest: /x}}
        - hosts: all
          srial: 1
          tsks: []
    """,
}
REASONS = """
    ansible_hots
    become
    notest2
    copi
    nofilter
    template syntax
    9lives
    delegate_to
    nowhere
    mgs
    verbosit
    unknown_key
    many
    loop needs
    unexpected 'end of template'
    missing.yml
    strange
    stat: "path" is missing
    fetch
    whn
    run_once
    any_errors_fatal
    missing.j2
    srial
    tsks
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
    return tmp_path


def invoke(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    program = [str(Path(sys.executable).parent / "invoke"), "play", f"{folder}/p.yml", "-i", f"{folder}/inventory.yml"]
    return subprocess.run([*program, *options], cwd=ROOT, capture_output=True, text=True, check=False)


def test_a_syntax_check_lists_all(folder: Path) -> None:
    ran = invoke(folder, "--syntax-check")
    heads = [line for line in ran.stderr.splitlines() if line.startswith(str(folder))]
    for reason in REASONS.strip().splitlines():
        assert any(reason.strip() in head for head in heads), (reason, ran.stderr)
    assert len(heads) == len(set(heads))
    assert ran.returncode == 1


def test_a_syntax_check_lists_all_as_json(folder: Path) -> None:
    ran = invoke(folder, "--syntax-check", "--json")
    events = [json.loads(line) for line in ran.stdout.splitlines()]
    assert len([event for event in events if event["event"] == "warned"]) >= len(REASONS.strip().splitlines())
    assert events[-1]["exit_status"] == 1


def test_a_run_tells_the_first(folder: Path) -> None:
    ran = invoke(folder)
    assert [line.count(str(folder)) for line in ran.stderr.splitlines() if line.startswith(str(folder))] == [1]
    assert ran.returncode == 1


def test_files_that_import_each_other_in_many_ways_come_to_an_end(tmp_path: Path) -> None:
    names = [f"f{number}.yml" for number in range(12)]
    for name in names:
        (tmp_path / name).write_text("".join(f"- import_tasks: {other}\n" for other in names))
    (tmp_path / "p.yml").write_text("- {hosts: all, tasks: [{import_tasks: f0.yml}]}\n")
    with pytest.raises(SourceError) as error:
        Playbook.load(tmp_path / "p.yml", check_action)
    assert len(error.value.all()) < 500

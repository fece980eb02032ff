"""Whole playbooks beside the real ansible-playbook: the same tasks with the same outcomes on every
host, the same counters, exit status and files, and the same words of tasks with `said` in their
names, which tell of variables.

Every playbook of `playbooks/` is run once by each. Hosts run at their own pace here, so what is
compared is each host's own sequence of tasks.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playbook_oracle import BIN, Case, run

COLUMNS = {
    "ok": "ok", "changed": "changed", "unreachable": "unreachable", "failures": "failed", "skipped": "skipped",
    "rescued": "rescued", "ignored": "ignored",
}  # fmt: skip


# Differences on purpose, beside those of the cases:
# - ansible-playbook flushes no handlers under `--skip-tags always`,
#   nor in a play whose tags --tags does not name, because its hidden
#   flush_handlers has these tags; here a notified handler always runs;
# - max_fail_percentage is looked at when a batch has ended,
#   not after every task: hosts run at their own pace.
CASES = [
    Case("handlers"),
    Case("blocks"),
    Case("loops"),
    Case("retries"),
    Case("judgments"),
    Case("includes"),
    # A rescued failure is counted as rescued; ansible-playbook
    # counts this one as failed, but exits with 0.
    Case("missing", (), (("failed", 0, 1), ("rescued", 1, 0))),
    Case("roles"),
    Case("variables", ("--extra-vars", "second=two extra=command")),
    Case("tags", ("--tags", "one")),
    Case("tags", ("--skip-tags", "two")),
    Case("check", ("--check",)),
    Case("values"),
    Case("serial"),
    Case("ends"),
    Case("timeouts"),
    Case("arguments", ("--extra-vars", r"directory=C:\dir more='x y'")),
    Case("conditions", ("--extra-vars", "b=false c='one == 1'"), (), (("ANSIBLE_ALLOW_BROKEN_CONDITIONALS", "true"),)),
    Case("omitted"),
    Case("becoming"),
    Case("facts", ("--extra-vars", "from_outside=1")),
    Case("unknown"),
    Case("unknown", ("--limit", "a,nosuch")),
]


@dataclass
class Story:
    """What came of a run: each host's tasks and counters, the exit status, and the files."""

    tasks: dict[str, list[tuple[Any, ...]]]
    recap: dict[str, dict[str, int]]
    status: int
    files: dict[str, str]
    output: str


def read_files(out: Path) -> dict[str, str]:
    return {path.name: path.read_text().replace(str(out), "OUT") for path in sorted(out.iterdir()) if path.is_file()}


def theirs(case: Case, out: Path) -> Story:
    """What ansible-playbook makes of it."""
    ran = run(case, [str(BIN / "ansible-playbook")], out)
    lines = [json.loads(line[2:]) for line in ran.stdout.splitlines() if line.startswith("@ ")]
    assert lines, ran.stdout + ran.stderr
    tasks: dict[str, list[tuple[Any, ...]]] = {}
    for host, *columns in lines[:-1]:
        tasks.setdefault(host, []).append(tuple(columns))
    recap = {host: {COLUMNS[name]: row[name] for name in COLUMNS} for host, row in lines[-1].items()}
    return Story(tasks, recap, ran.returncode, read_files(out), ran.stdout + ran.stderr)


def ours(case: Case, out: Path) -> Story:
    """What Mooring makes of it; a rescued failure is a failure too, as Ansible's
    callbacks are told."""
    ran = run(case, [str(BIN / "invoke"), "play", "--json"], out)
    lines: list[dict[str, Any]] = [json.loads(line) for line in ran.stdout.splitlines()]
    assert lines, ran.stderr
    tasks: dict[str, list[tuple[Any, ...]]] = {}
    for line in lines:
        if line["event"] == "task_finished":
            outcome = line["outcome"].replace("rescued", "failed")
            message = line["values"].get("msg") if "said" in line["task"].split() else None
            tasks.setdefault(line["host"], []).append((line["task"], outcome, message))
    assert lines[-1]["exit_status"] == ran.returncode
    return Story(tasks, lines[-1]["hosts"], ran.returncode, read_files(out), ran.stdout + ran.stderr)


def test_a_handler_that_is_not_there_ends_the_run(tmp_path: Path) -> None:
    """There it ends for all hosts, which makes no recap; here for the host that notifies."""
    case = Case("unknown_handler")
    mine, other = ours(case, tmp_path / "ours"), run(case, [str(BIN / "ansible-playbook")], tmp_path / "theirs")
    rows = [json.loads(line[2:]) for line in other.stdout.splitlines() if line.startswith("@ ")]
    assert [name for _, name, *_ in rows] == ["before"]
    assert "The requested handler 'nowhere' was not found" in other.stderr
    assert other.returncode == 1
    outcomes = [("before", "ok"), ("notifies", "changed"), ("notifies", "failed")]
    assert [(name, outcome) for name, outcome, _ in mine.tasks["a"]] == outcomes
    assert 'no handler is called \\"nowhere\\"' in mine.output
    assert mine.status == 2


@pytest.mark.parametrize("case", CASES, ids=str)
def test_same_as_ansible(case: Case, tmp_path: Path) -> None:
    with ThreadPoolExecutor() as pool:
        other_run = pool.submit(theirs, case, tmp_path / "theirs")
        mine, other = ours(case, tmp_path / "ours"), other_run.result()
    for host in sorted({*mine.tasks, *other.tasks}):
        assert mine.tasks.get(host) == other.tasks.get(host), f"{host}\n{mine.output}\n{other.output}"
    assert mine.files == other.files
    for column, own, their in case.differs:
        for host in other.recap:
            assert (mine.recap[host][column], other.recap[host][column]) == (own, their)
            mine.recap[host][column] = their
    assert mine.recap == other.recap
    assert mine.status == other.status, mine.output

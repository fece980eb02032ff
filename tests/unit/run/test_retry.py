"""A roll-out that stops is gone on with: who is left, in the file, on the screen and by
--resume."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest

from mooring.cli.options import Request
from mooring.cli.provision import run_playbook
from mooring.errors import UsageError
from mooring.inventory.inventory import Inventory
from mooring.reporters.console import Console
from mooring.results import Recap, Remainder, RunFinished
from mooring.run.retry import FOLDER, RetryFile, Rollout
from tests.support.story import INVENTORY, play

HEAD = "serial: 1\nmax_fail_percentage: 0\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A playbook over a, b and c, one at a time; b fails as long as there is a file `ill`."""
    monkeypatch.chdir(tmp_path)
    tasks = f"- {{command: 'test ! -e {tmp_path}/ill', when: n == 2}}\n- {{shell: 'echo >> {tmp_path}/{{{{ n }}}}'}}"
    (tmp_path / "inventory.yml").write_text(INVENTORY)
    (tmp_path / "p.yml").write_text(play(tasks, hosts="all", head=HEAD))
    (tmp_path / "ill").touch()
    return tmp_path


def run(**options: object) -> int:
    return run_playbook("p.yml", Request(**options))  # type: ignore[arg-type]


def runs(folder: Path) -> list[int]:
    """How often each host came to the end."""
    return [len((folder / name).read_text().splitlines()) if (folder / name).exists() else 0 for name in "123"]


def test_a_stopped_roll_out_goes_on_where_it_stopped(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 2
    assert RetryFile.of(Path("p.yml")).read() == ("b", "c")
    *_, first, last = capsys.readouterr().out.splitlines()
    assert first == "did not get through: b, c (noted in .mooring/p.retry)"
    assert last == "to go on with them: the same command with --resume"
    assert runs(folder) == [1, 0, 0]

    assert run(resume=True) == 2
    assert runs(folder) == [1, 0, 0]
    assert RetryFile.of(Path("p.yml")).read() == ("b", "c")

    (folder / "ill").unlink()
    assert run(resume=True) == 0
    assert runs(folder) == [1, 1, 1]
    assert not (folder / FOLDER / "p.retry").exists()
    assert "did not get through" not in capsys.readouterr().out.rpartition("PLAY RECAP")[2]
    with pytest.raises(UsageError, match="nothing is left over"):
        run(resume=True)


def test_the_recap_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(json=True)
    recap = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (recap["left"], recap["retry_file"]) == (["b", "c"], ".mooring/p.retry")


def test_runs_about_other_hosts_or_a_part_of_the_tasks_forget_nobody(folder: Path) -> None:
    file = RetryFile.of(Path("p.yml"))
    run()
    run(limit="a")
    assert file.read() == ("b", "c")
    run(limit="c")
    assert file.read() == ("b",)
    run()
    run(limit="c", tags="none")
    assert file.read() == ("b", "c")
    run(resume=True, limit="c")
    assert file.read() == ("b",)
    with pytest.raises(UsageError, match=r'no host of \.mooring/p\.retry is meant by "a"'):
        run(resume=True, limit="a")


def test_a_run_that_got_all_its_hosts_through_does_not_say_otherwise(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What an earlier run left over is said as that; a run of single tags has
    nothing to do with it."""
    run()
    capsys.readouterr()
    assert run(limit="c", tags="none") == 0
    output = capsys.readouterr().out.rpartition("PLAY RECAP")[2]
    assert "get through" not in output
    assert "earlier" not in output

    assert run(limit="c") == 0
    *_, first, last = capsys.readouterr().out.splitlines()
    assert first == "left over from an earlier run: b (noted in .mooring/p.retry)"
    assert last == "to go on with them: the same command with --resume"

    run(limit="c", json=True)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["left"] == ["b"]
    assert run(limit="b", tags="none", json=True) == 0
    assert "left" not in json.loads(capsys.readouterr().out.splitlines()[-1])


def test_check_mode_and_lists_leave_the_file_alone(folder: Path) -> None:
    run(check=True)
    run(list_hosts=True)
    assert not FOLDER.exists()


def test_a_mistake_that_is_found_before_any_host_is_touched_leaves_nobody_over(folder: Path) -> None:
    (folder / "inventory.yml").write_text(INVENTORY.replace("local", "telnet"))
    with pytest.raises(Exception, match="telnet"):
        run()
    assert not FOLDER.exists()


def test_a_file_that_cannot_be_written_hides_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    FOLDER.mkdir()
    (FOLDER / "p.retry").mkdir()
    rollout = Rollout([("a", "b")], [{"a"}])
    rest = RetryFile.of(Path("p.yml")).keep(rollout)
    assert rest == Remainder(
        ("b",), ".mooring/p.retry", ".mooring/p.retry: is a directory, not a file (remove it to start over)"
    )
    Console(sys.stdout).handle(RunFinished(Recap(), 2, remainder=rest))
    assert "did not get through: b (could not be recorded in" in capsys.readouterr().out


def test_hosts_that_the_inventory_does_not_have_any_more(folder: Path) -> None:
    FOLDER.mkdir()
    (FOLDER / "p.retry").write_text("b\nx\n")
    with pytest.raises(UsageError, match="names x, which the inventory does not have"):
        RetryFile.of(Path("p.yml")).choose(Inventory.load("inventory.yml"), "")


def test_every_inventory_has_its_own_file() -> None:
    names = [
        str(RetryFile.of(Path("playbooks/p.yml"), inventory).path)
        for inventory in ("inventory.yml", "lab/all.yml", "a,b,")
    ]
    assert names == [".mooring/p.retry", ".mooring/p.lab-all.yml.retry", ".mooring/p.a-b.retry"]


def test_a_host_is_through_when_all_its_plays_are() -> None:
    rollout = Rollout()
    rollout.plan("ab")
    rollout.plan("bc")
    rollout.pass_on(0, "ab")
    rollout.pass_on(1, "c")
    assert (rollout.hosts, rollout.left) == (("a", "b", "c"), ("b",))


def test_many_hosts_are_counted() -> None:
    stream = io.StringIO()
    rest = Remainder(tuple(f"h{number}" for number in range(20)), ".mooring/p.retry")
    Console(stream).handle(RunFinished(Recap(), 2, remainder=rest))
    assert "h6, h7 and 12 more" in stream.getvalue()


def test_a_list_that_cannot_be_written_keeps_the_one_that_is_there(folder: Path) -> None:
    retry = RetryFile.of(Path("p.yml"))
    retry.keep(Rollout([("a", "b")], [{"a"}]))
    (FOLDER / f"p.retry.{os.getpid()}").mkdir()  # in the way of the new one
    rest = retry.keep(Rollout([("a", "c")], [{"a"}]))
    assert rest is not None
    assert rest.problem == "Is a directory"
    assert retry.read() == ("b",)


def test_a_list_that_is_something_else_is_told_shortly(folder: Path) -> None:
    FOLDER.mkdir()
    (FOLDER / "p.retry").write_text('{"hosts": [\n' + ",\n".join(f'"h{n}"' for n in range(100)) + "]}")
    with pytest.raises(UsageError, match=r'names {"hosts": \[, "h0",, .* and 96 more, which the inventory') as error:
        RetryFile.of(Path("p.yml")).choose(Inventory.load("inventory.yml"), "")
    assert len(str(error.value)) < 300
    (FOLDER / "p.retry").write_bytes(b"\xff\n")
    with pytest.raises(UsageError, match=r"p.retry:1:1: not UTF-8 text"):
        RetryFile.of(Path("p.yml")).read()

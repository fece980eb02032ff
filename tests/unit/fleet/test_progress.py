"""`status` and `doctor` show how far they are: whole names, at the foot of a terminal alone."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console as Terminal

from mooring.cli.options import Request
from mooring.cli.site import load_site
from mooring.fleet.survey import Survey
from mooring.reporters.live import Looking, fit_names
from mooring.reporters.screen import Screen

NAMES = ("client-debian", "client-el7", "server")


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (80, "hosts 1/9: client-debian, client-el7, server"),
        (43, "hosts 1/9: client-debian and 2 more"),
        (20, "hosts 1/9"),
    ],
)
def test_no_name_is_shortened(width: int, line: str) -> None:
    assert fit_names("hosts 1/9", NAMES, width) == line


def looked(width: int, is_shown: bool = True) -> str:
    stream = io.StringIO()
    terminal = Terminal(file=stream, force_terminal=width > 0, width=width or 80, highlight=False)
    with Looking(Screen(stream, terminal=terminal), is_shown) as looking:
        looking.show(1, 9, NAMES)
        looking.pause()
        looking.show(2, 9, NAMES[1:])
    looking.show(3, 9, NAMES[2:])
    return stream.getvalue()


def test_progress_is_shown_on_a_terminal_until_the_end() -> None:
    text = looked(60)
    assert "hosts 1/9: client-debian" in text
    assert "hosts 2/9: client-el7, server" in text
    assert "hosts 3/9" not in text
    assert (looked(0), looked(60, is_shown=False)) == ("", "")


def test_a_survey_tells_how_far_it_is(tmp_path: Path) -> None:
    path = tmp_path / "inventory.yml"
    path.write_text("all: {children: {server: {hosts: {a: }}, clients: {hosts: {b: , c: }}}}\n")
    reports = list[tuple[int, int, tuple[str, ...]]]()
    site = load_site(Request(inventory=str(path)))
    with Survey(site, "all", tell=lambda done, total, waiting: reports.append((done, total, tuple(waiting)))) as survey:
        survey.look(lambda visit: visit.name)
    assert reports[-1] == (3, 3, ())
    assert {name for _, _, waiting in reports for name in waiting} == {"a", "b", "c"}
    assert [done for done, _, _ in reports] == sorted(done for done, _, _ in reports)

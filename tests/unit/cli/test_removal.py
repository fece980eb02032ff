"""deprovision-server: images go only for who types the server's name."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

from mooring.cli import removal
from mooring.cli.options import Request
from mooring.errors import UsageError

INVENTORY = "all: {children: {server: {hosts: {a.example.com: {}, b.example.com: {}}}}}"


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, tuple[str, ...]]]:
    """The playbooks that were run, with their extra variables."""
    runs: list[tuple[str, tuple[str, ...]]] = []

    def run(path: str, request: Request) -> int:
        runs.append((Path(path).name, request.extra_vars))
        return 0

    monkeypatch.setattr(removal, "run_playbook", run)
    return runs


@pytest.fixture
def request_of_two(tmp_path: Path) -> Request:
    file = tmp_path / "inventory.yml"
    file.write_text(INVENTORY)
    return Request(inventory=(str(file),), limit="a.example.com")


Ran = list[tuple[str, tuple[str, ...]]]


def test_without_data_no_name_is_asked_for(ran: Ran, request_of_two: Request) -> None:
    assert removal.remove_server(request_of_two, False, "") == 0
    assert ran == [("deprovision-server.yml", ())]


def test_the_name_is_the_servers(ran: Ran, request_of_two: Request) -> None:
    assert removal.remove_server(request_of_two, True, "a.example.com") == 0
    assert ran == [("deprovision-server.yml", ('{"server_removal_data": "a.example.com"}',))]


@pytest.mark.parametrize(
    ("with_data", "name", "limit", "words"),
    [
        (True, "b.example.com", "a.example.com", "is not the server's name, a.example.com: nothing was removed"),
        (True, "", "a.example.com", "there is no terminal: give it by --name"),
        (True, "a.example.com", "", "meant are a.example.com, b.example.com: choose one by --limit"),
        (False, "a.example.com", "", "--name goes with --with-data"),
    ],
)
def test_what_is_refused(
    with_data: bool,
    name: str,
    limit: str,
    words: str,
    ran: Ran,
    request_of_two: Request,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("a.example.com\n"))
    request = Request(inventory=request_of_two.inventory, limit=limit)
    with pytest.raises(UsageError, match=r".") as caught:
        removal.remove_server(request, with_data, name)
    assert words in str(caught.value)
    assert ran == []


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("typed", "is_right"), [("a.example.com\n", True), ("yes\n", False), ("", False)])
def test_at_a_terminal_it_is_typed(
    typed: str, is_right: bool, ran: Ran, request_of_two: Request, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    if is_right:
        assert removal.remove_server(request_of_two, True, "") == 0
    else:
        with pytest.raises(UsageError, match="nothing was removed"):
            removal.remove_server(request_of_two, True, "")
    assert bool(ran) is is_right

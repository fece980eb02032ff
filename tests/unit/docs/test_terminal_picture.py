"""The recorded terminal in the README: what makes it, and that it loads nothing from elsewhere."""

from __future__ import annotations

import html
import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from docs import record_terminal

TOP = Path(__file__).parents[3]


def shown(svg: str) -> str:
    """The text of a picture, line by line."""
    lines: dict[float, list[tuple[float, str]]] = {}
    for element in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}text"):
        piece = (float(element.attrib["x"]), html.unescape(element.text or ""))
        lines.setdefault(float(element.attrib["y"]), []).append(piece)
    texts = ["".join(text for _, text in sorted(lines[y])) for y in sorted(lines)]
    return "\n".join(text.replace("\xa0", " ").rstrip() for text in texts).rstrip("\n")


def foreign_addresses(svg: str) -> set[str]:
    """Everything in a picture's markup that a viewer might fetch."""
    markup = re.sub(r"(<text [^>]*>)[^<]*", r"\1", svg).replace('xmlns="http://www.w3.org/2000/svg"', "")
    inside = re.sub(r"url\(#[\w-]+\)", "", markup)
    return set(re.findall(r"\w+://|url\(|@import|@font-face|\bsrc=|\bhref=|<script|<image|<foreignObject", inside))


def test_the_readme_shows_the_picture_and_it_holds_the_recorded_commands() -> None:
    readme = (TOP / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"!\[[^\]]+\]\({record_terminal.PICTURE.relative_to(TOP)}\)", readme)
    text = shown(record_terminal.PICTURE.read_text(encoding="utf-8"))
    for command in record_terminal.COMMANDS:
        assert f"$ {' '.join(command)}" in text
    assert re.search(r"all is well: \d+ hosts, \d+ checks, pulls (\d+)/\1$", text, re.MULTILINE)
    assert re.search(r"^ +1\. \w.*: https?://registry\.example\.com/", text, re.MULTILINE)


def test_the_picture_loads_nothing_from_elsewhere() -> None:
    assert foreign_addresses(record_terminal.PICTURE.read_text(encoding="utf-8")) == set()


def test_an_address_in_the_markup_is_seen() -> None:
    from rich.console import Console

    console = Console(record=True, width=20, quiet=True)
    console.print("text")
    assert {"@font-face", "url("} <= foreign_addresses(console.export_svg())


def test_what_a_live_display_erased_is_gone_and_colours_stay() -> None:
    live = "\x1b[?25lpulls 1/2\r\n2 hosts\r\x1b[2K\x1b[1A\x1b[2K\x1b[?25h"
    sent = f"first\r\n{live}\x1b[32mok\x1b[0m\r\n\x1b]0;title\x07last\r\n"
    assert record_terminal.replay(sent) == "first\n\x1b[32mok\x1b[0m\nlast"


def test_a_command_has_a_terminal_of_the_width_that_was_asked_for() -> None:
    program = "import os, sys; print(sys.stdin.isatty(), os.get_terminal_size().columns); sys.exit(3)"
    status, sent = record_terminal.run_on_terminal([sys.executable, "-c", program], 97)
    assert (status, record_terminal.replay(sent)) == (3, "True 97")


def test_a_drawing_has_the_words_and_their_colours() -> None:
    svg = record_terminal.draw([(("./invoke", "verify"), "host  \x1b[31mfailed\x1b[0m <&>"), (("ls",), "file")], 40)
    assert shown(svg) == "$ ./invoke verify\nhost  failed <&>\n\n$ ls\nfile"
    (colour,) = re.findall(r'class="(terminal-r\d+)"[^>]*>failed<', svg)
    assert re.search(rf"\.{colour} {{{{? fill: #(\w+)", svg)
    assert foreign_addresses(svg) == set()


def test_a_command_that_fails_leaves_the_picture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "terminal.svg"
    picture.write_text("earlier")
    monkeypatch.setattr(record_terminal, "PICTURE", picture)
    monkeypatch.setattr(record_terminal, "COMMANDS", ((sys.executable, "-c", "raise SystemExit(4)"),))
    assert record_terminal.main() == 1
    assert picture.read_text() == "earlier"
    assert "ended with 4" in capsys.readouterr().err

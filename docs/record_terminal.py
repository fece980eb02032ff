"""Records docs/terminal.svg, the picture in the README: `python -m docs.record_terminal`, on the
lab, provisioned.

It runs the real commands on a terminal of their own and keeps what stands on it in the end, with
its colours. The picture loads nothing from anywhere: the browser's own monospaced font draws it.
"""

from __future__ import annotations

import errno
import fcntl
import io
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import SVG_EXPORT_THEME
from rich.text import Text

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "terminal.svg"
COMMANDS = (("./invoke", "verify"), ("./invoke", "explain", "client-debian", "busybox"))
COLUMNS, ROWS = 92, 50
CHUNK = 65536

# Rich's own frame links a font by URL, which a viewer would
# fetch; this one names fonts that are there.
FRAME = """\
<svg class="terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg" role="img">
<title>./invoke verify and ./invoke explain on the lab</title>
<style>
.{unique_id}-matrix {{
  font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; white-space: pre;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y}) translate(8, 4)" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""
ESCAPE = re.compile(r"\x1b\[([?0-9;]*)([A-Za-z])|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\r|\n|[^\x1b\r\n]+|\x1b")


def run_on_terminal(command: Sequence[str], columns: int = COLUMNS) -> tuple[int, str]:
    """The exit status of a command and all that it sent to its terminal of so many columns."""
    parent, child = pty.openpty()
    fcntl.ioctl(child, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, columns, 0, 0))
    unset = {"NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES"}
    environment = {name: value for name, value in os.environ.items() if name not in unset}
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment | {"TERM": "xterm-256color", "COLORTERM": "truecolor"},
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    chunks = []
    while chunk := _read(parent):
        chunks.append(chunk)
    os.close(parent)
    return process.wait(), b"".join(chunks).decode()


def _read(terminal: int) -> bytes:
    """What came to the terminal; nothing at its end, which Linux reports as EIO."""
    try:
        return os.read(terminal, CHUNK)
    except OSError as error:
        if error.errno != errno.EIO:
            raise
        return b""


def replay(sent: str) -> str:
    """What stands on the terminal in the end: lines that a live display erased are
    gone, colours stay."""
    lines, row = [""], 0
    for match in ESCAPE.finditer(sent):
        word, (argument, action) = match[0], match.groups()
        if word == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif action == "A":
            row = max(0, row - int(argument or 1))
        elif action == "K":
            lines[row] = ""
        elif action == "m" or word[0] not in "\x1b\r":
            lines[row] += word
    return "\n".join(lines).rstrip("\n")


def draw(records: Sequence[tuple[Sequence[str], str]], columns: int = COLUMNS) -> str:
    """The SVG of commands and what stood on the terminal after each."""
    console = Console(
        record=True,
        width=columns + 1,  # and room beside the longest
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        legacy_windows=False,
    )
    for number, (command, screen) in enumerate(records):
        if number:
            console.print()
        console.print(Text.assemble(("$ ", "dim"), (" ".join(command), "bold")))
        console.print(Text.from_ansi(screen), soft_wrap=False)
    console.print()  # room below the last line
    svg = console.export_svg(title="", code_format=FRAME, theme=SVG_EXPORT_THEME, unique_id="terminal")
    return "\n".join(line.rstrip() for line in svg.splitlines() if line.strip()) + "\n"


def main() -> int:
    """Record all commands; a command that fails leaves the picture as it is."""
    records = []
    for command in COMMANDS:
        status, sent = run_on_terminal(command)
        screen = replay(sent)
        if status:
            sys.stderr.write(f"{screen}\n{' '.join(command)} ended with {status}: the picture stays as it is\n")
            return 1
        records.append((command, screen))
    PICTURE.write_text(draw(records), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Text that a hostile host would send to a screen, and what must never come out of it."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import strategies as st

# No line of ours begins so: where one does, a host's text stands at the beginning of a line.
MARK = "FORGED"
PIECES = [
    "\n", "\r", "\r\n", "\t", "\v", "\f", "\x1c", "\x1e", "\x85", "\u2028", "\u2029", "\0", "\b", "\x7f", "\x07",
    "\x1b", "\x1b[6n", "\x1b[2J\x1b[H", "\x1b]0;t\x07", "\x1b]52;c;eA==\x1b\\", "\x1bP1$r\x1b\\", "\x1b\x1b[0m[5n",
    "\x9b31m", "\x9d0;t\x9c", "\u202e", "\u202a", "\u2066", "\u2069", "\u200e", "\u200f", "\u061c", "\u200b", "\u2060",
    "\ufeff", "\u00ad", "\u034f", "\u115f", "\u3164", "\ufe0f", "\U000e0041", "\U000e0100", "\ud800", "\udce4",
    "\uffff",
    "a\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\u030c", "[bold red]", "[/]", "[link=x]",
    ":smile:", "PLAY RECAP ****", "TASK [x] ***", "ok: [web1]", "--- /etc/passwd", " ", "x" * 70, "\u4e2d", "%s {0}",
    '"', "'", "\\", "[", "]", "{", "}", "#", "=",
]  # fmt: skip
BREAK = re.compile("(\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029])")
# What rich itself writes on a terminal: colours, and what rewrites the foot.
OWN_COMMANDS = re.compile("\x1b\\[(?:\\d+(?:;\\d+)*)?m|\x1b\\[2K|\x1b\\[1A|\x1b\\[\\?25[lh]|\r")
BLANK_LETTERS = "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u3164\uffa0"


def texts(pieces: int = 8) -> st.SearchStrategy[str]:
    """Drawn texts, each of whose lines begins with the mark, whatever breaks the lines."""
    drawn = st.lists(st.sampled_from(PIECES) | st.text(max_size=3), max_size=pieces).map("".join)
    return drawn.map(lambda text: MARK + BREAK.sub(lambda match: match.group() + MARK, text))


def problems(text: str, is_terminal: bool = False, begins: str = "") -> list[str]:
    """What is wrong with what a reporter wrote; `begins` are the words that a line may begin with,
    as an expression."""
    if is_terminal:
        text = OWN_COMMANDS.sub("", text)
    codes = [f"U+{ord(char):04X}" for char in sorted(set(text)) if not is_plain(char)]
    lines = text.split("\n")
    codes += [f"begins with a host's text: {line[:60]}" for line in lines if line.startswith(MARK)]
    if begins:
        own = re.compile(begins)
        codes += [f"not our word: {line[:60]}" for line in lines if line and not own.match(line)]
    if re.search("[\u0300-\u036f]{9}", text):
        codes.append("marks piled up")
    return codes


def is_plain(char: str) -> bool:
    if char == "\n":
        return True
    if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return False
    return char not in BLANK_LETTERS and not 0xFE00 <= ord(char) <= 0xFE0F and not 0xE0100 <= ord(char) <= 0xE01EF

"""A command line's words as systemd makes them (source: systemd.service(5), "Command lines")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mooring.engines.origin import Placed

# What follows an open brace without its end stays as it is (tried on systemd 252).
BRACED = re.compile(r"\$\{([^}]*)\}|\$\{[^}]*\Z|\$\$")
PREFIXES = "@-:+!|"
ESCAPED = re.compile(r"[abfnrtvs\\\"']|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-3][0-7]{2}")
PLAIN = dict(zip("abfnrtvs", "\a\b\f\n\r\t\v ", strict=True))


class Unbalanced(ValueError):
    """A quote without its end, for which systemd drops the whole line."""


def split(text: str) -> list[str]:
    """A variable's words: quotes keep white space and go away, a backslash takes the next
    character as it is."""
    return [word for word, _ in _words(text, is_line=False)]


def split_line(text: str) -> list[str]:
    """The words of a unit's line, with escapes as in C (an unknown one stays as it is), and %% for
    a percent sign."""
    return [word.replace("%%", "%") for word, _ in _words(text, is_line=True)]


def commands(text: str) -> list[str]:
    """The commands of an ExecStart line, which a semicolon between white space parts."""
    parts, begun, end = [], 0, 0
    try:
        for word, (start, end) in _words(text, is_line=True):
            if word == ";" and text[start:end] == ";":
                parts.append(text[begun:start])
                begun = end
    except Unbalanced:
        if not parts or end != begun:
            raise
        return [part.strip() for part in parts]  # what stands before a bad program's name counts (tried on systemd 252)
    return [part.strip() for part in (*parts, text[begun:]) if part.strip()]


def _words(text: str, is_line: bool) -> Iterator[tuple[str, tuple[int, int]]]:
    """Each word with the span of its raw text (source: systemd's `extract_first_word`)."""
    word: list[str] | None = None
    quote, at, start = "", 0, 0
    while at < len(text):
        char = text[at]
        if word is None and not char.isspace():
            word, start = [], at
        if char == "\\":
            assert word is not None
            part, at = _escape(text, at, is_line)
            word.append(part)
        elif quote or char in "'\"":
            assert word is not None
            if char in (quote, "'", '"') and char == (quote or char):
                quote = "" if quote else char
            else:
                word.append(char)
        elif not char.isspace():
            assert word is not None
            word.append(char)
        elif word is not None:
            yield "".join(word), (start, at)
            word = None
        at += 1
    if quote and is_line:
        raise Unbalanced(text)
    if word is not None:
        yield "".join(word), (start, len(text))


def _escape(text: str, at: int, is_line: bool) -> tuple[str, int]:
    """(what the escape at the backslash stands for, where its last character is)."""
    if not is_line or at + 1 == len(text):
        return (text[at + 1] if at + 1 < len(text) else "\\" if is_line else ""), at + 1
    if text.startswith("\\;", at) and (at == 0 or text[at - 1].isspace()) and not text[at + 2 : at + 3].strip():
        return ";", at + 1
    escape = ESCAPED.match(text, at + 1)
    if not escape or escape.group() in ("x00", "000"):
        return text[at : at + 2], at + 1
    code = escape.group()
    if len(code) == 1:
        return PLAIN.get(code, code), at + 1
    return chr(int(code[1:], 16) if code[0] in "xuU" else int(code, 8)), escape.end() - 1


def expand(command: Placed, variables: Mapping[str, Placed]) -> list[Placed]:
    """The argument list: `$NAME` as a word becomes any number of words, `${NAME}` exactly its text.

    A word's place is where its text stands: the variable's for `$NAME`, else the command's.
    """
    made: list[Placed] = []
    for number, word in enumerate(split_line(command.text)):
        word = word.lstrip(PREFIXES) if number == 0 else word
        if word.startswith("$") and not word.startswith(("${", "$$")):
            value = variables.get(word[1:])
            made += [Placed(part, value.origin) for part in split(value.text)] if value else []
        else:
            made.append(_fill(Placed(word, command.origin), variables))
    return made


def _fill(word: Placed, variables: Mapping[str, Placed]) -> Placed:
    """The word with its `${NAME}` replaced; where it is nothing else, the place is the
    variable's."""
    whole = BRACED.fullmatch(word.text)
    if whole and whole.group(1) in variables:
        return variables[whole.group(1)]

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return "$" if match.group() == "$$" else match.group()
        return variables[name].text if name in variables else ""

    return Placed(BRACED.sub(value, word.text), word.origin)

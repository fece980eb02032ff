"""A command line's words as systemd makes them (source: systemd.service(5), "Command lines")."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mooring.daemon.origin import Placed

BRACED = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}|\$\$")
ALONE = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)$")
PREFIXES = "@-:+!|"
ESCAPES = {"n": "\n", "t": "\t", "s": " "}


def split(text: str) -> list[str]:
    """Words at white space; quotes keep it and go away, a backslash takes the next character as it is."""
    words: list[str] = []
    word: list[str] | None = None
    quote, at = "", 0
    while at < len(text):
        char = text[at]
        if char == "\\" and quote != "'" and at + 1 < len(text):
            at += 1
            word = [*(word or []), ESCAPES.get(text[at], text[at])]
        elif quote:
            word, quote = (word, "") if char == quote else ([*(word or []), char], quote)
        elif char in "'\"":
            word, quote = word or [], char
        elif char.isspace():
            if word is not None:
                words.append("".join(word))
            word = None
        else:
            word = [*(word or []), char]
        at += 1
    return words if word is None else [*words, "".join(word)]


def expand(command: Placed, variables: Mapping[str, Placed]) -> list[Placed]:
    """The argument list: `$NAME` as a word becomes any number of words, `${NAME}` exactly its text.

    A word's place is where its text stands: the variable's for `$NAME`, else the command's.
    """
    made: list[Placed] = []
    for number, word in enumerate(split(command.text)):
        word = word.lstrip(PREFIXES) if number == 0 else word
        alone = ALONE.match(word)
        if alone:
            value = variables.get(alone.group(1))
            made += [Placed(part, value.origin) for part in split(value.text)] if value else []
        else:
            made.append(_fill(Placed(word, command.origin), variables))
    return made


def _fill(word: Placed, variables: Mapping[str, Placed]) -> Placed:
    """The word with its `${NAME}` replaced; where it is nothing else, the place is the variable's."""
    whole = BRACED.fullmatch(word.text)
    if whole and whole.group(1) in variables:
        return variables[whole.group(1)]

    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name is None:
            return "$"
        return variables[name].text if name in variables else ""

    return Placed(BRACED.sub(value, word.text), word.origin)

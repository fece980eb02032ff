"""What a wrong command line is told: what is wrong in it, and what was probably meant."""

from __future__ import annotations

import ast
import difflib
import re
from collections.abc import Iterable, Mapping

UNKNOWN = re.compile(r"No idea what (.+) is!", re.DOTALL)
WITHOUT_VALUE = re.compile(r"Flag <Argument: ([\w-]+).*> needed value and was not given one!", re.DOTALL)
WITH_VALUE = re.compile(r"Flag <Argument: ([\w-]+).*> doesn't take any value!", re.DOTALL)
MISSING = re.compile(r"'(.+?)' did not receive required positional arguments: (.+)", re.DOTALL)
# What other programs call it, where no letter is alike.
SYNONYMS = {
    "--dry": "--check", "--dry-run": "--check", "--become-pass-file": "--become-password-file",
    "--conn-pass-file": "--connection-password-file", "--hosts": "--limit", "--inventory-file": "--inventory",
}  # fmt: skip
# How like a suggestion is, from 0 to 1: at least, and how much less than the best one; how many
# there are at most.
CLOSE, MARGIN, MOST = 0.7, 0.1, 3


def explain(message: str, task: str, known: Mapping[str, Iterable[str]], binary: str) -> str:
    """Invoke's complaint in plain words. `known` has the options of each task, and under "" those
    before all tasks; `task` is the one whose options were read, or "". A complaint of another kind
    stays as it is."""
    if match := UNKNOWN.fullmatch(message):
        word = str(ast.literal_eval(match[1]))
        refuse = _refuse_option if word.startswith("-") else _refuse_word
        return refuse(word, task, known, binary)
    if match := WITHOUT_VALUE.fullmatch(message):
        return f"{_flag(match[1])} needs a value"
    if match := WITH_VALUE.fullmatch(message):
        return f"{_flag(match[1])} takes no value"
    if match := MISSING.fullmatch(message):
        missing = " and ".join(name.upper() for name in re.findall(r"'([^']+)'", match[2]))
        return f"{match[1]} needs {missing} ({binary} --help {match[1]})"
    return message


def suggest(word: str, known: Iterable[str]) -> list[str]:
    """The known words that are meant by a wrong one: those that it begins, else
    those that it is like."""
    words = sorted(set(known))
    begun = [candidate for candidate in words if len(word) > 2 and candidate.startswith(word)]
    close = difflib.get_close_matches(word, words, n=MOST, cutoff=CLOSE)
    best = [candidate for candidate in close if _likeness(word, candidate) > _likeness(word, close[0]) - MARGIN]
    return begun[:MOST] or best


def _likeness(word: str, other: str) -> float:
    return difflib.SequenceMatcher(None, other, word).ratio()


def _refuse_option(word: str, task: str, known: Mapping[str, Iterable[str]], binary: str) -> str:
    if not task:
        owners = [name for name, flags in known.items() if name and word in flags]
        if owners:
            return f'"{word}" stands behind the task that it is for: {binary} TASK {word}'
        close = suggest(word, known[""])
        return f'there is no option "{word}"{_did_you_mean(close) or f" ({binary} --help lists them)"}'
    flags = [flag for flag in (*known[task], *known[""]) if len(flag) > 2]
    meant = SYNONYMS.get(word, "")
    close = [meant] if meant in flags else suggest(word, flags) if len(word) > 2 else []
    return f'{task} has no option "{word}"{_did_you_mean(close) or f" ({binary} --help {task} lists them)"}'


def _refuse_word(word: str, task: str, known: Mapping[str, Iterable[str]], binary: str) -> str:
    close = _did_you_mean(suggest(word, filter(None, known)))
    if task and not close:
        return f'{task} takes no "{word}", and there is no task of that name ({binary} --help {task})'
    return f'there is no task "{word}"{close or f" ({binary} lists them)"}'


def _did_you_mean(words: list[str]) -> str:
    if not words:
        return ""
    *others, last = words
    return f": did you mean {', '.join(others)}{' or ' if others else ''}{last}?"


def _flag(name: str) -> str:
    return f"-{name}" if len(name) == 1 else f"--{name}"

"""What the words of the daemon's command line mean."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from mooring.engines.docker.options import BY_FLAG, SHORT, SWITCH
from mooring.engines.origin import Origin, Placed


@dataclass(frozen=True)
class Flag:
    """One flag; `key` is what daemon.json calls it. A switch without a value has the text
    "true"."""

    name: str
    key: str
    value: str
    origin: Origin


@dataclass(frozen=True)
class CommandLine:
    """`program` is argv[0]; `strays` are words that belong to no flag, `incomplete` flags whose
    value is missing."""

    program: str = ""
    flags: tuple[Flag, ...] = ()
    strays: tuple[Placed, ...] = ()
    incomplete: tuple[Placed, ...] = ()

    def of(self, key: str) -> list[Flag]:
        """All flags for a key of daemon.json, in their order."""
        return self._by_key.get(key, [])

    @cached_property
    def _by_key(self) -> dict[str, list[Flag]]:
        by_key: dict[str, list[Flag]] = {}
        for flag in self.flags:
            by_key.setdefault(flag.key, []).append(flag)
        return by_key


def parse(words: Sequence[Placed]) -> CommandLine:
    """Take the daemon's command line apart; old ones are `docker daemon …`, but never
    `dockerd daemon …`."""
    program = words[0].text if words else ""
    rest = deque(words[1:])
    if rest and rest[0].text == "daemon" and not program.rpartition("/")[2].startswith("dockerd"):
        rest.popleft()
    flags: list[Flag] = []
    strays: list[Placed] = []
    incomplete: list[Placed] = []
    while rest:
        word = rest.popleft()
        if word.text == "--":
            strays += rest  # whatever they look like
            break
        if not word.text.startswith("-") or word.text == "-":
            strays.append(word)
            continue
        at = 1
        while _is_bundle(word.text, at):
            flags.append(Flag(SHORT[word.text[at]], SHORT[word.text[at]], "true", word.origin))
            at += 1
        word = Placed("-" + word.text[at:], word.origin) if at > 1 else word
        name, equals, value = _name(word.text)
        option = BY_FLAG.get(name)
        if not equals and option is not None and option.kind != SWITCH:
            if not rest:
                incomplete.append(word)
                continue
            value = rest.popleft().text
        elif not equals:
            value = "true"
        flags.append(Flag(name, option.key if option else name, value, word.origin))
    return CommandLine(program, tuple(flags), tuple(strays), tuple(incomplete))


def _name(text: str) -> tuple[str, bool, str]:
    """(long name, whether the value is in the same word, value); `-Hfd://` is `--host=fd://`."""
    if text.startswith("--"):
        name, equals, value = text[2:].partition("=")
        return name, bool(equals), value
    name, value = SHORT.get(text[1], text[1]), text[2:]
    return name, bool(value), value.removeprefix("=") if len(value) > 1 else value


def _is_bundle(text: str, at: int) -> bool:
    """Whether a short switch is followed by more short flags in the same word, as in `-Dl`."""
    if text[at : at + 1] == "-" or text[at + 1 : at + 2] in ("", "="):
        return False
    return text[at] in SHORT and BY_FLAG[SHORT[text[at]]].kind == SWITCH

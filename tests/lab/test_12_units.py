"""Chapter 12: what command line does a unit make? Drawn units, asked of a real systemd
and of the resolver."""

from __future__ import annotations

import io
import tarfile
import tempfile

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from lab_hosts import LookedAt, until

from mooring.engines import systemd
from mooring.engines.docker import sysconfig
from mooring.engines.systemd_words import expand

HOME = "/root/mooring-argv"
PRINT = f'#!/bin/sh\nprintf \'%s\\0\' "$0" "$@" > {HOME}/part.$1 && mv {HOME}/part.$1 {HOME}/out.$1\n'
CASES = 250

SPACES = [" ", "  ", "\t", " \\\n  # why\n "]
COMMAND = [
    "a",
    "b",
    "--c=d",
    "'",
    '"',
    "\\",
    "\\n",
    "\\s",
    '\\"',
    "\\q",
    "\\x41",
    "\\$",
    "#",
    ";",
    "=",
    ",",
    "%%",
    *SPACES,
]
REFERENCES = ["$A", "${A}", "$B", "${B}", "${C}", "$$", "${A", "$A.x", "x$A", "$"]
VALUE = ["a", "b", "--c=d", "'", '"', "\\", "\\\\", "\\n", "\\\n", "$A", "$$", "#", ";", "=", "`", " ", "\t"]
OWN = ["A=1", "B=x y", '"A=p q"', "'B=r s'", "C=\\n", "A=$B", "junk", '"C=\\"x"', "B=%%"]


def joined(parts: list[str], most: int, by: str = "") -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(parts), max_size=most).map(by.join)


NAMES = st.sampled_from(["A", "B", "C", " A", "A ", "export A", "1A"])
LINES = st.builds("{}={}".format, NAMES, joined(VALUE, 6)) | st.sampled_from(["# c", "; c", "junk", "", "  "])
UNITS = st.tuples(joined([*COMMAND, *REFERENCES], 8), st.lists(LINES, max_size=4).map("\n".join), joined(OWN, 3, " "))


def drawn() -> list[tuple[str, str, str]]:
    """(words of the command, EnvironmentFile, Environment=), the same ones every time."""
    cases: list[tuple[str, str, str]] = []

    @settings(
        max_examples=CASES,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[*HealthCheck],
    )
    @given(UNITS)
    def collect(case: tuple[str, str, str]) -> None:
        cases.append(case)

    collect()
    return cases


def unit(number: int, words: str, environment: str) -> str:
    files = f"EnvironmentFile=-{HOME}/env.{number}"
    return f"[Service]\nType=notify\nEnvironment={environment}\n{files}\nExecStart={HOME}/print {number} {words}\n"


def lay_down(host: LookedAt, cases: list[tuple[str, str, str]]) -> None:
    texts = {f"{HOME}/print": PRINT}
    for number, (words, file, environment) in enumerate(cases):
        texts[f"{HOME}/env.{number}"] = file
        texts[f"/run/systemd/system/mooring-argv-{number}.service"] = unit(number, words, environment)
    with tempfile.TemporaryFile() as packed:
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for path, text in texts.items():
                entry = tarfile.TarInfo(path.lstrip("/"))
                entry.size, entry.mode = len(text.encode()), 0o755
                archive.addfile(entry, io.BytesIO(text.encode()))
        packed.seek(0)
        host.engine.run("exec", "-i", host.host.container, "tar", "-C", "/", "-xf", "-", stdin=packed)


def ask(host: LookedAt, count: int) -> dict[int, list[str]]:
    """The words that each unit's program was given; those that systemd refuses have none."""
    names = f"for n in $(seq 0 {count - 1}); do echo mooring-argv-$n.service; done"
    host.run(f"systemctl daemon-reload; {names} | xargs systemctl start --no-block 2>/dev/null || true")
    waiting = "systemctl list-jobs --no-legend 'mooring-argv-*' | grep -c . || true"
    until(lambda: host.run(waiting).strip() == "0", "systemd has tried all units")
    arguments = {}
    for line in host.lines(f"cd {HOME} && for f in out.*; do echo $f $(od -An -v -tx1 $f | tr -d ' \\n'); done"):
        name, _, digits = line.partition(" ")
        arguments[int(name.removeprefix("out."))] = bytes.fromhex(digits).decode().split("\0")[:-1]
    return arguments


def say(number: int, words: str, file: str, environment: str) -> list[str] | None:
    """What the resolver says; None for a unit that systemd refuses."""
    service = systemd.parse("# /run/systemd/system/x.service\n" + unit(number, words, environment))
    if len(service.commands) != 1:
        return None
    variables = {**service.environment, **sysconfig.parse(file, "/x").values}
    return [word.text for word in expand(service.commands[0], variables)]


def test_the_resolver_makes_the_words_that_systemd_makes(client_debian: LookedAt) -> None:
    cases = drawn()
    try:
        lay_down(client_debian, cases)
        real = ask(client_debian, len(cases))
    finally:
        client_debian.run(
            f"systemctl stop 'mooring-argv-*'; rm -rf {HOME} /run/systemd/system/mooring-argv-*; "
            "systemctl daemon-reload; systemctl reset-failed 'mooring-argv-*' || true"
        )
    assert len(real) > CASES // 2
    wrong = [(case, real.get(n), say(n, *case)) for n, case in enumerate(cases) if real.get(n) != say(n, *case)]
    assert wrong == []

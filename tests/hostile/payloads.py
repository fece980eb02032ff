"""Texts that a hostile host says, all of them with a mark to know them by, and the law
that they may break."""

from __future__ import annotations

from tests.hostile.yard import Watched, Yard

TAINT = "TAINT7f3a"
SECRET = "SECRET-of-the-control-machine-91c2"
# What no host's text may ever be part of; of paths see test_paths.py.
KINDS = ("template", "code", "setting", "program", "network")


def secret_file(yard: Yard, suffix: str = ".txt") -> str:
    """The path of a file of the control machine that no host may see; only a host names it."""
    folder = yard.place / "secret"
    folder.mkdir(exist_ok=True)
    path = folder / f"{TAINT}{suffix}"
    path.write_text(f"stolen: {SECRET}\n")
    return str(path)


def proxy(yard: Yard, host: str) -> str:
    """ssh's options that run a command on the control machine."""
    return f"-o 'ProxyCommand=touch {yard.mark(host)} {yard.mark(TAINT)}'"


def reading(yard: Yard) -> str:
    """An expression that reads a file of the control machine."""
    return f"lookup('file', '{secret_file(yard)}')"


def template(yard: Yard) -> str:
    """The same as a template."""
    return "{{ " + reading(yard) + " }}"


def expect_law(run: Watched, yard: Yard) -> None:
    """No host's text was obeyed: none in a template, a setting, a program, a path; nothing of this
    machine went out."""
    assert run.status in (0, 2, 4, 8), run.transcript
    assert yard.marked == [], run.transcript
    for kind in (*KINDS, "path"):
        broken = {entry for entry in run.noted(kind) if TAINT in entry}
        assert not broken, (kind, broken)
    assert run.noted("program") == []
    for name in yard.hosts:
        assert SECRET not in yard.requests_of(name), name
    assert SECRET not in run.out + run.err, run.transcript

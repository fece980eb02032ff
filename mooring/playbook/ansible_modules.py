"""Modules that Ansible has and Mooring has not: named as such, and not taken for typos of others.

The names stand in ansible_modules.txt, which docs/generate_ansible_modules.py writes.
"""

from __future__ import annotations

import difflib
import functools
from collections.abc import Collection, Iterable
from pathlib import Path

from mooring.source import did_you_mean

LIST = Path(__file__).with_suffix(".txt")
PAGE = "docs/modules.md lists the modules"
# Of these collections we have modules; `ansible.legacy` is what Ansible itself calls its own ones
# sometimes.
OURS = ("ansible.builtin", "ansible.legacy", "community.docker")
CLOSE = 0.85


@functools.cache
def _collections() -> dict[str, frozenset[str]]:
    """The modules of each collection."""
    collections: dict[str, list[str]] = {}
    modules: list[str] = []
    for line in LIST.read_text(encoding="utf-8").splitlines()[1:]:
        if line.startswith(" "):
            modules += line.split()
        else:
            modules = collections.setdefault(line, [])
    return {name: frozenset(words) for name, words in collections.items()}


def is_ansibles(name: str) -> bool:
    """Whether Ansible knows a module of that name, with its collection or, as before 2.10,
    without."""
    collection, _, short = name.rpartition(".")
    if not collection:
        return any(name in modules for modules in _collections().values())
    if collection in OURS:
        return short in _collections()["ansible.builtin" if collection == "ansible.legacy" else collection]
    return collection in _collections()


def explain(name: str, modules: Collection[str], keywords: Iterable[str] = ()) -> tuple[str, str]:
    """What to say of a name that is not one of our `modules`, and the hint.

    `keywords` are other words that may have been meant.
    """
    if is_ansibles(name):
        return f'Ansible\'s module "{name}" is not supported', PAGE
    noun = "module or keyword" if keywords else "module"
    if "." not in name:
        return f'unknown {noun} "{name}"', did_you_mean(name, [*modules, *keywords])
    prefix = {True: "community.docker.", False: "ansible.builtin."}
    full = [prefix[module.startswith("docker_")] + module for module in modules]
    close = difflib.get_close_matches(name, full, n=1, cutoff=CLOSE)
    return f'unknown {noun} "{name}"', f'did you mean "{close[0]}"?' if close else PAGE

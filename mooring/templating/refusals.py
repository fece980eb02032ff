"""What the control machine does not take from a host: expressions, names, places of files
(`templating/foreign.py`)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from mooring.errors import TemplateError, Where
from mooring.templating.foreign import CHOSEN, as_text, is_foreign, weigh
from mooring.templating.foreign_kinds import Foreign

# A key is at most a few kB long; what stands before it in its file, such as comments, is as short.
_KEY_MARK, _KEY_HEAD = b"PRIVATE KEY-----", 64 * 1024


def refuse(value: Any, subject: str, where: Where | None, hint: str = "") -> None:
    """TemplateError where the value holds a host's text or number, or was chosen by one: nothing of
    it may be here."""
    if is_foreign(value):
        verb = "was chosen by text" if weigh(value) == CHOSEN else "holds text"
        raise TemplateError(f"{subject} {verb} that a host sent", where, hint or "write it without facts and results")


def refuse_expression(value: Any, subject: str, where: Where | None, hint: str = "") -> None:
    """TemplateError where a host's text would be evaluated.

    A text that stands so in the operator's files is hers, also where a host chose it.
    """
    texts = value if isinstance(value, (list, tuple)) else [value]
    for text in texts:
        if isinstance(text, Foreign) and not text.is_written:
            refuse(text, subject, where, hint)


def refuse_name(value: Any, subject: str) -> None:
    """TemplateError where a host alone says which thing of the control machine is meant."""
    name = as_text(value) if isinstance(value, (str, int, float)) else value
    if isinstance(name, Foreign) and not name.is_part:
        raise TemplateError(
            f"{subject} is named by a host's text alone", hint="a host's text may be a part of one name"
        )


def check_name(name: str, where: Where | None) -> None:
    """Refuse the name of a file of the control machine that holds more of a host's text than a part
    of one name."""
    if isinstance(name, Foreign) and not name.is_part:
        hint = "a host's text may be a part of one name, made of letters, digits and . _ -"
        raise TemplateError("the path holds text that a host sent", where, hint)


def check_place(name: str, path: Path, roots: Iterable[Path], where: Where | None) -> None:
    """Refuse the file that a name with a host's text leads to, unless it lies in the folders that
    are searched.

    `path` is what `name` led to, `roots` are the folders. A path that a host chose among the
    operator's leads where she says. A private key is not chosen by a host, wherever it lies.
    """
    if not isinstance(name, Foreign):
        return
    real = path.resolve()
    if not name.is_chosen and not any(real.is_relative_to(root.resolve()) for root in roots):
        hint = "a path that a host's text is a part of stays in the folders of its role and playbook"
        raise TemplateError(f'the path "{name}" leads out of the folders that are searched', where, hint)
    if real.is_file() and holds_key(real):
        raise TemplateError(f'"{name}" is a private key: no text of a host may choose it', where)


def holds_key(path: Path) -> bool:
    """Whether the file begins as one that holds a private key in PEM form."""
    with path.open("rb") as file:
        return _KEY_MARK in file.read(_KEY_HEAD)

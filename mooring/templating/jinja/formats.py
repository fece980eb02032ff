"""Texts made by `%`, `format` and their filter, with the marks of what is put into them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from string import Formatter
from typing import Any

from mooring.templating.foreign import CHOSEN, SAID, as_text, is_foreign, stamp, weigh
from mooring.templating.foreign_kinds import Foreign, join
from mooring.templating.sizes import check_widths

# A text between conversions; or a conversion: its name, its flags and width, its letter.
_PIECES = re.compile(r"([^%]+)|%(?:\(([^()%]*)\))?([-#0 +.\d]*)[hlL]?([a-zA-Z%])")
# The end of a `%c`, whatever stands between; to see one where none is costs only time.
_CHARACTER = re.compile(r"[-%)#0 +*.\dhlL]c")


def interpolate(form: str, values: Any) -> str:
    """`form % values`, of which the host's parts are known where no value says how
    another one is shown.

    What `%c` makes is a host's: any character can be made from a number.
    """
    arguments = (
        list(values.values()) if isinstance(values, Mapping) else values if isinstance(values, tuple) else [values]
    )
    check_widths(form, arguments)
    whole = str(form) % (str(values) if isinstance(values, str) else values)
    if not (is_foreign([form, values]) or _CHARACTER.search(form)):
        return whole
    pieces = list(_interpolated(form, values, iter(arguments)))
    own = weigh(form)
    return _join(pieces, own, whole) if "%" not in _PIECES.sub("", form) else stamp(whole, SAID)


def _interpolated(form: str, values: Any, terms: Iterator[Any]) -> Iterator[str]:
    for text, name, flags, letter in _PIECES.findall(str(form)):
        if text or letter == "%":
            yield stamp(text or "%", weigh(form))
            continue
        value = values.get(name, "") if isinstance(values, Mapping) and name else next(terms, "")
        if letter == "s" and not flags:
            yield as_text(value)
            continue
        try:
            shown = f"%{flags}{letter}" % (str(value) if isinstance(value, str) else value,)
        except (TypeError, ValueError):
            shown = ""
        yield stamp(shown, SAID if letter == "c" else weigh(value))


def insert(form: str, args: tuple[Any, ...], options: Mapping[str, Any], whole: str) -> str:
    """What `form.format(*args, **options)` made, `whole`, marked likewise."""
    fields = list(Formatter().parse(str(form)))
    makes_characters = any(spec and (spec.endswith("c") or "{" in spec) for _, _, spec, _ in fields)
    if not (is_foreign([form, *args, *options.values()]) or makes_characters):
        return whole
    own = weigh(form)
    pieces, terms = [], iter(args)
    for text, name, spec, conversion in fields:
        pieces.append(stamp(text, own))
        if name is not None and not conversion:
            value = _field(name, terms, args, options)
            pieces.append(_shown(value, spec or ""))
    return _join(pieces, own, whole)


def _field(name: str, terms: Iterator[Any], args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    if name == "":
        return next(terms, "")
    if name.isdecimal():
        return args[int(name)]
    return options.get(name, Foreign(""))


def _shown(value: Any, spec: str) -> str:
    """A value in its place; nothing is known of one with a form of its own that is
    neither text nor number."""
    if not spec:
        return as_text(value)
    if "{" in spec or not isinstance(value, (str, int, float)):
        return Foreign("")
    kind = str if isinstance(value, str) else int if isinstance(value, int) else float
    shown: str = stamp(format(kind(value), spec), SAID if spec.endswith("c") else weigh(value))
    return shown


def _join(pieces: list[str], own: int, whole: str) -> str:
    """The pieces, where they are the whole and the form is the operator's; else the
    whole is a host's."""
    joined = join(pieces)
    if own <= CHOSEN and joined == whole:
        return joined
    unknown: str = stamp(whole, SAID)
    return unknown

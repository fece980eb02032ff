"""How large a host's number may make a value here: no word of a host's takes the
control machine's memory."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from mooring.errors import TemplateError
from mooring.templating.foreign_kinds import Foreign, ForeignFloat, ForeignInt

# Jinja's limit for `range`; of characters and digits as well as of elements.
LARGEST = 100_000
# Of a whole number, in bits: Python writes none of more than 4300 digits, neither for people nor as
# JSON.
_MOST_BITS = 14_000
# Methods and functions whose numbers say how wide, how deep or how often.
_WIDTHS = frozenset(("center", "expandtabs", "generate_lorem_ipsum", "ljust", "rjust", "zfill"))
# `%*d`, `{:{}}`: a value says how wide. `%9999999d`, `{:9999999}`: the form itself does.
_STARRED = re.compile(r"%[^%a-zA-Z]*\*|\{[^{}:]*:[^{}]*\{")
_WIDE = re.compile(r"%[^%a-zA-Z]*?(\d{6,})|\{[^{}:]*:[^{}]*?(\d{6,})")


def check_repetition(left: Any, right: Any) -> None:
    """Refuse `text * number` and `list * number` that a host would make larger than both;
    TemplateError."""
    for part, times in ((left, right), (right, left)):
        if isinstance(part, Sequence) and isinstance(times, int):
            is_hosts = isinstance(times, ForeignInt) or isinstance(part, Foreign)
            if is_hosts and len(part) * times > max(len(part), LARGEST):
                raise _excess(f"{len(part)} * {_short(times)}")


def check_power(base: Any, exponent: Any) -> None:
    """Refuse a power that would take its time, before it is computed."""
    if isinstance(base, int) and isinstance(exponent, int) and int(base).bit_length() * int(exponent) > LARGEST:
        raise _excess(f"{_short(base)} ** {_short(exponent)}")


def check_digits(number: Any) -> None:
    """Refuse a whole number that nobody could write down."""
    if isinstance(number, int) and int(number).bit_length() > _MOST_BITS:
        raise TemplateError(f"{_short(number)}, computed from a host's: too many digits", hint="at most 4200")


def check_counts(name: str, values: Iterable[Any]) -> None:
    """Refuse numbers of hosts that would make a text wide, as arguments of what has this name."""
    if name in _WIDTHS:
        refuse_large(name, values)


def refuse_large(name: str, numbers: Iterable[Any]) -> None:
    """TemplateError where a number of a host's is larger than what may say how often or how
    wide."""
    for number in numbers:
        if isinstance(number, (ForeignInt, ForeignFloat)) and abs(number) > LARGEST:
            raise _excess(f"{name} with {_short(number)}")


def check_widths(form: str, values: Iterable[Any]) -> None:
    """Refuse `form % values` and `form.format(values)` where a host says how wide something
    becomes, beyond reason."""
    if _STARRED.search(form):
        refuse_large("a width", values)
    if isinstance(form, Foreign) and any(
        int((width or precision)[:9]) > LARGEST for width, precision in _WIDE.findall(form)
    ):
        raise _excess("a width")


def _short(number: Any) -> str:
    bits = int(number).bit_length() if isinstance(number, int) else 0
    return f"a number of {bits} bits" if bits > 64 else str(number)


def _excess(shown: str) -> TemplateError:
    return TemplateError(f"{shown}: that is too much for a number that a host sent", hint=f"at most {LARGEST}")

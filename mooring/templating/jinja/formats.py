"""Texts made by `format`, with the marks of what is put into them."""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Any

from mooring.templating.foreign import Foreign, as_text, is_foreign, join


def insert(form: str, args: tuple[Any, ...], options: Mapping[str, Any], whole: str) -> str:
    """What `form.format(*args, **options)` made, `whole`, marked likewise."""
    fields = list(Formatter().parse(str(form)))
    makes_characters = any(spec and (spec.endswith("c") or "{" in spec) for _, _, spec, _ in fields)
    if not (is_foreign([form, *args, *options.values()]) or makes_characters):
        return whole
    pieces, terms = [], iter(args)
    for text, name, spec, conversion in fields:
        pieces.append(text)
        if name is not None and not spec and not conversion:
            key = int(name) if name.isdecimal() else None
            value = next(terms, "") if name == "" else options.get(name, "") if key is None else args[key]
            pieces.append(as_text(value))
    return join(pieces) if not isinstance(form, Foreign) and "".join(pieces) == whole else Foreign(whole)

"""Filters and look-ups that ask the environment, a host's text or an undefined value for more than
their arguments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment as JinjaEnvironment
from jinja2 import Undefined
from jinja2.runtime import Context
from jinja2.utils import pass_context, pass_environment

from mooring.errors import TemplateError
from mooring.source import did_you_mean
from mooring.templating.filters import flatten
from mooring.templating.foreign import as_text
from mooring.templating.foreign_kinds import join
from mooring.templating.jinja.formats import interpolate
from mooring.templating.jinja.values import Broken, finalize
from mooring.templating.lazy import plain
from mooring.templating.lookups import LOOKUPS


def default(value: Any, default_value: Any = "", boolean: bool = False) -> Any:
    if is_undefined(value) or (boolean and not value):
        return default_value
    return value


def is_undefined(value: Any) -> bool:
    return isinstance(finalize(value) if isinstance(value, Broken) else value, Undefined)


def mandatory(value: Any, msg: str = "") -> Any:
    if isinstance(value, Undefined) and msg:
        raise TemplateError(msg)
    return finalize(value)


def interpolate_form(form: Any, *args: Any, **options: Any) -> str:
    """`'%s.yml' | format(name)`, by our own `%`, which keeps the mark of a host's text."""
    if args and options:
        raise TemplateError("format takes values or names, not both")
    values: Any = options or args
    return interpolate(as_text(plain(form)), plain(values))


@pass_environment
def extract(environment: JinjaEnvironment, item: Any, container: Any, morekeys: Any = None) -> Any:
    more = [] if morekeys is None else morekeys if isinstance(morekeys, list) else [morekeys]
    for key in [item, *more]:
        container = environment.getitem(container, key)
    return container


@pass_context
def query(context: Context, name: str, *terms: Any, **options: Any) -> list[Any]:
    """`query`: a list with the look-up's value for every term."""
    if name not in LOOKUPS:
        raise TemplateError(f"unknown look-up '{name}'", hint=did_you_mean(name, LOOKUPS))
    places = [context.resolve_or_missing(place) for place in ("role_path", "playbook_dir")]
    search = [Path(place) for place in places if isinstance(place, str)]
    search += [base] if (base := getattr(context.environment, "basedir", None)) else []
    # As for the files of tasks: the folder above the playbooks' holds files/ as well.
    search += [Path(places[1]).parent] if isinstance(places[1], str) else []
    return LOOKUPS[name](flatten(finalize(terms), levels=1), context, search, **finalize(options))


@pass_context
def lookup(context: Context, name: str, *terms: Any, wantlist: bool = False, **options: Any) -> Any:
    """`lookup`: the values joined by commas, or the one value that is not a text."""
    values = query(context, name, *terms, **options)
    if wantlist:
        return values
    if all(isinstance(value, str) for value in values):
        return join([part for value in values for part in (",", value)][1:])
    return values[0] if len(values) == 1 else values

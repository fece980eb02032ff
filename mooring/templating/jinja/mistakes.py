"""Mistakes in templates: found before anything runs, and explained with their
place when they happen."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from jinja2 import TemplateSyntaxError, UndefinedError, nodes

from mooring.errors import SourceError, TemplateError, UndefinedVariable, Where
from mooring.files.reading import read_text
from mooring.source import did_you_mean
from mooring.templating.jinja.environment import Environment
from mooring.templating.jinja.values import UnknownName
from mooring.templating.lookups import LOOKUPS

BRACES, NO_BRACES = "a condition is an expression already", "write it without {{ }}"
EQUAL = 'did you mean "=="?'
QUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*\"""")
PARENTHESES = re.compile(r"\([^()]*\)")
SINGLE_EQUAL = re.compile(r"(?<![=!<>])=(?!=)")


def find_mistake(environment: Environment, tree: nodes.Template) -> tuple[str, str, int] | None:
    """The first unknown filter, test or look-up in a parsed template: message, hint, line."""
    for node in tree.find_all((nodes.Filter, nodes.Test, nodes.Call)):
        word, name, known = _named(environment, node)
        if word and name not in known:
            return f"unknown {word} '{name}'", did_you_mean(name, known), node.lineno
    return None


def _named(environment: Environment, node: nodes.Node) -> tuple[str, str, Collection[str]]:
    """What kind of thing a node names, its name, and the names of that kind that there are; "" for
    no such node."""
    if isinstance(node, nodes.Filter):
        return "filter", node.name, environment.filters
    if isinstance(node, nodes.Test):
        return "test", node.name, environment.tests
    if isinstance(node, nodes.Call) and getattr(node.node, "name", "") in ("lookup", "query", "q") and node.args:
        name = getattr(node.args[0], "value", None)
        return ("look-up", name, LOOKUPS) if isinstance(name, str) else ("", "", ())
    return "", "", ()


def holds_template(tree: nodes.Template) -> bool:
    """Whether a string in the expression is itself a template, which Ansible gave up."""
    texts = [node.value for node in tree.find_all(nodes.Const) if isinstance(node.value, str)]
    return any("{{" in text or "{%" in text for text in texts)


def explain(error: Exception, where: Where | None, variables: Mapping[str, Any]) -> TemplateError:
    """Our own error for what a template raised; a place that the error has already
    is the better one."""
    if isinstance(error, TemplateError):
        known = error.where or where
        return error if error.where else type(error)(error.message, known, error.hint)
    if isinstance(error, UnknownName):
        name = str(error.message).split("'")[1]
        return UndefinedVariable(f"'{name}' is undefined", where, did_you_mean(name, variables))
    if isinstance(error, UndefinedError):
        return UndefinedVariable(str(error.message), where)
    if isinstance(error, SourceError):
        return TemplateError(error.message, error.where or where, error.hint)
    if isinstance(error, RecursionError):
        return TemplateError("templates refer to each other without end, or one nests too deeply", where)
    if isinstance(error, TemplateSyntaxError):
        hint = EQUAL if str(error.message).endswith("got '='") else ""
        return TemplateError(f"template syntax: {error.message}", where, hint)
    return TemplateError(f"{type(error).__name__}: {error}", where)


def explain_condition(error: TemplateError, text: str) -> TemplateError:
    """The error of a condition that Jinja cannot read, in the words of the two usual
    slips where it is one."""
    bare = QUOTED.sub("", text)
    if "{{" in bare or "{%" in bare:
        return TemplateError(BRACES, error.where, NO_BRACES)
    while bare != (bare := PARENTHESES.sub("", bare)):
        pass  # within parentheses a single = names an argument
    return TemplateError(error.message, error.where, EQUAL) if SINGLE_EQUAL.search(bare) else error


def explain_file(error: Exception, path: Path, variables: Mapping[str, Any] | None = None) -> TemplateError:
    """The same for a template file: the place is the line of the template, or of
    one that it includes."""
    if isinstance(error, TemplateSyntaxError):
        return explain(error, find_line(Path(error.filename or path), error.lineno), {})
    return explain(error, _find_raised(error.__traceback__) or Where(str(path)), variables or {})


def _find_raised(trace: TracebackType | None) -> Where | None:
    """The innermost template line of a traceback."""
    place = None
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None and template.filename:
            place = find_line(Path(template.filename), template.get_corresponding_lineno(trace.tb_lineno))
        trace = trace.tb_next
    return place


def find_line(path: Path, line: int) -> Where:
    """A line of a file, with its text where that can be read."""
    try:
        text = read_text(path).splitlines()[line - 1]
    except (SourceError, IndexError):
        text = ""
    return Where(str(path), line, len(text) - len(text.lstrip()) + 1, text)

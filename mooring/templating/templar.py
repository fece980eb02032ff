"""Templates in values, conditions and files, with the meaning that ansible-core 2.19 gives them.

A value that is exactly one `{{ expression }}` keeps its native type, mixed text becomes a string.
Variables are resolved only when a template names them, undefined ones are errors, and what a
template yields is never a template again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from mooring.errors import SourceError, TemplateError, Where
from mooring.files.reading import read_text
from mooring.source import Text, Unsafe
from mooring.templating.foreign_kinds import Foreign
from mooring.templating.jinja import mistakes
from mooring.templating.jinja.environment import Environment, JinjaError, Template
from mooring.templating.jinja.overrides import has_header
from mooring.templating.jinja.values import OMIT
from mooring.templating.lazy import LazyDict, LazyList
from mooring.templating.refusals import refuse_expression
from mooring.templating.truth import describe, is_empty, is_wrapped

__all__ = ["OMIT", "Templar", "is_template"]

_MARKS = ("{{", "{%", "{#")
# What expressions of playbooks can raise: Jinja's own errors, and those of Python's functions
# behind filters.
_MISTAKES = (
    JinjaError, SourceError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError, OSError,
    RecursionError, re.error, yaml.YAMLError,
)  # fmt: skip


def is_template(value: Any) -> bool:
    """Whether the value, or anything in it, needs rendering."""
    if isinstance(value, str):
        has_mark = has_header(value) or ("{" in value and any(mark in value for mark in _MARKS))
        return has_mark and not isinstance(value, Unsafe)
    if isinstance(value, Mapping):
        return any(is_template(child) for child in value.values())
    return isinstance(value, (list, tuple)) and any(is_template(child) for child in value)


class Templar:
    """Checks and renders templates; one for a whole run, shared by its threads.

    `basedir` is the playbook's directory, where files to look up and templates to include may be.
    Each template is compiled once. `warn` is told of conditions that are not booleans.
    """

    def __init__(self, basedir: Path | None = None) -> None:
        self.basedir = basedir
        self._values = Environment(basedir, escapes=True)
        self._expressions = Environment(basedir, escapes=False)
        self._checked: set[tuple[str, bool]] = set()
        self._compiled: dict[tuple[str, bool], Template] = {}
        self._files: dict[tuple[Any, ...], Environment] = {}
        self.warn: Callable[[str], None] = lambda text: None
        self._doubted: set[tuple[Where | None, str]] = set()

    # --- before any host is touched ---

    def check(self, text: str, where: Where | None = None) -> None:
        """Refuse a template with a syntax error or an unknown filter, test or look-up."""
        if is_template(text):
            self._check(text, where, is_expression=False)

    def check_all(self, value: Any, where: Where | None = None) -> None:
        """Check all texts in the value, keys too; one of a file has a better place than `where`."""
        if isinstance(value, str):
            self.check(value, getattr(value, "where", None) or where)
        elif isinstance(value, Mapping):
            for pair in value.items():
                self.check_all(pair, where)
        elif isinstance(value, (list, tuple)):
            for child in value:
                self.check_all(child, where)

    def check_condition(self, expression: Any, where: Where | None = None) -> None:
        """Refuse a condition that is not a bare Jinja expression, likewise."""
        for text in expression if isinstance(expression, list) else [expression]:
            if isinstance(text, str) and text.strip():
                place = getattr(text, "where", None) or where
                self._check(text, place, is_expression=not is_wrapped(text))

    def check_file(self, path: Path, searchpath: Sequence[Path] = (), options: Mapping[str, Any] | None = None) -> None:
        """Refuse a template file that cannot be read or compiled, or names what is unknown."""
        environment = self._file_environment(path, searchpath, options or {})
        try:
            environment, tree = environment.read(read_text(path), path.name, str(path))
            mistake = mistakes.find_mistake(environment, tree)
            environment.check_compiles(tree)
        except (JinjaError, SourceError, RecursionError) as error:
            raise mistakes.explain_file(error, path) from None
        if mistake:
            raise TemplateError(mistake[0], mistakes.find_line(path, mistake[2]), mistake[1])

    def _check(self, text: str, where: Where | None, is_expression: bool) -> None:
        if (text, is_expression) in self._checked:
            return
        environment = self._expressions if is_expression else self._values
        try:
            own, tree = (environment, environment.parse_expression(text)) if is_expression else environment.read(text)
            mistake = mistakes.find_mistake(environment, tree)
            is_wrapped = is_expression and mistakes.holds_template(tree)
            own.check_compiles(tree)
        except (JinjaError, RecursionError) as error:
            refusal = mistakes.explain(error, where, {})
            raise (mistakes.explain_condition(refusal, text) if is_expression else refusal) from None
        if mistake:
            raise TemplateError(mistake[0], where, mistake[1])
        if is_wrapped:
            raise TemplateError(mistakes.BRACES, where, mistakes.NO_BRACES)
        self._checked.add((str(text), is_expression))

    # --- rendering ---

    def render(self, value: Any, variables: Mapping[str, Any]) -> Any:
        """The value with all templates but keys rendered; what becomes `omit` is left out."""
        if isinstance(value, str):
            return self._render_text(value, variables) if is_template(value) else value
        if isinstance(value, Mapping):
            pairs = [(key, self.render(child, variables)) for key, child in value.items()]
            return {key: child for key, child in pairs if child is not OMIT}
        if isinstance(value, (list, tuple)):
            items = [self.render(child, variables) for child in value]
            return type(value)(item for item in items if item is not OMIT)
        return value

    def lazy(self, value: Any, variables: Mapping[str, Any]) -> Any:
        """The value as expressions see it: a container's templates are rendered when read."""
        if not is_template(value):
            return value
        if isinstance(value, Mapping):
            return LazyDict(value, lambda child: self.lazy(child, variables))
        if isinstance(value, (list, tuple)):
            return LazyList(value, lambda child: self.lazy(child, variables))
        return self._render_text(value, variables)

    def _render_text(self, text: str, variables: Mapping[str, Any]) -> Any:
        where = getattr(text, "where", None)
        try:
            template = self._compile(text, is_expression=False)
            result = self._values.run(template, variables, {})
        except _MISTAKES as error:
            raise mistakes.explain(error, where, variables) from error
        return _keep_newlines(text, result)

    def _compile(self, text: str, is_expression: bool) -> Template:
        refuse_expression(text, "an expression" if is_expression else "a template", None)
        key = (str(text), is_expression)
        if key not in self._compiled:
            environment = self._expressions if is_expression else self._values
            own, tree = (environment, environment.parse_expression(text)) if is_expression else environment.read(text)
            self._compiled[key] = own.from_string(tree)
        return self._compiled[key]

    def condition(self, expression: Any, variables: Mapping[str, Any]) -> bool:
        """Whether a `when`, `until` and so on holds: a bare expression, or a value as YAML has it.

        What is not a boolean counts by Python's truth, and is warned of once for each place.
        """
        where = getattr(expression, "where", None)
        refuse_expression(expression, "the condition", where)
        if is_empty(expression):
            self._doubt("", expression, where)
            return True
        is_text = isinstance(expression, str)
        # A mark that is still there says only that a host chose it, as a whole.
        result = self._evaluate(Text(expression, where), variables) if is_text else self.render(expression, variables)
        if result is OMIT:
            raise TemplateError("a condition cannot be omitted", where, "leave it out, or name a default")
        if not isinstance(result, bool):
            self._doubt(expression, result, where)
        return bool(result)

    def _doubt(self, expression: Any, result: Any, where: Where | None) -> None:
        if (place := (where, str(expression))) not in self._doubted:
            self._doubted.add(place)
            message, hint = describe(expression, result)
            self.warn(str(TemplateError(message, where, hint)))

    def _evaluate(self, expression: str, variables: Mapping[str, Any]) -> Any:
        text, where = expression.strip(), getattr(expression, "where", None)
        if is_wrapped(text):
            result = self._render_text(Text(text, where), variables)
            if is_empty(result):
                self._doubt("", result, where)
                return True
            if not isinstance(result, str):
                return result
            # A variable may hold the expression, but only one that the operator wrote, never a
            # host's output.
            is_own = result.is_written if isinstance(result, Foreign) else type(result) is Text
            if not is_own or is_wrapped(result):
                raise TemplateError(f"condition `{text}` is a text, not a boolean or an expression", where)
            return self._evaluate(Text(result, where), variables)
        try:
            template = self._compile(text, is_expression=True)
            return self._expressions.run(template, variables, {})
        except _MISTAKES as error:
            raise mistakes.explain(error, where, variables) from error

    def render_file(
        self,
        path: Path,
        variables: Mapping[str, Any],
        searchpath: Sequence[Path] = (),
        options: Mapping[str, Any] | None = None,
    ) -> str:
        """The text that a template file makes.

        `options` are the template module's: trim_blocks, lstrip_blocks, newline_sequence, …
        """
        environment = self._file_environment(path, searchpath, options or {})
        names = {"template_path": str(path), "template_fullpath": str(path.absolute())}
        names["ansible_managed"] = "Ansible managed"
        extra = {name: value for name, value in names.items() if name not in variables}
        try:
            source = read_text(path)
            template = environment.load_text(source, path)
            result = environment.run(template, variables, extra)
        except _MISTAKES as error:
            raise mistakes.explain_file(error, path, variables) from error
        result = _keep_newlines(source, result, environment.newline_sequence)
        return "" if result is None else str(result)

    def _file_environment(self, path: Path, searchpath: Sequence[Path], options: Mapping[str, Any]) -> Environment:
        bases = [*searchpath, *([self.basedir] if self.basedir else [])]
        places = [path.parent, *(place for base in bases for place in (base / "templates", base))]
        key = (*places, *sorted(options.items()))
        if key not in self._files:
            self._files[key] = self._expressions.searching(places, options)
        return self._files[key]


def _keep_newlines(template: str, result: Any, newline: str = "\n") -> Any:
    """The result with the line ends that the template ends in, which Jinja cuts off."""
    if not isinstance(result, str):
        return result
    wanted = len(template) - len(template.rstrip("\n"))
    there = len(result) - len(result.rstrip("\n"))
    return result + newline * (wanted - there) if wanted > there else result

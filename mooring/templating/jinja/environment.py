"""The one Jinja2 environment, with Ansible's filters, tests and look-ups."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Any

from jinja2 import FileSystemLoader, TemplateSyntaxError, Undefined, nodes
from jinja2 import TemplateError as JinjaError
from jinja2.environment import Template
from jinja2.lexer import Lexer
from jinja2.parser import Parser
from jinja2.runtime import Context, Macro
from jinja2.sandbox import SandboxedEnvironment

from mooring.errors import TemplateError
from mooring.templating.filters import FILTERS
from mooring.templating.foreign import as_text, choose, is_foreign, mark, stamp, weigh
from mooring.templating.foreign_kinds import Foreign, ForeignFloat, ForeignInt, join, join_by
from mooring.templating.jinja import functions, overrides
from mooring.templating.jinja.formats import insert, interpolate
from mooring.templating.jinja.limits import DEEP, depth, limits
from mooring.templating.jinja.marks import as_list, keep
from mooring.templating.jinja.values import (
    OMIT,
    CodeGenerator,
    KeepingLexer,
    LateUndefined,
    LazyContext,
    LazyTemplate,
    Scope,
    concat,
    defer,
    finalize,
    finalize_output,
)
from mooring.templating.jinja_tests import PREDICATES
from mooring.templating.lazy import plain
from mooring.templating.refusals import check_place, refuse_name
from mooring.templating.sizes import check_counts, check_repetition, check_widths

__all__ = ["Environment", "JinjaError", "Template"]

# These filters and tests do not look into containers, or pass on what they find there: lazy ones
# stay lazy.
_LAZY_NAMES = """
    attr count d default extract first items last length list map reject rejectattr select selectattr
    boolean callable defined iterable mapping none number sequence undefined
"""
_KEEP_LAZY = frozenset(_LAZY_NAMES.split())


def _eager(function: Callable[..., Any], *, strict: bool) -> Callable[..., Any]:
    """The filter or test with plain arguments; `strict` ones never see an undefined value."""

    @wraps(function)
    def call(*args: Any, **options: Any) -> Any:
        values = [plain(value) for value in args]
        for value in values if strict else ():
            if isinstance(value, Undefined):
                finalize(value)
        return function(*values, **{name: plain(value) for name, value in options.items()})

    return call


def _owner(function: Any) -> Any:
    """Whose method it is, also where that is empty or 0. Jinja wraps str.format, whose string is
    one step further."""
    owner = getattr(function, "__self__", None)
    return getattr(getattr(function, "__wrapped__", None), "__self__", None) if owner is None else owner


class Environment(SandboxedEnvironment):
    """The environment; `escapes` keeps backslashes in `{{ 'strings' }}`, as values
    from YAML need it."""

    code_generator_class = CodeGenerator
    context_class = LazyContext
    template_class = LazyTemplate
    concat = staticmethod(concat)
    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))

    def __init__(self, basedir: Path | None, escapes: bool) -> None:
        super().__init__(trim_blocks=True, undefined=LateUndefined, finalize=finalize_output, optimized=False)
        self.basedir, self.escapes = basedir, escapes
        tables: list[tuple[Any, Mapping[str, Callable[..., Any]]]] = [(self.filters, FILTERS), (self.tests, PREDICATES)]
        for table, own in tables:
            for name, function in table.items():
                table[name] = function if name in _KEEP_LAZY else _eager(function, strict=False)
            table.update({name: _eager(function, strict=True) for name, function in own.items()})
        for name in self.filters:
            self.filters[name] = keep(name, self.filters[name])
        self.filters["format"] = functions.interpolate_form
        self.filters.update(
            default=functions.default, d=functions.default, mandatory=functions.mandatory, extract=functions.extract
        )
        self.tests.update(defined=lambda value: not functions.is_undefined(value), undefined=functions.is_undefined)
        self.globals.update(omit=OMIT, lookup=functions.lookup, query=functions.query, q=functions.query)

    @property
    def lexer(self) -> Lexer:
        return KeepingLexer(self) if self.escapes else super().lexer

    def getitem(self, obj: Any, argument: Any) -> Any:
        """`obj[argument]`; a host chooses among items, never among attributes."""
        try:
            if not is_foreign(argument):
                return super().getitem(obj, argument)
            item = obj[argument]
        except TemplateError as error:
            return defer(error)
        except (LookupError, TypeError, AttributeError):
            return self.undefined(obj=obj, name=argument)
        # Of characters that a host picks any text could be made.
        return mark(item) if isinstance(obj, str) else choose(item)

    def cut(self, obj: Any, *bounds: Any) -> Any:
        """`obj[start:stop:step]`; what a host's numbers cut out of a text is a host's as a
        whole."""
        piece = obj[slice(*bounds)]
        if not is_foreign(bounds):
            return piece
        return Foreign(str(piece)) if isinstance(piece, str) else choose(piece)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """`obj.attribute`; the parts of a host's number, such as `n.real`, are a host's too."""
        try:
            value = super().getattr(obj, attribute)
        except TemplateError as error:
            return defer(error)
        is_number = isinstance(obj, (ForeignInt, ForeignFloat)) and isinstance(value, (int, float))
        return stamp(value, weigh(obj)) if is_number else value

    def call(self, context: Context, function: Any, /, *args: Any, **options: Any) -> Any:
        """What a call in a template yields; a string's method and a macro keep the
        mark of a host's text."""
        args = tuple(map(as_list, args))
        name, arguments = getattr(function, "__name__", ""), [*args, *options.values()]
        owner = _owner(function)
        check_counts(name, arguments)
        if isinstance(owner, str) and name in ("format", "format_map"):
            check_widths(owner, [*arguments, *arguments[0].values()] if name == "format_map" else arguments)
        result = as_list(super().call(context, function, *args, **options))
        if type(result) is str and isinstance(owner, str):
            if name in ("format", "format_map"):
                return insert(owner, args, options, result) if name == "format" else insert(owner, (), args[0], result)
            if name == "join":
                return join_by(owner, args[0])
        return self._keep_mark(function, owner, arguments, result)

    def _keep_mark(self, function: Any, owner: Any, arguments: list[Any], result: Any) -> Any:
        """What a call yields with the mark of what it was given, and of the text or number whose
        method it is."""
        if isinstance(owner, (str, int, float)) or isinstance(function, Macro):
            return stamp(result, weigh([owner, *arguments]))
        if isinstance(result, range):
            return [stamp(number, weigh(arguments)) for number in result] if is_foreign(arguments) else result
        picks = isinstance(owner, (Mapping, Sequence)) and is_foreign(arguments)
        return choose(result) if picks else result

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """`'%s' % (a, b)`, `(a | e) + b` and `1.5 * n`, where the value itself
        cannot see to the mark."""
        if operator == "%" and isinstance(left, str):
            return interpolate(left, plain(right))
        if operator == "*":
            check_repetition(left, right)
        result = super().call_binop(context, operator, left, right)
        is_bare = isinstance(result, (str, int, float)) and not isinstance(result, (Foreign, ForeignInt, ForeignFloat))
        return stamp(result, weigh([left, right])) if is_bare else result

    def join_texts(self, parts: Iterable[Any]) -> str:
        """The operands of `~` as one text."""
        return join(map(as_text, parts))

    def _load_template(self, name: str, globals: Any) -> Template:  # noqa: A002 (Jinja's name)
        """The template that another one includes, imports or extends; a host chooses none but by a
        part of its name."""
        refuse_name(name, "the template")
        template = super()._load_template(name, globals)
        if isinstance(self.loader, FileSystemLoader) and template.filename:
            check_place(name, Path(template.filename), map(Path, self.loader.searchpath), None)
        return template

    def parse_expression(self, text: str) -> nodes.Template:
        """A bare expression as the template that yields it."""
        with limits():
            parser = Parser(self, text, state="variable")
            expression = parser.parse_expression()
        if not parser.stream.eos:
            raise TemplateSyntaxError("text after the end of the expression", parser.stream.current.lineno)
        tree = nodes.Template([nodes.Output([expression], lineno=1)], lineno=1)
        tree.set_environment(self)
        return tree

    def parse(self, *args: Any, **options: Any) -> nodes.Template:
        """The tree of a template; TemplateSyntaxError where it nests too deeply too."""
        with limits():
            return super().parse(*args, **options)

    def compile(self, *args: Any, **options: Any) -> Any:
        """The code of a template, likewise."""
        with limits():
            return super().compile(*args, **options)

    def check_compiles(self, tree: nodes.Template) -> None:
        """Refuse a tree that Python cannot compile: only one that nests deeply is tried, since that
        takes its time."""
        if depth(tree) > DEEP:
            self.compile(tree)

    def searching(self, directories: Iterable[Path], options: Mapping[str, Any]) -> Environment:
        """The same environment for template files, which include others from these directories."""
        return self.overlay(loader=FileSystemLoader([str(path) for path in directories]), **options)

    def run(self, template: Template, variables: Mapping[str, Any], extra: Mapping[str, Any]) -> Any:
        """What the template yields, as plain data."""
        scope: Any = Scope(variables)
        context = template.new_context(scope, locals=extra)
        result = self.concat(template.root_render_func(context))
        return finalize(result) if isinstance(result, Undefined) else result

    def read(self, text: str, *names: str) -> tuple[Environment, nodes.Template]:
        """The tree of a template, and the environment that its `#jinja2:` line asks for; `names`
        are parse's."""
        if not overrides.has_header(text):
            return self, self.parse(text, *names)
        rest, settings = overrides.read(text, self)
        own = self.overlay(**settings)
        try:
            tree = own.parse(rest, *names)
        except TemplateSyntaxError as error:
            error.lineno += 1
            raise
        for node in tree.find_all(nodes.Node):
            node.lineno += 1
        return own, tree

    def load_text(self, source: str, path: Path) -> Template:
        """The template that a file's text is; its errors name the file."""
        own, tree = self.read(source, path.name, str(path))
        code = own.compile(tree, path.name, str(path))
        return self.template_class.from_code(own, code, own.make_globals(None))

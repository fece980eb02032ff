"""What templates compute with: values that fail late, contexts that render nothing in advance,
native results."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from jinja2 import StrictUndefined, Undefined, UndefinedError, nodes
from jinja2.compiler import Frame
from jinja2.environment import Template
from jinja2.lexer import Lexer
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context
from jinja2.utils import missing

from mooring.errors import TemplateError, UndefinedVariable
from mooring.source import Text, Unsafe
from mooring.templating.foreign import as_text
from mooring.templating.foreign_kinds import Foreign, ForeignFloat, ForeignInt, join


class _Omit:
    def __repr__(self) -> str:
        return "omit"


OMIT: Final = _Omit()
"""What `{{ omit }}` yields: the key or element that has this value is left out."""

_SCALARS = frozenset((str, Text, Unsafe, Foreign, ForeignInt, ForeignFloat, int, float, bool, type(None)))


class UnknownName(UndefinedError):
    """An undefined variable itself, not something missing in a variable."""


class LateUndefined(StrictUndefined):
    """An undefined value; what is looked up in it is undefined too, so `default` reaches down."""

    __slots__ = ()

    def __init__(self, hint: str | None = None, obj: Any = missing, name: Any = None, exc: Any = None) -> None:
        super().__init__(hint, obj, name, exc or (UnknownName if obj is missing else UndefinedError))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, key: Any) -> Any:
        return self


class Broken(LateUndefined):
    """A variable whose own template fails for another reason; not even `default` saves it."""

    __slots__ = ()


def defer(error: TemplateError) -> LateUndefined:
    """A value that raises the error when it is used: Jinja resolves names that the
    template may never use."""
    kind = LateUndefined if isinstance(error, UndefinedVariable) else Broken
    return kind(hint=error.message, exc=lambda _message: error)


class Scope(Mapping[str, Any]):
    """Variables as templates see them: lazily rendered, errors put off until a value is used."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self.variables = variables
        self._look: Callable[[str], Any] = getattr(variables, "look", variables.__getitem__)

    def __getitem__(self, key: str) -> Any:
        try:
            return self._look(key)
        except TemplateError as error:
            return defer(error)

    def __contains__(self, key: object) -> bool:
        return key in self.variables

    def __iter__(self) -> Iterator[str]:
        return iter(self.variables)

    def __len__(self) -> int:
        return len(self.variables)


class LazyContext(Context):
    """Jinja's context without its copies of all variables, which would render every one of them."""

    def get_all(self) -> Any:
        return ChainMap(self.vars, self.parent) if self.vars else self.parent

    def derived(self, locals: Any = None) -> Context:  # noqa: A002 (Jinja's name)
        layers = [{k: v for k, v in (locals or {}).items() if v is not missing}, self.get_all()]
        context = LazyContext(self.environment, ChainMap(*layers), self.name, {})  # type: ignore[arg-type]
        context.eval_ctx = self.eval_ctx
        context.blocks.update((name, list(blocks)) for name, blocks in self.blocks.items())
        return context


class LazyTemplate(Template):
    def new_context(self, vars: Any = None, shared: bool = False, locals: Any = None) -> Context:  # noqa: A002
        own = {key: value for key, value in (locals or {}).items() if value is not missing}
        layers = [own, {} if vars is None else vars, *([] if shared else [self.globals])]
        parent: Any = ChainMap(*layers)
        return self.environment.context_class(self.environment, parent, self.name, self.blocks, self.globals)


class CodeGenerator(NativeCodeGenerator):
    def _output_const_repr(self, group: Iterable[Any]) -> str:
        return repr(concat(group))

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        """`a ~ b` by our own join, which keeps the mark of a host's text."""
        self.write("environment.join_texts((")
        for operand in node.nodes:
            self.visit(operand, frame)
            self.write(", ")
        self.write("))")

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:
        """`a[b:c]` by our own method too, which sees whose numbers they are."""
        if not isinstance(node.arg, nodes.Slice):
            super().visit_Getitem(node, frame)
            return
        self.write("environment.cut(")
        self.visit(node.node, frame)
        for bound in (node.arg.start, node.arg.stop, node.arg.step):
            self.write(", ")
            self.write("None") if bound is None else self.visit(bound, frame)
        self.write(")")

    def visit_EvalContextModifier(self, node: nodes.EvalContextModifier, frame: Frame) -> None:
        """`autoescape` escapes nothing where values are native; it would only wrap texts,
        without their mark."""


class KeepingLexer(Lexer):
    """Keeps backslashes in the strings of `{{ }}`: YAML has had its turn at them already."""

    def tokeniter(self, *args: Any, **options: Any) -> Iterator[tuple[int, str, str]]:
        inside = False
        for line, token, text in super().tokeniter(*args, **options):
            inside = token == "variable_begin" or (inside and token != "variable_end")
            yield line, token, text.replace("\\", "\\\\") if inside and token == "string" else text


def finalize(value: Any) -> Any:
    """The value as plain Python data; undefined parts raise, omitted ones go."""
    if type(value) in _SCALARS or value is OMIT:
        return value
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {finalize(key): finalize(child) for key, child in value.items() if child is not OMIT}
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [finalize(child) for child in value if child is not OMIT]
    return value


def finalize_output(value: Any) -> Any:
    """What a `{{ }}` yields: plain data. An inline `if` without `else` yields nothing,
    as in Jinja itself."""
    return value if type(value) is Undefined else finalize(value)


def concat(values: Iterable[Any]) -> Any:
    """One value keeps its type, several become text; nothing is None."""
    parts = [value for value in values if value is not None]
    if len(parts) < 2:
        return parts[0] if parts else None
    if any(part is OMIT for part in parts):
        raise TemplateError("omit stands inside a text", hint="it must be the whole value")
    return join(part if isinstance(part, str) else as_text(finalize_output(part)) for part in parts)

"""What a module's or an action's file declares, read without importing it.

A declaration (`ARGS`, `RULES`, `FREE_FORM`, …) is a literal. It may take in what other files
declare: names of this file, `other.NAME` and `NAME` of files that are imported by
`from mooring… import …`, `{**NAME}`, `dict(NAME, …)`, `NAME["key"]`, and `NAME.update(…)` below it.
"""

from __future__ import annotations

import ast
import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mooring.errors import ArgumentError, Where
from mooring.python_syntax import parse_module

ROOT = Path(__file__).parents[2]


class Declarations:
    """The constants of one file by their names; each is read when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._steps: dict[str, list[ast.expr]] = {}
        self._imports: dict[str, tuple[str, str]] = {}
        for node in parse_module(path.read_bytes(), str(path)).body:
            self._note(node)

    def __contains__(self, name: str) -> bool:
        return name in self._steps or name in self._imports

    def get(self, name: str, default: Any = None) -> Any:
        """The value that the file gives a name; ArgumentError where it is not a declaration."""
        return self._value(ast.Name(name, ast.Load())) if name in self else default

    def _note(self, node: ast.stmt) -> None:
        """Keep what a statement says of a name."""
        if isinstance(node, ast.ImportFrom) and node.module:
            self._imports.update({alias.asname or alias.name: (node.module, alias.name) for alias in node.names})
        elif isinstance(node, ast.Assign):
            pairs = [(node.targets[0], node.value)]
            if isinstance(pairs[0][0], ast.Tuple) and isinstance(pairs[0][1], ast.Tuple):
                pairs = list(zip(pairs[0][0].elts, pairs[0][1].elts, strict=False))
            self._steps.update({name.id: [value] for name, value in pairs if isinstance(name, ast.Name)})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value:
            self._steps[node.target.id] = [node.value]
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            call = node.value.func
            if isinstance(call, ast.Attribute) and call.attr == "update" and isinstance(call.value, ast.Name):
                self._steps.setdefault(call.value.id, []).extend(node.value.args)

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Name(name) if name in self._steps:
                first, *more = (self._value(step) for step in self._steps[name])
                return {**first, **{key: value for layer in more for key, value in layer.items()}} if more else first
            case ast.Name(name) if name in self._imports:
                module, inner = self._imports[name]
                return declarations_of(_file(module)).get(inner)
            case ast.Attribute(ast.Name(name), inner) if name in self._imports:
                return declarations_of(_file(".".join(self._imports[name]))).get(inner)
            case ast.Subscript(value, key):
                return self._value(value)[self._value(key)]
            case ast.Dict(keys, values):
                return dict(self._pairs(keys, values))
            case ast.Call(ast.Name("dict"), positional, keywords):
                layers = [self._value(argument) for argument in positional]
                names = [ast.Constant(keyword.arg) if keyword.arg else None for keyword in keywords]
                return dict(*layers, **dict(self._pairs(names, [keyword.value for keyword in keywords])))
            case ast.List(elements):
                return [self._value(element) for element in elements]
            case ast.Tuple(elements):
                return tuple(self._value(element) for element in elements)
        try:
            return ast.literal_eval(node)
        except ValueError:
            place = Where(str(self._path), getattr(node, "lineno", 0), getattr(node, "col_offset", -1) + 1)
            hint = "CONTRIBUTING.md says what may stand there"
            raise ArgumentError("a declaration must be a literal, or name others", place, hint) from None

    def _pairs(self, keys: Any, values: list[ast.expr]) -> Iterator[tuple[Any, Any]]:
        """The pairs of a mapping; those without a key are mappings that are taken in."""
        for key, value in zip(keys, values, strict=True):
            if key is None:
                yield from self._value(value).items()
            else:
                yield self._value(key), self._value(value)


@functools.cache
def declarations_of(path: Path) -> Declarations:
    """The declarations of a file, read once."""
    return Declarations(path)


def _file(module: str) -> Path:
    return ROOT.joinpath(*module.split(".")).with_suffix(".py")

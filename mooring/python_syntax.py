"""Python's own syntax, parsed by one thread at a time.

CPython 3.11 counts the depth of its trees for all threads together: with two of them at it, one may
end with `SystemError: AST constructor recursion depth mismatch` (python/cpython#106905).
"""

from __future__ import annotations

import ast
import threading
from typing import Any

_LOCK = threading.Lock()


def parse_module(text: bytes, name: str) -> ast.Module:
    """The tree of a file; SyntaxError where it is none."""
    with _LOCK:
        return ast.parse(text, name)


def parse_literal(text: str) -> Any:
    """The value of a literal; ValueError, SyntaxError, TypeError, MemoryError or RecursionError
    where it is none."""
    with _LOCK:
        return ast.literal_eval(text)

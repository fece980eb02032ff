"""How deeply a template may nest: as deeply as Jinja and Python can go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jinja2 import TemplateSyntaxError, nodes

# Python allows 20 nested loops; an ordinary template has fewer levels of anything than this.
DEEP = 15


@contextmanager
def limits() -> Iterator[None]:
    """Jinja and Python go down with every bracket, operator and block: what nests too deeply is a
    syntax error."""
    try:
        yield
    except (RecursionError, MemoryError):
        raise TemplateSyntaxError("it nests too deeply", 1) from None
    except SyntaxError as error:
        raise TemplateSyntaxError(f"Python cannot compile it: {error.msg}", 1) from None


def depth(tree: nodes.Node) -> int:
    """How deeply the tree nests."""
    levels, level = 0, [tree]
    while level:
        level = [child for node in level for child in node.iter_child_nodes()]
        levels += 1
    return levels

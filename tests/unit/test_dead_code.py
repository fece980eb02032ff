"""Nothing in mooring/ is there for the tests alone: what is defined there is used by the
product."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PLACES = ("mooring", "lab", "tests/hosts", "docs", "bench")
FILES = sorted([*(path for place in PLACES for path in (ROOT / place).rglob("*.py")), ROOT / "tasks.py"])
FILES.append(ROOT / "tests" / "tasks.py")
# What others call: pytest and its fixtures, testinfra, Jinja2 and the code that it generates,
# Invoke, paramiko, Python's importer and sockets, and the host, which starts a transaction.
CALLED_BY_OTHERS = {
    "pytest_configure", "pytest_generate_tests", "pytest_collection_finish", "pytest_collectreport",
    "pytest_internalerror", "pytest_runtest_makereport", "pytest_runtest_setup", "host", "server_addresses", "trial",
    "get_encoding",
    "derived", "_output_const_repr", "visit_Concat", "visit_EvalContextModifier", "join_texts",
    "parse_core", "parse_cleanup", "print_help", "update_config", "main",
    "_log",
    "load_module", "find_spec", "create_module", "makefile", "readinto",
    "at_boot",
}  # fmt: skip
DECLARED = frozenset({
    "ARGS", "RULES", "FREE_FORM", "READ_ONLY", "FACTS", "ALWAYS", "INCLUDES", "SILENT", "MEETS", "OPEN",
    "check", "current", "wanted", "apply", "prepare", "returns", "diff", "run", "predict",
})  # fmt: skip
# The registry's client for the copy of images and the care of what it holds, which come next.
SOON_USED = {"fetch_manifest", "catalog", "tags"}


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


@cache
def trees() -> dict[str, ast.Module]:
    return {module_of(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


@cache
def list_imported() -> set[tuple[str, str]]:
    """(module, name) of everything that one file takes from another."""
    imported = set()
    for tree in trees().values():
        modules: dict[str, str] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    if whole in trees():
                        modules[alias.asname or alias.name] = whole
                    imported.add((node.module, alias.name))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in modules:
                imported.add((modules[node.value.id], node.attr))
    return imported


def list_declared(module: str) -> frozenset[str]:
    """What is found by its name in a file that is found by its own: in a module, in an action."""
    return DECLARED if module.startswith(("mooring.agent.modules.", "mooring.actions.")) else frozenset()


def defined(statement: ast.stmt) -> list[str]:
    if isinstance(statement, (ast.FunctionDef, ast.ClassDef)):
        return [statement.name]
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", statement)]
    return [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]


def read_in(node: ast.AST) -> Counter[str]:
    """The names that are read there, with texts, by which some things are found."""
    read: Counter[str] = Counter()
    for inner in ast.walk(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            read[inner.id] += 1
        elif isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            read[inner.value] += 1
    return read


def unused_names() -> Iterator[str]:
    """What stands at the top of a file, and neither that file (but within itself)
    nor another reads."""
    for module, tree in trees().items():
        if module.startswith("mooring"):
            read = read_in(tree)
            for statement in tree.body:
                if isinstance(statement, (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)):
                    own = read_in(statement) if isinstance(statement, (ast.FunctionDef, ast.ClassDef)) else Counter()
                    for name in defined(statement):
                        is_read = read[name] > own[name] or (module, name) in list_imported()
                        if not name.startswith("__") and not is_read and name not in list_declared(module):
                            yield f"{module}.{name}"


def unused_members() -> Iterator[str]:
    """Methods and fields that nobody reads. A class that goes through its own fields reads those
    that somebody sets."""
    read, keywords = set(), set()
    for tree in trees().values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                read.add(node.attr)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                read.add(node.value)
            elif isinstance(node, ast.keyword) and node.arg:
                keywords.add(node.arg)
    for module, tree in trees().items():
        if module.startswith("mooring"):
            for owner in (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)):
                lists_fields = "__dataclass_fields__" in ast.unparse(owner)
                for statement in owner.body:
                    if isinstance(statement, (ast.FunctionDef, ast.AnnAssign)):
                        for name in defined(statement):
                            is_read = name in read or (lists_fields and name in keywords)
                            if not name.startswith("__") and name != "_" and not is_read:
                                yield f"{module}.{owner.name}.{name}"


def test_nothing_is_there_for_tests_alone() -> None:
    names = [*unused_names(), *unused_members()]
    assert len(trees()) > 300
    unused = [name for name in names if name.rpartition(".")[2] not in CALLED_BY_OTHERS | SOON_USED]
    assert not unused, unused


def test_what_others_call_is_there() -> None:
    """The exceptions do not outlive what they are for."""
    own = (tree for module, tree in trees().items() if module.startswith("mooring"))
    functions = {node.name for tree in own for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert functions >= CALLED_BY_OTHERS | SOON_USED

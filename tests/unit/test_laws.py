"""The laws of the house: who may import whom, how long things may get, what the remote
half must respect."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from mooring.playbook import arguments

ROOT = Path(__file__).parents[2]
AGENT = ROOT / "mooring" / "agent"
OWN = (ROOT / "tasks.py", ROOT / "tests" / "tasks.py", ROOT / "tests" / "parts.py")
FILES = sorted([*(ROOT / "mooring").rglob("*.py"), *(ROOT / "lab").rglob("*.py"), *OWN])
NAMES = [str(path.relative_to(ROOT)) for path in FILES]
# Modules of the standard library that exist on one of 2.7
# and 3 only, and that the agent imports under a condition.
OLD_NAMES = {"httplib", "urlparse", "urllib2", "Queue", "StringIO", "ConfigParser", "cookielib", "pipes"}
# The packages and files of mooring/, lowest first: each may
# import those before it, and nothing else.
ORDER = (
    "errors", "mistakes", "results", "records", "deadline", "python_syntax", "invocation", "project", "files", "source",
    "agent", "certificates",
    "templating", "inventory", "playbook", "engines", "transport", "registry", "actions", "run", "fleet",
    "service", "verification", "doctor", "reporters", "cli",
)  # fmt: skip
PACKAGED = [path for path in FILES if path.parts[len(ROOT.parts)] == "mooring" and path.parent != ROOT / "mooring"]
PACKAGED += [path for path in (ROOT / "mooring").glob("*.py") if path.stem != "__init__"]
FIRST_LINE = "from __future__ import absolute_import, division, print_function"
# Names of variables that say nothing of what they hold.
VAGUE = ("one", "found", "each", "told", "given", "asked", "said")


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    """All nodes of the file's tree; most laws go through them."""
    return tuple(ast.walk(parsed(path)))


@cache
def imports(path: Path) -> tuple[str, ...]:
    """Every module that the file imports, as a dotted name."""
    return tuple(imported(path))


def imported(path: Path) -> Iterator[str]:
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def dotted(path: Path) -> str:
    """The name by which a file is imported."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {dotted(path): path for path in PACKAGED}
KNOWN = set(MODULES)


def package_of(name: str) -> str:
    return name.split(".")[1]


def own_imports(path: Path) -> set[str]:
    """The files of mooring/ that a file imports, also for its types alone, and
    also within functions."""
    return {name if name in KNOWN else name.rpartition(".")[0] for name in imports(path)} & KNOWN


def is_inside(path: Path, *places: str) -> bool:
    name = str(path.relative_to(ROOT))
    return any(name == place or name.startswith(place + "/") for place in places)


@pytest.mark.parametrize("path", sorted(AGENT.rglob("*.py")), ids=lambda path: str(path.relative_to(AGENT)))
def test_the_agent_imports_only_the_standard_library_and_itself(path: Path) -> None:
    for name in imports(path):
        top = name.split(".")[0]
        own = name.startswith("mooring.agent")
        assert own or top in sys.stdlib_module_names or top in OLD_NAMES, f"{path} imports {name}"


@pytest.mark.parametrize("path", sorted(AGENT.rglob("*.py")), ids=lambda path: str(path.relative_to(AGENT)))
def test_the_agent_is_ascii_and_begins_as_python_2_needs_it(path: Path) -> None:
    text = path.read_bytes().decode("ascii")
    code = [node for node in ast.parse(text).body if not isinstance(node, ast.Expr)]
    if code:
        assert text.splitlines()[code[0].lineno - 1] == FIRST_LINE


@pytest.mark.parametrize(
    ("library", "rooms"),
    [
        ("paramiko", ["mooring/transport/connection"]),
        ("jinja2", ["mooring/templating/templar.py", "mooring/templating/jinja"]),
        ("rich", ["mooring/reporters/screen.py", "mooring/reporters/live.py", "mooring/reporters/columns.py"]),
        ("invoke", ["mooring/cli", "tasks.py", "lab/tasks.py", "tests/tasks.py"]),
        ("pytest", ["mooring/verification"]),
        ("testinfra", ["mooring/verification"]),
    ],
)
def test_a_library_has_its_room(library: str, rooms: list[str]) -> None:
    for path in FILES:
        if not is_inside(path, *rooms):
            assert not any(f"{name}.".startswith(f"{library}.") for name in imports(path)), f"{path} imports {library}"


def test_no_import_runs_back_up() -> None:
    """Each package imports only those that stand before it in the order; files import each
    other in no circle."""
    floors = {name: number for number, name in enumerate(ORDER)}
    assert set(floors) == {path.stem for path in (ROOT / "mooring").iterdir() if path.name[0] not in "._"}
    for path in PACKAGED:
        own = floors[package_of(dotted(path))]
        above = {name for name in own_imports(path) if floors[package_of(name)] > own}
        assert not above, f"{path} imports {above}"


def test_the_page_of_the_layout_has_the_same_order() -> None:
    page = (ROOT / "docs" / "how-it-works.md").read_text(encoding="utf-8")
    table = page.partition("| package | holds |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == list(ORDER)
    paths = re.findall(r"(?:├|└) (\w+/(?:\w+\.py)?) ", page)
    assert len(paths) > 8
    assert all((ROOT / "mooring" / path).exists() for path in paths), paths


def test_files_import_each_other_in_no_circle() -> None:
    waiting = {dotted(path): own_imports(path) - {dotted(path)} for path in PACKAGED}
    while ready := {name for name, needs in waiting.items() if not needs & waiting.keys()}:
        waiting = {name: needs for name, needs in waiting.items() if name not in ready}
    assert not waiting, f"in circles, or above one: {sorted(waiting)}"


def test_nothing_below_the_run_imports_by_a_name_that_it_computes() -> None:
    """Such an import is one that no law sees. The agent, which imports the module it is asked for,
    is no part of it."""
    above = {"agent", *ORDER[ORDER.index("run") :]}
    for path in PACKAGED:
        if package_of(dotted(path)) not in above:
            assert not any(name.split(".")[0] in ("importlib", "pkgutil", "runpy") for name in imports(path)), path
            assert "__import__" not in path.read_text(encoding="utf-8"), path


@pytest.mark.parametrize(
    "path", [path for path in PACKAGED if package_of(dotted(path)) in ("playbook", "run")], ids=str
)
def test_no_action_is_known_by_its_name(path: Path) -> None:
    """What is special about an action stands in its file: it declares it, or returns an effect."""
    for node in nodes(path):
        operands = [node.left, *node.comparators] if isinstance(node, ast.Compare) else []
        words = {word.value for part in operands for word in ast.walk(part) if isinstance(word, ast.Constant)}
        assert not words & (arguments.known_names() - {"file"}), f"{path}:{node.lineno}"


def test_nobody_but_the_run_makes_what_a_run_is_made_of() -> None:
    """Whoever only looks at a fleet takes a PlayScope, and its connections from their one owner."""
    for path in PACKAGED:
        calls = [node for node in nodes(path) if isinstance(node, ast.Call)]
        made, name = {getattr(call.func, "id", "") for call in calls}, dotted(path)
        assert not made & {"PlayRun", "HostState"} or name == "mooring.run.runner", f"{path} forges a run"
        if package_of(name) not in ("agent", "run", "transport"):
            assert "Session" not in made or name == "mooring.fleet.connections", f"{path} opens a connection of its own"


def test_reporters_take_values() -> None:
    """They know what was found by the records of the ground, and nothing that finds it;
    nor do the records."""
    # A certificate is read where it is shown: in a diff its text is all that there is.
    ground = {"errors", "results", "records", "certificates"}
    for path in PACKAGED:
        own = package_of(dotted(path))
        if own in ("records", "reporters"):
            others = {package_of(name) for name in own_imports(path)} - {own}
            assert others <= ground, f"{path} imports {others - ground}"


def test_docker_hub_is_named_in_one_place() -> None:
    """Its name is told by records/hub.py; the agent, which takes nothing from above, has it in what
    it cuts off."""
    for path in PACKAGED:
        if package_of(dotted(path)) != "agent" and dotted(path) != "mooring.records.hub":
            texts = {node.value for node in ast.walk(parsed(path)) if isinstance(node, ast.Constant)}
            assert not texts & {"docker.io", "index.docker.io", "registry-1.docker.io"}, path


def test_only_reporters_print() -> None:
    for path in FILES:
        if is_inside(path, "mooring") and not is_inside(path, "mooring/reporters"):
            calls = [node for node in nodes(path) if isinstance(node, ast.Call)]
            assert not any(getattr(call.func, "id", "") == "print" for call in calls), f"{path} prints"


@pytest.mark.parametrize("path", sorted((ROOT / "mooring" / "engines").rglob("*.py")), ids=str)
def test_what_a_configuration_means_is_told_without_input_or_output(path: Path) -> None:
    acting = {"os", "sys", "io", "subprocess", "socket", "pathlib", "shutil", "tempfile", "glob", "time"}
    parsers = ("tomlkit", "yaml")
    for name in imports(path):
        top = name.split(".")[0]
        own = name.startswith(("mooring.engines", "mooring.errors", "mooring.records", *parsers))
        assert own or top in sys.stdlib_module_names, f"{path} imports {name}"
        assert top not in acting, f"{path} imports {name}"
    calls = [node for node in nodes(path) if isinstance(node, ast.Call)]
    assert not {getattr(call.func, "id", "") for call in calls} & {"open", "print", "input", "exec", "eval"}


def test_actions_and_modules_have_disjoint_names_but_where_one_ends_in_the_other() -> None:
    actions = {path.stem for path in (ROOT / "mooring" / "actions").glob("*.py")} - {"__init__"}
    modules = {path.stem for path in (AGENT / "modules").glob("*.py")} - {"__init__"}
    for name in actions & modules:
        text = (ROOT / "mooring" / "actions" / f"{name}.py").read_text()
        assert f'call.module("{name}"' in text


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_sizes(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250, f"{path} is too long"
    for node in nodes(path):
        if isinstance(node, ast.FunctionDef):
            assert node.end_lineno - node.lineno < 40, f"{path}:{node.lineno} {node.name} is too long"
            count = len(node.args.args) + len(node.args.kwonlyargs)
            own = count - (node.args.args[:1] != [] and node.args.args[0].arg in ("self", "cls"))
            assert own <= 6, f"{path}:{node.lineno} {node.name} takes {own} parameters"


def dataclass_of(node: ast.ClassDef) -> str | None:
    """The decorator that makes a dataclass of the class, as text."""
    return next(
        (text for decorator in node.decorator_list if (text := ast.unparse(decorator)).startswith("dataclass")), None
    )


def read_fields(node: ast.ClassDef, is_keyword: bool) -> Iterator[tuple[str, bool]]:
    """What a dataclass's constructor takes: each field's annotation, and whether it is given by
    keyword alone."""
    for field in node.body:
        if isinstance(field, ast.AnnAssign):
            kind, value = ast.unparse(field.annotation), ast.unparse(field.value) if field.value else ""
            if kind == "KW_ONLY":
                is_keyword = True
            elif "init=False" not in value and not kind.startswith("ClassVar"):
                yield kind, is_keyword or "kw_only=True" in value


def is_value(node: ast.ClassDef) -> bool:
    """Whether objects of the class never change."""
    bases = {ast.unparse(base) for base in node.bases}
    return "frozen=True" in (dataclass_of(node) or "") or bool(bases & {"Enum", "NamedTuple"})


def classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    for path in PACKAGED:
        if package_of(dotted(path)) != "agent":
            trees = nodes(path)
            yield from ((path, node) for node in trees if isinstance(node, ast.ClassDef))


@cache
def bindings(module: str) -> dict[str, str | ast.expr]:
    """What names mean in a file: the qualified name of a class or of what is imported, or the value
    given to them."""
    meanings: dict[str, str | ast.expr] = {}
    for node in nodes(MODULES[module]):
        if isinstance(node, ast.ClassDef):
            meanings[node.name] = f"{module}.{node.name}"
        elif isinstance(node, ast.ImportFrom):
            meanings |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in parsed(MODULES[module]).body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            meanings[node.targets[0].id] = node.value
    return meanings


def resolve(module: str, annotation: ast.expr) -> set[str]:
    """The qualified names in an annotation, each where it is defined, and those that
    an alias stands for."""
    names: set[str] = set()
    for node in ast.walk(annotation):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            names |= resolve(module, ast.parse(node.value, mode="eval").body)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            place = bindings(module).get(node.value.id)
            names |= follow(place, node.attr) if isinstance(place, str) else set()
        elif isinstance(node, ast.Name):
            names |= follow(module, node.id)
    return names


def follow(module: str, name: str) -> set[str]:
    """The qualified names that a name of a file stands for: through what a package hands on, and
    through aliases."""
    meaning = bindings(module).get(name, name) if module in MODULES else f"{module}.{name}"
    if isinstance(meaning, ast.expr):
        return resolve(module, meaning)
    place, _, last = meaning.rpartition(".")
    return {meaning} if place == module or place not in MODULES else follow(place, last)


@pytest.mark.parametrize(
    ("module", "annotation", "names"),
    [
        ("mooring.cli.provision", "RunOptions | None", {"mooring.transport.connection.settings.RunOptions"}),
        ("mooring.engines.explanation", "list[Effective]", {"list", "mooring.engines.docker.effective.Effective"}),
        ("mooring.engines.plan.wanted", "'Registry'", {"mooring.engines.plan.wanted.Registry"}),
        ("mooring.fleet.checkup", "explanation.Explanation", {"mooring.engines.explanation.Explanation"}),
    ],
)
def test_a_class_is_known_by_where_it_is_defined(module: str, annotation: str, names: set[str]) -> None:
    assert resolve(module, ast.parse(annotation, mode="eval").body) >= names


def test_an_alias_of_what_is_called_is_no_plain_value() -> None:
    assert "collections.abc.Callable" in resolve("mooring.playbook.playbook", ast.parse("Checker", mode="eval").body)


@cache
def list_changing() -> frozenset[str]:
    """The classes whose objects change, and the records that hold one of these, however deep."""
    changing = {f"{dotted(path)}.{node.name}" for path, node in classes() if not is_value(node)}
    changing |= {"collections.abc.Callable"}
    held = {f"{dotted(path)}.{node.name}": list_field_types(path, node) for path, node in classes()}
    while more := {name for name, kinds in held.items() if kinds & changing} - changing:
        changing |= more
    return frozenset(changing)


def list_field_types(path: Path, node: ast.ClassDef) -> set[str]:
    """The qualified names of what a dataclass's constructor takes."""
    made = dataclass_of(node)
    kinds = [kind for kind, _ in read_fields(node, "kw_only=True" in made)] if made else []
    return {name for kind in kinds for name in resolve(dotted(path), ast.parse(kind, mode="eval").body)}


# A play is what its files say, and the context in which files are found and read on.
HOLDS_ITS_CONTEXT = {"mooring.playbook.playbook.Play": {"mooring.playbook.tasks.Context"}}


def test_constructors_are_no_way_around_the_number_of_parameters() -> None:
    """Six, as of every function; a frozen record of plain values may have more where they
    are given by keyword.

    What is no plain value: something that is called, an object of ours that changes, and a record
    that holds such.
    """
    changing = list_changing()
    for path, node in classes():
        made = dataclass_of(node)
        fields = list(read_fields(node, "kw_only=True" in made)) if made else []
        if len(fields) > 6:
            place = f"{path}:{node.lineno} {node.name}"
            assert "frozen=True" in (made or ""), f"{place} takes {len(fields)} values, and changes"
            assert sum(not is_keyword for _, is_keyword in fields) <= 6, f"{place} takes too many values by position"
            taken = list_field_types(path, node) & changing
            taken -= HOLDS_ITS_CONTEXT.get(f"{dotted(path)}.{node.name}", set())
            assert not taken, f"{place} takes collaborators: {taken}"


def test_broad_excepts_stand_in_two_places_only() -> None:
    broad = []
    for path in FILES:
        for node in nodes(path):
            if isinstance(node, ast.ExceptHandler):
                names = [getattr(kind, "id", "") for kind in getattr(node.type, "elts", [node.type])]
                if node.type is None or "Exception" in names:
                    broad.append(str(path.relative_to(ROOT)))
    assert set(broad) == {"mooring/agent/loop.py", "mooring/run/runner.py"}


def test_remedies_name_the_command_as_the_operator_calls_it() -> None:
    """`./invoke` or `invoke`: one function knows; docstrings are for who reads the code."""
    command = re.compile(r"(?:^|[`\s])(?:\./)?invoke [a-z]")
    for path in [*(ROOT / "mooring").rglob("*.py"), *(ROOT / "tests" / "hosts").glob("*.py")]:
        if path.name in ("invocation.py", "completion.py", "starter.py"):  # the last: files, for a shell and a project
            continue
        apart = {node.value for node in nodes(path) if isinstance(node, ast.Expr)}
        texts = [node for node in nodes(path) if isinstance(node, ast.Constant) and node not in apart]
        wrong = [text.value for text in texts if isinstance(text.value, str) and command.search(text.value)]
        assert not wrong, f"{path}: {wrong}"


@pytest.mark.parametrize("top", ["mooring", "lab", "tests", "bench", "docs"])
def test_variables_are_called_by_what_they_hold(top: str) -> None:
    places = [
        f"{path.relative_to(ROOT)}:{node.lineno} {name}"
        for path in (ROOT / top).rglob("*.py")
        for node in nodes(path)
        if (name := bound_by(node)) in VAGUE
    ]
    assert not places, "\n".join(places)


def bound_by(node: ast.AST) -> str:
    """The variable or parameter that the node gives a value, or ""."""
    if isinstance(node, ast.arg):
        return node.arg
    return node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else ""


def test_nothing_is_left_open() -> None:
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    left = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
    for name in names:
        path = ROOT / name
        if path.suffix in (".py", ".yml", ".md", ".j2", ".sh") and path.exists():
            assert not left.search(path.read_text(encoding="utf-8")), f"{name} leaves something open"


def test_every_module_has_data_cases() -> None:
    modules = {path.stem for path in (AGENT / "modules").glob("*.py")} - {"__init__"}
    without = {name for name in modules if not list((ROOT / "tests" / "modules" / name).glob("*.yml"))}
    assert not without


def overlong_lines(page: str) -> Iterator[int]:
    """The numbers of a Markdown page's lines of prose beyond 100 characters, targets
    of links left out."""
    is_code = False
    for number, line in enumerate(page.splitlines(), 1):
        is_code ^= line.lstrip().startswith("```")
        is_prose = not is_code and line.lstrip()[:1] != "|" and not line.startswith("    ")
        if is_prose and len(re.sub(r"\]\([^)\s]+\)", "]", line)) > 100:
            yield number


def test_lines_of_prose_have_up_to_100_characters() -> None:
    """Tables, code and links cannot be broken; whatever else a person reads has lines that fit."""
    pages = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    overlong = {name: list(overlong_lines((ROOT / name).read_text(encoding="utf-8"))) for name in pages.split()}
    assert len(overlong) > 20
    assert not {name: numbers for name, numbers in overlong.items() if numbers}
    long = "word " * 21
    page = f"{long}\n| {long}|\n```\n{long}\n```\n    {long}\n[x]({'y' * 120})\n* {long}\n"
    assert list(overlong_lines(page)) == [1, 8]


def overlong_comments(text: str) -> Iterator[int]:
    """The numbers of a Python file's lines that are comments and have more than 100 characters."""
    if not any(len(line) > 100 and line.lstrip().startswith("#") for line in text.splitlines()):
        return  # most files: reading them token by token takes a hundred times as long
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT and token.line.lstrip().startswith("#") and token.end[1] > 100:
            yield token.start[0]


def test_lines_of_comments_have_up_to_100_characters() -> None:
    """A comment behind code ends with the code's line, which ruff measures."""
    paths = [path for folder in ("mooring", "lab", "tests", "docs") for path in (ROOT / folder).rglob("*.py")]
    places = {str(path): numbers for path in paths if (numbers := [*overlong_comments(path.read_text("utf-8"))])}
    assert len(paths) > 500
    assert not places
    long = "word " * 20
    assert list(overlong_comments(f'# {long}\nx = """\n# {long}\n"""  # {long}\n    # {long[:90]}\n')) == [1]


def overlong_docstrings(path: Path) -> Iterator[int]:
    """The numbers of a Python file's lines that belong to a docstring and have more
    than 100 characters."""
    lines = path.read_text("utf-8").splitlines()
    for node in nodes(path):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            yield from (at for at in range(node.lineno, (node.end_lineno or 0) + 1) if len(lines[at - 1]) > 100)


def test_lines_of_docstrings_have_up_to_100_characters(tmp_path: Path) -> None:
    folders = ("mooring", "lab", "tests", "docs", "bench")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    places = {str(path): numbers for path in paths if (numbers := [*overlong_docstrings(path)])}
    assert not places
    example = tmp_path / "example.py"
    long = "word " * 20
    example.write_text(f'"""{long}"""\nx = """{long}"""\n"""{long[:90]}\n\n{long} word\n"""\n')
    assert list(overlong_docstrings(example)) == [1, 5]


def test_no_test_file_imports_from_another_one() -> None:
    """What several need, drills too, stands in a file of its own, mostly in tests/support/."""
    borrowed = {
        f"{path.relative_to(ROOT)}: {name}"
        for path in (ROOT / "tests").rglob("*.py")
        if re.search(r"^\s*(?:from|import)\b.*\btest_", path.read_text(encoding="utf-8"), re.MULTILINE)
        for name in imports(path)
        if re.search(r"\btest_\w+\.", name)
    }
    assert not borrowed

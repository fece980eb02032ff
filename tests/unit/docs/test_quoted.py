"""What the documents quote exists: commands, options, paths and links."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from invoke import Collection

from mooring.cli.program import TaskProgram

TOP = Path(__file__).parents[3]
# Options of other programs, and those that are quoted because Mooring refuses them.
FOREIGN_OPTIONS = {
    "--add-registry": "Red Hat's dockerd",
    "--block-registry": "Red Hat's dockerd",
    "--dry": "Invoke's, refused",
    "--echo": "Invoke's, refused",
    "---": "the first line of a log, no option",
    "--privileged": "docker run's",
    "--host": "an inventory script's",
    "--signature-verification": "Red Hat's dockerd",
    "--upgrade": "uv's",
    "--validate": "dockerd's",
}
# Paths that are not in the repository, with the reason.
FOREIGN_PATHS = {
    "files/images/*.tar": "made by the lab, kept out of git",
    "mooring/agent/modules/hostname.py": "the example of a new module",
    "tests/modules/hostname/states.yml": "the example of a new module",
    "tests/hosts/test_time.py": "the example of a check in the operator's directory",
    ".md": "an ending",
}
COMMAND = re.compile(r"(?:^|[\s`(])(?:\./|/path/to/mooring/)?invoke( [^`#;|&…)\n]*)?")
SPAN = re.compile(r"`([^`\n]+)`")


@cache
def tracked() -> frozenset[str]:
    """Every file and directory of the repository, relative to its top."""
    names = subprocess.run(["git", "ls-files"], cwd=TOP, capture_output=True, text=True, check=True).stdout.split("\n")
    files = {name for name in names if name and (TOP / name).exists()}
    return frozenset(files | {str(parent) for name in files for parent in Path(name).parents})


def pages() -> list[Path]:
    names = [name for name in tracked() if name.endswith(".md") and not name.startswith(("tests/", "roles/"))]
    return [TOP / name for name in sorted(names)]


def of_every_page(function: object) -> object:
    return pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(TOP)))(function)


@cache
def options() -> dict[str, frozenset[str]]:
    """The options of each task; those before all tasks under ""."""
    program = TaskProgram("invoke")
    program.create_config()
    program.parse_core(["invoke", "--search-root", str(TOP)])
    program.load_collection()
    assert isinstance(program.collection, Collection)
    contexts = program._make_parser().contexts
    return {str(name): frozenset(contexts[name].flag_names()) for name in contexts} | {
        "": frozenset(program.initial_context.flag_names())
    }


def commands(text: str) -> Iterator[list[str]]:
    """The words after each `./invoke` that is quoted in code, up to what explains it."""
    fence, plain = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL), re.compile(r"^    .*$", re.MULTILINE)
    rest = fence.sub("", text)
    for code in (*fence.findall(text), *plain.findall(rest), *SPAN.findall(rest)):
        for line in code.splitlines():
            for match in COMMAND.finditer(line):
                yield re.split(r" {2,}", match[1] or "")[0].split()


def mistake(words: list[str]) -> str:
    """What of a command line does not exist, or ""."""
    task = ""
    for word in words:
        name = word.strip("\"'[],.").partition("=")[0]
        if name.startswith("-") and name not in options()[task]:
            return f"{task or 'invoke'} has no {name}"
        if not task and not name.startswith("-") and name not in options():
            is_placeholder = name.isupper() or words[0] in ("--list", "--print-completion-script")
            return "" if is_placeholder else f"there is no task {name}"
        if not task and name in options():
            task = name
    return ""


def missing_path(span: str, page: Path) -> bool:
    """Whether a quotation means a path of this repository that is not there."""
    if not re.fullmatch(r"[\w.*-]+(?:/[\w.*-]+)*/?", span) or span in FOREIGN_PATHS:
        return False
    first = span.partition("/")[0]
    near = [TOP, page.parent, TOP / "mooring", TOP / "mooring" / "agent"]
    if "/" in span:
        if not any(str((place / first).relative_to(TOP)) in tracked() for place in near):
            return False
    elif not span.endswith((".py", ".md")):
        return False
    pattern = re.sub(r"(?<![A-Za-z])[A-Z]{2,}(?=[/.]|$)", "*", span.rstrip("/"))
    places = near if "/" in span else [TOP / "**"]
    hits = [hit for place in places for hit in TOP.glob(str((place / pattern).relative_to(TOP)))]
    return not any(str(hit.relative_to(TOP)) in tracked() for hit in hits)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


@of_every_page
def test_quoted_commands_exist(page: Path) -> None:
    mistakes = [mistake(words) for words in commands(page.read_text(encoding="utf-8"))]
    assert not [text for text in mistakes if text]


@of_every_page
def test_quoted_options_exist(page: Path) -> None:
    known = frozenset().union(*options().values()) | FOREIGN_OPTIONS.keys()
    spans = [span for span in SPAN.findall(page.read_text(encoding="utf-8")) if span.startswith("--")]
    assert not {span for span in spans if re.split(r"[ =]", span)[0] not in known}


@of_every_page
def test_quoted_paths_exist(page: Path) -> None:
    spans = SPAN.findall(page.read_text(encoding="utf-8"))
    assert not {span for span in spans if missing_path(span, page)}


@of_every_page
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            other = (page.parent / path).resolve() if path else page
            assert other.exists(), target
            assert not anchor or anchor in anchors(other), target


def test_the_changelog_has_each_entry_once() -> None:
    """It is merged by union, which keeps both sides of a line that was wrapped anew."""
    entries = re.split(r"^\* ", (TOP / "CHANGELOG.md").read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    beginnings = [" ".join(entry.split())[:60] for entry in entries]
    assert len(entries) > 50
    assert not {text for text in beginnings if beginnings.count(text) > 1}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`./invoke provison-server`", "there is no task provison-server"),
        ("`invoke verify --resume`", "verify has no --resume"),
        ("```console\n$ ./invoke provision-server && ./invoke verfy\n```\n", "there is no task verfy"),
        ("    ./invoke test --unit   only the units\n", ""),
        ("`./invoke --help TASK`", ""),
        ("`./invoke --dry`", "invoke has no --dry"),
        ("`./invoke play name.yml -C --diff`", ""),
    ],
)
def test_a_wrong_command_is_seen(text: str, expected: str) -> None:
    assert next(filter(None, map(mistake, commands(text))), "") == expected


@pytest.mark.parametrize(
    ("span", "is_missing"),
    [
        ("mooring/cli/tasks.py", False),
        ("cli/nothing.py", True),
        ("agent/modules/NAME.py", False),
        ("gone.py", True),
        ("/etc/hosts", False),
        ("tests/gone/*.yml", True),
    ],
)
def test_a_wrong_path_is_seen(span: str, is_missing: bool) -> None:
    assert missing_path(span, TOP / "README.md") == is_missing

"""The run as JUnit XML: a suite per play, a test case per task and host, written when the run is over."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from mooring.reporters import wording
from mooring.results import Event, Outcome, PlayStarted, Result, TaskFinished

# What XML 1.0 cannot hold, even escaped.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass
class Suite:
    """One play's results."""

    name: str
    results: list[Result] = field(default_factory=list)


class JUnit:
    """Keeps the results and writes them to `path` on close."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.suites: list[Suite] = []

    def handle(self, event: Event) -> None:
        """Keep a task's result."""
        if isinstance(event, PlayStarted):
            self.suites.append(Suite(event.name))
        elif isinstance(event, TaskFinished):
            if not self.suites:
                self.suites.append(Suite("mooring"))
            self.suites[-1].results.append(event.result)

    def close(self) -> None:
        """Write the file; its folder is made where it is missing."""
        root = ElementTree.Element("testsuites")
        for suite in self.suites:
            root.append(as_suite(suite))
        ElementTree.indent(root)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        ElementTree.ElementTree(root).write(self.path, encoding="utf-8", xml_declaration=True)


def as_suite(suite: Suite) -> ElementTree.Element:
    """A play's element with its counts."""
    failures = sum(result.outcome is Outcome.FAILED for result in suite.results)
    errors = sum(result.outcome is Outcome.UNREACHABLE for result in suite.results)
    skipped = sum(result.outcome is Outcome.SKIPPED for result in suite.results)
    element = ElementTree.Element(
        "testsuite",
        name=clean(suite.name),
        tests=str(len(suite.results)),
        failures=str(failures),
        errors=str(errors),
        skipped=str(skipped),
        time=f"{sum(result.seconds for result in suite.results):.3f}",
    )
    element.extend(as_case(result) for result in suite.results)
    return element


def as_case(result: Result) -> ElementTree.Element:
    """A result's element: failure, error (unreachable) or skipped, and the output."""
    case = ElementTree.Element(
        "testcase", classname=clean(result.host), name=clean(result.task), time=f"{result.seconds:.3f}"
    )
    if result.where:
        case.set("file", clean(result.where.path))
        case.set("line", str(result.where.line))
    tag = {Outcome.FAILED: "failure", Outcome.UNREACHABLE: "error", Outcome.SKIPPED: "skipped"}.get(result.outcome)
    message = wording.message(result)
    if tag:
        verdict = ElementTree.SubElement(case, tag, message=clean(wording.one_line(message)))
        if tag != "skipped":
            verdict.text = clean("\n".join([message, *wording.output_tail(result)]))
    else:
        lines = [result.outcome.value, *filter(None, [message]), *wording.diffs(result)]
        ElementTree.SubElement(case, "system-out").text = clean("\n".join(lines))
    return case


def clean(text: str) -> str:
    """The text without what XML cannot hold, such as the escapes of coloured output."""
    return FORBIDDEN.sub("\N{REPLACEMENT CHARACTER}", text)

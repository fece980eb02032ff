"""A host whose programs answer from memory, for the engines that verification asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mooring.verification.backend import Ran
from mooring.verification.engines import engine_of
from mooring.verification.engines.engine import Engine


class Machine:
    """A host whose programs answer from memory; a line without an answer ends with status 1."""

    def __init__(self, engine: str, answers: Mapping[str, str]) -> None:
        self.name = "client1"
        self.variables: dict[str, Any] = {"registry_client_engine": engine}
        self.answers, self.lines = answers, list[str]()

    def run(self, *words: str) -> Ran:
        return self.run_line(" ".join(words))

    def run_line(self, line: str) -> Ran:
        self.lines.append(line)
        for start, answer in self.answers.items():
            if line.startswith(start):
                return Ran(0, answer, "")
        return Ran(1, "", "no such thing")

    def call(self, module: str, **args: Any) -> Mapping[str, Any]:
        raise AssertionError(f"{module} is Docker's")


def engine(name: str, answers: Mapping[str, str]) -> tuple[Engine, Machine]:
    machine = Machine(name, answers)
    return engine_of(machine), machine

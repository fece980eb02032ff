"""Which hosts did not get through a run, kept in a file, so that a roll-out goes
on where it stopped."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mooring.errors import SourceError, UsageError, on_one_line
from mooring.files.reading import read_text
from mooring.inventory.inventory import Inventory
from mooring.project import INVENTORY, Project
from mooring.results import Remainder

FOLDER = Path(".mooring")
# Of an inventory's name in a file's name.
LONGEST = 100
# Of hosts that nobody knows.
NAMED = 5


@dataclass
class Rollout:
    """A run's plays, each with its hosts, and those of them that came to the play's end."""

    planned: list[tuple[str, ...]] = field(default_factory=list)
    through: list[set[str]] = field(default_factory=list)

    def plan(self, names: Iterable[str]) -> None:
        """A play will run on these hosts."""
        self.planned.append(tuple(names))
        self.through.append(set())

    def pass_on(self, play: int, names: Iterable[str]) -> None:
        """These hosts came to the end of the play of that number."""
        self.through[play] |= set(names)

    @property
    def hosts(self) -> tuple[str, ...]:
        """All hosts of the run."""
        return tuple(dict.fromkeys(name for names in self.planned for name in names))

    @property
    def left(self) -> tuple[str, ...]:
        """Those that failed, were not reached, or never had their turn."""
        missed = [set(names) - done for names, done in zip(self.planned, self.through, strict=True)]
        return tuple(name for name in self.hosts if any(name in names for names in missed))


@dataclass(frozen=True)
class RetryFile:
    """The hosts that a playbook has still to get through, one a line; `--limit @FILE` reads it
    too."""

    path: Path

    @classmethod
    def of(cls, playbook: Path, inventory: str = INVENTORY, project: Project | None = None) -> RetryFile:
        """The file of a playbook in the project: `.mooring/clients.retry` for
        playbooks/clients.yml; another inventory than the usual one is named in it, as in
        `.mooring/clients.other.yml.retry`."""
        project = project or Project()
        name = project.name_of(inventory)
        other = "" if name == INVENTORY else "." + re.sub(r"[^\w.-]+", "-", name).strip("-.")[-LONGEST:]
        return cls(project.root / FOLDER / f"{playbook.stem}{other}.retry")

    def read(self) -> tuple[str, ...]:
        """The hosts; none where there is no file."""
        if not self.path.exists():
            return ()
        try:
            lines = read_text(self.path).splitlines()
        except SourceError as error:
            raise UsageError(f"{error} (remove it to start over)") from None
        return tuple(line.strip() for line in lines if line.strip())

    def choose(self, inventory: Inventory, limit: str) -> str:
        """The hosts to go on with as a pattern, within --limit; UsageError where there is nothing
        to go on with."""
        names = self.read()
        if not names:
            raise UsageError(f"--resume: nothing is left over from an earlier run ({self.path} is not there)")
        unknown = [name for name in names if name not in inventory.hosts]
        if unknown:
            named = ", ".join(on_one_line(name[:100]) for name in unknown[:NAMED])
            more = f" and {len(unknown) - NAMED} more" if len(unknown) > NAMED else ""
            raise UsageError(f"--resume: {self.path} names {named}{more}, which the inventory does not have")
        within = {host.name for host in inventory.match_limit(limit or "all", lambda text: None)}
        names = tuple(name for name in names if name in within)
        if not names:
            raise UsageError(f'--resume: no host of {self.path} is meant by "{limit}"')
        return ",".join(names)

    def keep(self, rollout: Rollout, is_whole: bool = True) -> Remainder | None:
        """Note who is left, besides those of earlier runs that this one was not about;
        None where nobody is.

        A run that was not `is_whole`, since tags left tasks out, takes nobody away from the file,
        and says nothing of those that are in it.
        """
        done = rollout.hosts if is_whole else ()
        problem, names = "", rollout.left
        earlier: tuple[str, ...] = ()
        try:
            others = {*done, *names}
            earlier = tuple(dict.fromkeys(name for name in self.read() if name not in others))
            self._write((*earlier, *names))
        except (UsageError, OSError) as error:
            problem = getattr(error, "strerror", None) or str(error)
        leftover = earlier if is_whole else ()
        return Remainder(names, str(self.path), problem, leftover) if names or leftover else None

    def _write(self, names: tuple[str, ...]) -> None:
        if not names:
            self.path.unlink(missing_ok=True)
            return
        self.path.parent.mkdir(exist_ok=True)
        # A full disk must not cost the list that is there.
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            draft.write_text("".join(f"{name}\n" for name in names), encoding="utf-8", errors="surrogateescape")
            draft.replace(self.path)
        except OSError:
            draft.unlink(missing_ok=True)
            raise

"""A plan's pieces: changed files, steps and what is expected after each, containers that feel
it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum

from mooring.engines.docker.effective import Texts
from mooring.engines.plan.host import digest_of


class Effect(Enum):
    """What the daemon needs in order to take the files over."""

    NONE = "nothing"
    RELOAD = "reload"
    RESTART = "restart"


@dataclass(frozen=True)
class FileChange:
    """A file that changes; `before` and `after` are None where there is none, and
    `mode` is a new file's.

    `digest` is the sha1 of what is there; the text of a secret file is not known.
    """

    path: str
    before: str | None
    after: str | None
    mode: str = "0644"
    secret: bool = False
    digest: str | None = None

    @property
    def is_change(self) -> bool:
        """Whether there is anything to write."""
        if self.before is not None:
            return self.before != self.after
        return self.digest != (None if self.after is None else digest_of(self.after))


@dataclass(frozen=True)
class Expect:
    """What the daemon must say after a step; `present` and `absent` are entries by field of
    `Registries`."""

    present: Mapping[str, tuple[str, ...]] | None = None
    absent: Mapping[str, tuple[str, ...]] | None = None
    live_restore: bool | None = None
    same_containers: bool = False


@dataclass(frozen=True)
class Step:
    """Files that are written, what is done then, and why."""

    files: tuple[FileChange, ...]
    then: Effect
    expect: Expect
    why: str


class Fate(Enum):
    """What a plan means for the containers that run."""

    UNTOUCHED = "are not touched"
    STAY = "stay up"
    STOP = "stop"


@dataclass(frozen=True)
class Felt:
    """The running containers' fate, and why; `back` are those of `names` that a new
    daemon starts again."""

    fate: Fate
    why: str
    names: tuple[str, ...] = ()
    back: tuple[str, ...] = ()


def written(texts: Texts, files: tuple[FileChange, ...]) -> Texts:
    """The host's texts after these files are written; folders of certificates grow
    and shrink with them."""
    certificates = dict(texts.certificates)
    for change in files:
        if is_listed(change):
            registry = change.path.split("/")[-2]
            certificates[registry] = list_names(certificates.get(registry, ()), change)
    changed = {change.path: change.after for change in files}
    return replace(texts, files={**texts.files, **changed}, certificates=certificates)


def is_listed(change: FileChange) -> bool:
    """Whether the file is one that hosts list by its name, as they do below certs.d."""
    return change.path.endswith((".crt", ".cert", ".key", "/hosts.toml"))


def list_names(names: tuple[str, ...], change: FileChange) -> tuple[str, ...]:
    """The names in a registry's folder after the change."""
    name = change.path.rpartition("/")[2]
    kept = {known for known in names if known != name}
    return tuple(sorted(kept if change.after is None else kept | {name}))

"""The plan for a host with podman, CRI-O or containerd, in the shape that Docker's plan has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mooring.engines.containerd import config
from mooring.engines.containerd.rules import find_conflicts as find_containerd_conflicts
from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.registries import Registries
from mooring.engines.plan import record as records
from mooring.engines.plan.certificates import WholeFile
from mooring.engines.plan.containers import config_edit, drop_in, hosts_files
from mooring.engines.plan.containers.host import ContainerHost, certificate_files, written
from mooring.engines.plan.host import digest_of
from mooring.engines.plan.plan import Plan
from mooring.engines.plan.record import Record
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.step import Effect, Expect, Fate, Felt, FileChange, Step
from mooring.engines.plan.wanted import Wanted, problems
from mooring.engines.podman import effective as podman
from mooring.engines.podman.conflicts import CERTIFICATES
from mooring.engines.podman.rules import find_conflicts as find_podman_conflicts
from mooring.engines.texts import CONTAINERD, CRIO, ContainerEngine, ContainerTexts, recognize

REASONS = {
    Effect.RELOAD: "CRI-O reads registries.conf anew at a reload",
    Effect.RESTART: "containerd reads config.toml at its start only",
}
FELT = Felt(Fate.UNTOUCHED, "no daemon holds them")
BY_SHIMS = Felt(Fate.UNTOUCHED, "their own processes hold them, not the daemon")


def plan(host: ContainerHost, wanted: Wanted, is_absent: bool = False) -> Plan:
    """What brings the host to what is wanted; with `is_absent` what takes all of
    Mooring's away again."""
    engine = recognize(host.name, host.texts.programs.get(host.name, ""))
    empty = Plan(engine, host.name, "", host.record, containers=BY_SHIMS if host.name in (CRIO, CONTAINERD) else FELT)
    record = records.parse(host.texts.files.get(host.record))
    refusals = [Refusal(problem) for problem in problems(wanted)]
    if record is None:
        refusals.append(Refusal(f"{host.record} cannot be read", "it is Mooring's: mend it, or remove it"))
    refusals += find_impossible(host, wanted)
    if refusals or record is None:
        return replace(empty, refusals=tuple(refusals))
    files = list(_containerd(host, wanted, record) if host.name == CONTAINERD else _podman(host, wanted, record))
    refusals = list(_find_foreign(host, files, record))
    changes = tuple(change for change in _changes(host, files, record, is_absent) if change.is_change)
    refusals += find_stops(host, changes, wanted)
    if refusals:
        return replace(empty, changes=changes, refusals=tuple(refusals))
    return _complete(host, engine, changes, wanted, empty)


def find_impossible(host: ContainerHost, wanted: Wanted) -> list[Refusal]:
    """What this engine cannot do, told at once."""
    if host.name == CONTAINERD:
        refusals = list(hosts_files.find_impossible(host, wanted))
        unfit = config_edit.find_unfit(config.resolve(host.texts)) if _needs_hosts(wanted) else None
        return [*refusals, *([unfit] if unfit else [])]
    return list(drop_in.find_impossible(podman.resolve(host.texts, host.name), wanted)) if _is_any(wanted) else []


def find_stops(host: ContainerHost, changes: tuple[FileChange, ...], wanted: Wanted) -> Iterator[Refusal]:
    """What would keep the engine from working with the new files, or what is wanted from
    holding."""
    later = written(host.texts, changes)
    if host.name == CONTAINERD:
        conf = config.resolve(later)
        root = config_edit.root_of(config.resolve(host.texts))
        if _needs_hosts(wanted) and root not in conf.config_paths:
            place = conf.registry["config_path"].origin if "config_path" in conf.registry else config.main_path(later)
            yield Refusal(f"config_path would not be {root} because of {place}", "set it by hand")
    else:
        yield from drop_in.find_overruled(podman.resolve(later, host.name), wanted)
    for conflict in _judge(host.name, later):
        if conflict.severity is Severity.STOPS and changes:
            yield Refusal(str(conflict), "mend that first")


def find_warnings(host: ContainerHost, changes: tuple[FileChange, ...]) -> Iterator[str]:
    """What counts for nothing, or surprises, with the new files and did not before."""
    old = {conflict.message for conflict in _judge(host.name, host.texts)}
    yield from (
        str(conflict) for conflict in _judge(host.name, written(host.texts, changes)) if conflict.message not in old
    )


def _judge(name: str, texts: ContainerTexts) -> list[Conflict]:
    if name == CONTAINERD:
        return find_containerd_conflicts(config.resolve(texts))
    return find_podman_conflicts(podman.resolve(texts, name))


def _podman(host: ContainerHost, wanted: Wanted, record: Record) -> Iterator[WholeFile]:
    own_paths = _ours(record)
    for registry in wanted.registries:
        there = [folder for folder in CERTIFICATES if host.texts.certificates.get(folder, {}).get(registry.name)]
        # The first folder that has the registry counts alone, so no second one is made.
        root = there[0] if there else CERTIFICATES[0]
        yield from certificate_files(registry, f"{root}/{registry.name}", host, own_paths)
    text = drop_in.draw(host.texts, host.name, wanted)
    if text:
        yield WholeFile(drop_in.PATH, text)


def _containerd(host: ContainerHost, wanted: Wanted, record: Record) -> Iterator[WholeFile]:
    root = config_edit.root_of(config.resolve(host.texts))
    placed: list[WholeFile] = []
    for registry in wanted.registries:
        folder = hosts_files.folder(host, root, registry.name)
        placed += certificate_files(registry, folder, host, _ours(record))
    yield from placed
    yield from hosts_files.draw(host, root, wanted, placed)


def _changes(host: ContainerHost, files: list[WholeFile], record: Record, is_absent: bool) -> Iterator[FileChange]:
    """The files, those of ours that are to go, the line in config.toml, and the record of all
    this."""
    own_paths = _ours(record)
    paths = {file.path for file in files}
    yield from (host.change(file) for file in files)
    yield from (host.removal(path) for path in sorted(own_paths - paths) if host.digest(path) is not None)
    # A file that was there before with the very same text is the operator's.
    kept = {file.path for file in files if file.path in own_paths or host.digest(file.path) != digest_of(file.text)}
    sums = {file.path: digest_of(file.text) for file in files if file.path in kept and not file.secret}
    edit = config_edit.put(config.resolve(host.texts)) if files and host.name == CONTAINERD else None
    lines = {**record.lines, **({edit.path: (edit.old, edit.new)} if edit and edit.new else {})} if edit else {}
    new = Record(record.entries, files=tuple(sorted(kept)), lines=lines, sums=sums)
    if host.name == CONTAINERD:
        yield from _config(host, edit, record)
    text = None if is_absent or new == Record() else records.draw(new)
    if text is not None or host.texts.files.get(host.record) is not None:
        yield FileChange(host.record, host.texts.files.get(host.record), text, digest=host.digest(host.record))


def _config(host: ContainerHost, edit: config_edit.Edit | None, record: Record) -> Iterator[FileChange]:
    """config.toml with Mooring's line, or every file that has it without."""
    if edit is not None:
        yield FileChange(edit.path, edit.text, edit.made, digest=host.digest(edit.path))
        return
    for path, known in host.texts.files.items():
        if path.endswith(".toml") and known is not None and config_edit.has_ours(known) and "/certs.d/" not in path:
            yield FileChange(path, known, config_edit.take(known, record.lines.get(path)), digest=host.digest(path))


def _complete(
    host: ContainerHost, engine: ContainerEngine, changes: tuple[FileChange, ...], wanted: Wanted, empty: Plan
) -> Plan:
    unread = _unread(host) if _needs_hosts(wanted) else ()
    effect = Effect.RESTART if unread else _effect(host, changes)
    if not changes and not unread:
        return empty
    reason = REASONS.get(effect, "these files are read at every pull")
    if unread:
        reason += f", and {' and '.join(unread)} changed after that"
    step = Step(changes, effect, Expect(), reason)
    back = (Step((), effect, Expect(), "the old files apply again"),)
    return replace(
        empty,
        changes=changes,
        effect=effect,
        reason=reason,
        steps=(step,),
        undo={effect.value: back} if effect is not Effect.NONE else {},
        warnings=tuple(dict.fromkeys(find_warnings(host, changes))),
        in_effect_afterwards=Registries(
            tuple(mirror.url for mirror in wanted.mirrors),
            wanted.insecure,
            () if host.name == CONTAINERD else wanted.searched,
            wanted.blocked,
        ),
    )


def _effect(host: ContainerHost, changes: tuple[FileChange, ...]) -> Effect:
    """podman reads its files at every command; the others read some of them, and
    certificates, at every pull."""
    unit = host.texts.unit(host.name)
    if not unit.is_active:
        return Effect.NONE
    if host.name == CRIO and any(change.path == drop_in.PATH for change in changes):
        return Effect.RELOAD
    if host.name == CONTAINERD and any(
        config_edit.has_ours(change.before) != config_edit.has_ours(change.after)
        for change in changes
        if not change.path.endswith("/hosts.toml")
    ):
        return Effect.RESTART
    return Effect.NONE


def _unread(host: ContainerHost) -> tuple[str, ...]:
    """The files of containerd's that changed after it was started: whether it looks for hosts.toml
    is not known."""
    if host.name != CONTAINERD:
        return ()
    return config.find_unread(config.resolve(host.texts))


def _find_foreign(host: ContainerHost, files: list[WholeFile], record: Record) -> Iterator[Refusal]:
    """A file of somebody else's under a name of ours: what it says as a whole,
    only its writer knows."""
    for file in files:
        is_whole = file.path.endswith(("/hosts.toml", drop_in.PATH))
        if is_whole and file.path not in record.files and host.digest(file.path) not in (None, digest_of(file.text)):
            yield Refusal(f"{file.path} is not Mooring's", "put what is wanted into it by hand, or move it away")


def _ours(record: Record) -> frozenset[str]:
    return frozenset(record.files)


def _is_any(wanted: Wanted) -> bool:
    return bool(wanted.registries or wanted.mirrors)


def _needs_hosts(wanted: Wanted) -> bool:
    """Whether anything is to be written below certs.d; a name alone, or a search where possible, is
    nothing there."""
    return bool(
        wanted.mirrors
        or any(registry.insecure or registry.ca or registry.certificate for registry in wanted.registries)
    )

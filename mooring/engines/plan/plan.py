"""The plan for one Docker host: what changes, what follows from it and why, and what
speaks against it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, replace

from mooring.engines.docker.effective import Effective, resolve
from mooring.engines.docker.engine import Engine
from mooring.engines.docker.registries import Registries, as_it_runs, by_files
from mooring.engines.plan import checks
from mooring.engines.plan import record as records
from mooring.engines.plan.certificates import arrange, find_foreign
from mooring.engines.plan.draft import Draft, Task, draft, split
from mooring.engines.plan.effect import decide, needs, registries_after
from mooring.engines.plan.host import Host
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.restart import Way, choose, is_on
from mooring.engines.plan.settings import entries_of, find_impossible
from mooring.engines.plan.step import Effect, Fate, Felt, FileChange, Step, written
from mooring.engines.plan.steps import steps, undo
from mooring.engines.plan.untried import find_untried
from mooring.engines.plan.wanted import Wanted, problems
from mooring.engines.texts import ContainerEngine

UNTOUCHED = Felt(Fate.UNTOUCHED, "the daemon keeps running")


@dataclass(frozen=True)
class Plan:
    """All of it is a value: it can be printed, compared and carried out.

    `reason` tells why the effect is what it is; `needs` where the running daemon is not as it
    should be; `validate` is the daemon's command line for `dockerd --validate`, empty where
    the engine has none; `config_path` is where its daemon.json is, `record_path` where
    Mooring keeps its record.
    """

    engine: Engine | ContainerEngine
    service: str
    config_path: str
    record_path: str
    changes: tuple[FileChange, ...] = ()
    effect: Effect = Effect.NONE
    _: KW_ONLY
    reason: str = ""
    needs: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    undo: Mapping[str, tuple[Step, ...]] = field(default_factory=dict)
    validate: tuple[str, ...] = ()
    in_effect_afterwards: Registries = field(default_factory=Registries)
    containers: Felt = UNTOUCHED
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_changed(self) -> bool:
        """Whether anything is to be done."""
        return bool(self.steps)


@dataclass(frozen=True)
class Leave:
    """What the operator allows beyond the usual: a restart that stops containers, and settings (by
    key) that no daemon of the host has started with yet."""

    restart: bool = False
    untried: tuple[str, ...] = ()


def plan(
    host: Host, wanted: Wanted, allow_restart: bool = False, is_absent: bool = False, untried: tuple[str, ...] = ()
) -> Plan:
    """What brings the host to what is wanted; with `is_absent` what takes all of Mooring's away
    again. `allow_restart` and `untried` are the operator's leave."""
    before = resolve(host.texts)
    empty = Plan(before.engine, host.service, before.file.path, host.paths.record)
    record = records.parse(host.texts.files.get(host.paths.record))
    refusals = [*checks.find_unready(host), *(Refusal(problem) for problem in problems(wanted))]
    refusals += [*checks.find_other_file(host, before), *find_impossible(before, wanted)]
    if record is None:
        refusals.append(Refusal(f"{host.paths.record} cannot be read", "it is Mooring's: mend it, or remove it"))
    if refusals or record is None:
        return replace(empty, refusals=tuple(refusals))
    entries, folder = entries_of(before, wanted, record), arrange(host, before, wanted, record)
    divided = split(host, before, entries)
    refusals += [*divided.refusals, *find_foreign(host, folder, record)]
    if refusals:
        return replace(empty, refusals=tuple(refusals))
    made = draft(host, Task(before, record, entries, divided, folder, is_absent))
    return _complete(host, wanted, made, replace(empty, changes=made.changes), Leave(allow_restart, untried))


def _complete(host: Host, wanted: Wanted, made: Draft, begun: Plan, leave: Leave) -> Plan:
    """Add what follows from the files."""
    emptied = resolve(written(made.after.texts, (made.json(made.emptied),)))
    now = as_it_runs(made.before)
    needed = [] if now is None else needs(now, made.before, made.after, made.entries)
    effect, reason = decide(needed, emptied)
    if now is None and not made.is_absent:
        effect, reason = Effect.RESTART, f"{host.service} does not run"
    way: Way | Refusal = Way(False, UNTOUCHED)
    if effect is Effect.RESTART:
        way = choose(host, made.before, made.after, leave.restart)
    begun = replace(
        begun,
        effect=effect,
        reason=reason or _quiet_reason(made),
        needs=tuple(map(str, needed)),
        in_effect_afterwards=registries_after(effect, now, by_files(made.after), emptied),
        validate=command_line(made.after),
        warnings=_warnings(host, wanted, made, effect),
        refusals=tuple(find_untried(host, made.after, made.tried, effect, leave.untried)),
    )
    if isinstance(way, Refusal):
        return _judged(host, wanted, made, replace(begun, refusals=(*begun.refusals, way)))
    made_steps = tuple(steps(made, effect, way, reason, is_on(host)))
    back = undo(made, way, is_on(host)) if made_steps else {}
    return _judged(host, wanted, made, replace(begun, steps=made_steps, undo=back, containers=way.felt))


def _warnings(host: Host, wanted: Wanted, made: Draft, effect: Effect) -> tuple[str, ...]:
    warnings = (*checks.find_warnings(made, wanted, effect), *checks.find_boot_warnings(host, made))
    return tuple(dict.fromkeys(warnings))


def _judged(host: Host, wanted: Wanted, made: Draft, whole: Plan) -> Plan:
    """The plan without its steps where anything speaks against it."""
    refusals = (
        *checks.find_unreadable(host, made),
        *checks.find_stops(made, whole.steps),
        *checks.find_stops_at_boot(host, made),
        *checks.find_lost_at_boot(host, made),
        *checks.find_useless(made, wanted, whole.in_effect_afterwards),
        *checks.find_lost_short_names(made, wanted),
        *checks.find_stale_unit(made, whole.effect),
        *whole.refusals,
    )
    return replace(whole, refusals=refusals, steps=(), undo={}) if refusals else whole


def _quiet_reason(made: Draft) -> str:
    """Why the daemon needs not be told of the changed files."""
    read = {made.daemon_json.path, *(file.path for file in made.before.service.files)}
    if any(change.path in read for change in made.changes):
        return "the running daemon has all of it already"
    return "the daemon reads these files at every request" if made.changes else ""


def command_line(effective: Effective) -> tuple[str, ...]:
    """The daemon's words without --config-file, for `--validate`, which docker has since
    23.0 (moby PR #42393)."""
    if not effective.engine.is_at_least(23):
        return ()
    flags = [f"--{flag.name}={flag.value}" for flag in effective.command.flags if flag.key != "config-file"]
    return (effective.command.program, *flags)

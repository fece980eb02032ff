"""What speaks against a plan: the state of the host, the daemon's next start, entries that would
count for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from mooring.engines.docker import daemon_json
from mooring.engines.docker.boot import Boot, at_boot
from mooring.engines.docker.conflicts import Conflict, Severity
from mooring.engines.docker.effective import Effective, Texts, resolve
from mooring.engines.docker.entries import FIRST, MISLEADING, SIGNATURES
from mooring.engines.docker.image_store import find_unheard
from mooring.engines.docker.registries import LOOPBACK, Registries, as_it_runs, by_files
from mooring.engines.docker.registries_service import GENERATED, SERVICE, SOURCE
from mooring.engines.docker.rules import find_conflicts
from mooring.engines.plan.draft import Draft
from mooring.engines.plan.host import Host, digest_of
from mooring.engines.plan.pending import find_pending
from mooring.engines.plan.refusal import Refusal
from mooring.engines.plan.settings import Setting, find_passed_over, normal
from mooring.engines.plan.step import Effect, Step, written
from mooring.engines.plan.wanted import WHERE_POSSIBLE, Wanted
from mooring.records.hub import HUB


def find_unready(host: Host) -> Iterator[Refusal]:
    """States of the unit in which nobody can know what a change would do."""
    unit = f"{host.service}.service"
    state = host.state.get("ActiveState", "")
    if host.state.get("LoadState") == "masked":
        yield Refusal(f"{unit} is masked", f"`systemctl unmask {host.service}`, or take this host out of the play")
    elif not host.texts.version:
        yield Refusal("neither the engine nor its program reports a version", f"see `systemctl status {unit}`")
    elif host.error and state in ("active", "activating", "reloading", "deactivating"):
        yield Refusal(
            f"{unit} is {state}, but the daemon does not answer ({host.error})",
            f"see `journalctl -u {host.service}` for what it waits for; nothing was changed",
        )


def find_other_file(host: Host, before: Effective) -> Iterator[Refusal]:
    """Another daemon.json than the usual one must be the one that the daemon reads."""
    wanted, read = host.paths.daemon_json, before.file.path
    if wanted not in (daemon_json.PATH, read):
        yield Refusal(
            f"{host.service} reads {read}, not {wanted}",
            "set registry_client_daemon_json_path to what the daemon's --config-file says, or leave it out",
        )


def find_unreadable(host: Host, draft: Draft) -> Iterator[Refusal]:
    """Files that would not come back as they were: what is no UTF-8 is not seen as it is."""
    for change in draft.changes:
        if change.before is not None and change.digest not in (None, digest_of(change.before)):
            yield Refusal(f"{change.path} is not UTF-8", "convert it first")


def find_stops(draft: Draft, steps: tuple[Step, ...]) -> Iterator[Refusal]:
    """The daemon must start with the files as they are after every step; also when
    nothing is to be changed."""
    engine, texts = draft.before.engine, draft.before.texts
    old = {_name(conflict): conflict for conflict in _stops(texts)}
    seen: set[str] = set()
    for step in (None, *steps):
        texts = texts if step is None else written(texts, step.files)
        if step is None and steps:
            continue  # what stands in the way today may be just what is mended
        for conflict in _stops(texts):
            name = _name(conflict)
            if name not in seen:
                seen.add(name)
                when = "with today's files already" if name in old else "with the new files"
                yield Refusal(f"{engine} would not start {when}: {conflict}", "mend that first")


def _stops(texts: Texts) -> list[Conflict]:
    return _stopping(resolve(texts))


def _stopping(effective: Effective) -> list[Conflict]:
    return [conflict for conflict in find_conflicts(effective) if conflict.severity is Severity.STOPS]


def find_stops_at_boot(host: Host, draft: Draft) -> Iterator[Refusal]:
    """What the plan would do to the next boot, and to that alone: there the daemon
    may get other flags."""
    before, after = (_boot(host, effective) for effective in (draft.before, draft.after))
    known = {_name(conflict) for conflict in (*_stopping(before.effective), *_stopping(draft.after))}
    for conflict in _stopping(after.effective):
        if _name(conflict) not in known:
            text = f"{draft.before.engine} would start with the new files now, but not at the next boot: {conflict}"
            yield Refusal(text, _remedy_at_boot(conflict, after))


def find_lost_at_boot(host: Host, draft: Draft) -> Iterator[Refusal]:
    """What is wanted and holds by a file below /run alone: the next boot would be without it."""
    boot = _boot(host, draft.after)
    now, later = by_files(draft.after), by_files(boot.effective)
    for entries in draft.entries:
        held, kept = (
            {normal(entries.setting, entry) for entry in getattr(registries, entries.setting.field)}
            for registries in (now, later)
        )
        lost = [entry for entry in entries.wanted if normal(entries.setting, entry) in held - kept]
        if lost:
            yield Refusal(
                f"{', '.join(lost)}: {entries.setting.noun} now, "
                f"but not after the next boot ({'; '.join(boot.reasons)})",
                f"`systemctl restart {SERVICE}` (where there is none, remove {GENERATED}), then run this again"
                if any(GENERATED in reason for reason in boot.reasons)
                else "set it in a file that the next boot reads",
            )


def find_boot_warnings(host: Host, draft: Draft) -> Iterator[str]:
    """What keeps the daemon from starting at the next boot, whatever the plan does."""
    before, after = (_boot(host, effective) for effective in (draft.before, draft.after))
    known, now = (
        {_name(conflict) for conflict in _stopping(effective)} for effective in (before.effective, draft.after)
    )
    for conflict in _stopping(after.effective):
        if _name(conflict) in known - now:
            warning = f"already before this change {draft.before.engine} would not start at the next boot: {conflict}"
            yield f"{warning}; {_remedy_at_boot(conflict, after)}"


def _boot(host: Host, effective: Effective) -> Boot:
    return at_boot(effective.texts, host.state, host.registries_service)


def _remedy_at_boot(conflict: Conflict, boot: Boot) -> str:
    if any(place.path == GENERATED for place in conflict.places):
        return (
            f"{SERVICE} makes flags of {SOURCE} at boot: say all of this setting there (and `systemctl restart "
            f"{SERVICE}`), or take it out there"
        )
    return f"mend what differs at the next boot: {'; '.join(boot.reasons)}"


def _name(conflict: Conflict) -> str:
    """A conflict without its lines, which move."""
    return f"{conflict.rule} {conflict.message} {sorted({place.path for place in conflict.places})}"


def _find_other_login(draft: Draft, effect: Effect) -> Iterator[str]:
    """With Red Hat's engine `docker login` without a name goes to the first added registry, by
    `IndexServerAddress`."""
    if effect is not Effect.RESTART or not draft.before.engine.is_redhat:
        return
    now, later = as_it_runs(draft.before) or by_files(draft.before), by_files(draft.after)
    before, after = ((*registries.added, HUB)[0] for registries in (now, later))
    if before != after:
        yield f"`docker login` without a name goes to {after} then, no longer to {before}: name the registry at a login"


def find_useless(draft: Draft, wanted: Wanted, afterwards: Registries) -> Iterator[Refusal]:
    """Entries that would be written and have no effect."""
    later = by_files(draft.after)
    for entries in draft.entries:
        known = {normal(entries.setting, entry) for entry in getattr(later, entries.setting.field)}
        lacking = [entry for entry in entries.wanted if normal(entries.setting, entry) not in known | set(LOOPBACK)]
        if lacking:
            yield Refusal(
                f"{', '.join(lacking)}: {_written_as(entries.setting, draft)} does not reach the daemon",
                "see whether the unit, a drop-in or another file sets the same variable",
            )
    for registry in wanted.registries:
        is_insecure = _is_insecure(registry.name, later) or _is_insecure(registry.name, afterwards)
        if is_insecure and (registry.ca or registry.certificate) and not registry.insecure:
            trust = "its certificate (registry_client_ca_file)" if registry.ca else "a client certificate"
            yield Refusal(
                f"{registry.name} is to be trusted by {trust}, but is an insecure registry too, which switches the "
                "certificate off",
                "take it out of the insecure registries",
            )


def _written_as(setting: Setting, draft: Draft) -> str:
    """Where the entries are written: as a key, or in a variable."""
    is_key = setting.key in draft.after.file.values or not setting.variable
    return f'"{setting.key}" in {draft.after.file.path}' if is_key else setting.variable


def _is_insecure(name: str, known: Registries) -> bool:
    """Whether somebody made it insecure; loopback is so by itself."""
    return known.is_insecure(name) and not Registries().is_insecure(name)


def find_lost_short_names(draft: Draft, wanted: Wanted) -> Iterator[Refusal]:
    """A registry that is to be searched and never is, since the first added one is unusable; or one
    that the plan itself brings to the first place."""
    lost = next((conflict for conflict in find_conflicts(draft.after) if conflict.rule == FIRST), None)
    if lost is None or draft.is_absent:
        return
    searched = [
        registry.name for registry in wanted.registries if registry.search and registry.search != WHERE_POSSIBLE
    ]
    if searched:
        text = f"{', '.join(searched)}: to be searched for short names, but {lost.message} ({lost.places[0]})"
        yield Refusal(text, MISLEADING[FIRST])
    elif by_files(draft.before).unusable_first is None:
        yield Refusal(f"with the new files {lost.message} ({lost.places[0]})", MISLEADING[FIRST])


def find_stale_unit(draft: Draft, effect: Effect) -> Iterator[Refusal]:
    """A restart would use the unit that systemd has read, which is not the one that was judged."""
    if effect is Effect.RESTART and draft.before.texts.needs_reload:
        yield Refusal("the unit was changed, and systemd has not read it yet", "`systemctl daemon-reload` first")


def find_warnings(draft: Draft, wanted: Wanted, effect: Effect) -> Iterator[str]:
    """What the operator should know: what else is taken along, and what counts for
    nothing from now on."""
    for difference in find_pending(draft, effect):
        now, later = (", ".join(values) or "nothing" for values in (difference.now, difference.later))
        yield f"the {effect.value} takes over what was changed before: {difference.key} (now {now}, then {later})"
    old = {_name(known) for known in find_conflicts(draft.before)}
    for conflict in find_conflicts(draft.after):
        is_new = _name(conflict) not in old
        # Whether or not it was so before: what is wanted does not come about by it.
        is_met = conflict.rule == FIRST or (conflict.rule == SIGNATURES and wanted.hub_mirrors)
        if conflict.severity is not Severity.STOPS and (is_new or (is_met and not draft.is_absent)):
            yield "; ".join(filter(None, (str(conflict), MISLEADING.get(conflict.rule))))
    yield from _find_other_login(draft, effect)
    if draft.before.engine.is_redhat:
        yield from find_passed_over(wanted)
    yield from find_unheard(draft.before.engine, wanted.hub_mirrors, wanted.insecure)
    for registry in wanted.registries:
        if registry.ca and Registries().is_insecure(registry.name):
            yield f"{registry.name} is on this host itself, where docker verifies no certificate"

"""A plan for people: which files change, what follows and why, what holds then, and who feels
it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mooring.engines.plan.module_arguments import expect_of
from mooring.engines.plan.plan import Plan
from mooring.engines.plan.step import Effect, Fate, FileChange, Step

HIDDEN = "(secret, not shown)\n"


def text(plan: Plan) -> str:
    """All of it but the files' texts, which `diffs` has."""
    if plan.refusals:
        return "\n".join(map(str, plan.refusals))
    if not plan.is_changed:
        return f"{plan.engine} has all of it; there is nothing to do"
    return "\n".join(_lines(plan))


def _lines(plan: Plan) -> Iterator[str]:
    yield f"{headline(plan)} ({plan.engine})"
    for change in plan.changes:
        yield f"  {_verb(change)} {change.path}"
    yield from (f"  {need}" for need in _grouped(plan.needs))
    yield f"  {plan.effect.value if plan.effect is not Effect.NONE else 'no reload, no restart'}: {plan.reason}"
    if plan.effect is not Effect.NONE and len(plan.steps) > 1:
        yield from (f"    {number}. {_described(step)}" for number, step in enumerate(plan.steps, 1))
    yield f"  in effect then: {_settings(plan)}"
    yield f"  containers: {containers(plan)}"
    yield from (f"  note: {warning}" for warning in plan.warnings)


def headline(plan: Plan) -> str:
    """The whole in a few words."""
    count = len(plan.changes)
    files = f"{count} file{'s' if count != 1 else ''}" if count else ""
    act = f"a {plan.effect.value}" if plan.effect is not Effect.NONE else "no reload, no restart"
    return f"{files + ', ' if files else ''}{act}"


def containers(plan: Plan) -> str:
    """What the containers feel."""
    felt = plan.containers
    if felt.fate is Fate.UNTOUCHED:
        return f"{felt.fate.value} ({felt.why})"
    back = ""
    if felt.fate is Fate.STOP:
        back = f"; {'come back: ' + ', '.join(felt.back) if felt.back else 'none comes back'}"
    return f"{', '.join(felt.names)}: {felt.fate.value} ({felt.why}){back}"


def diffs(plan: Plan) -> list[dict[str, str]]:
    """Each changed file's texts, as reporters draw them, but for secrets and Mooring's own
    notes."""
    return [_diff(change) for change in plan.changes if change.path != plan.record_path]


def as_dict(plan: Plan) -> dict[str, Any]:
    """The plan as plain data, without texts of files."""
    known = plan.in_effect_afterwards
    return {
        "engine": str(plan.engine),
        "service": plan.service,
        "files": [{"path": change.path, "what": _verb(change)} for change in plan.changes],
        "effect": plan.effect.value,
        "reason": plan.reason,
        "needs": list(plan.needs),
        "steps": [
            {
                "files": [file.path for file in step.files],
                "then": step.then.value,
                "why": step.why,
                "expect": expect_of(step.expect),
            }
            for step in plan.steps
        ],
        "in_effect_afterwards": {
            "mirrors": list(known.mirrors),
            "insecure": list(known.insecure),
            "added": list(known.added),
            "blocked": list(known.blocked),
        },
        "containers": {
            "fate": plan.containers.fate.value,
            "why": plan.containers.why,
            "names": list(plan.containers.names),
            "back": list(plan.containers.back),
        },
        "refusals": [{"text": refusal.text, "remedy": refusal.remedy} for refusal in plan.refusals],
        "warnings": list(plan.warnings),
    }  # fmt: skip


def _verb(change: FileChange) -> str:
    if change.after is None:
        return "remove"
    return "make" if change.before is None and change.digest is None else "change"


def _grouped(needs: tuple[str, ...]) -> Iterator[str]:
    """Needs of one kind on one line."""
    kinds: dict[str, list[str]] = {}
    for need in needs:
        kind, _, entry = need.partition(": ")
        kinds.setdefault(kind, []).append(entry)
    yield from (f"{kind}: {', '.join(entries)}" for kind, entries in kinds.items())


def _described(step: Step) -> str:
    paths = ", ".join(file.path for file in step.files)
    act = "" if step.then is Effect.NONE else f", {step.then.value}"
    return f"{paths or 'no file'}{act}: {step.why}"


def _settings(plan: Plan) -> str:
    known = plan.in_effect_afterwards
    parts = {
        "mirrors": known.mirrors,
        "insecure": known.insecure,
        "added": known.added,
        "blocked": known.blocked,
    }
    phrases = [f"{name} {', '.join(entries)}" for name, entries in parts.items() if entries]
    return "; ".join(phrases) or "no registry's setting"


def _diff(change: FileChange) -> dict[str, str]:
    if change.secret:
        before, after = "" if change.digest is None else HIDDEN, "" if change.after is None else f"new {HIDDEN}"
    else:
        before, after = change.before or "", change.after or ""
    return {
        "before": before,
        "after": after,
        "before_header": change.path if change.digest or change.before is not None else "/dev/null",
        "after_header": change.path if change.after is not None else "/dev/null",
    }

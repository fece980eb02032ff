"""What the host's half (`docker_settings`) is given of a plan."""

from __future__ import annotations

from typing import Any

from mooring.engines.plan.plan import Plan
from mooring.engines.plan.step import Effect, Expect, FileChange, Step
from mooring.engines.texts import ContainerEngine


def arguments(plan: Plan, seconds: int, fault: str) -> dict[str, Any]:
    """The module's arguments: a plan's steps as plain data."""
    return {
        "service": plan.service,
        "engine": plan.engine.name if isinstance(plan.engine, ContainerEngine) else "docker",
        "before": before(plan),
        "steps": [step_of(step) for step in plan.steps],
        "undo": {kind: [step_of(step) for step in steps] for kind, steps in plan.undo.items()},
        "validate": list(plan.validate) if _is_told(plan) else [],
        "config_path": plan.config_path,
        "seconds": seconds,
        "fault": fault,
    }


def before(plan: Plan) -> list[dict[str, str | None]]:
    """Every file that a step writes, as it must still be."""
    digests = {file.path: file.digest for step in plan.steps for file in step.files}
    return [{"path": path, "sha1": digest} for path, digest in sorted(digests.items())]


def step_of(step: Step) -> dict[str, Any]:
    """One step as the module takes it."""
    return {
        "files": [file_of(file) for file in step.files],
        "then": step.then.value,
        "expect": expect_of(step.expect),
        "why": step.why,
    }


def file_of(change: FileChange) -> dict[str, Any]:
    """One file as the module takes it."""
    return {"path": change.path, "text": change.after, "mode": change.mode, "secret": change.secret}


def expect_of(expect: Expect) -> dict[str, Any]:
    """What the module looks for after a step."""
    return {
        "present": {name: list(entries) for name, entries in (expect.present or {}).items()},
        "absent": {name: list(entries) for name, entries in (expect.absent or {}).items()},
        "live_restore": expect.live_restore,
        "same_containers": expect.same_containers,
    }


def _is_told(plan: Plan) -> bool:
    """Whether the daemon is to read anything new."""
    return plan.effect is not Effect.NONE or any(change.path == plan.config_path for change in plan.changes)

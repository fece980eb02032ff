"""One run of `invoke sync`: what the target lacks is copied image by image, those that
run on hosts first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from mooring.errors import RegistryError
from mooring.fleet.workers import Workers
from mooring.records.sync import State, SyncedImage, SyncReport, SyncStep, SyncSummary
from mooring.service.budget import OutOfBudget
from mooring.service.copy_plan import CopyPlan
from mooring.service.copying import Copier, Copy
from mooring.service.source import Source, Target

AT_ONCE = 4
# What an upstream that cannot be reached at all fails with; the others of its images need not be
# tried.
UNREACHED = ("TCP", "TLS")


@dataclass(frozen=True)
class Ways:
    """Where images go, and for each registry the source of its images and who copies from there."""

    target: Target
    find_source: Callable[[str], Source]
    find_copier: Callable[[str], Copier]
    now: Callable[[], datetime]


class Sync:
    """Looks, then copies; `summary` is true at every moment, also of a run that is broken off."""

    def __init__(self, plan: CopyPlan, ways: Ways, summary: SyncSummary, report: SyncReport) -> None:
        self._plan, self._ways, self.summary, self._report = plan, ways, summary, report
        self._closed: dict[str, str] = {}
        summary.own, summary.forbidden, summary.without_source = plan.own, plan.forbidden, plan.without_source
        for copy in plan.copies:
            self._set(copy, State.TO_COPY)

    def look(self) -> None:
        """Ask the target for each image: one HEAD each. RegistryError where it does not answer."""
        held = Workers(AT_ONCE).do(self._is_held, self._plan.copies)
        for copy, is_held in zip(self._plan.copies, held, strict=True):
            if is_held:
                self._set(copy, State.HELD)

    def check(self) -> None:
        """Ask the sources for what is to be copied, by HEAD alone, which nobody counts."""
        for copy in self._lacking():
            self._try(copy, self._ask_source)

    def fill(self) -> None:
        """Copy what is to be copied; what cannot be is told, and the others go on."""
        lacking = self._lacking()
        for number, copy in enumerate(lacking, 1):
            step = SyncStep(str(copy), number, len(lacking))
            self._report.show_step(step)
            self._try(copy, partial(self._copy, step))

    # --- one image ---

    def _lacking(self) -> list[Copy]:
        return [copy for copy in self._plan.copies if self.summary.images[str(copy)].state is State.TO_COPY]

    def _is_held(self, copy: Copy) -> bool:
        return self._ways.target.resolve(copy.origin.target, copy.tag or copy.digest) == copy.digest

    def _ask_source(self, copy: Copy) -> None:
        source = self._ways.find_source(copy.origin.registry)
        if source.resolve(copy.origin.repository, copy.digest) is None:
            self._set(copy, State.FAILED, f"{source.title} does not have it (any more)")

    def _copy(self, step: SyncStep, copy: Copy) -> None:
        def tell(done: int, total: int) -> None:
            self._report.show_step(replace(step, done=done, total=total))

        sent = self._ways.find_copier(copy.origin.registry).copy(copy, tell)
        self._set(copy, State.COPIED, sent=sent)

    def _try(self, copy: Copy, act: Callable[[Copy], None]) -> None:
        registry = copy.origin.registry
        try:
            if registry in self._closed:
                self._set(copy, State.LEFT, self._closed[registry])
            else:
                act(copy)
        except OutOfBudget as error:
            self._closed[registry] = str(error)
            self._set(copy, State.LEFT, str(error))
            moment = self._ways.now() + timedelta(seconds=error.seconds)
            self.summary.resumes_at = max(self.summary.resumes_at or moment, moment)
        except RegistryError as error:
            self._set(copy, State.FAILED, str(error))
            if error.layer in UNREACHED and not error.status:
                self._closed[registry] = str(error)
        image = self.summary.images[str(copy)]
        if image.state is not State.TO_COPY:
            self._report.show_image(image)

    def _set(self, copy: Copy, state: State, message: str = "", sent: int = 0) -> None:
        is_running = copy in self._plan.running
        self.summary.images[str(copy)] = SyncedImage(str(copy), copy.digest, state, is_running, message, sent)

"""`invoke sync`: make the registry hold what the lock file names, by network or by a bundle."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mooring.cli.options import Request
from mooring.cli.password_file import read_password
from mooring.cli.site import load_site
from mooring.errors import HostUnreachable, RegistryError, UsageError
from mooring.fleet.survey import FleetHost, Lost, Survey
from mooring.invocation import invocation
from mooring.records.sync import State, SyncSummary
from mooring.reporters import streams
from mooring.reporters.last_words import write_beside
from mooring.reporters.sync import make_report
from mooring.service.bundle import Bundle
from mooring.service.copy_plan import plan_copies
from mooring.service.filling import Run, Setup, fill_bundle, fill_delta, fill_server, find_server
from mooring.service.lock_file import NAME, LockFile, read_lock_file
from mooring.service.upstreams import Secrets


@dataclass(frozen=True)
class Places:
    """Where the lock file is, "" for the usual place, and where a bundle is, "" for none."""

    lock: str = ""
    to_bundle: str = ""
    from_bundle: str = ""
    only_missing: bool = False


def sync(request: Request, places: Places) -> int:
    """Copy what is missing; 0 where all is held, 2 where something is not, 4 where the server is
    unreachable.

    MooringError (exit status 1) where the files or the options are wrong, before the
    server is touched.
    """
    _check(places)
    lock = _read_lock(request, places.lock)
    site = load_site(request)
    server = find_server(site)
    bundle = _find_bundle(places, request.check)
    target = places.to_bundle or server
    summary = SyncSummary(
        target, is_check=request.check, is_detailed=request.detailed_exitcode, is_bundle=bool(places.to_bundle)
    )
    report = make_report(request.json, request.verbosity, streams.find_log())
    try:
        with Survey(site, server, warn=write_beside) as survey:
            setup = Setup(survey.fleet_hosts[0], Secrets(os.environ, read_password))
            run = Run(plan_copies(lock, setup.names), summary, report)
            if bundle is None or places.from_bundle:
                _work(survey, lambda host: fill_server(setup, bundle, run))
            elif places.only_missing:
                _work(survey, lambda host: fill_delta(setup, bundle, run))
            else:
                fill_bundle(setup, bundle, run)
    except KeyboardInterrupt:
        summary.is_interrupted = True
    except (HostUnreachable, RegistryError):
        if summary.count(State.COPIED):  # in the midst of it
            report.show_summary(summary)
        raise
    finally:
        report.close()
    report.show_summary(summary)
    return summary.exit_status


def _check(places: Places) -> None:
    if places.to_bundle and places.from_bundle:
        raise UsageError("--to-bundle and --from-bundle are two ways: fill the bundle first, then the registry from it")
    if places.only_missing and not places.to_bundle:
        raise UsageError("--only-missing is about a bundle: it goes with --to-bundle DIR")


def _find_bundle(places: Places, is_check: bool) -> Bundle | None:
    if places.from_bundle:
        return Bundle.open(Path(places.from_bundle))
    if places.to_bundle:
        root = Path(places.to_bundle)
        return Bundle.look(root) if is_check else Bundle.create(root)
    return None


def _work(survey: Survey, act: Callable[[FleetHost], None]) -> None:
    """Do something with the connected server; HostUnreachable or RegistryError where that
    could not be done."""
    [(name, outcome)] = survey.look(act).items()
    if isinstance(outcome, Lost):
        reason = f"{name}: {outcome.reason}"
        raise HostUnreachable(reason) if outcome.is_unreachable else RegistryError("registry", reason)


def _read_lock(request: Request, path: str) -> LockFile:
    place = path or str(request.project.root / NAME)
    if not path and not os.path.lexists(place):
        raise UsageError(f"there is no {NAME} here: `{invocation('images')}` writes it from what the fleet has")
    return read_lock_file(place)

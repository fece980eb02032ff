"""One verification from its options to its exit status: connect, check, prove, clean up, sum up."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from mooring.command_line import parse_extra_vars
from mooring.errors import MooringError, UsageError
from mooring.play_run import Options as PlayOptions
from mooring.provisioning import connection_options
from mooring.reporters.verification import make_report
from mooring.verification import plugin
from mooring.verification.fleet import CLIENTS, SERVER, Fleet, Site
from mooring.verification.options import Options
from mooring.verification.registry_side import RegistrySide
from mooring.verification.report import Report
from mooring.verification.routes import Door
from mooring.verification.summary import RouteResult, Summary
from mooring.verification.trial import Trial

CHECKS = Path(__file__).parents[2] / "tests" / "hosts"
# From the server outwards; further files of an operator's own come after these.
ORDER = ("test_server.py", "test_client.py", "test_proof.py")
# pytest's own settings of this project are for its unit tests; cache files would be litter here.
PLAIN = ("-p", "no:terminal", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "junit_suite_name=mooring")
INTERRUPTED = 130


def verify(options: Options) -> int:
    """Check the fleet and prove that it pulls through its registry.

    Returns 0 where all is well, 2 where a check failed, 4 where a host was unreachable; raises MooringError
    (exit status 1) where the files or the options are wrong, before any host is touched.
    """
    site = load_site(options)
    summary = Summary()
    report = make_report(options.json, options.verbose)
    try:
        with Fleet(site) as fleet:
            report.show_step("connecting")
            fleet.connect()
            summary.hosts = tuple(name for name in fleet.order() if name in fleet.chosen)
            status = _check(fleet, options, summary, report)
        report.show_summary(summary)
        return status
    finally:
        report.close()


def load_site(options: Options) -> Site:
    """The files that describe the fleet; MooringError where they are wrong."""
    if options.forks < 1:
        raise UsageError("--forks must be at least 1")
    request = options.as_request()
    play_options = PlayOptions(
        forks=options.forks, extra_vars=parse_extra_vars(options.extra_vars), limit=options.limit or None
    )
    site = Site.load(options.inventory, options.playbook, play_options, connection_options(request))
    if not any(kind == SERVER and site.inventory.match(play.hosts) for kind, play in site.plays()):
        raise UsageError(f"no host of {options.inventory} is the registry's server in {options.playbook}")
    meant = {host.name for _, play in site.plays() for host in site.inventory.match(play.hosts)}
    if not meant & site.chosen():
        raise UsageError(f'no host of {options.inventory} is meant by "{options.limit or options.playbook}"')
    return site


def _check(fleet: Fleet, options: Options, summary: Summary, report: Report) -> int:
    """Run the checks; whatever happens, nothing of the proof stays behind without being named."""
    summary.unreachable = dict(fleet.unreachable)
    trial = _plan(fleet, summary, report)
    interrupted = False
    try:
        result = _run_pytest(plugin.Verification(fleet, trial, summary, report), options)
        interrupted = result == pytest.ExitCode.INTERRUPTED
    finally:
        if trial is not None:
            report.show_step("removing the proof")
            summary.left_behind = trial.remove()
            _tabulate(trial, summary)
    return INTERRUPTED if interrupted else summary.exit_status()


def _plan(fleet: Fleet, summary: Summary, report: Report) -> Trial | None:
    """The proof that is to be made, None where no client is there to pull."""
    clients = fleet.to_check(CLIENTS)
    if not clients:
        return None
    servers = fleet.members[SERVER]
    door = Door.of(servers[0].variables if servers else next(iter(fleet.server_variables.values())))
    trial = Trial(RegistrySide(servers[0], door) if servers else None, clients, fleet.site.options.forks)
    report.show_step("looking for the clients' routes")
    try:
        trial.plan(door)
    except MooringError as error:
        summary.errors.append(str(error))
        return None
    return trial


def _run_pytest(verification: plugin.Verification, options: Options) -> int:
    arguments = [*PLAIN, "--rootdir", str(CHECKS), *map(str, check_files())]
    if options.junit:
        arguments += ["--junitxml", os.path.abspath(options.junit)]
    return int(pytest.main(arguments, plugins=[_Named(verification)]))


class _Named:
    """Registers the verification under a name that the checks know."""

    def __init__(self, verification: plugin.Verification) -> None:
        self._verification = verification

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self._verification, plugin.NAME)


def check_files() -> Sequence[Path]:
    """The files with checks, ours first and in their order."""
    found = sorted(CHECKS.glob("test_*.py"))
    return sorted(found, key=lambda path: ORDER.index(path.name) if path.name in ORDER else len(ORDER))


def _tabulate(trial: Trial, summary: Summary) -> None:
    """The table host x route."""
    for pull, finding in trial.findings.items():
        cell = RouteResult(pull.reference, pull.image.digest, trial.addresses.get(pull, ""), finding)
        summary.routes.setdefault(pull.client, {})[pull.route.label] = cell

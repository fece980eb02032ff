"""One verification from its options to its exit status: connect, check, prove, clean up, sum up."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from mooring.cli.options import Request
from mooring.cli.provision import connection_options, options
from mooring.errors import MooringError, UsageError, on_one_line
from mooring.reporters.verification import make_report
from mooring.verification import plugin
from mooring.verification.fleet import CLIENTS, SERVER, Fleet, Site
from mooring.verification.registry_side import RegistrySide
from mooring.verification.report import Report
from mooring.verification.routes import Door
from mooring.verification.summary import RouteResult, Summary
from mooring.verification.trial import Trial

CHECKS = Path(__file__).parents[2] / "tests" / "hosts"
# From the server outwards; further files of an operator's own come after these.
ORDER = ("test_hosts.py", "test_server.py", "test_client.py", "test_proof.py")
# pytest's own settings of this project are for its unit tests; cache files would be litter here.
PLAIN = ("-p", "no:terminal", "-p", "no:cacheprovider", "-o", "addopts=", "-o", "junit_suite_name=mooring")
PLAYBOOK = "playbooks/site.yml"


def verify(request: Request, junit: str = "") -> int:
    """Check the fleet and prove that it pulls through its registry; `junit` is a file for the results as XML.

    Returns 0 where all is well, 2 where a check failed, 4 where a host was unreachable; raises MooringError
    (exit status 1) where the files or the options are wrong, before any host is touched.
    """
    site = load_site(request)
    if junit:
        _check_writable(junit)
    summary = Summary()
    report = make_report(request.json, bool(request.verbose))
    try:
        with Fleet(site, warn=report.show_warning) as fleet:
            report.show_step("connecting")
            fleet.connect()
            summary.hosts = tuple(fleet.names_to_check())
            status = _check(fleet, junit, summary, report)
            if summary.is_interrupted:
                fleet.abort()
        report.show_summary(summary)
        return status
    finally:
        report.close()


def load_site(request: Request) -> Site:
    """The files that describe the fleet; MooringError where they or the options are wrong."""
    site = Site.load(request.inventory, PLAYBOOK, options(request), connection_options(request))
    if not any(kind == SERVER and site.inventory.match(play.hosts) for kind, play in site.plays()):
        raise UsageError(f"no host of {request.inventory} is the registry's server in {PLAYBOOK}")
    meant = {host.name for _, play in site.plays() for host in site.inventory.match(play.hosts)}
    if not meant & site.chosen():
        raise UsageError(f'no host of {request.inventory} is meant by "{request.limit or PLAYBOOK}"')
    return site


def _check(fleet: Fleet, junit: str, summary: Summary, report: Report) -> int:
    """Run the checks; whatever happens, nothing of the proof stays behind without being named."""
    summary.unreachable = dict(fleet.unreachable)
    trial = _plan(fleet, summary, report)
    try:
        result = _run_pytest(plugin.Verification(fleet, trial, summary, report), junit, summary)
        summary.is_interrupted = result == pytest.ExitCode.INTERRUPTED
        if result not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED):
            summary.errors.append(f"the checks did not run: pytest ended with status {int(result)}")
    finally:
        if trial is not None:
            if summary.is_interrupted and trial.has_begun:
                report.show_warning("interrupted: removing the proof; Ctrl-C again leaves it where it is")
            report.show_step("removing the proof")
            _remove(trial, summary)
            _tabulate(trial, summary)
    return summary.exit_status()


def _remove(trial: Trial, summary: Summary) -> None:
    """Clean up; somebody who does not want to wait for it is told what may still be there."""
    try:
        summary.left_behind = trial.remove()
    except KeyboardInterrupt:
        summary.is_interrupted = True
        mark = f"{trial.proof.mark}-*"
        summary.left_behind = [f"perhaps images and repositories {mark}: interrupted while removing them"]


def _plan(fleet: Fleet, summary: Summary, report: Report) -> Trial | None:
    """The proof that is to be made, None where no client is there to pull, or no way to the server is known."""
    clients = fleet.to_check(CLIENTS)
    if not clients:
        return None
    servers = fleet.members[SERVER]
    name, variables = next(iter(fleet.server_variables.items()))
    try:
        door = Door.of(servers[0].variables if servers else variables)
    except MooringError as error:
        summary.errors.append(f"{servers[0].name if servers else name}: {error}")
        return None
    trial = Trial(
        RegistrySide(servers[0], door) if servers else None,
        clients,
        fleet.site.options.forks,
        lambda done, total: report.show_step(f"pulls {done}/{total}"),
    )
    report.show_step("looking for the clients' routes")
    summary.errors += trial.plan(door)
    return trial


def _check_writable(path: str) -> None:
    """Refuse a place for the results that nothing can be written to, before the hosts are asked."""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666))
    except (OSError, ValueError) as error:
        raise UsageError(f"--junit {on_one_line(path)}: {getattr(error, 'strerror', None) or error}") from None


def _run_pytest(verification: plugin.Verification, junit: str, summary: Summary) -> int:
    arguments = [*PLAIN, "--rootdir", str(CHECKS), *map(str, check_files())]
    if junit:
        arguments += ["--junitxml", os.path.abspath(junit)]
    try:
        return int(pytest.main(arguments, plugins=[_Named(verification)]))
    except OSError as error:
        if not junit:
            raise
        # The checks have run, only their results as XML could not be written.
        summary.errors.append(f"--junit {on_one_line(junit)}: {error.strerror or error}")
        return int(pytest.ExitCode.TESTS_FAILED)


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

"""One verification of a connected fleet: check, prove, clean up, sum up."""

from __future__ import annotations

import os
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from mooring.errors import MooringError, on_one_line
from mooring.fleet.site import CLIENTS, SERVER
from mooring.records.report import Report
from mooring.records.verification import RouteResult, Summary
from mooring.registry.addresses import ServerAddresses
from mooring.verification import fixtures, plugin
from mooring.verification.fleet import Fleet
from mooring.verification.registry_side import RegistrySide
from mooring.verification.trial import Trial

# From the server outwards; further files of an operator's own come after these, and then those of
# the project.
ORDER = ("test_hosts.py", "test_server.py", "test_client.py", "test_proof.py")
# No settings of pytest that stand in a folder above count here, nor does the name of one file of
# checks exclude another file of that name; cache files would be litter. One that cannot be read is
# an error, and the others run all the same.
# What checks print is caught, though not by file descriptors, which would catch the progress that
# is shown meanwhile.
PLAIN = ("-c", os.devnull, "-p", "no:terminal", "-p", "no:cacheprovider", "-o", "junit_suite_name=mooring",
         "--import-mode=importlib", "--continue-on-collection-errors", "--capture=sys")  # fmt: skip


def check(fleet: Fleet, junit: str, summary: Summary, report: Report) -> int:
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
    """The proof that is to be made, None where no client is there to pull, or no way to
    the server is known."""
    clients = fleet.to_check(CLIENTS)
    if not clients:
        return None
    servers = fleet.members[SERVER]
    name, variables = next(iter(fleet.server_variables.items()))
    try:
        server_addresses = ServerAddresses.of(servers[0].variables if servers else variables)
    except MooringError as error:
        summary.errors.append(f"{servers[0].name if servers else name}: {error}")
        return None
    trial = Trial(
        RegistrySide(servers[0], server_addresses) if servers else None,
        clients,
        fleet.site.options.forks,
        lambda done, total: report.show_step(f"pulls {done}/{total}"),
    )
    report.show_step("looking for the clients' routes")
    summary.errors += trial.plan(server_addresses)
    return trial


def _run_pytest(verification: plugin.Verification, junit: str, summary: Summary) -> int:
    product, *others = verification.fleet.site.project.checks()
    arguments = [*PLAIN, "--rootdir", str(product), *map(str, [*check_files(product), *others])]
    for folder in others:  # modules that its checks import
        arguments += ["-o", f"pythonpath={shlex.quote(str(folder))}"]
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
    """Registers the verification under a name that the checks know, and what they may ask for."""

    def __init__(self, verification: plugin.Verification) -> None:
        self._verification = verification

    def pytest_configure(self, config: pytest.Config) -> None:
        config.pluginmanager.register(self._verification, plugin.NAME)
        config.pluginmanager.register(fixtures)


def check_files(folder: Path) -> Sequence[Path]:
    """The files with checks in Mooring's folder, those of a known name first and in their order."""
    files = sorted(folder.glob("test_*.py"))
    return sorted(files, key=lambda path: ORDER.index(path.name) if path.name in ORDER else len(ORDER))


def _tabulate(trial: Trial, summary: Summary) -> None:
    """The table host x route."""
    for pull, finding in trial.findings.items():
        cell = RouteResult(pull.reference, pull.image.digest, trial.addresses.get(pull, ""), finding)
        summary.routes.setdefault(pull.client, {})[pull.route.label] = cell

"""`invoke verify`: check every host, up to a real pull through the registry."""

from __future__ import annotations

import os
from pathlib import Path

from mooring.cli.options import Request
from mooring.cli.site import PLAYBOOK, load_site
from mooring.errors import UsageError, on_one_line
from mooring.fleet.site import SERVER, Site
from mooring.fleet.wanted_groups import require_groups
from mooring.records.verification import Summary
from mooring.reporters import streams
from mooring.reporters.verification import make_report
from mooring.verification.fleet import Fleet
from mooring.verification.session import check


def verify(request: Request, junit: str = "") -> int:
    """Check the fleet and prove that it pulls through its registry; `junit` is a file for the
    results as XML.

    Returns 0 where all is well, 2 where a check failed, 4 where a host was unreachable;
    raises MooringError (exit status 1) where the files or the options are wrong, before
    any host is touched.
    """
    site = load_site(request)
    _require_hosts(site, request)
    if junit:
        _check_writable(junit)
    summary = Summary()
    report = make_report(request.json, request.verbosity, log=streams.find_log())
    try:
        with Fleet(site, warn=report.show_warning) as fleet:
            report.show_step("connecting")
            fleet.connect()
            summary.hosts = tuple(fleet.names_to_check())
            status = check(fleet, junit, summary, report)
            if summary.is_interrupted:
                fleet.abort()
        report.show_summary(summary)
        return status
    finally:
        report.close()


def _require_hosts(site: Site, request: Request) -> None:
    """UsageError where there is no server, or nothing to check."""
    require_groups(site.inventory, site.plays)
    if not any(kind == SERVER and site.inventory.match(play.hosts) for kind, play in site.kinds()):
        raise UsageError(f"no host of {site.name} is the registry's server in {PLAYBOOK}")
    meant = {host.name for _, play in site.kinds() for host in site.inventory.match(play.hosts)}
    if not meant & site.chosen():
        raise UsageError(f'no host of {site.name} is meant by "{request.limit or PLAYBOOK}"')


def _check_writable(path: str) -> None:
    """Refuse a place for the results that nothing can be written to, before the hosts are asked."""
    try:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC, 0o666))
    except (OSError, ValueError) as error:
        raise UsageError(f"--junit {on_one_line(path)}: {getattr(error, 'strerror', None) or error}") from None

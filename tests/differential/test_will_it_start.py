"""Will the daemon start? Drawn hosts, asked of real daemons and of the resolver."""

from __future__ import annotations

from drawn import Drawn, asks, hosts, show
from engines import Bench
from hypothesis import given

from mooring.engines.docker.effective import resolve
from mooring.engines.docker.rules import find_conflicts, will_start

OWN = "--storage-driver=nosuch"


def test_the_resolver_says_what_the_daemon_does(bench: Bench, many: int) -> None:
    @asks(many)
    @given(hosts())
    def compare(case: Drawn) -> None:
        conflicts = find_conflicts(resolve(case.texts(OWN, bench.suite.docker)))
        verdict = bench.judge(case.argv(OWN), case.daemon_json)
        assert will_start(conflicts) == verdict.starts, (show(case), [str(conflict) for conflict in conflicts], verdict)

    compare()

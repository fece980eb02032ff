"""What does `docker info` list? Drawn settings of registries, asked of running daemons
and of the resolver."""

from __future__ import annotations

from dataclasses import replace

from drawn import RUNNING, Drawn, asks, registry_hosts, show
from engines import Bench
from hypothesis import assume, given
from search_order import in_order

from mooring.engines.docker.effective import resolve
from mooring.engines.docker.registries import as_it_runs, by_files
from mooring.engines.docker.rules import find_conflicts, will_start


def test_the_resolver_lists_what_the_daemon_lists(bench: Bench, many: int) -> None:
    @asks(many)
    @given(registry_hosts())
    def compare(case: Drawn) -> None:
        texts = case.texts(RUNNING, bench.suite.docker)
        assume(will_start(find_conflicts(resolve(texts))))
        with bench.daemon(case.argv(RUNNING), case.daemon_json) as daemon:
            info = daemon.info()
        effective = resolve(replace(texts, info=info))
        listed, running = in_order(by_files(effective)), in_order(as_it_runs(effective))
        assert listed == running, (show(case), info["RegistryConfig"])

    compare()

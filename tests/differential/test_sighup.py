"""What does a running daemon take over on SIGHUP? Drawn changes of daemon.json, asked of
it and of reload.py."""

from __future__ import annotations

from dataclasses import replace

from drawn import RUNNING, Drawn, asks, changes, show
from engines import Bench
from hypothesis import assume, given
from search_order import in_order

from mooring.engines.docker.effective import resolve
from mooring.engines.docker.registries import as_it_runs
from mooring.engines.docker.reload import after_reload, after_start
from mooring.engines.docker.rules import find_conflicts, will_start


def test_the_daemon_has_what_reload_says(bench: Bench, many: int) -> None:
    @asks(many)
    @given(changes())
    def compare(drawn: tuple[Drawn, list[str | None]]) -> None:
        case, later = drawn
        old = resolve(case.texts(RUNNING, bench.suite.docker))
        assume(will_start(find_conflicts(old)))
        now = after_start(old)
        with bench.daemon(case.argv(RUNNING), case.daemon_json) as daemon:
            for text in later:
                output = daemon.reload(text)
                info = daemon.info()
                new = resolve(replace(case, daemon_json=text).texts(RUNNING, bench.suite.docker))
                now = after_reload(old, new, now)
                about = (show(case), later, text, output[-600:])
                running = as_it_runs(resolve(replace(old.texts, info=info)))
                assert in_order(now.registries) == in_order(running), about
                assert now.live_restore == info["LiveRestoreEnabled"], about
                assert bool(now.refusals) == ("level=error" in output), (now.refusals, about)

    compare()


def test_what_is_looked_at_when_it_starts_alone(bench: Bench) -> None:
    """A host that is none, and before 25.0 a log level, stop a daemon at start, but not when it
    rereads its file."""
    case = Drawn("[Service]\nExecStart=/usr/sbin/dockerd {own}\n", "", "{}")
    old = resolve(case.texts(RUNNING, bench.suite.docker))
    with bench.daemon(case.argv(RUNNING), case.daemon_json) as daemon:
        for entry, other in (("a:5000", '"hosts": ["-x"]'), ("b:5000", '"log-level": "x"')):
            text = f'{{"insecure-registries": ["{entry}"], {other}}}'
            daemon.reload(text)
            new = resolve(replace(case, daemon_json=text).texts(RUNNING, bench.suite.docker))
            running = as_it_runs(resolve(replace(old.texts, info=daemon.info())))
            assert (entry in running.insecure) == (not after_reload(old, new).refusals), (entry, running)

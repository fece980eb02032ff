"""The real nginx (Debian's 1.22) on loopback, with the configuration that the role writes.

Only its addresses and places are other: a free port, a directory of the test's, a
backend on loopback.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lab.programs import PROGRAMS, Program
from tests.support.local_registry import free_port, program_or_skip, run_program, wait_for_port

# Here, not there: the recipe of the lab's hub counts that file, and the lab needs no such nginx.
PROGRAMS.setdefault("nginx", Program("nginx", "bookworm", "1.22", "usr/sbin/nginx"))


@contextmanager
def run_nginx(work: Path, configuration: str, backends: dict[str, str]) -> Iterator[str]:
    """Where an nginx with CONFIGURATION answers; BACKENDS are {"name:port" there:
    "127.0.0.1:port" here}."""
    program = program_or_skip("nginx")
    port = free_port()
    replaced = {**backends, "listen 8080": f"listen 127.0.0.1:{port}", "/run/": f"{work}/"}
    for old, new in replaced.items():
        assert old in configuration, old
        configuration = configuration.replace(old, new)
    (work / "nginx.conf").write_text(configuration)
    words = [str(program), "-p", str(work), "-c", str(work / "nginx.conf"), "-g", "daemon off; master_process off;"]
    with run_program(words, work / "nginx.log") as process:
        wait_for_port(port, process, work / "nginx.log")
        yield f"http://127.0.0.1:{port}"

"""What a first copy costs: `invoke sync` by both ways and `crane copy`, between two real registries
on loopback.

    .venv/bin/python bench/sync.py [LAYERS [MEGABYTES [ROUNDS]]]

The server is this machine, reached without SSH. Every contender has an empty registry of its own in
each round, and they are timed in turn. Printed are medians of wall-clock seconds, their ratios to
crane's, and the most memory that the program or one of its children had, of which the agent is one.
"""

from __future__ import annotations

import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from mooring.registry.image import OCI, OCI_INDEX, Blob  # noqa: E402
from tests.support.filled_site import FilledSite, locked  # noqa: E402
from tests.support.indexed_images import encode_manifest, open_registry  # noqa: E402
from tests.support.local_registry import LocalRegistry, program_or_skip, run_registry  # noqa: E402

NAME = "library/large"


def push(url: str, layers: int, megabytes: int) -> str:
    """An index with one image of so many layers, all of them of so many bytes; returns its
    digest."""
    size, draw = megabytes * 1_000_000 // layers, random.Random(1)
    with open_registry(url) as registry:
        config = Blob(b"{}", "application/vnd.oci.image.config.v1+json")
        registry.push_blob(NAME, config)
        parts = []
        for _ in range(layers):
            layer = Blob(draw.randbytes(size), "application/vnd.oci.image.layer.v1.tar+gzip")
            registry.push_blob(NAME, layer)
            parts.append(layer.descriptor())
        image = encode_manifest({"config": config.descriptor(), "layers": parts}, OCI)
        registry.push_manifest(NAME, image.digest, image)
        index = encode_manifest({"manifests": [image.descriptor()]}, OCI_INDEX)
        return registry.push_manifest(NAME, "1", index)


def measure(argv: Sequence[str], folder: Path) -> tuple[float, float]:
    """Wall-clock seconds and the most megabytes of one run, which must succeed."""
    environment, most = {**os.environ, "PYTHONPATH": str(ROOT)}, 0.0
    with (folder / "output").open("w+") as output:
        began = time.perf_counter()
        process = subprocess.Popen(argv, cwd=folder, env=environment, stdout=output, stderr=output)
        while process.poll() is None:
            most = max(most, weigh(process.pid))
            time.sleep(0.02)
        took = time.perf_counter() - began
        if process.returncode:
            output.seek(0)
            sys.exit(f"{' '.join(argv)}:\n{output.read()}")
    return took, most


def weigh(number: int) -> float:
    """The most megabytes that a process or one of its children has had so far."""
    try:
        status = Path(f"/proc/{number}/status").read_text()
        children = Path(f"/proc/{number}/task/{number}/children").read_text().split()
    except OSError:
        return 0.0
    peak = re.search(r"VmHWM:\s+(\d+) kB", status)
    return max([int(peak[1]) / 1000 if peak else 0.0, *(weigh(int(child)) for child in children)])


def run(way: str, upstream: LocalRegistry, digest: str, work: Path) -> tuple[float, float]:
    """One contender with a registry of its own, in a process of its own: its children's
    memory is measured."""
    with run_registry(work / "own") as own:
        if way == "crane":
            source, target = f"{upstream.authority}/{NAME}:1", f"{own.authority}/{NAME}:1"
            argv = [str(program_or_skip("crane")), "copy", "--insecure", source, target]
            return measure(argv, work)
        site = FilledSite.make(work / "site", own, upstream.url, sync_via=way)
        site.lock(locked(f"docker.io/{NAME}", "1", digest))
        return measure([sys.executable, "-m", "mooring.cli", "sync"], site.folder)


def main() -> None:
    """Fill the upstream, then time the contenders in turn."""
    layers, megabytes, rounds = (int(word) for word in (*sys.argv[1:], *("20", "200", "3")[len(sys.argv) - 1 :]))
    seconds: dict[str, list[float]] = {"crane": [], "server": [], "control": []}
    memory: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder, run_registry(Path(folder) / "upstream") as upstream:
        digest = push(upstream.url, layers, megabytes)
        for number in range(rounds):
            for way in seconds:
                with tempfile.TemporaryDirectory(dir=folder) as work:
                    took, most = run(way, upstream, digest, Path(work))
                seconds[way].append(took)
                memory[way] = max(most, memory.get(way, 0.0))
                print(f"round {number + 1}: {way:8} {took:6.2f} s")
    floor = statistics.median(seconds["crane"])
    for way, taken in seconds.items():
        median = statistics.median(taken)
        print(
            f"{way:8} {median:6.2f} s  {median / floor:5.2f} x crane  ({min(taken):.2f} to {max(taken):.2f})"
            f"  {memory[way]:.0f} MB"
        )


if __name__ == "__main__":
    main()

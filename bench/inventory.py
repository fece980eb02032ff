"""What reading a large fleet costs, as YAML and as INI, beside the floor: libyaml composing the
YAML into nodes.

    .venv/bin/python bench/inventory.py [HOSTS] [ROUNDS]

Writes an inventory of that many hosts (20,000) into a temporary folder, each in one of 40 groups
and with three variables. All are timed in turn, round by round, the loads in a new process each
time; printed are medians of wall-clock seconds and their ratios to the floor.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv" / "bin"
GROUPS = 40
HEAD = "all:\n  children:\n    server: {hosts: {registry1.example.com}}\n    clients:\n      children:\n"
HOST = """\
            docker{number:05d}.example.com:
              ansible_host: 192.0.2.{last}
              ansible_port: {port}
              rack: "r{rack}"
"""
TIMED = """
import sys, time
from mooring.inventory.inventory import Inventory
import yaml
text = open(sys.argv[1], encoding="utf-8").read()
began = time.perf_counter()
{work}
print(time.perf_counter() - began)
"""
CONTENDERS = {
    "floor: libyaml's nodes": "yaml.compose(text, Loader=yaml.CSafeLoader)",
    "Inventory.load, YAML": "Inventory.load(sys.argv[1])",
    "Inventory.load, INI": "Inventory.load(sys.argv[2])",
}


def write_fleet(path: Path, hosts: int) -> None:
    """An inventory as a program would write it."""
    with path.open("w", encoding="utf-8") as file:
        file.write(HEAD)
        for group in range(GROUPS):
            file.write(f'        site{group:02d}:\n          vars: {{site: "{group}"}}\n          hosts:\n')
            for number in range(group, hosts, GROUPS):
                file.write(HOST.format(number=number, last=number % 250, port=2200 + number % 1000, rack=number % 77))


def write_ini(path: Path, hosts: int) -> None:
    """The same as INI."""
    with path.open("w", encoding="utf-8") as file:
        file.write("[server]\nregistry1.example.com\n[clients:children]\n")
        file.writelines(f"site{group:02d}\n" for group in range(GROUPS))
        for group in range(GROUPS):
            file.write(f"[site{group:02d}:vars]\nsite='{group}'\n[site{group:02d}]\n")
            for number in range(group, hosts, GROUPS):
                name, last, port = f"docker{number:05d}.example.com", number % 250, 2200 + number % 1000
                file.write(f'{name} ansible_host=192.0.2.{last} ansible_port={port} rack="r{number % 77}"\n')


def seconds(work: str, *paths: Path) -> float:
    """What a piece of Python takes in a new process, its imports aside."""
    argv = [str(BIN / "python"), "-c", TIMED.format(work=work), *map(str, paths)]
    return float(subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


def seconds_of_listing(path: Path) -> float:
    """What the whole command takes, from its start to its end."""
    argv = [str(BIN / "invoke"), "provision-clients", "--list-hosts", "-i", str(path)]
    began = time.perf_counter()
    subprocess.run(argv, cwd=ROOT, capture_output=True, check=True)
    return time.perf_counter() - began


def main() -> None:
    """Time the contenders in turn."""
    hosts, rounds = (int(word) for word in (*sys.argv[1:], *("20000", "5")[len(sys.argv) - 1 :]))
    listing = "invoke … --list-hosts"
    times: dict[str, list[float]] = {name: [] for name in (*CONTENDERS, listing)}
    with tempfile.TemporaryDirectory() as folder:
        path, ini = Path(folder) / "inventory.yml", Path(folder) / "hosts.ini"
        write_fleet(path, hosts)
        write_ini(ini, hosts)
        for _ in range(rounds):
            for name, work in CONTENDERS.items():
                times[name].append(seconds(work, path, ini))
            times[listing].append(seconds_of_listing(path))
    floor = statistics.median(times["floor: libyaml's nodes"])
    print(f"{hosts:,} hosts, {rounds} rounds")
    for name, taken in times.items():
        median = statistics.median(taken)
        print(f"{name:24} {median:6.2f} s  {median / floor:5.2f} x floor   ({min(taken):.2f} to {max(taken):.2f})")


if __name__ == "__main__":
    main()

"""Which flags and keys does each engine know? All of them, asked one by one and at once."""

from __future__ import annotations

import json
import re

from drawn import CONTAINERD
from engines import Bench

from mooring.engines.docker.engine import recognize
from mooring.engines.docker.options import OPTIONS

DAEMON = ("/usr/sbin/dockerd", CONTAINERD, "--storage-driver=nosuch")
NONE_OF_THEM = "don't match any configuration option: "


def test_flags(bench: Bench) -> None:
    engine = recognize("dockerd", bench.suite.docker)
    known = {option.flag for option in OPTIONS if option.is_known_to(engine) and option.is_flag}
    shown = set(re.findall(r"^ +(?:-\w, )?--([a-z][a-z0-9-]+)", bench.ask("--help"), re.MULTILINE))
    assert shown <= known
    # Not every flag is shown; and a word that is a key only must be no flag.
    taken = {
        option.flag
        for option in OPTIONS
        if option.flag not in shown and "unknown flag" not in bench.ask(f"--{option.flag}=1", "--help")
    }
    assert shown | taken == known


def test_keys(bench: Bench) -> None:
    engine = recognize("dockerd", bench.suite.docker)
    keys = {name for option in OPTIONS for name in (option.key, option.flag)}
    output = bench.judge(DAEMON, json.dumps(dict.fromkeys(keys))).output
    refused = set(re.findall(r"[a-z0-9-]+", output.rpartition(NONE_OF_THEM)[2])) if NONE_OF_THEM in output else set()
    known = [option for option in OPTIONS if option.is_known_to(engine)]
    # A flag's name is refused by none, though it does nothing where the key is called otherwise.
    assert keys - refused == {option.key for option in known} | {option.flag for option in known if option.is_flag}

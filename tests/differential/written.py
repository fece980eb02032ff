"""daemon.json as people write it: values of odd kinds, keys twice or in another case, line ends of
another system."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

ODD: dict[str, list[Any]] = {
    "dns": [["10.0.0.1"], ["x"], [" ::1"], [""], ["010.0.0.1"], ["fe80::1%eth0"], ["10.0.0.1\x1c"], "10.0.0.1"],
    "dns-search": [["example.com"], [""], ["a b"], ["a_b"], ["1"], ["\u00e9.com"], ["a." * 130]],
    "labels": [["a=b"], [], ["a"], ["a=b", "a=c"], ["a=b=c"], ["a=\u00e9"], ["a=b", 1]],
    "mtu": [1400, 0, -1, 1400.0, 2**63 - 1, 2**63, "1400"],
    "default-shm-size": ["64M", "1.5g", "64 m", "x", "", 64],
    "features": [{"buildkit": True}, {}, {"containerd-snapshotter": False}, {"a": None}, {"a": "true"}, ["a=true"]],
    "log-opts": [{"max-size": "1m"}, {}, {"max-size": None}, {"max-size": 1}, "max-size=1m"],
    "runtimes": [{}, {"a": {"path": "/x"}}, {"a": {"path": 1}}, {"a": "x"}, {"a": {"path": "/x", "RuntimeArgs": "y"}}],
    "default-runtime": ["runc", "a"],
    "default-ulimits": [{}, {"nofile": {"Name": "nofile", "Hard": 1, "Soft": 1}}, {"nofile": "1:1"}, {"nofile": 1}],
    "builder": [{}, {"gc": {"enabled": True}}, {"gc": {"enabled": "x"}}, {"GC": 1}, {"x": 1}],
    "default-address-pools": [[{"base": "10.10.0.0/16", "size": 24}], [{"base": "10.10.0.0/16", "size": "24"}], []],
    "node-generic-resources": [["a=1"], "a=1", [1], ["a"]],
    "ip": ["10.0.0.1", "x", ""],
    "default-gateway": ["10.0.0.1", "x", ""],
    "default-ipc-mode": ["private", "x"],
    "default-cgroupns-mode": ["host", "x"],
    "log-format": ["text", "x"],
    "max-download-attempts": [3, 0],
    "hosts": [["unix:///run/x.sock"], [], None, "unix:///run/x.sock", [1]],
    "proxies": [{"http-proxy": "http://p.example.com"}, {}, {"http-proxy": 1}, {"labels": "a"}, {"x": "y"}, "x"],
    "containerd-snapshotter": [True],
    "tls": [True, False, None],
    "tlsverify": [True, False, None],
    "version": ["x", True],
    "restart": ["x", False],
    "config-file": [1],
    "Debug": [{}, {"debug": True}],
    "Runtimes": [{}],
    "$schema": ["https://example.com"],
    "x": [{}, {"debug": True}, {"labels": "a"}, {"no-such-key": 1}, {"a": {"b": 1}}],
}
TEXTS = ["", " \n", "{}", "null", "[]", "{,}", "{} {}", "{}x", "\ufeff{}", '"a"', "1", "{}\x00", "\v{}", "\x1c{}"]
TEXTS += [
    "\u00a0{}",
    "{debug: true}",
    "{'debug': true}",
    '{"debug": true,}',
    '{"debug": True}',
    "{} # c",
    '{"mtu": 01}',
]
TEXTS += ['{"mtu": 1e3}', '{"mtu": -0}', '{"labels": ["a=\tb"]}', '{"labels": ["a=\\ud800"]}', '{"x": 1e999}', "{}}"]


@st.composite
def written(draw: st.DrawFn, config: dict[str, Any], any_value: st.SearchStrategy[Any]) -> str:
    """The settings as a text, mostly as a program would write it."""
    plain = json.dumps(config, indent=draw(st.sampled_from([None, 1])))
    way = draw(st.sampled_from(["plain"] * 8 + ["lines", "twice", "case", "escape", "raw"]))
    if way == "lines":
        return plain.replace("\n", "\r\n") + "\r\n"
    if way == "raw":
        return json.dumps(config, ensure_ascii=False, indent="\t")
    key = draw(st.sampled_from(sorted(config) or ["debug"]))
    name = json.dumps(key)
    if way == "twice":
        return plain.replace("{", f"{{{name}: {json.dumps(draw(any_value))}{', ' if config else ''}", 1)
    if way == "case":
        return plain.replace(f"{name}:", f"{json.dumps(key.title())}:", 1)
    if way == "escape":
        return plain.replace(f"{name}:", f'"\\u{ord(key[0]):04x}{key[1:]}":', 1)
    return plain

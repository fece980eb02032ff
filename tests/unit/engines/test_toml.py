"""Where keys and tables of a TOML file stand."""

from __future__ import annotations

import pytest

from mooring.engines import toml

TEXT = '''\
# [registry]
top = 1
"a b".'c.d' = 2
many = [
  "[no]",
  "x = 1",
]
long = """
[[registry]]
x = 2
"""

[[registry]]
location = "a"  # = b
 [[registry.mirror]]
 location = "m1"
 [[registry.mirror]]
 location = "m2"
[[registry]]
location = "b"
[[registry.mirror]]
location = "m3"
[registry.mirror.more]
x = 1
[plugins."io.containerd.grpc.v1.cri".registry]
config_path = "/x"
inline = { a = [1, 2], b = "]" }
last = 1
'''


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        (("top",), 2),
        (("a b", "c.d"), 3),
        (("many",), 4),
        (("long",), 8),
        (("registry", 0), 13),
        (("registry", 0, "location"), 14),
        (("registry", 0, "mirror", 1), 17),
        (("registry", 1, "mirror", 0, "location"), 22),
        (("registry", 1, "mirror", 0, "more", "x"), 24),
        (("plugins", "io.containerd.grpc.v1.cri", "registry", "config_path"), 26),
        (("plugins", "io.containerd.grpc.v1.cri", "registry", "last"), 28),
        (("x",), 0),
    ],
)
def test_lines(keys: tuple[str | int, ...], line: int) -> None:
    assert toml.parse(TEXT, "/etc/x").origin(*keys).line == line


@pytest.mark.parametrize("text", ["[[", "a", "a = 1\na = 2\n", "\x00", 'a = "'])
def test_what_is_no_toml(text: str) -> None:
    parsed = toml.parse(text, "/etc/x")
    assert parsed.error
    assert parsed.values == {}


def test_values_below_keys() -> None:
    values = toml.parse(TEXT, "/etc/x").values
    assert toml.get(values, "plugins", "io.containerd.grpc.v1.cri", "registry", "config_path") == "/x"
    assert toml.get(values, "top", "below") is None
    assert toml.get(values, "nothing", "below") is None

"""What people write about containers, read as the engine takes it."""

import os

import pytest

from mooring.agent import docker_values as values
from mooring.agent import host


@pytest.mark.parametrize(
    ("written", "number"),
    [("512M", 512 << 20), ("1.5g", 3 << 29), ("64KiB", 64 << 10), ("10", 10), (10, 10), ("0", 0), ("unlimited", -1)],
)
def test_sizes(written, number):
    assert values.size(written, "memory") == number


@pytest.mark.parametrize(
    ("written", "seconds"), [("10s", 10), ("1m30s", 90), ("500ms", 0.5), ("1h", 3600), ("1.5s", 1.5)]
)
def test_durations(written, seconds):
    assert values.duration(written, "interval") == int(seconds * 10**9)


@pytest.mark.parametrize(
    ("written", "bindings"),
    [
        ("80", {"80/tcp": [("0.0.0.0", "")]}),
        ("8080:80", {"80/tcp": [("0.0.0.0", "8080")]}),
        ("53:53/UDP", {"53/udp": [("0.0.0.0", "53")]}),
        ("127.0.0.1:5000:5000", {"5000/tcp": [("127.0.0.1", "5000")]}),
        ("127.0.0.1::80", {"80/tcp": [("127.0.0.1", "")]}),
        ("[::1]:80:81", {"81/tcp": [("::1", "80")]}),
        ("8000-8001:80-81", {"80/tcp": [("0.0.0.0", "8000")], "81/tcp": [("0.0.0.0", "8001")]}),
    ],
)
def test_published_ports(written, bindings):
    assert values.published_ports([written]) == bindings


def test_one_port_may_be_published_twice():
    assert values.published_ports(["80:80", "8080:80"]) == {"80/tcp": [("0.0.0.0", "80"), ("0.0.0.0", "8080")]}


@pytest.mark.parametrize(
    ("written", "parts"),
    [
        ("/srv/data:/data", ("/srv/data", "/data", "rw")),
        ("name:/data:ro,z", ("name", "/data", "ro,z")),
        ("/data", (None, "/data", "")),
        ("./x:/data", (os.path.abspath("./x"), "/data", "rw")),
    ],
)
def test_volumes(written, parts):
    assert values.volume(written) == parts


@pytest.mark.parametrize(
    ("read", "written"),
    [
        (lambda text: values.size(text, "memory"), "much"),
        (lambda text: values.duration(text, "interval"), "10"),
        (lambda text: values.published_ports([text]), "1:2:3:4"),
        (lambda text: values.published_ports([text]), "80-70"),
        (lambda text: values.published_ports([text]), "80-81:80"),
        (lambda text: values.published_ports([text]), "70000:80"),
        (values.volume, "/a:/b:odd"),
        (values.volume, "/a:b"),
        (values.ulimit, "nofile"),
        (lambda text: values.words(text, "command"), "sh -c 'open"),
    ],
)
def test_what_cannot_be_read_is_named(read, written):
    with pytest.raises(host.Failed) as caught:
        read(written)
    assert written in caught.value.message


def test_texts_must_be_written_as_texts():
    assert values.texts({"A": "1"}, "env") == {"A": "1"}
    with pytest.raises(host.Failed, match="env: the value of A is not text"):
        values.texts({"A": True}, "env")


@pytest.mark.parametrize(
    ("name", "full"),
    [
        ("nginx", "nginx:latest"),
        ("nginx:1", "nginx:1"),
        ("registry.example.com:5000/app", "registry.example.com:5000/app:latest"),
        ("app@sha256:" + "a" * 64, "app@sha256:" + "a" * 64),
        ("sha256:" + "a" * 64, "sha256:" + "a" * 64),
    ],
)
def test_image_names(name, full):
    assert values.image_name(name) == full


def test_images_are_split_at_their_tag():
    assert values.split_image("registry.example.com:5000/a/b:1") == ("registry.example.com:5000/a/b", "1")
    assert values.split_image("a@sha256:x") == ("a", "sha256:x")
    assert values.split_image("localhost:5000/a") == ("localhost:5000/a", "latest")


def test_health_checks():
    healthcheck = {"test": "curl x", "interval": "10s", "retries": 3, "timeout": None}
    assert values.healthcheck(healthcheck) == {"Test": ["CMD-SHELL", "curl x"], "Interval": 10**10, "Retries": 3}
    assert values.healthcheck({"test": ["curl", "x"]}) == {"Test": ["CMD", "curl", "x"]}
    assert values.healthcheck({"test": ["NONE"]}) == {"Test": ["NONE"]}

"""Units, drop-ins, EnvironmentFiles and command lines as systemd reads them."""

from __future__ import annotations

import pytest

from mooring.engines import systemd
from mooring.engines.docker import sysconfig
from mooring.engines.origin import Origin, Placed
from mooring.engines.systemd_words import commands, expand, split, split_line
from tests.support.docker_hosts import DEBIAN_UNIT, SYSCONFIG, redhat

HERE = Origin("/etc/x", 1)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("A=b", {"A": "b"}),
        ("A=b c  \n", {"A": "b c"}),
        ("A='b  c' \n", {"A": "b  c"}),
        ('A="b \\"c\\" \\$d \\e"', {"A": 'b "c" $d \\e'}),
        ("A='b\\c'", {"A": "b\\c"}),
        ("# A=b\n; A=c\n  A=d", {"A": "d"}),
        ("A=b # no comment", {"A": "b # no comment"}),
        ("A=b\nA=c", {"A": "c"}),
        ("A=b\\\nc", {"A": "bc"}),
        ("A='b\nc'\nD=e", {"A": "b\nc", "D": "e"}),
        ("A='b''c'", {"A": "bc"}),
        ("A=", {"A": ""}),
        ('A=--x "y z"', {"A": '--x "y z"'}),
        ("export A=b\n1A=c\nfi", {}),
        # Before systemd 254 a backslash at a comment's end takes
        # the next line in (the first case: tried with 252).
        ("# c \\\nA=1\nB=2\n", {"B": "2"}),
        ("; c \\\n# d \\\n\nB=2\n", {"B": "2"}),
        ("# c \\\\\nA=1", {"A": "1"}),
        ("# c \\\r\nA=1\r\n", {"A": "1"}),
        ("A=1\n# c \\", {"A": "1"}),
        ('if [ -z "${X}" ]; then\n    X=/etc/docker\nfi', {"X": "/etc/docker"}),
    ],
)
def test_environment_files(text: str, values: dict[str, str]) -> None:
    parsed = sysconfig.parse(text, "/etc/x")
    assert {name: value.text for name, value in parsed.values.items()} == values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A='b \\\n c'", "b  c"),
        ("A='b\\'c\\\\'", "b'c\\"),
        ('A="b\\c\\"d\\\n"', 'bc"d'),
        ("A='b\\\r\nc'", "b\nc"),
        ("A='b\nc'", "b\nc"),
    ],
)
def test_systemd_219_knows_backslashes_in_all_quotes(text: str, value: str) -> None:
    assert sysconfig.parse(text, "/etc/x", is_old=True).values["A"].text == value


def test_a_line_joined_in_quotes_is_read_as_the_engines_own_systemd_does() -> None:
    effective = redhat("OPTIONS='--selinux-enabled \\\n --log-driver=journald'\n")
    assert effective.values("log-driver")[0].text == "journald"
    assert effective.command.strays == ()


def test_a_value_has_its_line_and_a_dropped_line_too() -> None:
    parsed = sysconfig.parse("# c\nA='b\nc'\nexport B=d\nE=f", "/etc/x")
    assert {name: value.origin.line for name, value in parsed.values.items()} == {"A": 2, "E": 5}
    assert parsed.ignored == [Placed("export B=d", Origin("/etc/x", 4))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a  b\tc", ["a", "b", "c"]),
        ("a 'b c' \"d e\"", ["a", "b c", "d e"]),
        ("a='b c'", ["a=b c"]),
        ("a ''", ["a", ""]),
        ("", []),
        # Drawn at random, asked of systemd 252: in a variable
        # a backslash only takes the next character as it is.
        ("a\\ b \"\\n\" '\\n' \\$A", ["a b", "n", "n", "$A"]),
        ("'a b", ["a b"]),
    ],
)
def test_a_variables_words(text: str, words: list[str]) -> None:
    assert split(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        # Drawn at random, asked of systemd 252.
        ("a\\sb \"\\n\" '\\t' \\x41", ["a b", "\n", "\t", "A"]),
        ("\\$A \\q 100%% \\", ["\\$A", "\\q", "100%", "\\"]),
        ("a'b c'd", ["ab cd"]),
        ("a \\;", ["a", ";"]),
    ],
)
def test_a_lines_words(text: str, words: list[str]) -> None:
    assert split_line(text) == words


def test_a_quote_without_its_end_drops_the_line() -> None:
    service = systemd.parse("# /x.service\n[Service]\nExecStart=/usr/bin/dockerd 'a b\nExecStart=/usr/bin/dockerd\n")
    assert [command.text for command in service.commands] == ["/usr/bin/dockerd"]
    assert [line.origin.line for line in service.broken] == [2]


def test_a_semicolon_parts_commands() -> None:
    assert commands("/a b ;  '") == ["/a b"]
    service = systemd.parse('# /x.service\n[Service]\nExecStart=/a b ; /c ";" ;\n')
    assert [command.text for command in service.commands] == ["/a b", '/c ";"']


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("d $TWO", ["d", "--a", "x y"]),
        ("d ${TWO}", ["d", "--a 'x y'"]),
        ("d --k=${ONE}-z", ["d", "--k=1-z"]),
        ("d --k=$ONE", ["d", "--k=$ONE"]),
        ("d $NOTHING $EMPTY", ["d"]),
        ("d ${NOTHING}", ["d", ""]),
        ("d $$ONE $${ONE}", ["d", "$ONE", "${ONE}"]),
        ("-@d a", ["d", "a"]),
        ("d $ONE.x $ x", ["d", "x"]),
        ("d ${ONE.x}- ${ONE", ["d", "-", "${ONE"]),
        ("d $$-${A$$ONE", ["d", "$-${A$$ONE"]),
    ],
)
def test_variables_in_a_command(command: str, words: list[str]) -> None:
    variables = {"ONE": Placed("1", HERE), "TWO": Placed("--a 'x y'", HERE), "EMPTY": Placed("", HERE)}
    assert [word.text for word in expand(Placed(command, HERE), variables)] == words


def test_drop_ins_add_to_the_unit_and_an_empty_assignment_takes_back() -> None:
    drop_in = (
        '\n# /etc/systemd/system/docker.service.d/10-own.conf\n[Service]\nEnvironment="A=b c" D=e\n'
        "EnvironmentFile=\nEnvironmentFile=/etc/own\nExecStart=\nExecStart=/usr/bin/dockerd \\\n  # why\n  --debug\n"
    )
    service = systemd.parse(DEBIAN_UNIT + drop_in)
    place = Origin("/etc/systemd/system/docker.service.d/10-own.conf", 6)
    assert [(split(command.text), command.origin) for command in service.commands] == [
        (["/usr/bin/dockerd", "--debug"], place)
    ]
    assert {name: value.text for name, value in service.environment.items()} == {"A": "b c", "D": "e"}
    assert [(file.path, file.is_optional) for file in service.files] == [("/etc/own", False)]


def test_a_place_is_counted_in_its_own_file() -> None:
    service = systemd.parse(DEBIAN_UNIT)
    assert service.commands[0].origin == Origin("/lib/systemd/system/docker.service", 7)
    assert service.origin == Origin("/lib/systemd/system/docker.service", 1)


def test_the_stock_files_of_red_hat() -> None:
    stock = "OPTIONS='--selinux-enabled --log-driver=journald --signature-verification=false'\nINSECURE_REGISTRY=\n"
    settings = redhat(stock).settings()
    assert [value.text for value in settings["exec-opts"]] == ["native.cgroupdriver=systemd"]
    assert settings["log-driver"] == [Placed("journald", Origin(SYSCONFIG, 1))]
    assert settings["signature-verification"][0].text == "false"
    assert redhat(stock).command.strays == ()


def test_later_environment_files_win() -> None:
    registries = {"/run/containers/registries.conf": "REGISTRIES='--add-registry a'\nADD_REGISTRY='--add-registry b'\n"}
    effective = redhat("ADD_REGISTRY='--add-registry c'\n", files=registries)
    assert [(value.text, value.origin.path) for value in effective.values("add-registry")] == [
        ("c", SYSCONFIG),
        ("a", "/run/containers/registries.conf"),
    ]

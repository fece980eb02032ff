"""The plan for podman, CRI-O and containerd: files, what follows, what is
refused, and the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from mooring.engines.containerd import config
from mooring.engines.containerd.endpoints import explain as explain_containerd
from mooring.engines.plan import module_arguments, show
from mooring.engines.plan.containers import config_edit
from mooring.engines.plan.containers.drop_in import PATH as DROP_IN
from mooring.engines.plan.containers.host import ContainerHost, record_path
from mooring.engines.plan.containers.plan import plan
from mooring.engines.plan.step import Effect
from mooring.engines.plan.wanted import Mirror, Registry, Wanted
from mooring.engines.podman import effective as podman
from mooring.engines.texts import ContainerTexts, Unit
from mooring.engines.toml import parse
from tests.support.container_hosts import after_plan, endpoints_of

VERSIONS = {"podman": "podman version 5.4.2", "crio": "crio version 1.30.1", "containerd": "containerd 1.7.24"}
CONF, TOML = "/etc/containers/registries.conf", "/etc/containerd/config.toml"
CERTS = "/etc/containerd/certs.d"
NAME = "registry.example.com"
WANTED = Wanted((Registry(NAME, insecure=True),), (Mirror(f"http://{NAME}"),))
V2 = 'version = 2\n# own\n[plugins."io.containerd.grpc.v1.cri".registry]\n'


def host(name: str, files: Mapping[str, str | None] | None = None, **more: object) -> ContainerHost:
    """A host with this engine, its service running."""
    versions = {name: str(more.pop("version", VERSIONS[name]))}
    units = {name: Unit("x", {"ActiveState": str(more.pop("state", "active"))})}
    texts = ContainerTexts(versions, {"/etc/containers/policy.json": "{}", **(files or {})}, units=units, **more)  # type: ignore[arg-type]
    return ContainerHost(name, texts, record=record_path("/etc/mooring/registry_client.json", name))


@pytest.mark.parametrize("name", ["podman", "crio", "containerd"])
def test_what_is_wanted_holds_and_is_taken_out_again(name: str) -> None:
    files = {CONF: "# own\n", TOML: V2}
    before = host(name, files)
    made = plan(before, WANTED)
    assert made.refusals == ()
    later = after_plan(before, made)
    assert endpoints_of(later, f"docker.io/{'library/'}x")[-2:][0][0] == f"http://{NAME}"
    assert [url for url, _ in endpoints_of(later, f"{NAME}/x")] == [f"https://{NAME}", f"http://{NAME}"]
    again = plan(later, WANTED)
    assert (again.changes, again.steps, again.is_changed) == ((), (), False)
    gone = plan(later, Wanted(), is_absent=True)
    left = after_plan(later, gone).texts.files
    assert {path: text for path, text in left.items() if text is not None} == {
        "/etc/containers/policy.json": "{}", **files,
    }  # fmt: skip
    assert not plan(after_plan(later, gone), Wanted(), is_absent=True).is_changed


@pytest.mark.parametrize(
    ("name", "state", "effect"),
    [
        ("podman", "active", Effect.NONE),
        ("crio", "active", Effect.RELOAD),
        ("crio", "inactive", Effect.NONE),
        ("containerd", "active", Effect.RESTART),
        ("containerd", "inactive", Effect.NONE),
    ],
)
def test_what_follows(name: str, state: str, effect: Effect) -> None:
    made = plan(host(name, {TOML: V2}, state=state), WANTED)
    assert made.effect is effect
    assert [step.then for step in made.steps] == [effect]
    assert set(made.undo) == ({effect.value} if effect is not Effect.NONE else set())
    assert module_arguments.arguments(made, 60, "")["engine"] == name
    assert show.headline(made).endswith("no reload, no restart" if effect is Effect.NONE else f"a {effect.value}")


def test_containerd_needs_no_restart_where_config_path_is_set() -> None:
    made = plan(host("containerd", {TOML: V2 + 'config_path = "/etc/own"\n'}), WANTED)
    assert made.effect is Effect.NONE
    assert [change.path for change in made.changes][:2] == [
        "/etc/own/docker.io/hosts.toml",
        f"/etc/own/{NAME}/hosts.toml",
    ]


def test_a_containerd_that_has_not_read_its_file_is_restarted_though_no_file_changes() -> None:
    before = host("containerd", {TOML: V2})
    settled = after_plan(before, plan(before, WANTED))
    assert not plan(settled, WANTED).is_changed
    unit = Unit("x", {"ActiveState": "active"}, newer=(TOML, "/etc/others"))
    unread = replace(settled, texts=replace(settled.texts, units={"containerd": unit}))
    made = plan(unread, WANTED)
    assert (made.changes, made.effect, [step.then for step in made.steps]) == ((), Effect.RESTART, [Effect.RESTART])
    assert made.reason == f"containerd reads config.toml at its start only, and {TOML} changed after that"
    assert made.in_effect_afterwards.mirrors == (f"http://{NAME}",)
    other = replace(unit, newer=("/etc/others",))
    assert not plan(replace(unread, texts=replace(settled.texts, units={"containerd": other})), WANTED).is_changed


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("1.7.24", None),
        ("1.6.20", ""),
        ("2.1.9", None),
        ("1.7.24", V2),
        ("1.7.24", V2 + 'config_path = ""\nheaders = {}\n'),
        ("1.7.24", "version = 2"),
        ("1.7.24", "[plugins.cri.registry]\n"),
        ("1.7.24", ""),
        ("2.1.9", "version = 3\n"),
        ("2.1.9", "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\n  config_path = ''  # none\n"),
        ("2.1.9", V2),
        ("2.2.0", "version = 3\n"),
        ("1.7.24", 'version = 2\n[plugins."io.containerd.grpc.v1.cri"]\n  sandbox_image = "x"\n'),
        ("1.7.24", 'version = 2\n[plugins]\n  [plugins."io.containerd.grpc.v1.cri"]\n'
         '    [plugins."io.containerd.grpc.v1.cri".registry]\n      config_path = ""\n'
         '      [plugins."io.containerd.grpc.v1.cri".registry.auths]\n'),
    ],
)  # fmt: skip
def test_the_line_in_config_toml(version: str, text: str | None) -> None:
    before = host("containerd", {TOML: text}, version=version)
    made = plan(before, WANTED)
    assert made.refusals == ()
    later = after_plan(before, made)
    assert config.resolve(later.texts).config_paths == (CERTS,)
    assert not plan(later, WANTED).is_changed
    assert after_plan(later, plan(later, Wanted(), is_absent=True)).texts.files[TOML] == text


@pytest.mark.parametrize(
    "text",
    [
        "version = 2\r\n# own\r\n",
        V2.replace("\n", "\r\n"),
        "version = 2\r\n[plugins.'io.containerd.grpc.v1.cri'.registry]\r\n config_path = ''  # none\r\n",
        "\r\n",
    ],
)
def test_config_toml_keeps_its_line_ends(text: str) -> None:
    before = host("containerd", {TOML: text})
    later = after_plan(before, plan(before, WANTED))
    made = later.texts.files[TOML]
    assert made is not None
    assert "Mooring" in made
    assert made.count("\n") == made.count("\r\n")
    assert config.resolve(later.texts).config_paths == (CERTS,)
    assert after_plan(later, plan(later, Wanted(), is_absent=True)).texts.files[TOML] == text
    # A record of an earlier version knows nothing of the line, so the marks tell.
    assert "Mooring" not in str(config_edit.take(made))


def test_what_the_operator_wrote_into_our_file_stays() -> None:
    before = host("containerd", {TOML: None})
    later = after_plan(before, plan(before, WANTED))
    theirs = replace(later.texts, files={**later.texts.files, TOML: f"{later.texts.files[TOML]}[debug]\n"})
    left = after_plan(later, plan(replace(later, texts=theirs), Wanted(), is_absent=True)).texts.files[TOML]
    assert left is not None
    assert parse(left, "").values == {"version": 2, "debug": {}}


def test_the_line_goes_under_the_registrys_own_header_alone() -> None:
    """A table below it may have a name that looks like it."""
    text = '[plugins.cri.registry.auths."my.registry"]\n  auth = "x"\n'
    for broken in (text, "[plugins.cri.registry]", "# a\u2028b\n[plugins.cri.registry] # \x85"):
        before = host("containerd", {TOML: broken})
        made = plan(before, WANTED)
        assert made.refusals == ()
        later = after_plan(before, made)
        assert config.resolve(later.texts).config_paths == (CERTS,)
        assert after_plan(later, plan(later, Wanted(), is_absent=True)).texts.files[TOML] == broken


@pytest.mark.parametrize(
    ("name", "files", "wanted", "words"),
    [
        ("podman", {}, Wanted((Registry("10.0.0.0/8", insecure=True),)), "knows no insecure networks"),
        ("podman", {}, Wanted((Registry("all", block=True),)), "cannot block all registries"),
        ("podman", {"/root/.config/containers/registries.conf": ""}, WANTED, "replaces the system's files for root"),
        ("podman", {CONF: "[["}, WANTED, "cannot be read"),
        ("podman", {CONF: "[["}, Wanted(), ""),
        ("podman", {DROP_IN: "# somebody's\n"}, WANTED, "is not Mooring's"),
        ("podman", {"/etc/containers/registries.conf.d/90-own.conf": f'[[registry]]\nlocation = "{NAME}"\n'}, WANTED,
         "would not hold because of /etc/containers/registries.conf.d/90-own.conf:1"),
        ("podman", {CONF: f'[[registry]]\nlocation = "{NAME}"\nblocked = true\n'}, WANTED,
         f"{CONF}:1 blocks {NAME}, so the mirror http://{NAME} would not be asked"),
        ("crio", {CONF: f'[[registry]]\nlocation = "{NAME}"\nblocked = true\n'}, Wanted((Registry(NAME, ca="C"),)),
         f"{CONF}:1 blocks {NAME}, so it would not be asked"),
        ("podman", {CONF: '[[registry]]\nprefix = "*.example.com"\ninsecure = true\n'},
         Wanted((Registry(NAME, ca="C"),)),
         f"{CONF}:1 makes it insecure, which switches the certificate off; take insecure out there"),
        ("podman", {CONF: '[[registry]]\nlocation = "docker.io"\nmirror-by-digest-only = true\n'}, WANTED,
         f"{CONF}:1 has mirror-by-digest-only"),
        ("containerd", {TOML: V2 + '[plugins."io.containerd.grpc.v1.cri".registry.mirrors."a"]\nendpoint = []\n'},
         Wanted((Registry(NAME, search="where-possible"),)), ""),
        ("containerd", {}, Wanted((Registry(NAME, search=True),)), "asks Docker Hub alone for short names"),
        ("containerd", {}, Wanted((Registry(NAME, block=True),)), "cannot block a registry"),
        ("containerd", {TOML: V2 + '[plugins."io.containerd.grpc.v1.cri".registry.mirrors."a"]\nendpoint = []\n'},
         WANTED, f"{TOML}:4 sets mirrors"),
        ("containerd", {TOML: "[["}, WANTED, "cannot be read"),
        ("containerd", {f"{CERTS}/{NAME}/hosts.toml": "# somebody's\n"}, WANTED, "is not Mooring's"),
        ("containerd", {}, Wanted((Registry("http://a", insecure=True),)), "is not a host"),
    ],
)  # fmt: skip
def test_refusals(name: str, files: dict[str, str | None], wanted: Wanted, words: str) -> None:
    made = plan(host(name, files), wanted)
    assert made.steps == ()
    assert bool(made.refusals) == bool(words)
    assert words in "\n".join(map(str, made.refusals))


def test_the_drop_in_keeps_what_the_operator_said() -> None:
    conf = 'unqualified-search-registries = ["docker.io"]\n[[registry]]\nprefix = "docker.io"\n'
    conf += 'location = "hub.example.com"\n'
    conf += '[[registry.mirror]]\nlocation = "own.example.com"\npull-from-mirror = "tag-only"\n'
    before = host("podman", {CONF: conf})
    later = after_plan(before, plan(before, Wanted((Registry(NAME, search=True),), (Mirror(f"https://{NAME}"),))))
    assert [url for url, _ in endpoints_of(later, "docker.io/x")] == [
        "https://own.example.com", f"https://{NAME}", "https://hub.example.com",
    ]  # fmt: skip
    assert [place.text for place in podman.resolve(later.texts).search] == [NAME, "docker.io"]


def test_the_old_syntax_goes_together_with_a_drop_in() -> None:
    before = host("podman", {CONF: '[registries.search]\nregistries = ["a.example.com"]\n'})
    later = after_plan(before, plan(before, Wanted((Registry(NAME, search=True),))))
    assert [place.text for place in podman.resolve(later.texts).search] == [NAME, "a.example.com"]
    newest = host("podman", dict(before.texts.files), version="6.0.0")
    assert "takes the new syntax only" in str(plan(newest, WANTED).refusals[0])


def test_certificates() -> None:
    trusted = Wanted((Registry(f"{NAME}:5000", ca="CA\n", certificate="CERT\n", key="KEY\n"),))
    made = plan(host("podman"), trusted)
    folder = f"/etc/containers/certs.d/{NAME}:5000"
    assert [(change.path, change.secret) for change in made.changes][:3] == [
        (f"{folder}/ca.crt", False), (f"{folder}/client.cert", False), (f"{folder}/client.key", True),
    ]  # fmt: skip
    there = {"/etc/docker/certs.d": {f"{NAME}:5000": ("other.crt",)}}
    assert (
        plan(host("podman", certificates=there), trusted).changes[0].path == f"/etc/docker/certs.d/{NAME}:5000/ca.crt"
    )
    taken = host("podman", {f"{folder}/ca.crt": "other\n"})
    assert plan(taken, trusted).changes[0].path == f"{folder}/mooring-ca.crt"


@pytest.mark.parametrize("name", ["podman", "crio"])
def test_a_mirror_that_is_told_the_registry_in_front(name: str) -> None:
    """Who does not say which registry is meant would get Docker Hub's image of the same name."""
    wanted = Wanted((), (Mirror("http://m.example.com", "ghcr.io", "ghcr.io"), Mirror("http://m.example.com")))
    before = host(name)
    later = after_plan(before, plan(before, wanted))
    assert [url for url, _ in endpoints_of(later, "ghcr.io/owner/app")][:2] == [
        "https://m.example.com",
        "http://m.example.com",
    ]
    assert 'location = "m.example.com/ghcr.io"' in str(later.texts.files)
    assert not plan(later, wanted).is_changed
    containerd = host("containerd", {TOML: V2})
    made = str(after_plan(containerd, plan(containerd, wanted)).texts.files)
    assert 'host."http://m.example.com"' in made
    assert "m.example.com/ghcr.io" not in made


def test_hosts_toml_names_the_certificates_of_its_folder() -> None:
    wanted = Wanted((Registry(NAME, ca="CA\n"),), (Mirror(f"https://{NAME}"), Mirror("http://m.example.com", NAME)))
    before = host("containerd", {TOML: V2}, certificates={CERTS: {NAME: ("own.crt",)}})
    later = after_plan(before, plan(before, wanted))
    hub, own = (explain_containerd(image, config.resolve(later.texts)).endpoints for image in ("x", f"{NAME}/x"))
    assert hub[0].trust.endswith(f"{CERTS}/{NAME}/ca.crt and {CERTS}/{NAME}/own.crt")
    assert [(endpoint.url, endpoint.tls) for endpoint in own] == [
        ("http://m.example.com", "none"),
        (f"https://{NAME}", "verified"),
    ]


def test_a_registry_with_a_port_whose_folder_is_written_the_other_way() -> None:
    before = host("containerd", {TOML: V2}, certificates={CERTS: {"a.example.com_5000_": ("x.crt",)}})
    made = plan(before, Wanted((Registry("a.example.com:5000", insecure=True),)))
    assert made.changes[0].path == f"{CERTS}/a.example.com_5000_/hosts.toml"


def test_an_unreadable_record_is_told() -> None:
    before = host("podman", {record_path("/etc/mooring/registry_client.json", "podman"): "{"})
    assert "cannot be read" in str(plan(before, WANTED).refusals[0])


def test_only_our_line_is_taken() -> None:
    own = "version = 2\n# Mooring has nothing to do with this\nconfig_path = '/x'\n"
    assert config_edit.take(own) == own
    assert not config_edit.has_ours("config_path = '/x'\n")


def test_an_insecure_registry_may_be_its_own_mirror() -> None:
    before = host("containerd", {TOML: V2})
    later = after_plan(
        before, plan(before, Wanted((Registry(NAME, insecure=True),), (Mirror(f"https://{NAME}", NAME),)))
    )
    assert endpoints_of(later, f"{NAME}/x") == [(f"https://{NAME}", "unverified"), (f"http://{NAME}", "none")]


def test_a_table_of_ours_keeps_what_a_wildcard_said() -> None:
    conf = (
        '[[registry]]\nprefix = "*.example.com"\ninsecure = true\n[[registry.mirror]]\nlocation = "own.example.org"\n'
    )
    conf += '[[registry]]\nlocation = "b.example.org"\n[[registry.mirror]]\nlocation = "m.example.org"\n'
    before = host("podman", {CONF: conf})
    assert not plan(before, Wanted((Registry(NAME, insecure=True),))).is_changed
    wanted = Wanted((Registry("b.example.org:5000", insecure=True),), (Mirror("https://m.example.com", NAME),))
    later = after_plan(before, plan(before, wanted))
    assert [url for url, _ in endpoints_of(later, f"{NAME}/x")] == [
        "https://own.example.org", "https://m.example.com", f"https://{NAME}", f"http://{NAME}",
    ]  # fmt: skip
    assert [url for url, _ in endpoints_of(later, "b.example.org:5000/x")] == [
        "https://m.example.org:5000", "https://b.example.org:5000", "http://b.example.org:5000",
    ]  # fmt: skip


def test_a_mirror_of_the_operators_stays_where_it_is_and_insecure() -> None:
    conf = '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "m.example.com"\ninsecure = true\n'
    before = host("podman", {CONF: conf + '[[registry.mirror]]\nlocation = "n.example.com"\n'})
    assert not plan(before, Wanted((), (Mirror("https://m.example.com"),))).is_changed
    later = after_plan(
        before, plan(before, Wanted((), (Mirror("http://n.example.com"), Mirror("https://n.example.com"))))
    )
    assert [url for url, _ in endpoints_of(later, "docker.io/library/x")][:4] == [
        "https://m.example.com", "http://m.example.com", "https://n.example.com", "http://n.example.com",
    ]  # fmt: skip


def test_with_containerd_1_the_line_goes_into_the_file_that_counts() -> None:
    other = "/etc/containerd/x/a.toml"
    before = host("containerd", {TOML: 'version = 2\nimports = ["/etc/containerd/x/*.toml"]\n', other: V2 + "x = 1\n"})
    later = after_plan(before, plan(before, WANTED))
    assert later.texts.files[TOML] == before.texts.files[TOML]
    assert config.resolve(later.texts).config_paths == (CERTS,)
    assert after_plan(later, plan(later, Wanted(), is_absent=True)).texts.files[other] == V2 + "x = 1\n"

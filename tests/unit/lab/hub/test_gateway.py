"""The hub as a whole, asked by plain HTTP and by crane: what Docker Hub does, and what
drills make it do."""

from __future__ import annotations

import base64
import http.client
import json
import re
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.support.authority import leaf
from tests.support.local_hub import LocalHub, run_hub
from tests.support.local_registry import crane, run_registry

from .conftest import Filled

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
SMALL = "/v2/library/small/manifests/1"
SCOPE = "repository:library/small:pull"


@dataclass(frozen=True)
class Reply:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


def ask(url: str, method: str = "GET", headers: Mapping[str, Any] | None = None, body: str | None = None) -> Reply:
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=20)) as connection:
        connection.request(method, url.partition(parts.netloc)[2], body, {"Accept": MANIFEST, **(headers or {})})
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())


def token(hub: LocalHub, scope: str = SCOPE, login: str = "") -> str:
    headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()} if login else {}
    reply = ask(f"{hub.url}/token?service=registry.docker.io&scope={scope}", headers=headers)
    assert reply.status == 200, reply
    return reply.json()["token"]


def bearer(hub: LocalHub, scope: str = SCOPE, login: str = "") -> dict[str, str]:
    return {"Authorization": f"Bearer {token(hub, scope, login)}"}


def test_without_a_token_the_way_to_one_is_told(hub: LocalHub) -> None:
    base, manifest = ask(f"{hub.url}/v2/"), ask(hub.url + SMALL)
    service = f'Bearer realm="{hub.url}/token",service="registry.docker.io"'
    assert (base.status, base.headers["WWW-Authenticate"]) == (401, service)
    assert base.headers["Docker-Distribution-Api-Version"] == "registry/2.0"
    assert base.json() == {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]}
    assert (manifest.status, manifest.headers["WWW-Authenticate"]) == (401, f'{service},scope="{SCOPE}"')
    assert manifest.json()["errors"][0]["detail"] == [
        {"Type": "repository", "Class": "", "Name": "library/small", "Action": "pull"}
    ]


def test_a_token_opens_its_repository_and_no_other(hub: LocalHub) -> None:
    header = bearer(hub)
    assert ask(f"{hub.url}/v2/", headers=header).status == 200
    assert ask(hub.url + SMALL, headers=header).status == 200
    other = ask(f"{hub.url}/v2/library/large/manifests/1", headers=header)
    assert other.status == 401
    assert other.headers["WWW-Authenticate"].endswith(',error="insufficient_scope"')
    assert ask(hub.url + SMALL, "PUT", header, "{}").status == 401
    assert ask(f"{hub.url}/v2/_catalog", headers=header).status == 401
    forged = {"Authorization": header["Authorization"][:-2]}
    assert 'error="invalid_token"' in ask(hub.url + SMALL, headers=forged).headers["WWW-Authenticate"]


def test_a_token_expires(hub: LocalHub) -> None:
    hub.set_knobs(token_seconds=0)
    reply = ask(hub.url + SMALL, headers=bearer(hub))
    assert reply.status == 401
    assert 'error="invalid_token"' in reply.headers["WWW-Authenticate"]


def test_nobody_learns_what_is_not_there(hub: LocalHub) -> None:
    """As at Docker Hub: a token that lacks the scope, whether there is no such repository or a
    private one."""
    hub.set_knobs(accounts={"somebody": "secret"}, private=["library/sm*"])
    for name in ("library/small", "library/nothing"):
        reply = ask(f"{hub.url}/v2/{name}/manifests/1", headers=bearer(hub, f"repository:{name}:pull"))
        assert (reply.status, reply.json()["errors"][0]["code"]) == (401, "UNAUTHORIZED")
    assert ask(hub.url + SMALL, headers=bearer(hub, login="somebody:secret")).status == 200


def test_an_account_has_a_limit_of_its_own_and_a_wrong_password_gets_nothing(hub: LocalHub) -> None:
    hub.set_knobs(accounts={"somebody": "secret"}, remaining=0)
    assert ask(hub.url + SMALL, headers=bearer(hub)).status == 429
    hub.set_knobs(accounts={"somebody": "secret"}, account_rate_limit=7)
    reply = ask(hub.url + SMALL, headers=bearer(hub, login="somebody:secret"))
    assert (reply.status, reply.headers["ratelimit-remaining"]) == (200, "6;w=21600")
    assert hub.requests()[-1]["account"] == "somebody"
    for login in ("somebody:wrong", "nobody:secret", "none"):
        header = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
        assert ask(f"{hub.url}/token?scope={SCOPE}", headers=header).status == 401
    form = "grant_type=password&username=somebody&password=secret&service=registry.docker.io&scope=" + SCOPE
    reply = ask(f"{hub.url}/token", "POST", body=form)
    assert ask(hub.url + SMALL, headers={"Authorization": f"Bearer {reply.json()['access_token']}"}).status == 200
    assert ask(f"{hub.url}/token", "POST", body=form.replace("secret", "wrong")).status == 401


def test_manifests_are_counted_by_get_alone(hub: LocalHub) -> None:
    header = bearer(hub)
    replies = [ask(hub.url + SMALL, method, header) for method in ("HEAD", "GET", "HEAD", "GET")]
    assert [reply.headers["ratelimit-limit"] for reply in replies] == ["100;w=21600"] * 4
    assert [reply.headers["ratelimit-remaining"] for reply in replies] == [
        f"{left};w=21600" for left in (100, 99, 99, 98)
    ]
    assert replies[0].headers["docker-ratelimit-source"] == "127.0.0.1"
    assert replies[0].headers["Docker-Content-Digest"] == replies[1].headers["Docker-Content-Digest"]
    assert [line["counted"] for line in hub.requests()[-4:]] == [False, True, False, True]
    ask(f"{hub.url}/v2/library/small/tags/list", headers=header)
    assert ask(hub.url + SMALL, "HEAD", header).headers["ratelimit-remaining"] == "98;w=21600"


def test_over_the_limit_only_heads_are_answered(hub: LocalHub) -> None:
    hub.set_knobs(remaining=1, retry_after=33)
    header = bearer(hub)
    assert ask(hub.url + SMALL, headers=header).headers["ratelimit-remaining"] == "0;w=21600"
    refused = ask(hub.url + SMALL, headers=header)
    assert (refused.status, refused.headers["Retry-After"]) == (429, "33")
    assert refused.headers["ratelimit-remaining"] == "0;w=21600"
    assert refused.json()["errors"][0]["code"] == "TOOMANYREQUESTS"
    assert "www.docker.com/increase-rate-limit" in refused.json()["errors"][0]["message"]
    assert ask(hub.url + SMALL, "HEAD", header).status == 200
    hub.set_knobs(remaining=1, rate_limit=50)
    assert ask(hub.url + SMALL, headers=header).status == 200
    refused = ask(hub.url + SMALL, headers=header)
    assert refused.headers["ratelimit-limit"] == "50;w=21600"
    assert 21000 < int(refused.headers["Retry-After"]) <= 21600


def blob_url(hub: LocalHub, filled: Filled) -> str:
    header = bearer(hub, "repository:library/large:pull")
    reply = ask(f"{hub.url}/v2/library/large/blobs/{filled.digest}", headers=header)
    assert reply.status == 307
    return reply.headers["Location"]


def test_a_blob_comes_from_another_host(hub: LocalHub, filled: Filled) -> None:
    url = blob_url(hub, filled)
    assert url.startswith(hub.url.replace("127.0.0.1", "localhost") + "/registry-v2/")
    assert ask(url).body == filled.layer
    part = ask(url, headers={"Range": "bytes=1000-1999"})
    assert (part.status, part.body) == (206, filled.layer[1000:2000])
    assert part.headers["Content-Range"] == f"bytes 1000-1999/{len(filled.layer)}"
    line = hub.requests()[-1]
    assert (line["status"], line["bytes"], line["range"], line["authorization"]) == (206, 1000, "bytes=1000-1999", "")
    assert line["host"].startswith("localhost:")
    assert ask(url, headers={"Range": f"bytes={len(filled.layer)}-"}).status == 416
    assert ask(f"{hub.url}/v2/library/large/blobs/sha256:{'0' * 64}", headers=bearer(hub, SCOPE)).status == 401
    header = bearer(hub, "repository:library/large:pull")
    assert ask(f"{hub.url}/v2/library/large/blobs/sha256:{'0' * 64}", headers=header).status == 404
    for part in ("bytes=5-9", f"bytes={len(filled.layer)}-", "lines=1-"):
        reply = ask(f"{hub.url}/v2/library/large/blobs/{filled.digest}", headers={**header, "Range": part})
        assert reply.status == 307, part


def test_the_blobs_host_wants_its_own_signature_alone(hub: LocalHub, filled: Filled) -> None:
    url = blob_url(hub, filled)
    refused = ask(url, headers=bearer(hub))
    assert refused.status == 400
    assert b"<Code>InvalidArgument</Code>" in refused.body
    assert hub.requests()[-1]["authorization"] == "bearer"
    assert ask(re.sub("verify=.", "verify=9", url)).status == 403
    assert ask(url.replace("library%2Flarge", "library%2Fsmall")).status == 403
    assert ask(url.partition("&")[0]).status == 403
    assert ask(url.replace("localhost", "127.0.0.1")).status == 404
    hub.set_knobs(url_seconds=0)
    assert ask(blob_url(hub, filled)).status == 403


@pytest.mark.parametrize("status", [429, 503, 500])
def test_all_of_it_answers_as_it_is_told(hub: LocalHub, status: int) -> None:
    hub.set_knobs(answer=status, retry_after=5)
    for path in ("/v2/", SMALL, "/token"):
        reply = ask(hub.url + path)
        assert (reply.status, reply.headers["Retry-After"]) == (status, "5")
    hub.set_knobs(answer=status, only="^HEAD .*/manifests/")
    assert [ask(hub.url + path).status for path in ("/v2/", SMALL)] == [401, 401]
    assert ask(hub.url + SMALL, "HEAD").status == status


def test_a_connection_ends_in_the_middle(hub: LocalHub, filled: Filled) -> None:
    url = blob_url(hub, filled)
    hub.set_knobs(drop_after=5000)
    with pytest.raises(http.client.IncompleteRead) as error:
        ask(url)
    assert error.value.partial == filled.layer[:5000]
    assert (hub.requests()[-1]["bytes"], hub.requests()[-1]["is_complete"]) == (5000, False)
    rest = ask(url, headers={"Range": "bytes=5000-9999"})
    assert (rest.status, rest.body) == (206, filled.layer[5000:10000])
    hub.set_knobs(drop_after=0)
    with pytest.raises(http.client.RemoteDisconnected):
        ask(url)


def test_a_slow_body_takes_its_time(hub: LocalHub, filled: Filled) -> None:
    url = blob_url(hub, filled)
    hub.set_knobs(slow=200_000)
    assert ask(url, headers={"Range": "bytes=0-99999"}).body == filled.layer[:100_000]
    assert hub.requests()[-1]["seconds"] > 0.4


def test_bad_knobs_are_told(hub: LocalHub) -> None:
    hub.set_knobs(rate_limits=1)
    reply = ask(f"{hub.url}/v2/")
    assert reply.status == 500
    assert "no knob 'rate_limits'; there are rate_limit," in reply.json()["errors"][0]["message"]


def test_an_odd_host_is_nobody(filled: Filled, tmp_path: Any) -> None:
    with run_hub(tmp_path / "hub", filled.registry.url, ["--name=registry-1.docker.io"]) as hub:
        for host in ("", "localhost:x", "[::1]:5", "h\u00f6st"):
            assert ask(f"{hub.url}/v2/", headers={"Host": host.encode("latin-1")}).status == 404


def test_a_registry_that_is_gone_is_told(filled: Filled, tmp_path: Any) -> None:
    with run_hub(tmp_path, "http://127.0.0.1:9") as hub:
        assert ask(f"{hub.url}/v2/").status == 401
        reply = ask(f"{hub.url}/token?scope={SCOPE}")
    assert (reply.status, reply.json()["errors"][0]["code"]) == (503, "UNAVAILABLE")


def test_crane_pulls_through_it(hub: LocalHub, filled: Filled, tmp_path: Any) -> None:
    hub.forget()
    crane("pull", "--format=oci", f"{hub.authority}/library/large:1", str(tmp_path / "image"))
    blobs = {path.name: path.read_bytes() for path in (tmp_path / "image/blobs/sha256").iterdir()}
    assert blobs[filled.digest.partition(":")[2]] == filled.layer
    lines = hub.requests()
    assert {line["authorization"] for line in lines if line["path"].startswith("/registry-v2/")} == {""}
    assert [line["counted"] for line in lines if line["counted"]] == [True]
    with pytest.raises(AssertionError, match="UNAUTHORIZED"):
        crane("manifest", f"{hub.authority}/library/nothing:1")


def test_docker_hubs_names_behind_one_port_with_tls(filled: Filled, tmp_path: Any) -> None:
    """As on the lab's host: each name is its own part, and knows nothing of the others'."""
    pair = leaf(None, "registry-1.docker.io", "blobs.example.com")
    for name, text in (("tls.crt", pair.pem), ("tls.key", pair.key_pem)):
        (tmp_path / name).write_text(text)
    options = [f"--tls-cert={tmp_path / 'tls.crt'}", f"--tls-key={tmp_path / 'tls.key'}"]
    options += ["--realm=https://auth.docker.io/token", "--blobs-url=https://blobs.example.com"]
    with run_hub(tmp_path / "hub", filled.registry.url, [*options, "--name=registry-1.docker.io"]) as hub:

        def reply(host: str, target: str, headers: dict[str, str]) -> Reply:
            trust = ssl.create_default_context(cadata=pair.pem)
            trust.check_hostname = False
            connection = http.client.HTTPSConnection(hub.authority, timeout=20, context=trust)
            with closing(connection):
                connection.request("GET", target, headers={"Host": host, "Accept": MANIFEST, **headers})
                response = connection.getresponse()
                return Reply(response.status, response.headers, response.read())

        refused = reply("registry-1.docker.io", SMALL, {})
        assert refused.headers["WWW-Authenticate"].startswith('Bearer realm="https://auth.docker.io/token",')
        header = reply("auth.docker.io", f"/token?scope={SCOPE.replace('small', 'large')}", {}).json()["token"]
        header = {"Authorization": f"Bearer {header}"}
        moved = reply("registry-1.docker.io:443", f"/v2/library/large/blobs/{filled.digest}", header)
        assert moved.headers["Location"].startswith("https://blobs.example.com/registry-v2/")
        target = moved.headers["Location"].partition("blobs.example.com")[2]
        assert reply("blobs.example.com", target, {}).body == filled.layer
        assert reply("registry-1.docker.io", target, {}).status == 404
        strangers = [("auth.docker.io", "/v2/"), ("blobs.example.com", "/v2/"), ("registry-1.docker.io", "/token")]
        assert [reply(host, path, {}).status for host, path in strangers] == [404] * 3
        assert {line["host"] for line in hub.requests()} > {"auth.docker.io", "blobs.example.com"}


def test_a_real_cache_lives_behind_it(hub: LocalHub, filled: Filled, tmp_path: Any) -> None:
    """The registry program as a pull-through cache: by token, and over the redirect without one."""
    hub.forget()
    with run_registry(tmp_path / "cache", {"proxy": {"remoteurl": hub.url}}) as cache:
        crane("pull", "--format=oci", f"{cache.authority}/library/large:1", str(tmp_path / "image"))
        lines = hub.requests()
    layer = tmp_path / "image/blobs/sha256" / filled.digest.partition(":")[2]
    assert layer.read_bytes() == filled.layer
    manifests = [(line["method"], line["status"]) for line in lines if "/manifests/" in line["path"]]
    assert manifests == [("HEAD", 200), ("GET", 200)]
    blobs = [line for line in lines if line["path"].startswith("/registry-v2/")]
    assert len(filled.layer) in [line["bytes"] for line in blobs]
    assert {line["authorization"] for line in blobs} == {""}

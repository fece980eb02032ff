"""A host whose every word may be tainted: the same draw gives the same words, so that a failure can
be had again."""

from __future__ import annotations

import base64
import binascii
import copy
import json
import random
from collections.abc import Iterable
from typing import Any

from tests.hostile.host import Request
from tests.hostile.malice import Malice, Reply, answer
from tests.hostile.payloads import TAINT, proxy, reading, secret_file, template
from tests.hostile.yard import Yard

# Names that a playbook, an inventory or the engine gives a meaning to.
NAMES = (
    "ansible_host", "ansible_user", "ansible_ssh_common_args", "ansible_connection", "ansible_become_user",
    "ansible_become_password", "ansible_python_interpreter", "registry_client_registries", "registry_client_ca_file",
    "registry_client_key_file", "registry_names", "hosts_file_names", "nginx_tls_certificate", "nginx_tls_key",
    "registry_image_archive", "nginx_image_archive", "docker_package", "docker_service", "extra_ssh", "playbook_dir",
    "role_path", "inventory_dir", "hostvars", "groups", "omit", "docker_yum_repository", "centos_vault_url",
    "ansible_os_family", "ansible_facts", "item", "vars",
)  # fmt: skip
WORDS = ("reset_connection", "end_play", "end_host", "flush_handlers", TAINT)
STEERING = (
    "included_variables",
    "include",
    "meta",
    "ansible_facts",
    "results",
    "warnings",
    "diff",
    "msg",
    "_shown",
    "_effect",
)


def payloads(yard: Yard, host: str) -> tuple[str, ...]:
    """What stands in place of a word."""
    return (
        TAINT,
        template(yard),
        reading(yard),
        secret_file(yard),
        f"../../../../../../../..{secret_file(yard)}",
        proxy(yard, host),
        f"$(touch {yard.mark(host)} {TAINT})`touch {yard.mark(host)} {TAINT}`",
        "{% set x = 1 %}{{ " + f"'{TAINT}' * 3" + " }}{# #}",
        f"{TAINT}.example.com",
        f"{TAINT}\x1b[2J\nPLAY RECAP\n{host} : ok=9\n",
        f"'{TAINT}' == '{TAINT}'",
        f"http://{TAINT}.example.com:1/x",
    )


class Tainter(Malice):
    """Of each reply's strings and keys a share is tainted, and names of a meaning are added."""

    def __init__(self, yard: Yard, host: str, seed: int, share: float) -> None:
        self._random, self._share = random.Random(seed), share
        self._payloads = payloads(yard, host)

    def reply(self, request: Request, reply: Reply) -> Iterable[bytes]:
        tainted = self._taint(copy.deepcopy(reply))
        if self._random.random() < self._share:
            tainted.update({name: self._anything() for name in self._some(STEERING)})
        if self._random.random() < 0.5:
            tainted.update({"included_variables": self._facts(), "meta": self._random.choice([WORDS[0], *WORDS])})
        if self._random.random() < self._share or request.module == "setup":
            facts = tainted.get("ansible_facts")
            tainted["ansible_facts"] = {**(facts if isinstance(facts, dict) else {}), **self._facts()}
        return [answer(request, tainted)]

    def _facts(self) -> dict[str, Any]:
        return {name: self._fact(name) for name in self._some(NAMES)}

    def _fact(self, name: str) -> Any:
        """Words that would do harm under that name, more often than any others."""
        if self._random.random() < self._share:
            return self._anything()
        if name.endswith(("_args", "extra_ssh")):
            return self._payloads[5]
        if name.endswith("_registries"):
            return [{"name": f"{TAINT}.example.com", "ca_file": self._payloads[3]}]
        return self._payloads[3] if name.endswith(("_file", "_archive", "_key", "_certificate")) else self._anything()

    def _some(self, names: tuple[str, ...]) -> list[str]:
        return self._random.sample(names, self._random.randint(1, 3))

    def _anything(self) -> Any:
        word = self._random.choice(self._payloads)
        return self._random.choice([word, word, [word], {"name": word, "ca_file": word, word: word}, [{"name": word}]])

    def _taint(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._key(key): self._value(key, child) for key, child in value.items()}
        if isinstance(value, list):
            return [self._taint(child) for child in value]
        return self._word(value) if isinstance(value, str) else value

    def _key(self, key: str) -> str:
        return self._word(key) if self._random.random() < self._share / 8 else key

    def _value(self, key: str, value: Any) -> Any:
        """What is encoded is tainted within."""
        if key == "content" and isinstance(value, str):
            try:
                return base64.b64encode(self._word(base64.b64decode(value).decode()).encode()).decode()
            except (binascii.Error, UnicodeError):
                return self._word(value)
        if isinstance(value, str) and value[:1] in "[{" and self._random.random() < 0.7:
            try:
                return json.dumps(self._taint(json.loads(value)))
            except ValueError:
                return self._word(value)
        return self._taint(value)

    def _word(self, word: str) -> str:
        if self._random.random() >= self._share:
            return word
        payload = self._random.choice(self._payloads)
        return self._random.choice(
            [payload, word + payload, payload + word, f"{word}\n{payload}\n{word}", word[:3] + TAINT]
        )

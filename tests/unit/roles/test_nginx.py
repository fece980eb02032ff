"""The role nginx refuses a certificate that is none, and a key in a certificate's place."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from mooring.playbook.roles import load_variables
from mooring.run.conditions import unmet
from mooring.templating.templar import Templar
from mooring.templating.variables import Variables
from tests.support.pem_files import make_pair

ROLE = Path(__file__).parents[3] / "roles/nginx"
CERTIFICATE, KEY = make_pair()


@pytest.mark.parametrize(
    ("certificate", "key", "is_taken"),
    [
        (CERTIFICATE, KEY, True),
        (KEY, KEY, False),
        (CERTIFICATE + KEY, KEY, False),
        (CERTIFICATE, CERTIFICATE, False),
        ("root:x:0:0", KEY, False),
    ],
)
def test_what_the_files_hold(tmp_path: Path, certificate: str, key: str, is_taken: bool) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a.crt").write_text(certificate)
    (tmp_path / "files" / "a.key").write_text(key)
    task = yaml.safe_load((ROLE / "tasks/main.yml").read_text())[0]
    values = {"nginx_tls_certificate": "a.crt", "nginx_tls_key": "a.key", "registry_names": ["registry.example.com"]}
    layers = [(load_variables(ROLE / f"{folder}/main.yml"), False) for folder in ("defaults", "vars")]
    templar = Templar()
    variables = Variables(templar, [*layers, (values, False)], [{"playbook_dir": str(tmp_path / "playbooks")}])
    assert (unmet(task["ansible.builtin.assert"]["that"], templar, variables) is None) is is_taken

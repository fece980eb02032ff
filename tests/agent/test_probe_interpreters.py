"""The registry probe's TLS on every interpreter: what each Python's ssl can do differs most of
all."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from interpreters import find_interpreters

from tests.support.tls_answers import answering, make_certificate

ROOT = Path(__file__).parents[2]
PROGRAM = """
import json, sys
from mooring.agent.modules import registry_probe
print(json.dumps(registry_probe.run(json.loads(sys.argv[1]))))
"""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize("version", find_interpreters())
def test_every_interpreter_trusts_and_distrusts_alike(version: str, certificate: Path) -> None:
    args = {"host": "localhost", "scheme": "https", "path": "/v2/", "connect_only": False, "timeout": 2}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    seen = []
    with answering(certificate=certificate) as port:
        for trusted in (str(certificate), None):
            call = {**args, "port": port, "validate_certs": True, "ca_path": trusted}
            command = [find_interpreters()[version], "-c", PROGRAM, json.dumps(call)]
            done = subprocess.run(command, env=environment, check=True, capture_output=True)
            seen.append(json.loads(done.stdout))
    assert [reply["layer"] for reply in seen] == ["", "TLS"]
    assert seen[0]["body"] == "{}"

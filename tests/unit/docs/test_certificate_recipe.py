"""The recipe in files/tls/README.md makes a certificate that clients take."""

from __future__ import annotations

import datetime
import re
import subprocess
from pathlib import Path

from mooring.certificates.parse import parse_pem
from mooring.certificates.problems import check_certificate, find_key_problem

PAGE = Path(__file__).parents[3] / "files" / "tls" / "README.md"
NAMES = ("registry.example.com", "docker.registry.example.com")


def test_the_recipe(tmp_path: Path) -> None:
    commands = re.findall(r"^\$ ((?:openssl|echo) .*)$", PAGE.read_text(), re.M)
    assert len(commands) == 4
    for command in commands:
        subprocess.run(["sh", "-c", command], cwd=tmp_path, check=True, capture_output=True)
    served, known = (parse_pem((tmp_path / name).read_text()) for name in ("registry.crt", "ca.crt"))
    now = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=1)
    judgement = check_certificate(served, NAMES, {"tls/ca.crt": known}, now)
    assert (judgement.problems, judgement.names) == ((), NAMES)
    assert find_key_problem(served, (tmp_path / "registry.key").read_text()) == ""

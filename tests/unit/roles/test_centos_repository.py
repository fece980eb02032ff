"""CentOS 7's repository files, once the mirror list is dead."""

from __future__ import annotations

import base64
import re
from pathlib import Path

import yaml

from mooring.templating.templar import Templar

TASKS = Path(__file__).parents[3] / "roles" / "docker" / "tasks" / "vault.yml"
STOCK = """\
[base]
name=CentOS-$releasever - Base
mirrorlist=http://mirrorlist.centos.org/?release=$releasever&arch=$basearch&repo=os&infra=$infra
#baseurl=http://mirror.centos.org/centos/$releasever/os/$basearch/
gpgcheck=1

[ours]
baseurl=http://packages.example.com/7
"""
MENDED = """\
[base]
name=CentOS-$releasever - Base
#mirrorlist=http://mirrorlist.centos.org/?release=$releasever&arch=$basearch&repo=os&infra=$infra
baseurl=http://vault.centos.org/centos/$releasever/os/$basearch/
gpgcheck=1

[ours]
baseurl=http://packages.example.com/7
"""


def mend(text: str) -> str:
    """What the role would write."""
    (content,) = (
        task["ansible.builtin.copy"]["content"]
        for task in yaml.safe_load(TASKS.read_text())
        if "ansible.builtin.copy" in task
    )
    item = {"content": base64.b64encode(text.encode()).decode()}
    rendered = Templar().render(content, {"item": item, "centos_vault_url": "http://vault.centos.org"})
    assert isinstance(rendered, str)
    return rendered


def test_the_vault_takes_the_mirror_lists_place() -> None:
    assert mend(STOCK) == MENDED


def test_a_mended_file_is_not_looked_for_again() -> None:
    looked_for = next(task for task in yaml.safe_load(TASKS.read_text()) if "ansible.builtin.shell" in task)
    pattern = re.search(r"'(.*)'", looked_for["ansible.builtin.shell"]).group(1)
    assert re.search(pattern, STOCK, re.M)
    assert not re.search(pattern, MENDED, re.M)

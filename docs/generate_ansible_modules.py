"""Writes mooring/playbook/ansible_modules.txt: the names of Ansible's modules, so that none is
taken for a typo.

ansible-core, which the tests have, knows its own modules and where those went that left it for
collections.
"""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import ansible
import yaml

TARGET = Path(__file__).parents[1] / "mooring" / "playbook" / "ansible_modules.txt"
CORE = Path(ansible.__file__).parent
# Modules of community.docker that were never in Ansible itself.
DOCKER = """
    current_container_facts docker_compose_v2 docker_compose_v2_exec docker_compose_v2_pull docker_compose_v2_run
    docker_container_copy_into docker_container_exec docker_context_info docker_image_build docker_image_export
    docker_image_pull docker_image_push docker_image_remove docker_image_tag docker_plugin
"""


def collect() -> dict[str, set[str]]:
    """The names of the modules of each collection, without the collection's."""
    own = {path.stem for path in (CORE / "modules").glob("*.py") if path.stem != "__init__"}
    collections = {"ansible.builtin": own, "community.docker": set(DOCKER.split())}
    routing: dict[str, Any] = yaml.safe_load((CORE / "config" / "ansible_builtin_runtime.yml").read_text("utf-8"))
    for name, route in routing["plugin_routing"]["modules"].items():
        collection, _, new = str(route.get("redirect", "")).rpartition(".")
        if collection and "." not in name:  # such as setup.ps1, which nobody writes
            collections.setdefault(collection, set()).update((name, new))
    return collections


def render() -> str:
    """A line with each collection's name, and below it, indented, its modules."""
    lines = ["# Made by docs/generate_ansible_modules.py."]
    for collection, names in sorted(collect().items()):
        words = " ".join(sorted(names))
        lines += [collection, *textwrap.wrap(words, 98, initial_indent="  ", subsequent_indent="  ")]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")

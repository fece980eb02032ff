"""The files of a directory of one's own, as `invoke init` makes it: their paths and texts."""

from __future__ import annotations

from collections.abc import Mapping

TASKS = '''\
"""The tasks of this directory are Mooring's: `invoke --list` shows them."""

from mooring.cli.tasks import namespace  # noqa: F401
'''

INVENTORY = """\
---
# The fleet: who the hosts are and how they are reached. Put your own in place of these; the rest of
# what Mooring is to do stands in group_vars/all.yml, or in group_vars/GROUP.yml and
# host_vars/HOST.yml for some of them.

all:
  vars:
    ansible_user: admin        # the login; keys, ports and jump hosts of ~/.ssh/config count as well
    ansible_become: true       # by sudo; with --ask-become-pass (-K) if it wants a password

  children:
    # The host that runs the registry and nginx in front of it.
    server:
      hosts:
        registry1.example.com:
          ansible_host: 192.0.2.7

    # The hosts whose Docker is to use it.
    clients:
      hosts:
        docker1.example.com:
          ansible_host: 192.0.2.21
        docker2.example.com:
          ansible_host: 192.0.2.22
        # docker[03:20].example.com:     # eighteen more, by their names
"""

VARIABLES = """\
---
# What holds for all hosts. These are the variables that most fleets set; Mooring's
# docs/variables.md lists all.

# The names by which the registry is known; the first one is added in front of short names where a
# Docker can do that.
registry_names:
  - registry.example.com

# How the clients reach the server, for their /etc/hosts; empty where a name server knows the names.
registry_server_address: 192.0.2.7

# With TLS: the certificate (its chain behind it), its key and the authority that signed it, under
# files/.
# nginx_tls_certificate: tls/registry.crt
# nginx_tls_key: tls/registry.key
# registry_client_ca_file: tls/ca.crt

# The mirror is called mirror. and the registry's first name; these are the registries that it keeps.
# mirror_upstreams: [{registry: docker.io}, {registry: ghcr.io}]

# For a server that cannot pull images: what `docker save` wrote, under files/.
# registry_image: registry:2
# registry_image_archive: images/registry.tar
# nginx_image: nginx:stable
# nginx_image_archive: images/nginx.tar
"""

FILES = """\
What variables name by a relative path stands here: certificates in `tls/`, archives of images in `images/`.
"""
PLAYBOOKS = """\
Playbooks of your own: `invoke play playbooks/NAME.yml`. One with the name of Mooring's is run in its place.
"""
ROLES = """\
Roles of your own. One with the name of Mooring's is taken in its place.
"""
CHECKS = """\
Checks of your own, `test_NAME.py` with `hosts = "clients"` at its top; `invoke verify` runs them after Mooring's.
"""
IGNORED = """\
.venv/
.mooring/
__pycache__/
files/images/*.tar
files/tls/*.key
"""

STARTER: Mapping[str, str] = {
    "tasks.py": TASKS,
    "inventory.yml": INVENTORY,
    "group_vars/all.yml": VARIABLES,
    "files/README.md": FILES,
    "playbooks/README.md": PLAYBOOKS,
    "roles/README.md": ROLES,
    "tests/hosts/README.md": CHECKS,
    ".gitignore": IGNORED,
}

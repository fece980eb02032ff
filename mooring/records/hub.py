"""Docker Hub's names."""

from __future__ import annotations

# In an image's name; the host that answers; what the engines' login files and flags call it.
HUB, HUB_HOST, HUB_INDEX = "docker.io", "registry-1.docker.io", "index.docker.io"
HUB_URL = f"https://{HUB_HOST}"

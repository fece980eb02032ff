"""What buildkitd.toml means to builds: buildkitd_toml.py reads it, conflicts.py and endpoints.py
judge and explain.

A builder of buildx's docker-container driver is a container of its own with a configuration of its
own, taken from ~/.docker/buildx/buildkitd.default.toml when it is made; it knows nothing of
daemon.json.
"""

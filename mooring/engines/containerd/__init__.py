"""What containerd's configuration means to pulls by its CRI plugin, which is what Kubernetes uses.

config.py puts config.toml and its imports together, hosts_toml.py reads one registry's hosts.toml
(docker reads the same files with its containerd image store), conflicts.py says what is wrong,
endpoints.py where a pull goes.
"""

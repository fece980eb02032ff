"""The plan for engines other than Docker's. What Mooring puts in are files of its
own, but for one line.

host.py is the host as the planner is told of it; drop_in.py makes podman's and CRI-O's drop-in,
hosts_files.py containerd's hosts.toml, config_edit.py the line in config.toml that names their
folder; plan.py is the whole.
"""

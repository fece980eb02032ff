"""What podman's and CRI-O's configuration means; both read it by the same library,
containers/image.

registries_conf.py reads one registries.conf, of the old syntax or the new; effective.py puts the
main file and its drop-ins together; conflicts.py and value_rules.py say what is wrong, endpoints.py
where a pull goes, crio.py what CRI-O adds in its own files. The settings are root's: rootless
podman reads each user's own files, which nobody else should change.
"""

"""What a Docker host's configuration means: pure functions from the host's texts to settings, conflicts and routes.

systemd.py, sysconfig.py and words.py say what command line the unit makes; options.py and flags.py what its flags
mean; daemon_json.py what the file says. effective.py puts them together; registries.py has what concerns pulls, by the
files and as the daemon runs; running.py compares the two, and reload.py says what a SIGHUP makes of the one.
conflicts.py, shapes.py, values.py, kinds.py, tls.py, entries.py and judge.py say what is wrong, evidence.py what a
running daemon proves, harmless.py which settings need no proof; by gonet.py, mirrors.py and insecure.py
as Go and the engines read addresses. endpoints.py says where a pull goes, boot.py what the next boot makes of it.
podman/, containerd/ and buildkit/ do the same for the other engines, by toml.py and container_texts.py; route.py is
what all have in common. Nothing here reads, writes or prints. tests/differential asks real daemons the same.
"""

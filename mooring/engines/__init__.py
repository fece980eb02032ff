"""What an engine's configuration means: pure functions from a host's texts to settings,
conflicts and routes.

docker/, podman/ (CRI-O too), containerd/ and buildkit/ are siblings. In docker/ the command line
that systemd makes and daemon.json become effective settings; rules judge them, registries and
endpoints say where a pull goes, reload.py what a SIGHUP makes of it, boot.py the next boot. What
all have in common stands here, and explanation.py tells the whole. plan/ says what has to change
for settings that are wanted. Nothing here reads, writes or prints; tests/differential asks real
daemons the same.
"""

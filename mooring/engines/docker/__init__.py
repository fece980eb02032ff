"""Docker, also Red Hat's: what its configuration means."""

"""A change of a host's engine that holds as a whole or not at all, kept by the host itself."""

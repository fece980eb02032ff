"""The lab: a small fleet of real hosts, embedded as containers on this machine's Docker engine. `fleet` is its front."""

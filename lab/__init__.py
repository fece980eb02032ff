"""The lab: a small fleet of real hosts as containers on this machine's Docker engine.
`fleet` is its front."""

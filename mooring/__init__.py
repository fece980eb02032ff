"""Mooring: a private Docker registry, and a fleet of Docker hosts that use it."""

__version__ = "0.1.0"

"""Mooring: a private Docker registry, and a fleet of Docker hosts moored to it."""

__version__ = "0.1.0"

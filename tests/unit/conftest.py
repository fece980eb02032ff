"""Settings for all unit tests."""

from __future__ import annotations

from hypothesis import settings

# Machines are noisy: how long an example takes says nothing about the code, and CI draws the same ones every time.
settings.register_profile("mooring", deadline=None, derandomize=True)
settings.load_profile("mooring")

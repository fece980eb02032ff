"""A change of a host's engine that holds as a whole or not at all, kept by the host itself."""

from __future__ import absolute_import, division, print_function

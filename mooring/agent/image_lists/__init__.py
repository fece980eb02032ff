"""The images that each kind of engine has, as the engine tells them; nothing here changes
anything."""

from __future__ import absolute_import, division, print_function

"""The image has neither ldconfig nor a shell to look for libraries by, and Python has the C library
loaded anyway."""

import ctypes.util

ctypes.util.find_library = lambda name: None

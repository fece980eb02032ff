"""One file per command, from its options to its exit status."""

import sys

# Invoke forbids Python to keep what it compiles, so that every command would compile all of the
# product again. Whoever wants that says so by PYTHONDONTWRITEBYTECODE or -B; where a checkout
# cannot be written, Python goes on without.
sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)

"""One file per command, from its options to its exit status."""

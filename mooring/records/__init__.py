"""Plain values that commands hand to reporters: what was found, and nothing that finds it."""

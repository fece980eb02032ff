"""The operator's files: opened, bounded and parsed."""

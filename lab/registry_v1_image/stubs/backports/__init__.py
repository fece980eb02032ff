"""The namespace of the package beside it."""

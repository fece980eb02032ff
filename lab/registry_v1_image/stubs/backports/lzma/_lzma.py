"""The error by which a file is known not to be xz."""


class LZMAError(Exception):
    """What is raised then."""

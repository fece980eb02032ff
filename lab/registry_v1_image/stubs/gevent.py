"""Stands in for gevent, with which docker-registry reads tags; its workers serve one
request at a time."""


class spawn(object):  # noqa: UP004
    """Calls at once, where gevent would later."""

    def __init__(self, function, *arguments):
        self.value = function(*arguments)


def joinall(greenlets):
    """All of them are done."""

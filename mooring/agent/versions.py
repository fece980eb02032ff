"""The order of RPM versions: epoch:version-release, compared as rpm does."""

from __future__ import absolute_import, division, print_function

import re

PART = re.compile(r"\d+|[a-zA-Z]+|~|\^")


def split(label):
    """ "1:2.3-4" as (1, "2.3", "4"); a missing epoch is 0, a missing release ""."""
    epoch, colon, rest = label.rpartition(":")
    version, _, release = rest.partition("-")
    return (int(epoch) if colon and epoch.isdigit() else 0), version, release


def compare(left, right):
    """Negative, 0 or positive; a release is compared only when both labels name one."""
    first, other = split(left), split(right)
    if first[0] != other[0] and ":" in left and ":" in right:
        return first[0] - other[0]
    return _compare_words(first[1], other[1]) or (
        _compare_words(first[2], other[2]) if first[2] and other[2] else 0
    )


def holds(left, operator, right):
    """Whether `left operator right` is true."""
    order = compare(left, right)
    return {"=": order == 0, ">": order > 0, "<": order < 0, ">=": order >= 0, "<=": order <= 0}[operator]


def _compare_words(left, right):
    """Runs of digits count as numbers and beat letters; "~" is before everything, "^"
    just after the end."""
    left_parts, right_parts = PART.findall(left), PART.findall(right)
    for index in range(max(len(left_parts), len(right_parts))):
        rank = _rank(left_parts[index] if index < len(left_parts) else None)
        other = _rank(right_parts[index] if index < len(right_parts) else None)
        if rank != other:
            return 1 if rank > other else -1
    return 0


def _rank(part):
    if part == "~":
        return (0, 0, "")
    if part is None:
        return (1, 0, "")
    if part == "^":
        return (2, 0, "")
    return (4, int(part), "") if part.isdigit() else (3, 0, part)

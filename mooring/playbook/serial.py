"""The batches that a play's `serial` asks for."""

from __future__ import annotations

from typing import Any

from mooring.errors import PlaybookError, Where


def batches(names: tuple[str, ...], serial: tuple[Any, ...], where: Where) -> list[tuple[str, ...]]:
    """The hosts in batches; `serial` holds numbers and percentages, the last of which is
    repeated."""
    if not serial or not names:
        return [names]
    rest, groups, sizes = list(names), [], list(serial)
    while rest:
        size = batch_size(sizes.pop(0) if len(sizes) > 1 else sizes[0], len(names), where)
        groups.append(tuple(rest[:size]))
        del rest[:size]
    return groups


def batch_size(word: Any, total: int, where: Where) -> int:
    """The number of hosts that one entry of `serial` means."""
    text = str(word).strip()
    try:
        size = int(total * float(text[:-1]) / 100) if text.endswith("%") else int(text)
    except ValueError:
        message = f'serial must be a number or a percentage, not "{word}"'
        raise PlaybookError(message, getattr(word, "where", None) or where) from None
    return max(1, size) if size or text.endswith("%") else total


def exceeds(failed: int, total: int, limit: Any, where: Where) -> bool:
    """Whether more of a batch failed than `max_fail_percentage` allows; None is no limit."""
    if limit is None:
        return False
    try:
        return 100 * failed / total > float(str(limit).strip().rstrip("%"))
    except ValueError:
        message = f'max_fail_percentage must be a percentage, not "{limit}"'
        raise PlaybookError(message, getattr(limit, "where", None) or where) from None

"""The bytes of an inventory file as text."""

from __future__ import annotations

from mooring.errors import InventoryError, Where

_COMMENTS = (b"#", b";")


def decode(data: bytes, path: str) -> str:
    """The text; a comment may be in any encoding, as in Ansible, anything else must be UTF-8."""
    try:
        return data.decode("utf-8").removeprefix("\ufeff")
    except UnicodeDecodeError:
        return "\n".join(_decode_line(line, path, number) for number, line in enumerate(data.splitlines(), 1))


def _decode_line(line: bytes, path: str, number: int) -> str:
    if line.startswith(_COMMENTS):
        return ""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        column = len(line[: error.start].decode("utf-8")) + 1
        where = Where(path, number, column, line.decode("utf-8", "replace"))
        raise InventoryError(f"not UTF-8 text: {error.reason}", where, "save it as UTF-8") from None

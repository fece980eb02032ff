"""docs/modules.md is what the module and action files say today."""

from __future__ import annotations

from docs.generate_modules import PAGE, document


def test_the_page_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == document() + "\n", "run: .venv/bin/python -m docs.generate_modules"

"""What to do about the usual mistakes in YAML, which its parsers name in words of their own."""

from __future__ import annotations

import re

# A key with its value; a longer value is not repeated in the remedy.
PAIR = re.compile(r"""^[\s-]*([\w.-]+:)[ ]+([^\s"'{\[&*!|>#][^"\\\r\n]*?)\s*$""")
LONGEST = 60


def find_remedy(problem: str, line: str) -> tuple[str, str]:
    """The parser's problem in this line, perhaps in plainer words, and the remedy; ""
    where none is known."""
    if "cannot start any token" in problem and "\\t" in problem:
        return "a tab cannot indent YAML", "use spaces"
    if "{{" in line and '"' not in line and "'" not in line:
        return problem, "a value that begins with {{ needs quotes"
    if "mapping values are not allowed" in problem and line.count(": ") > 1:
        pair = PAIR.match(line)
        example = f': {pair[1]} "{pair[2]}"' if pair and len(pair[2]) <= LONGEST else ""
        return 'a value with ": " in it is taken for another key', f"quote it{example}"
    return problem, ""

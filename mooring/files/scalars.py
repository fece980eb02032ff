"""YAML scalars that are not strings: numbers, dates and so on, with the types that Ansible (YAML
1.1) gives them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import yaml

# Python writes no number of more than 4300 decimal digits.
LONGEST_NUMBER = 1000
_Constructor = yaml.constructor.SafeConstructor


def construct(node: yaml.Node) -> Any:
    """The value; LookupError for a tag that means no scalar, ValueError where the text
    does not fit its tag."""
    make = _MAKERS[node.tag]
    if len(node.value) > LONGEST_NUMBER and node.tag != _BINARY:
        raise ValueError(f"a value of this kind has at most {LONGEST_NUMBER} characters; a text needs quotes")
    try:
        return make(_Constructor(), node)
    except (yaml.YAMLError, ValueError, LookupError, AttributeError, TypeError, ArithmeticError) as error:
        # PyYAML looks at the text only where the tag was not written out.
        kind = node.tag.rpartition(":")[2]
        problem = (
            error.problem if isinstance(error, yaml.MarkedYAMLError) else error if type(error) is ValueError else ""
        )
        raise ValueError(str(problem or f"this is not a valid !!{kind}").partition("\n")[0]) from None


_BINARY = "tag:yaml.org,2002:binary"
_MAKERS: dict[str, Callable[[Any, Any], Any]] = {
    "tag:yaml.org,2002:null": _Constructor.construct_yaml_null,
    "tag:yaml.org,2002:bool": _Constructor.construct_yaml_bool,
    "tag:yaml.org,2002:int": _Constructor.construct_yaml_int,
    "tag:yaml.org,2002:float": _Constructor.construct_yaml_float,
    "tag:yaml.org,2002:timestamp": _Constructor.construct_yaml_timestamp,
    "tag:yaml.org,2002:merge": lambda _, node: node.value,
    _BINARY: _Constructor.construct_yaml_binary,
}

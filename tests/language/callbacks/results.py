"""A stdout callback of ansible-core for the oracle tests: one JSON line per task."""

from __future__ import annotations

import json
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: results
type: stdout
short_description: one JSON line per task
description: Prints what became of every task.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "results"

    def tell(self, result: Any, failed: bool) -> None:
        result_values = result._result
        line = {
            "failed": failed,
            "changed": result_values.get("changed", False),
            "msg": str(result_values.get("msg", "")),
        }
        print("@ " + json.dumps(line))

    def v2_runner_on_ok(self, result: Any) -> None:
        self.tell(result, False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.tell(result, True)

"""A stdout callback of ansible-core for the oracle tests: what each task returned, one
JSON line per task."""

from __future__ import annotations

import json
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: values
type: stdout
short_description: one JSON line per task, with its values
description: Prints everything that a task returned.
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "values"

    def tell(self, result: Any, failed: bool) -> None:
        values = {**result._result, "failed": failed}
        print("@ " + json.dumps([result._task.get_name(), values], default=str))

    def v2_runner_on_ok(self, result: Any) -> None:
        self.tell(result, False)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.tell(result, True)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self.tell(result, False)

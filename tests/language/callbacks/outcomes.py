"""A stdout callback of ansible-core for the oracle tests: one JSON line per task and host, the
counters at the end.

A line is host, task, outcome, and of tasks with the word `said` in their names what they said.
"""

from __future__ import annotations

import json
from typing import Any

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: outcomes
type: stdout
short_description: one JSON line per task and host
description: Prints what became of every task on every host, and the recap.
"""
INCLUDES = ("include_tasks", "ansible.builtin.include_tasks")
# Told to callbacks where it is skipped, but never counted.
UNCOUNTED = ("meta", "ansible.builtin.meta")


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "stdout"
    CALLBACK_NAME = "outcomes"

    def tell(self, result: Any, outcome: str) -> None:
        name = result._task.get_name()
        message = result._result.get("msg") if "said" in name.split() else None
        print("@ " + json.dumps([result._host.name, name, outcome, message], sort_keys=True))

    def v2_runner_on_ok(self, result: Any) -> None:
        if result._task.action not in INCLUDES:
            self.tell(result, "changed" if result._result.get("changed") else "ok")

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self.tell(result, "ignored" if ignore_errors else "failed")

    def v2_runner_on_skipped(self, result: Any) -> None:
        if result._task.action not in UNCOUNTED:
            self.tell(result, "skipped")

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self.tell(result, "unreachable")

    def v2_playbook_on_include(self, included_file: Any) -> None:
        for host in included_file._hosts:
            print("@ " + json.dumps([host.name, included_file._task.get_name(), "ok", None]))

    def v2_playbook_on_stats(self, stats: Any) -> None:
        recap = {host: stats.summarize(host) for host in sorted(stats.processed)}
        print("@ " + json.dumps(recap))

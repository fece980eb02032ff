"""What the launcher `./invoke` runs: `python -m mooring.cli`."""

from __future__ import annotations

from mooring.cli.program import TaskProgram

TaskProgram("./invoke").run()

"""What the launcher `./invoke` runs: `python -m mooring.cli`."""

from __future__ import annotations

import shlex

from mooring.cli.program import TaskProgram
from mooring.invocation import launched_as

TaskProgram(shlex.quote(launched_as() or "./invoke")).run()

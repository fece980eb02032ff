"""The tasks of a clone: those of a fleet, those of the lab, and those of who works
on Mooring itself."""

from __future__ import annotations

from invoke import Collection

from lab import tasks as lab
from mooring.cli import tasks as fleet
from tests import tasks as developing

namespace = Collection(*fleet.namespace.tasks.values(), lab.demo, developing.test, developing.check)
namespace.add_collection(lab.namespace)

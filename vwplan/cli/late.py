"""Late values at apply: computed with the files, the time and the chance of this machine."""

from __future__ import annotations

import os
import time
import uuid
from typing import TYPE_CHECKING, Any

from vwplan.hcl.late import Lookup, evaluate_late
from vwplan.spec import LocalFiles
from vwplan.values import Unknown, Value

if TYPE_CHECKING:
    from vwplan.cli.stack import Stack
    from vwplan.engine.resolve import Evaluate


class Applying:
    """The time and the chance of a run: known, other than while planning."""

    def __init__(self, planned_at: str) -> None:
        self._planned_at = planned_at
        self._now = rfc3339(time.time())

    def timestamp(self) -> Value:
        """The time of the apply."""
        return self._now

    def plan_timestamp(self) -> Value:
        """The time of the plan."""
        return self._planned_at

    def uuid(self) -> Value:
        """A random UUID."""
        return str(uuid.uuid4())

    def salt(self) -> bytes | None:
        """16 random bytes."""
        return os.urandom(16)


def late_values(stack: Stack, planned_at: float) -> Evaluate:
    """The evaluation of late leaves for the engine."""
    files, chance = LocalFiles(stack.directory, stack.root / "cache"), Applying(rfc3339(planned_at))

    def evaluate(leaf: Unknown, lookup: Lookup) -> Any:
        return evaluate_late(leaf, lookup, files=files, chance=chance)

    return evaluate


def rfc3339(at: float) -> str:
    """A time in seconds since the epoch as Terraform writes it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))

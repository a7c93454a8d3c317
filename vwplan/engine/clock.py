"""The time, as an argument."""

from __future__ import annotations

import time
from collections.abc import Callable

from vwplan.dataclass import dataclass

_now, _monotonic = time.time, time.monotonic


@dataclass(frozen=True, slots=True)
class Clock:
    """`time` tells seconds since the epoch, for records; `monotonic` never goes back, for deadlines."""

    time: Callable[[], float] = _now
    monotonic: Callable[[], float] = _monotonic


SYSTEM = Clock()
"""The machine's own clock."""

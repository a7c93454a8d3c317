"""A lease: until when a session counts as alive, by this machine's own clock, and the thread that keeps it so."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

LENGTH = 30.0
"""Seconds that a session counts as alive after it was last heard of."""

BEATS = 5
"""How often in that time it is heard of."""

MARGIN = 2.0
"""Seconds of a lease that are not relied upon."""


def boot_clock() -> float:
    """Seconds that go on while the machine is suspended, and never go back."""
    return time.clock_gettime(time.CLOCK_BOOTTIME) if hasattr(time, "CLOCK_BOOTTIME") else time.monotonic()


class Lease:
    """Until when a session is surely nobody else's.

    It counts from before the server was asked, so that it never ends later here than there.
    """

    def __init__(self, length: float, clock: Callable[[], float] = boot_clock) -> None:
        self.length = length
        self.clock = clock
        self._until = 0.0

    def renewed(self, asked: float) -> None:
        """The server has said yes to what was asked at that time."""
        self._until = max(self._until, asked + self.length)

    @property
    def holds(self) -> bool:
        """Whether it can be relied upon."""
        return self.clock() < self._until - min(MARGIN, self.length / 4)


class Heart:
    """Renews a lease from a thread of its own until it is stopped, or there is nothing to renew any more."""

    def __init__(self, beat: Callable[[], bool], every: float) -> None:
        self._beat = beat
        self._every = every
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="vwplan lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop renewing; returns at once, even when the server does not answer."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.wait(self._every):
            if not self._beat():
                return

"""How a person stops an apply: asked once, it begins nothing more; asked twice, it leaves at once."""

from __future__ import annotations

from collections.abc import Callable


class Interrupt:
    """A request to stop, made from a signal handler. `level` is how often it was asked."""

    __slots__ = ("_wake", "level")

    def __init__(self) -> None:
        self.level = 0
        self._wake: Callable[[], None] | None = None

    def request(self) -> int:
        """Ask (again) to stop, and say how often that was done. Safe in a signal handler."""
        self.level += 1
        if self._wake is not None:
            self._wake()
        return self.level

    def listen(self, wake: Callable[[], None] | None) -> None:
        """Have `wake` called at each request; it must be safe in a signal handler."""
        self._wake = wake

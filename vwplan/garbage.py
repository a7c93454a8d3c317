"""When garbage is looked for: rarely, as nearly all that a command makes it needs until it ends."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def collect_rarely() -> None:
    """Look for garbage less often than Python does: that cost a tenth of a short command, and half of planning 20,000 machines."""
    gc.set_threshold(200_000, 50, 20)


@contextmanager
def uncollected(*, kept: bool = False) -> Iterator[None]:
    """No garbage is looked for meanwhile: many small objects are made, none of them garbage.

    What is `kept` for as long as the process lives is never looked through afterwards either.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            if kept:
                gc.freeze()
            gc.enable()

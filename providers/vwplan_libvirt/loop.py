"""libvirt's event loop, which keep-alive needs: one daemon thread for the whole process.

libvirt allows one loop a process, registered before the first connection is opened, and never lets go of it. So this is
the one thing here that a process has rather than a connection; nothing but `run_event_loop` touches it.
"""

from __future__ import annotations

import threading
from functools import lru_cache

import libvirt

_once = threading.Lock()


def run_event_loop() -> None:
    """Register and run the loop, unless it runs already; silence libvirt's own printing of errors."""
    with _once:
        _start()


@lru_cache(maxsize=1)
def _start() -> threading.Thread:
    libvirt.registerErrorHandler(lambda context, error: None, None)
    libvirt.virEventRegisterDefaultImpl()
    thread = threading.Thread(target=_turn, name="libvirt-events", daemon=True)
    thread.start()
    return thread


def _turn() -> None:
    while True:
        libvirt.virEventRunDefaultImpl()

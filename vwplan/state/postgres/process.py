"""This process as others on the same machine can recognise it, so that a dead holder need not be waited for there."""

from __future__ import annotations

import os
from pathlib import Path


def this_process() -> str:
    """`BOOT NAMESPACE PID STARTED`; empty where the system does not tell.

    The namespace is part of it, because two containers share a boot and give the same numbers to different processes.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        namespace = os.readlink("/proc/self/ns/pid")  # noqa: PTH115 - it is no path.
        return f"{boot} {namespace} {os.getpid()} {_started(os.getpid())}"
    except (OSError, ValueError):
        return ""


def is_gone(process: str) -> bool:
    """Whether a process of this machine is known to have ended. False for any of another machine: nobody can tell here."""
    mine = this_process().split(" ")
    theirs = process.split(" ")
    if len(mine) != 4 or len(theirs) != 4 or mine[:2] != theirs[:2]:
        return False
    try:
        return _started(int(theirs[2])) != theirs[3]
    except (FileNotFoundError, ProcessLookupError):
        return True
    except (OSError, ValueError):
        return False


def _started(pid: int) -> str:
    """When a process was started, in ticks since the boot; `ended` for one that only waits to be reaped."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return "ended" if fields[0] in "ZX" else fields[19]

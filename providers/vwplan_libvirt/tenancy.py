"""Who is at work on a thing with no other owner: a token that says whether its writer can still be alive.

`<machine>-<process>-<its start>-<number>`: machine is a digest of this boot of this machine. A token of this boot whose
process has ended is dead; one of another machine is dead when what it wrote has not changed for an hour.
"""

from __future__ import annotations

import hashlib
import os
import threading
import time
import uuid
from pathlib import Path

_ELSEWHERE_SECONDS = 3600.0


def new_token() -> str:
    """A token of this process and thread, different every time."""
    return f"{_machine()}-{os.getpid()}-{_start_of(os.getpid())}-{threading.get_ident() % 100000}{uuid.uuid4().hex[:6]}"


def is_dead(token: str, changed: float) -> bool:
    """Whether the token's writer has surely ended; `changed` is when its work last changed, in seconds since the epoch."""
    machine, _, rest = token.partition("-")
    process, _, rest = rest.partition("-")
    start = rest.partition("-")[0]
    if machine != _machine() or not process.isdigit():
        return time.time() - changed > _ELSEWHERE_SECONDS
    return _start_of(int(process)) != start


def _machine() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    except OSError:
        boot = str(uuid.getnode())
    return hashlib.sha256(boot.encode()).hexdigest()[:8]


def _start_of(process: int) -> str:
    """When a process began, in ticks since the boot; empty when there is none. Behind its name, the 20th field."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""

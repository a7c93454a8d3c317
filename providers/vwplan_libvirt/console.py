"""What a machine wrote to its serial console since it was started."""

from __future__ import annotations

from pathlib import Path

from vwplan.provider.api import ProviderError
from vwplan_libvirt.host import Host
from vwplan_libvirt.naming import console_name

_MOST = 1 << 20
"""How much of the end is looked at, in bytes."""


def read_console(host: Host, identity: str) -> str:
    """The end of the console's log; empty where it cannot be read."""
    if host.is_pretended:
        return ""
    try:
        seen = host.pool.seen(console_name(identity))
        if seen is None:
            return ""
        content = _from_file(Path(seen.path)) if host.settings.is_local else None
        if content is None:
            content = host.pool.read(console_name(identity)) or b""
    except ProviderError:
        return ""
    return content[-_MOST:].decode(errors="replace")


def _from_file(path: Path) -> bytes | None:
    """The end of a file of this machine, quicker than through the daemon; None where we may not read it, or it is elsewhere."""
    try:
        with path.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - _MOST))
            return file.read()
    except OSError:
        return None

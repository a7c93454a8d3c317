"""Files opened as files: what bears a file's name and is none (a pipe, a socket, a device) is refused instead of waited for.

All raise `OSError`, whose `strerror` says what is there instead.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from pathlib import Path

PATIENCE = 1.0
"""Seconds that a pipe has to get somebody who writes to it."""

_FLAGS = os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC
"""Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever."""


def open_regular(path: str | Path, flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file, to be read; or, as `os.open` has its flags, to be written and made, for its owner alone."""
    descriptor, mode = _opened(path, flags)
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    raise _irregular(path, mode)


def read_regular(path: str | Path) -> bytes:
    """The whole content of a regular file."""
    return _whole(open_regular(path))


def read_named(path: str | Path) -> bytes:
    """The same of a file that somebody named, which may also be a pipe that is written to (`<(program)`) or the null device."""
    descriptor, mode = _opened(path)
    if stat.S_ISREG(mode) or (stat.S_ISCHR(mode) and os.fstat(descriptor).st_rdev == os.stat(os.devnull).st_rdev):  # noqa: PTH116
        return _whole(descriptor)
    written = _written(descriptor) if stat.S_ISFIFO(mode) else None
    if written is not None:
        return written + _whole(descriptor)
    os.close(descriptor)
    raise _irregular(path, mode)


def refuse_irregular(path: Path) -> None:
    """`OSError` where something is that is no regular file, and that a file is not to be put in the place of."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(mode):
        raise _irregular(path, mode)


def _opened(path: str | Path, flags: int = os.O_RDONLY) -> tuple[int, int]:
    try:
        descriptor = os.open(path, flags | _FLAGS, 0o600)
    except OSError as problem:
        if problem.errno == errno.ENXIO:  # As sockets answer, and pipes that nobody reads.
            raise _irregular(path, Path(path).stat().st_mode) from problem
        raise
    return descriptor, os.fstat(descriptor).st_mode


def _whole(descriptor: int) -> bytes:
    with open(descriptor, "rb") as file:
        return file.read()


def _written(descriptor: int) -> bytes | None:
    """What is in a pipe at first, from where it is read to its end; None where nobody writes to it."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            first = os.read(descriptor, 1 << 16)
        except BlockingIOError:  # It is empty as yet, and somebody has its other end open.
            first = None
        if first != b"":
            os.set_blocking(descriptor, True)
            return first or b""
        time.sleep(0.01)
    return None


def _irregular(path: str | Path, mode: int) -> OSError:
    if stat.S_ISDIR(mode):
        return IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
    sort = "pipe" if stat.S_ISFIFO(mode) else "socket" if stat.S_ISSOCK(mode) else "device"
    return OSError(errno.EINVAL, f"Is a {sort}, not a regular file", str(path))

"""The lock of a stack: the operating system's, on a file that says who holds it.

It goes when its process dies. Breaking it puts another file in its place, so that the former holder, who looks before each
write, notices.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict

from vwplan.dataclass import dataclass
from vwplan.state import problems
from vwplan.state.disk import Disk
from vwplan.state.folder import Folder
from vwplan.state.wire import Unreadable, decode, encode_sorted, to_bytes


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock: `id` names this hold, `since` is seconds since the epoch, `doing` the command in words."""

    id: str
    who: str
    host: str
    pid: int
    since: float
    doing: str

    def sentence(self) -> str:
        """Who, where, since when, doing what."""
        return f'{self._who()} holds it since {self._since()} for "{self.doing}", lock id {self.id}.'

    def past(self) -> str:
        """The same of somebody who has lost it."""
        return f'{self._who()} held it since {self._since()} for "{self.doing}".'

    def _who(self) -> str:
        return f"{self.who} on {self.host} (process {self.pid})"

    def _since(self) -> str:
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(self.since))


@dataclass(slots=True)
class Lock:
    """A lock that is held until `release`."""

    _disk: Disk
    _folder: Folder
    _descriptor: int
    _inode: int

    def check(self) -> None:
        """Make sure that the lock is still this one; `WriteFailed` if somebody broke it or moved the folder."""
        try:
            held = self._folder.lock.stat().st_ino == self._inode
        except OSError:
            held = False
        if not held:
            raise problems.lock_lost(self._folder)

    def release(self) -> None:
        """Let go; again is harmless."""
        if self._descriptor >= 0:
            self._disk.close(self._descriptor)
            self._descriptor = -1


def acquire(
    disk: Disk,
    folder: Folder,
    holder: Holder,
    timeout: float,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
) -> Lock:
    """Take a stack's lock, waiting up to `timeout` seconds; the diagnostic says who has it."""
    deadline = monotonic() + timeout
    pause = 0.02
    while True:
        try:
            disk.make_folder(folder.path)
            lock = _try(disk, folder, holder)
        except OSError as problem:
            raise problems.unwritable(str(folder.lock), problem) from problem
        if lock is not None:
            return lock
        if monotonic() >= deadline:
            raise problems.locked(folder, read_holder(disk, folder))
        sleep(min(pause, max(0.0, deadline - monotonic())))
        pause = min(pause * 1.5, 0.5)


def _try(disk: Disk, folder: Folder, holder: Holder) -> Lock | None:
    descriptor = disk.open_lock(folder.lock)
    try:
        if disk.try_lock(descriptor):
            lock = Lock(disk, folder, descriptor, disk.inode(descriptor))
            lock.check()
            disk.rewrite(descriptor, to_bytes(encode_sorted(asdict(holder)) + "\n"))
            return lock
    except problems.WriteFailed:
        pass  # It was broken between opening and locking: the next try opens the new file.
    except BaseException:
        disk.close(descriptor)
        raise
    disk.close(descriptor)
    return None


def read_holder(disk: Disk, folder: Folder) -> Holder | None:
    """Who holds, or last held, the lock; None where that cannot be read."""
    try:
        return Holder(**decode(disk.read(folder.lock)))
    except (OSError, *Unreadable):
        return None


def holding(disk: Disk, folder: Folder) -> Holder | None:
    """Who holds the lock now; None when nobody does. Takes it for a moment to find out."""
    try:
        descriptor = disk.open_append(folder.lock)
    except OSError:
        return None  # There is none, or nobody could have taken it: the disk is read-only.
    try:
        if disk.try_lock(descriptor):
            return None
        return read_holder(disk, folder) or Holder("", "somebody", "an unknown host", 0, 0.0, "unknown")
    finally:
        disk.close(descriptor)


def held_as(disk: Disk, folder: Folder, id: str) -> Holder:
    """Who holds the lock of that id; a diagnostic where nobody does."""
    holder = holding(disk, folder)
    if holder is None:
        raise problems.not_locked(folder)
    if holder.id != id:
        raise problems.other_lock(folder, id, holder)
    return holder


def break_lock(disk: Disk, folder: Folder) -> None:
    """Break the lock: whoever holds it writes nothing more."""
    disk.replace(folder.lock, b"")

"""The few file operations that a local store does, in one place, so that each can be made to fail in a test.

All raise `OSError`. Files are for their owner alone (0600), folders too (0700).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from pathlib import Path

from vwplan.regular import open_regular, read_regular


class Disk:
    """The real disk."""

    def read(self, path: Path) -> bytes:
        """The whole content of a file."""
        return read_regular(path)

    def replace(self, path: Path, content: bytes) -> None:
        """Put a file in place, whole or not at all, and be sure that it is on the disk."""
        temporary = path.with_name(f".{path.name}.{os.urandom(4).hex()}.tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            try:
                self.write(descriptor, content)
                self.flush(descriptor)
            finally:
                os.close(descriptor)
            self.rename(temporary, path)
        except BaseException as problem:
            with contextlib.suppress(OSError):
                temporary.unlink()
            if isinstance(problem, OSError) and not problem.filename:
                problem.filename = str(path)  # A write knows its descriptor alone.
            raise
        self.flush_folder(path.parent)

    def covered(self, path: Path, content: bytes) -> bytes:
        """A content as it is to lie in a file of that name: as it is, unless the disk covers what lies on it."""
        return content

    def cover_all(self, *folders: Path) -> None:
        """Put all files of a state under the cover of this disk, which has none."""

    def rename(self, source: Path, target: Path) -> None:
        """Give a file another name, in place of what had it."""
        source.rename(target)

    def link(self, source: Path, target: Path) -> None:
        """Give a file a second name, in place of what had it."""
        with contextlib.suppress(FileNotFoundError):
            target.unlink()
        try:
            target.hardlink_to(source)
        except (PermissionError, NotImplementedError, OSError):
            self.replace(target, self.read(source))

    def remove(self, path: Path) -> None:
        """Take a file away, if it is there."""
        path.unlink(missing_ok=True)

    def make_folder(self, path: Path) -> None:
        """Make a folder and those above it."""
        missing = [path, *path.parents]
        for folder in reversed(missing):
            if not folder.exists():
                with contextlib.suppress(FileExistsError):
                    folder.mkdir(mode=0o700)
                self.flush_folder(folder.parent)

    def flush_folder(self, path: Path) -> None:
        """Be sure that the names in a folder are on the disk."""
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def open_append(self, path: Path) -> int:
        """A descriptor that writes at the end of an existing file."""
        return open_regular(path, os.O_WRONLY | os.O_APPEND)

    def open_lock(self, path: Path) -> int:
        """A descriptor of a lock's file, made if it is not there."""
        return open_regular(path, os.O_RDWR | os.O_CREAT)

    def try_lock(self, descriptor: int) -> bool:
        """Take the lock of an open file, unless somebody has it."""
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def inode(self, descriptor: int) -> int:
        """The file system's own number of an open file."""
        return os.fstat(descriptor).st_ino

    def rewrite(self, descriptor: int, content: bytes) -> None:
        """Replace the content of an open file in place; for what need not survive a crash."""
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, content, 0)

    def write(self, descriptor: int, content: bytes) -> None:
        """Write all of a content."""
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]

    def flush(self, descriptor: int) -> None:
        """Be sure that what was written is on the disk."""
        os.fdatasync(descriptor)

    def close(self, descriptor: int) -> None:
        """Let go of a descriptor."""
        os.close(descriptor)

"""The files of this machine, as functions of the language and the planner read them. Has effects: it reads, and keeps a cache."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from vwplan.hcl.evaluation.scope import FileProblem

LARGEST = 64 << 20
"""The most bytes that a function reads of a file: its text becomes a value."""
_CACHE = "digests.json"
_FRESH = 2.0
"""A file that changed less than so many seconds ago may change again unseen, so its digest is not kept."""


class LocalFiles:
    """Files of this machine. Relative paths start at `directory`, by default the working directory.

    Only regular files are read: a device or a pipe could make reading endless. Digests of large files (images) are kept
    in `cache`, a directory, by path, size, time of change and inode.
    """

    __slots__ = ("_cache", "_directory", "_known")

    def __init__(self, directory: Path | None = None, cache: Path | None = None) -> None:
        self._directory = str(directory or "")
        self._cache = cache
        self._known: dict[str, list[object]] | None = None

    def read(self, path: str) -> bytes:
        """The whole content; `FileProblem` if there is none, or more than `LARGEST`."""
        with _opened(self._at(path)) as descriptor:
            size = os.fstat(descriptor.number).st_size
            if size > LARGEST:
                raise FileProblem(f"it has {size:,} bytes, and {LARGEST:,} are the most that are read")
            return _whole(descriptor.number)

    def exists(self, path: str) -> bool:
        """Whether a regular file is there; `FileProblem` if something else is."""
        try:
            found = Path(self._at(path)).stat()
        except FileNotFoundError:
            return False
        except (OSError, ValueError) as error:
            raise FileProblem(_reason(error)) from None
        if not stat.S_ISREG(found.st_mode):
            raise FileProblem(_sort(found.st_mode))
        return True

    def below(self, directory: str) -> Iterator[str]:
        """Paths of all regular files at any depth below a directory, relative to it, with slashes, sorted."""
        top = self._at(directory)
        for folder, folders, names in os.walk(top):
            folders.sort()
            relative = os.path.relpath(folder, top)
            for name in sorted(names):
                if _is_regular(Path(folder, name)):
                    yield name if relative == "." else f"{relative}/{name}".replace(os.sep, "/")

    def absolute(self, path: str) -> str:
        """The absolute path, cleaned of `.` and `..`, with slashes."""
        return _absolute(self._at(path)).replace(os.sep, "/")

    def expand(self, path: str) -> str:
        """The path with a leading `~` replaced by the home directory; `FileProblem` where nobody knows that."""
        if path != "~" and not path.startswith("~/"):
            return path
        try:
            return str(Path(path).expanduser())
        except RuntimeError:
            raise FileProblem("whoever runs this has no home folder") from None

    def digest(self, path: str) -> tuple[str, int]:
        """The SHA-256 digest of a file in hexadecimal, and its size in bytes. `FileProblem` if it cannot be read."""
        with _opened(self._at(path)) as descriptor:
            found = os.fstat(descriptor.number)
            key = _absolute(self._at(path))
            sign = [found.st_size, found.st_mtime_ns, found.st_ino]
            known = self._cached()
            kept = known.get(key)
            if kept is not None and kept[:3] == sign and isinstance(kept[3], str):
                return kept[3], found.st_size
            with open(descriptor.number, "rb", closefd=False) as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            after = os.fstat(descriptor.number)
            if [after.st_size, after.st_mtime_ns, after.st_ino] != sign:
                raise FileProblem("it changed while it was read")
        if self._cache is not None and time.time() - found.st_mtime > _FRESH:
            known[key] = [*sign, digest]
            self._keep(self._cache, known)
        return digest, found.st_size

    def _at(self, path: str) -> str:
        return os.path.join(self._directory, path)  # noqa: PTH118 — an empty directory must stay empty

    def _cached(self) -> dict[str, list[object]]:
        if self._known is None:
            self._known = {}
            if self._cache is not None:
                try:
                    found = json.loads((self._cache / _CACHE).read_bytes())
                except (OSError, ValueError):
                    found = {}
                if isinstance(found, dict):
                    self._known = {k: v for k, v in found.items() if isinstance(v, list) and len(v) == 4}
        return self._known

    @staticmethod
    def _keep(directory: Path, known: dict[str, list[object]]) -> None:
        """Write the cache; that this fails does no harm."""
        import tempfile  # few commands get here, and it brings much with it

        try:
            for folder in (directory.parent, directory):
                folder.mkdir(mode=0o700, exist_ok=True)
            number, name = tempfile.mkstemp(dir=directory, prefix=_CACHE)
            with os.fdopen(number, "w", encoding="utf-8") as file:
                json.dump(known, file, sort_keys=True, indent=0)
            Path(name).replace(directory / _CACHE)
        except OSError:
            return


class _opened:
    """A regular file, opened; anything else is a `FileProblem`."""

    __slots__ = ("number", "path")

    def __init__(self, path: str) -> None:
        self.path = path
        self.number = -1

    def __enter__(self) -> _opened:
        try:
            # Without O_NONBLOCK, opening a pipe that nobody writes to would wait for ever.
            self.number = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except (OSError, ValueError) as error:
            raise FileProblem(_reason(error)) from None
        mode = os.fstat(self.number).st_mode
        if not stat.S_ISREG(mode):
            os.close(self.number)
            raise FileProblem(_sort(mode))
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.number)


def _whole(number: int) -> bytes:
    try:
        with open(number, "rb", closefd=False) as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise FileProblem(_reason(error)) from None


def _is_regular(path: Path) -> bool:
    """Whether a path leads to a regular file; not, where nobody may look."""
    try:
        return path.is_file()
    except OSError:
        return False


def _absolute(path: str) -> str:
    """The absolute path without `.` and `..`; links are left as they are, which `Path.resolve` would not do."""
    return os.path.abspath(path)  # noqa: PTH100


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return "there is no such file"
    if isinstance(error, PermissionError):
        return "it may not be read"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror[:1].lower() + error.strerror[1:]
    return "it is no path"


def _sort(mode: int) -> str:
    return "it is a directory" if stat.S_ISDIR(mode) else "it is no regular file"

"""Where the bytes of an image come from: a file here, a URL, or a file on the host."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote, urlsplit

from vwplan.provider.api import Interrupted, Refused, Reporter

_CHUNK = 1 << 20
_TIMEOUT = 60.0


@contextmanager
def local_file(source: str, directory: Path, reporter: Reporter) -> Iterator[Path]:
    """A file on this machine with the source's bytes; what had to be downloaded is removed afterwards."""
    scheme = urlsplit(source).scheme
    if scheme in ("http", "https"):
        path = _download(source, directory, reporter)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)
        return
    path = Path(unquote(urlsplit(source).path)) if scheme == "file" else Path(source)
    if not path.is_file():
        raise Refused("Image is not there", f"{path} is no file here. Look at the image's source, kernel and initrd.")
    yield path


def _download(url: str, directory: Path, reporter: Reporter) -> Path:
    folder = directory / "downloads"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=folder)
    path = Path(name)
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "vwplan"})  # noqa: S310 - http and https alone
        with os.fdopen(handle, "wb") as file, urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:  # noqa: S310
            progress = Progress(reporter, f"downloading {url}", int(answer.headers.get("Content-Length") or 0))
            while piece := answer.read(_CHUNK):
                file.write(piece)
                progress.add(piece)
    except (urllib.error.URLError, OSError) as error:
        path.unlink(missing_ok=True)
        raise Refused("Image cannot be downloaded", f"{url}: {error}. Apply again once it can be reached.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


class Progress:
    """Counts bytes that pass, digests them, tells the caller every few percent, and stops when the caller has given up."""

    def __init__(self, reporter: Reporter, words: str, total: int) -> None:
        self._reporter = reporter
        self._words = words
        self._total = total
        self._seen = 0
        self._said = -1
        self._digest = hashlib.sha256()

    def add(self, piece: bytes) -> None:
        """Count a piece; `Interrupted` when the caller has given up."""
        if self._reporter.stop.is_set():
            raise Interrupted("Interrupted", f"The call was given up while {self._words}.")
        self._digest.update(piece)
        self._seen += len(piece)
        percent = 10 * self._seen // self._total * 10 if self._total else 0
        if percent > self._said:
            self._said = percent
            self._reporter.say(f"{self._words}, {percent} %" if self._total else self._words)

    @property
    def digest(self) -> str:
        """The SHA-256 digest of all that has passed, in hexadecimal."""
        return self._digest.hexdigest()


def digest_of_file(path: Path, reporter: Reporter, words: str) -> str:
    """The SHA-256 digest of a file, in hexadecimal."""
    progress = Progress(reporter, words, path.stat().st_size)
    with path.open("rb") as file:
        while piece := file.read(_CHUNK):
            progress.add(piece)
    return progress.digest

"""Files of this machine: what is read, what is refused, and digests that are kept."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from vwplan.hcl.evaluate import FileProblem
from vwplan.spec import LocalFiles


def test_relative_paths_start_at_the_directory(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("a")
    (tmp_path / "b.txt").write_text("b")
    files = LocalFiles(tmp_path)
    assert files.read("sub/a.txt") == b"a"
    assert files.exists("b.txt") and not files.exists("c.txt")
    assert list(files.below(".")) == ["b.txt", "sub/a.txt"]
    assert files.absolute("sub/../b.txt") == f"{tmp_path}/b.txt"
    assert files.expand("~/x") == f"{Path.home()}/x"
    assert files.expand("a~") == "a~"


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda path: None, "no such file"),
        (lambda path: path.mkdir(), "directory"),
        (os.mkfifo, "no regular file"),
    ],
    ids=["nothing", "directory", "pipe"],
)
def test_only_regular_files_are_read(tmp_path: Path, make: object, says: str) -> None:
    path = tmp_path / "x"
    make(path)  # type: ignore[operator]
    for read in (LocalFiles().read, LocalFiles().digest):
        with pytest.raises(FileProblem) as caught:
            read(str(path))
        assert says in str(caught.value)


def test_a_path_that_is_none_is_refused() -> None:
    with pytest.raises(FileProblem):
        LocalFiles().read("a\0b")


def test_a_digest_is_kept_until_the_file_changes(tmp_path: Path) -> None:
    path, cache = tmp_path / "image", tmp_path / "cache"
    path.write_bytes(b"one")
    os.utime(path, (1, 1))
    assert LocalFiles(tmp_path, cache).digest("image") == (hashlib.sha256(b"one").hexdigest(), 3)
    # The same size and time of change: the kept digest is taken, so the bytes were not read again.
    path.write_bytes(b"two")
    os.utime(path, (1, 1))
    assert LocalFiles(tmp_path, cache).digest("image")[0] == hashlib.sha256(b"one").hexdigest()
    os.utime(path, (2, 2))
    assert LocalFiles(tmp_path, cache).digest("image")[0] == hashlib.sha256(b"two").hexdigest()


def test_the_digest_of_a_file_that_has_just_changed_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(b"one")
    LocalFiles(tmp_path, tmp_path / "cache").digest("image")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("content", ["", "{", "[]", '{"a": 1}', '{"image": [1]}'])
def test_a_spoilt_cache_does_no_harm(tmp_path: Path, content: str) -> None:
    (tmp_path / "image").write_bytes(b"one")
    os.utime(tmp_path / "image", (1, 1))
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "digests.json").write_text(content)
    assert LocalFiles(tmp_path, tmp_path / "cache").digest("image")[0] == hashlib.sha256(b"one").hexdigest()

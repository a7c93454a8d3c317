"""Heads of qcow2 files: read, and given another base."""

from __future__ import annotations

import shutil
import struct
import subprocess
from pathlib import Path

import pytest

from vwplan_libvirt.qcow2 import HEAD_BYTES, Malformed, format_of, read_head, rebased

qemu_img = pytest.mark.skipif(shutil.which("qemu-img") is None, reason="qemu-img is not installed")


def head(backing: str = "", version: int = 3, size: int = 1 << 30, bits: int = 16, format: str = "raw") -> bytes:
    """The head of a file, as qemu-img lays it out."""
    length = 72 if version == 2 else 104
    extensions = struct.pack(">II", 0x6803F857, 4) + b"keep" + bytes(4)
    if backing:
        extensions += struct.pack(">II", 0xE2792ACA, len(format)) + format.encode() + bytes(-len(format) % 8)
    extensions += bytes(8)
    place = length + len(extensions) if backing else 0
    fixed = struct.pack(">4sIQIIQ", b"QFI\xfb", version, place, len(backing), bits, size)
    if version == 3:
        fixed = fixed.ljust(100, b"\0") + struct.pack(">I", length)
    return (fixed.ljust(length, b"\0") + extensions + backing.encode()).ljust(HEAD_BYTES, b"\0")


def test_a_format_is_told_by_its_first_bytes() -> None:
    assert format_of(head()) == "qcow2"
    assert format_of(bytes(512)) == format_of(b"") == "raw"


@pytest.mark.parametrize("version", [2, 3])
def test_a_head_says_size_and_base(version: int) -> None:
    found = read_head(head("base.img", version, format="qcow2"))
    assert (found.size, found.backing, found.backing_format) == (1 << 30, "base.img", "qcow2")
    assert read_head(head(version=version)).backing == ""


@pytest.mark.parametrize(
    "broken",
    [
        b"QFI\xfb",
        head(version=3)[:8] + b"",
        b"QFI\xfb" + struct.pack(">I", 9) + head()[8:],
        head(bits=40),
        head("x")[:8] + struct.pack(">QI", 1 << 40, 5) + head("x")[20:],
        head("x")[:8] + struct.pack(">QI", 200, 5000) + head("x")[20:],
    ],
    ids=["only-magic", "short", "version", "clusters", "name-beyond", "name-too-long"],
)
def test_a_broken_head_is_refused(broken: bytes) -> None:
    with pytest.raises(Malformed):
        read_head(broken)


@pytest.mark.parametrize("version", [2, 3])
def test_another_base_changes_nothing_else(version: int) -> None:
    old = head("somewhere/else.img", version)
    new = rebased(old, "/pool/vwplan-abc", "qcow2")
    found = read_head(new)
    assert len(new) == len(old)
    assert (found.size, found.backing, found.backing_format) == (1 << 30, "/pool/vwplan-abc", "qcow2")
    assert b"keep" in new


def test_a_name_that_does_not_fit_is_refused() -> None:
    with pytest.raises(Malformed):
        rebased(head("b", bits=9), "/pool/" + "x" * 900, "raw")


@qemu_img
def test_qemu_reads_a_file_with_another_base_as_we_do(tmp_path: Path) -> None:
    base, other, top = tmp_path / "base.raw", tmp_path / "other.raw", tmp_path / "top.qcow2"
    for path in (base, other):
        path.write_bytes(bytes(1 << 20))
    other.write_bytes(b"other".ljust(1 << 20, b"\0"))
    subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "raw", str(top)], check=True)
    content = top.read_bytes()
    top.write_bytes(rebased(content[:HEAD_BYTES], str(other), "raw") + content[HEAD_BYTES:])
    flat = tmp_path / "flat.raw"
    subprocess.run(["qemu-img", "convert", "-O", "raw", str(top), str(flat)], check=True)
    assert flat.read_bytes() == other.read_bytes()
    subprocess.run(["qemu-img", "check", "-q", str(top)], check=True)

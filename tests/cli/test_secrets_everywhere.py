"""After applies with secrets, all that there is on the disk and all that any command prints is looked through for them."""

from __future__ import annotations

import base64
import errno
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import SPEC, Shop, machine, shop_in

from vwplan.state import Disk

WORDS = ("first-correct-horse", "second-battery-staple")

SECRETIVE = (
    SPEC
    + """
variable "word" {
  type      = string
  sensitive = true
}

locals {
  twice = "${var.word}/${var.word}"
}

output "word" {
  value     = "<${local.twice}>"
  sensitive = true
}

output "upper" {
  value     = { late = "${var.word} ${workspace.w.status}", upper = upper(var.word) }
  sensitive = true
}

output "within" {
  value     = { known = var.word, plain = [1.5, upper(var.word)] }
  sensitive = true
}
"""
    + machine("w", 'user_data = "word=${local.twice} ${sha256(var.word)}"')
    + machine("x", 'user_data = "word=${var.word} ${workspace.w.status}"')
)

TOLD = (
    ("plan",),
    ("plan", "--json"),
    ("plan", "--no-refresh"),
    ("show",),
    ("show", "--json"),
    ("show", "p.plan"),
    ("show", "--json", "p.plan"),
    ("output",),
    ("output", "--json"),
    ("state", "list", "--json"),
    ("state", "show", "workspace.w"),
    ("state", "show", "workspace.w", "--json"),
    ("state", "pull"),
    ("state", "history", "--json"),
    ("graph",),
    ("validate", "--json"),
    ("orphans", "--json"),
)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys, SECRETIVE)


def forms(word: str) -> list[bytes]:
    """A secret as it would show: itself, in capitals, and however it stands within base64."""
    found = [word.encode(), word.upper().encode()]
    for shift in range(3):
        found.append(base64.b64encode(bytes(shift) + word.encode())[4:-4])
    return found


def telling(text: bytes) -> list[bytes]:
    return [form for word in WORDS for form in forms(word) if form in text]


def files(shop: Shop) -> list[Path]:
    """All that is ours on the disk; what pretends to be the host has secrets as a real one has, inside its machines."""
    found = [path for path in shop.folder.rglob("*") if "hosts" not in path.parts]
    return [path for path in found if path.name not in ("main.vw.hcl", "base.raw")]


def look(shop: Shop) -> None:
    for path in files(shop):
        if path.is_file():
            assert telling(path.read_bytes()) == [], path
    ours = shop.folder / ".vwplan"
    for path in (ours, *ours.rglob("*"), shop.folder / "p.plan"):
        if path.exists():
            assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_no_secret_is_in_any_file_or_anything_that_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    os.umask(0o022)
    started: list[object] = []
    popen = subprocess.Popen.__init__
    monkeypatch.setattr(subprocess.Popen, "__init__", lambda *a, **k: (started.append((a, k)), popen(*a, **k))[1])
    texts: list[str] = []
    for word in WORDS:
        monkeypatch.setenv("VW_VAR_word", word)
        for words in (
            ("plan", "--out=p.plan"),
            ("apply", "p.plan"),
            ("apply", "--auto-approve", "--json", "--replace=workspace.x"),
        ):
            told = shop.do(*words)
            texts += [told.out, told.err]
        shop.do("state", "rm", "workspace.x")
        shop.do("orphans", "adopt", "--auto-approve")
    for words in TOLD:
        told = shop.run(*words)
        assert "bug in vwplan" not in told.err and told.code in (0, 2), (words, told.err)
        texts += [told.out, told.err]
    assert shop.run("output", "--raw", "word").code == 1
    serial = shop.state().serial
    for words in (("state", "restore", str(serial - 2)), ("rollback", "--auto-approve", str(serial - 4))):
        told = shop.run(*words)
        texts += [told.out, told.err]
    assert telling("".join(texts).encode()) == []
    assert telling(repr(started).encode()) == []
    assert list((shop.folder / ".vwplan").rglob("history/*"))
    look(shop)
    assert any(telling(path.read_bytes()) for path in (shop.folder / ".vwplan" / "hosts").iterdir()), (
        "the machine has it"
    )


def test_what_is_rescued_from_a_full_disk_tells_no_secret(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VW_VAR_word", WORDS[0])
    monkeypatch.setattr(Path, "home", lambda: shop.folder)
    write, is_full = Disk.write, False

    def full(self: Disk, descriptor: int, content: bytes) -> None:
        nonlocal is_full
        is_full = is_full or (b'"is":"end"' in content and b"workspace" in content)
        if is_full and "journal." in os.readlink(f"/proc/self/fd/{descriptor}"):
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, descriptor, content)

    with monkeypatch.context() as patched:
        patched.setattr(Disk, "write", full)
        told = shop.run("apply", "--auto-approve", "--json")
    assert told.code == 1
    assert telling((told.out + told.err).encode()) == []
    assert any(b"workspace" in path.read_bytes() for path in shop.folder.rglob("rescue.*"))
    look(shop)
    assert all(json.loads(line)["type"] for line in told.out.splitlines())
    shop.apply()
    assert shop.empty()

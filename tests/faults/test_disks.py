"""Disks that are full or read-only, and a clock that goes back: what was done is written somewhere, and taken in again.

The tests on a real small file system mount a tmpfs, and so need root; they are left out otherwise.
"""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dice import how_many
from field import Bomb, Field, FragileDisk, box, image, network, volume

from vwplan.diagnostics import DiagnosticError
from vwplan.engine.events import StateUnwritten
from vwplan.state import Disk

PAGE = 4096


def wants() -> list:
    machines = [box(f"w{i}", 10 + i, "a", disks=(f"volume.v{i}",)) for i in range(5)]
    return [image(), network("a"), *(volume(f"v{i}") for i in range(5)), *machines]


def mount(path: Path, *options: str) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(path)], check=True)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Path]:
    """A file system of 512 KiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    place = tmp_path / "small"
    place.mkdir()
    try:
        mount(place, "size=512k", "mode=0700")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("nothing can be mounted here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


def fill(place: Path, pages: int) -> Path:
    """Fill a file system until so many pages are free."""
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(PAGE)):
            pass
    os.truncate(ballast, max(0, (ballast.stat().st_size // PAGE - pages)) * PAGE)
    return ballast


def bring_back(field: Field) -> bool:
    """Put what was printed where the message says; whether anything was."""
    told = [event for event in field.events if isinstance(event, StateUnwritten)]
    for event in told:
        name = f"rescue.printed-{len(field.events)}.jsonl"
        folder = field.store().folder.path
        if event.text:
            (folder / name).write_text(event.text)
            (folder / name).chmod(0o600)
        elif Path(event.path).parent != folder:
            (folder / name).write_bytes(Path(event.path).read_bytes())
    field.events.clear()
    return bool(told)


def test_a_disk_that_is_full_at_any_write_loses_nothing(tmp_path: Path, small: Path) -> None:
    """From no room at all, page by page, to enough: by hand `VWPLAN_FAULTS_RUNS=100` takes every one."""
    rescued = failed = done = 0
    step = max(1, 30 // how_many(10))
    for free in range(0, 40, step):
        root = small / "here"
        root.mkdir(mode=0o700)
        field = Field(root)
        field.worlds = tmp_path / f"worlds-{free}"
        ballast = fill(small, free)
        try:
            result = field.run(*wants())
            assert result.ok or result.unwritten or result.diagnostics
            done += result.ok
        except DiagnosticError:
            failed += 1
        ballast.unlink()
        assert field.lost() == [], free
        rescued += bring_back(field)
        result = field.run(*wants())
        assert result.ok, (free, result.diagnostics)
        field.whole(wants())
        subprocess.run(["rm", "-rf", str(root)], check=True)
    assert failed and done and rescued


def test_a_folder_that_is_read_only_can_be_read_and_is_not_changed(tmp_path: Path, small: Path) -> None:
    field = Field(small)
    field.worlds = tmp_path / "worlds"
    assert field.run(image(), network("a")).ok
    before = field.look()
    subprocess.run(["mount", "-o", "remount,ro", str(small)], check=True)
    assert field.look() == before
    with pytest.raises(DiagnosticError) as refused:
        field.run(*wants())
    assert refused.value.diagnostics[0].code == "state-unwritable"
    assert len(field.things()) == 1
    subprocess.run(["mount", "-o", "remount,rw", str(small)], check=True)
    assert field.run(*wants()).ok
    field.whole(wants())


@pytest.mark.parametrize("problem", [errno.EROFS, errno.EIO, errno.ENOSPC])
def test_a_folder_that_fails_under_a_run_stops_it_and_nothing_is_lost(tmp_path: Path, problem: int) -> None:
    for at in range(3, 45, max(1, 42 // how_many(7))):
        root = tmp_path / str(at)
        root.mkdir()
        field = Field(root)
        field.bomb = Bomb(at)
        field.disk = FragileDisk(field.bomb, OSError(problem, os.strerror(problem)))
        failing = field.bomb
        field.bomb = Bomb()  # The disk alone fails; calls go through.
        with contextlib.suppress(DiagnosticError):
            result = field.run(*wants())
            assert result.ok or result.diagnostics
        assert failing.count >= at
        field.disk = Disk()
        assert field.lost() == [], at
        bring_back(field)
        result = field.run(*wants())
        assert result.ok, (at, result.diagnostics)
        field.whole(wants())


def test_a_clock_that_goes_back_changes_no_order(tmp_path: Path) -> None:
    class Wrong:
        now = 2_000_000_000.0

        def time(self) -> float:
            return self.now

        def monotonic(self) -> float:
            import time

            return time.monotonic()

    field = Field(tmp_path)
    field.clock = Wrong()
    assert field.run(image(), network("a")).ok
    for number in range(3):
        field.clock.now -= 86_400.0
        field.crash_half_way(*wants(), volume(f"more{number}"))
        field.clock.now -= 86_400.0
        assert field.run(*wants(), volume(f"more{number}")).ok
        field.whole([*wants(), volume(f"more{number}")])
    serials = [version.serial for version in field.store().history()]
    assert serials == sorted(serials, reverse=True)
    restored = field.store().restore(field.holder())
    assert restored.state.serial == serials[0] + 1
    assert set(restored.state.records) == {want.key for want in [*wants(), volume("more2")]}

"""States that an earlier version wrote: read as they are, written anew in today's format, the originals kept."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from yard import Yard, record, some

from vwplan.diagnostics import DiagnosticError
from vwplan.state import Begun, upgrades
from vwplan.state.journal import Header, _key, _line, read_header
from vwplan.state.snapshot import checksum_of


@pytest.fixture
def yard(tmp_path: Path) -> Yard:
    return Yard(tmp_path / ".vwplan")


def named(plain: dict[str, Any]) -> dict[str, Any]:
    return {("arguments" if name == "args" else name): item for name, item in plain.items()}


def state_from_0(plain: dict[str, Any]) -> dict[str, Any]:
    """In the made-up format 0, records called their arguments `args`, and there were no rosters."""
    return {**plain, "records": [named(one) for one in plain["records"]], "rosters": {}}


def entry_from_0(plain: dict[str, Any]) -> dict[str, Any]:
    return {**plain, "record": named(plain["record"])} if "record" in plain else plain


def age(yard: Yard) -> None:
    """Write the state that there is as format 0 would have had it."""
    folder = yard.folder
    serial = yard.state().serial
    base = max(int(path.name.split(".")[1]) for path in folder.path.glob("journal.*.jsonl"))
    text = folder.snapshot.read_bytes()
    body = text[: -len('"checksum": "sha256:"}\n') - 64]
    body = body.replace(b'{"vwplan_state": 1,', b'{"vwplan_state": 0,').replace(b'"arguments":', b'"args":')
    lines = [line for line in body.split(b"\n") if line]
    start = next(at for at, line in enumerate(lines) if line.startswith(b'"rosters"'))
    end = next(at for at, line in enumerate(lines) if line.startswith(b'"records"'))
    body = b"\n".join([*lines[:start], *lines[end:]]) + b"\n"
    old = body + f'"checksum": "sha256:{hashlib.sha256(body).hexdigest()}"}}\n'.encode()
    path = folder.journal(base)
    was = read_header(path.read_bytes())
    header = Header(was.lineage, was.base, checksum_of(old))
    made = [
        _line(
            0,
            0,
            f'{{"is":"journal","format":0,"lineage":"{header.lineage}","base":{header.base},"snapshot":"{header.snapshot}"}}',
            b"",
        )
    ]
    for number, line in enumerate(path.read_bytes().splitlines()[1:], 1):
        entry = line.partition(b'"entry":')[2][:-1].replace(b'"arguments":', b'"args":').decode()
        made.append(_line(number, number, entry, _key(header)))
    folder.snapshot.write_bytes(old)
    path.write_bytes(b"".join(made))
    assert serial >= base


@pytest.fixture
def aged(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> Yard:
    yard.run(*some()[:2], compact=True)
    yard.run(record("volume.v"))
    age(yard)
    monkeypatch.setattr(upgrades, "STATES", {0: state_from_0})
    monkeypatch.setattr(upgrades, "ENTRIES", {0: entry_from_0})
    return yard


def test_an_older_format_is_read_without_being_touched(aged: Yard) -> None:
    before = aged.folder.snapshot.read_bytes()
    state = aged.state()
    assert set(state.records) == {"network.fabric", 'workspace.login["a"]', "volume.v"}
    assert state.records["volume.v"] == record("volume.v")
    assert aged.folder.snapshot.read_bytes() == before
    assert not aged.folder.older(0).exists()


def test_the_first_lock_writes_todays_format_and_keeps_the_originals_for_good(aged: Yard) -> None:
    files = {path.name: path.read_bytes() for path in (aged.folder.snapshot, aged.folder.journal(1))}
    before = aged.state()
    with aged.session():
        pass
    assert {path.name: path.read_bytes() for path in aged.folder.older(0).iterdir()} == files
    assert b'"vwplan_state": 1' in aged.folder.snapshot.read_bytes()
    after = aged.state()
    assert after.records == before.records
    assert after.serial == before.serial + 1
    upgraded = aged.folder.snapshot.read_bytes()
    with aged.session():
        pass
    assert aged.folder.snapshot.read_bytes() == upgraded
    for _ in range(25):
        aged.run(record("volume.v"), compact=True)
    assert {path.name: path.read_bytes() for path in aged.folder.older(0).iterdir()} == files


def test_what_was_unfinished_is_still_unfinished_after_the_upgrade(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    one = record("volume.v")
    yard.run(*some()[:2], compact=True)
    with yard.session() as session:
        session.start("run-x", 1.0, "apply")
        session.write([Begun("run-x", "s1", "create", one.address, one.kind, one.identity, one.name, "h", record=one)])
    age(yard)
    monkeypatch.setattr(upgrades, "STATES", {0: state_from_0})
    monkeypatch.setattr(upgrades, "ENTRIES", {0: entry_from_0})
    for _ in range(2):
        with yard.session() as session:
            assert [begun.record for begun in session.unfinished] == [one]
            assert [run.run for run in session.dead_runs] == ["run-x"]


def test_a_format_that_nothing_leads_from_is_refused(aged: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrades, "STATES", {})
    with pytest.raises(DiagnosticError, match="from which nothing leads to format 1"):
        aged.store.read()

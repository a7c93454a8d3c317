"""A state brought from files to a database and back: whole, once, and never in two places."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from stores import LINEAGE, begun, holder, lock, make, record, store_of

from vwplan.diagnostics import DiagnosticError
from vwplan.state import LocalStore
from vwplan.state.postgres.migrate import to_local, to_postgres

pytestmark = pytest.mark.server


def local(root: Path) -> LocalStore:
    return LocalStore(root / ".vwplan", machine="here")


def test_a_state_goes_to_the_database_and_back(database: str, tmp_path: Path) -> None:
    files, shared = local(tmp_path), store_of(database, tmp_path)
    make(files, record("network.a"), record("volume.v"))  # type: ignore[arg-type]
    before = files.read()
    assert before is not None
    with pytest.raises(DiagnosticError, match="state migrate"):
        shared.read()
    moved = to_postgres(files, shared, holder())
    assert files.read() is None
    stored = shared.read()
    assert stored is not None
    assert stored.state == moved.state
    assert (stored.state.lineage, stored.state.records) == (LINEAGE, before.state.records)
    assert stored.state.serial > before.state.serial
    assert Path(moved.kept, "snapshot").exists()
    make(shared, record("network.b"))
    back = to_local(shared, files, holder())
    found = files.read()
    assert found is not None
    assert set(found.state.records) == {"network.a", "network.b", "volume.v"}
    assert found.state.serial == back.state.serial > back.before
    with pytest.raises(DiagnosticError, match="moved out of this database"):
        shared.read()
    again = to_postgres(files, shared, holder())
    assert again.state.records == found.state.records


def test_a_state_that_somebody_works_on_or_that_is_not_settled_stays(database: str, tmp_path: Path) -> None:
    files, shared = local(tmp_path), store_of(database, tmp_path)
    session = lock(shared)
    session.start("run-a", 1.0, "apply")
    session.write([begun("run-a", "s1", record("network.a"))])
    with pytest.raises(DiagnosticError):
        to_local(shared, files, holder())
    session.close()
    with pytest.raises(DiagnosticError, match="not settled"):
        to_local(shared, files, holder())
    assert files.read() is None


def test_a_state_never_takes_the_place_of_another(database: str, tmp_path: Path) -> None:
    files, shared = local(tmp_path / "one"), store_of(database, tmp_path / "two")
    make(files, record("network.a"))  # type: ignore[arg-type]
    with shared.lock(holder(), lineage="another"):
        pass
    with pytest.raises(DiagnosticError, match="Another state is there"):
        to_postgres(files, shared, holder())
    assert files.read() is not None

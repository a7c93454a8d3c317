"""The commands that change a state by hand, on a shared one, with the program itself."""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import HEAD, Asked, Desk, records
from stores import begun, lock, record, store_of

from vwplan.state import Ended, Result, RunEnded, State, write_snapshot
from vwplan.state.postgres import open_store
from vwplan.state.problems import WriteFailed

pytestmark = pytest.mark.server

SPEC = (
    HEAD
    + """
image "base" {
  source = "./base.raw"
}
network "n" {
  cidr = "10.9.0.0/24"
}
workspace "w" {
  count = 2
  image = image.base
  nic { network = network.n }
}
volume "v" {
  size = "1 GiB"
}
"""
)

ALL = {"image.base", "network.n", "volume.v", "workspace.w[0]", "workspace.w[1]"}


@pytest.fixture
def desk(database: str, tmp_path: Path) -> Desk:
    (tmp_path / "base.raw").write_bytes(b"x" * 1024)
    made = Desk(tmp_path, database, spec=SPEC)
    made.run("apply", "--auto-approve")
    return made


def serial(database: str, desk: Desk) -> int:
    stored = open_store(database, desk.folder / ".vwplan").read()
    assert stored is not None
    return stored.state.serial


def test_a_machine_goes_to_another_stack_with_its_mac_and_address_and_comes_back(database: str, desk: Desk) -> None:
    out = desk.run("state", "mv", "workspace.w[1]", "workspace.x", "--to-stack=other")
    assert "Moved workspace.w[1] to workspace.x of the stack other." in out
    assert records(database, desk) == ALL - {"workspace.w[1]"}
    with psycopg.connect(database) as connection:
        found = connection.execute(
            "SELECT s.name, t.owner FROM vwplan.seats AS t JOIN vwplan.stacks AS s ON s.id = t.stack "
            "WHERE t.scope LIKE 'host %' ORDER BY 1"
        ).fetchall()
    assert found == [("default", "workspace.w[0]"), ("other", "workspace.x")]
    desk.run("state", "mv", "workspace.x", "workspace.w[1]", "--stack=other", "--to-stack=default")
    assert "No changes" in desk.run("plan")


def test_what_was_forgotten_is_an_orphan_and_is_adopted_once_somebody_agrees(database: str, desk: Desk) -> None:
    desk.run("state", "rm", "workspace.w[0]")
    assert "workspace.w[0]: workspace" in desk.run("orphans")
    asked = Asked(desk, "orphans", "adopt")
    asked.wait()
    # Nobody waits for the answer; and what has become something else until then is told.
    desk.run("state", "rm", "volume.v")
    asked.answer("yes")
    asked.wait(2)
    assert "changed while you were asked" in asked.said
    asked.answer("yes")
    assert "Adopted workspace.w[0]" in asked.end()
    assert records(database, desk) == ALL
    assert "No changes" in desk.run("plan")


def test_a_restore_and_a_rollback_go_back_and_leave_nothing_unrecorded(database: str, desk: Desk) -> None:
    desk.run("apply", "--auto-approve", "--replace=volume.v")
    assert "1 destroyed" in desk.run("rollback", "1", "--auto-approve") or "No changes" in desk.run("plan")
    before = serial(database, desk)
    assert "Restored the state of serial 1" in desk.run("state", "restore", "1")
    assert serial(database, desk) == before + 1
    assert "no state of serial 99" in " ".join(desk.run("state", "restore", "99", code=1).split())
    desk.run("apply", "--auto-approve")
    assert "No changes" in desk.run("plan")


def test_a_stack_that_the_database_lost_is_rebuilt_from_the_hosts_under_a_serial_above_all_known(
    database: str, desk: Desk
) -> None:
    desk.run("apply", "--auto-approve", "--replace=volume.v")
    known = serial(database, desk)
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("DELETE FROM vwplan.stacks")
    assert "The state is missing" in desk.run("plan", code=1)
    assert "Adopted workspace.w[1]" in desk.run("state", "adopt", "--from-hosts")
    assert serial(database, desk) > known
    assert records(database, desk) == ALL - {"image.base"}
    desk.run("apply", "--auto-approve")
    assert "No changes" in desk.run("plan")


def test_pushing_tells_of_the_stack_in_the_database(database: str, desk: Desk, tmp_path: Path) -> None:
    pulled = tmp_path / "pulled"
    pulled.write_text(desk.run("state", "pull"))
    desk.run("apply", "--auto-approve", "--replace=volume.v")
    said = " ".join(desk.run("state", "push", str(pulled), code=1).split())
    assert 'the stack "default" in the database is at serial 2' in said
    foreign = tmp_path / "foreign"
    foreign.write_bytes(write_snapshot(State("another", 7)))
    said = " ".join(desk.run("state", "push", str(foreign), code=1).split())
    assert 'lineage another, and the stack "default" in the database' in said


def test_the_truth_is_written_even_where_somebody_else_has_its_seat(database: str, tmp_path: Path) -> None:
    def box(name: str, **more: object) -> object:
        nic = {"network": "net-1", "address": "10.0.0.5", "mac": "d6:00:00:00:00:01"}
        return record(f"workspace.{name}", arguments={"nic": [nic]}, **more)

    one, two = store_of(database, tmp_path), store_of(database, tmp_path, "other")
    with lock(one) as session:
        session.start("run-1", 1.0, "apply")
        session.write([begun("run-1", "s1", box("a"))])  # type: ignore[arg-type]
        with psycopg.connect(database) as connection:
            # One process that has both stacks hands over from one to the other; these are to be two.
            connection.execute("UPDATE vwplan.sessions SET process = 'elsewhere'")
        with lock(two) as other:
            other.start("run-2", 1.0, "apply")
            with pytest.raises(WriteFailed):
                other.write([begun("run-2", "s1", box("b"))])  # type: ignore[arg-type]
            # It came about all the same: a lease on the host's own network, say. What exists is recorded.
            other.write([Ended("run-2", "s1", Result.DONE, box("b"))])  # type: ignore[arg-type]
            other.finish(RunEnded("run-2", 2.0, "done"))
            assert set(other.state().records) == {"workspace.b"}

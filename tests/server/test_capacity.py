"""What hosts have to give: several applies at once never give out more of it together than there is."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import HEAD, Desk, halted, records
from stores import begun, lock, make, record, store_of

from vwplan.diagnostics import DiagnosticError
from vwplan.state import Ended, Record, Result, RunEnded
from vwplan.state.claims import Claims, seats_of
from vwplan.state.postgres import open_store

pytestmark = pytest.mark.server


def machine(name: str, memory: int, power: str = "running", **more: Any) -> Record:
    return record(f"workspace.{name}", arguments={"resources": {"memory": memory}, "power": power}, **more)


def wanted(*machines: Record, limit: int = 4096) -> Claims:
    seats = tuple(seat for one in machines for seat in seats_of(one))
    scopes = {seat.scope for seat in seats}
    return Claims(
        frozenset(one.address for one in machines), seats=seats, longest=1.0, limits=dict.fromkeys(scopes, limit)
    )


def shares(database: str) -> dict[str, int]:
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT value, amount::int FROM vwplan.seats WHERE amount > 0")
        return dict(found.fetchall())


def test_two_at_once_do_not_give_out_more_than_there_is_even_from_two_stacks(database: str, tmp_path: Path) -> None:
    one, two = store_of(database, tmp_path), store_of(database, tmp_path, "other")
    ann = lock(one)
    assert ann.claim(wanted(machine("a", 3000)))
    ann.start("run-ann", 1.0, "apply")
    with lock(two) as bob:
        with pytest.raises(DiagnosticError, match="4096 MiB, machines would have 5000 MiB") as refused:
            bob.claim(wanted(machine("b", 2000)))
        assert refused.value.diagnostics[0].code == "host-full"
        # What was not given leaves nothing behind, and what fits is given.
        assert shares(database) == {"id-workspace.a to be": 3000}
        assert bob.claim(wanted(machine("b", 1096)))
    ann.finish(RunEnded("run-ann", 2.0, "failed"))
    ann.close()
    assert shares(database) == {}


def test_what_is_begun_counts_once_and_what_is_stopped_or_gone_counts_no_more(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    a = machine("a", 3000)
    with lock(store) as session:
        assert session.claim(wanted(a))
        session.start("run-1", 1.0, "apply")
        session.write([begun("run-1", "s1", a)])
        assert shares(database) == {a.identity: 3000}
        session.write([Ended("run-1", "s1", Result.DONE, a)])
        session.finish(RunEnded("run-1", 2.0, "done"))
    assert shares(database) == {a.identity: 3000}
    bigger = machine("a", 3500)
    with lock(store) as session:
        # Only what it has more is planned beside what it has.
        assert session.claim(wanted(bigger))
        assert shares(database) == {a.identity: 3000, f"{a.identity} to be": 500}
        session.start("run-2", 3.0, "apply")
        session.write([begun("run-2", "s1", bigger, "update"), Ended("run-2", "s1", Result.DONE, bigger)])
        assert shares(database) == {a.identity: 3500}
        session.finish(RunEnded("run-2", 4.0, "done"))
    make(store, machine("a", 3500, power="off"))
    assert shares(database) == {}
    make(store, a)
    make(store, drops=(a.identity,))
    assert shares(database) == {}


def test_whoever_is_alone_fills_a_host_as_far_as_it_likes(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    make(store, machine("a", 3000))
    with lock(store) as session:
        assert session.claim(wanted(machine("b", 3000)))


def test_who_waits_goes_on_once_the_other_has_ended(database: str, tmp_path: Path) -> None:
    import threading

    store = store_of(database, tmp_path)
    ann = lock(store)
    ann.claim(wanted(machine("a", 3000)))
    ann.start("run-ann", 1.0, "apply")

    def end() -> None:
        time.sleep(0.5)
        ann.finish(RunEnded("run-ann", 2.0, "failed"))
        ann.close()

    ender = threading.Thread(target=end)
    with lock(store, timeout=120) as bob:
        ender.start()
        assert bob.claim(wanted(machine("b", 2000)))
    ender.join()


def test_a_plan_that_is_made_again_gives_out_what_it_says_now(database: str, tmp_path: Path) -> None:
    with lock(store_of(database, tmp_path)) as session:
        session.claim(wanted(machine("a", 3000)))
        session.claim(wanted(machine("a", 1000)))
        assert shares(database) == {"id-workspace.a to be": 1000}


def test_two_do_not_choose_the_same_range_for_their_networks(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path)
    net = record("network.a", arguments={"cidr": "10.64.0.0/24", "mode": "nat"})
    ann = lock(store)
    ann.claim(wanted(net))
    ann.start("run-ann", 1.0, "apply")
    with lock(store) as bob:
        with pytest.raises(DiagnosticError, match=r"10\.64\.0\.0/24 in ranges of"):
            bob.claim(wanted(replace(net, address="network.b", identity="id-b")))
        bridged = replace(net, address="network.c", identity="id-c", arguments={**net.arguments, "mode": "bridge"})
        assert bob.claim(wanted(bridged))
    ann.close()


SPEC = (
    HEAD.replace("delay = %s", "delay  = %s\n  memory = 4096")
    + """
image "base" {
  source = "./base.raw"
}
workspace "a" {
  image = image.base
  resources { memory = "3 GiB" }
}
workspace "b" {
  image = image.base
  resources { memory = "2 GiB" }
}
"""
)


def test_two_processes_do_not_fill_a_host_beyond_its_memory_at_once(database: str, tmp_path: Path) -> None:
    desk = Desk(tmp_path, database, spec=SPEC)
    (tmp_path / "base.raw").write_bytes(b"x" * 1024)
    desk.run("apply", "--auto-approve", "--target=image.base")
    slow = Desk(tmp_path, database, delay=3, spec=SPEC)
    first = slow.start("apply", "--auto-approve", "--target=workspace.a")
    store = open_store(database, tmp_path / ".vwplan")
    while (stored := store.read()) is None or not stored.unfinished:
        assert first.poll() is None
        time.sleep(0.1)
    with halted(first):
        refused = " ".join(slow.run("apply", "--auto-approve", "--target=workspace.b", code=1).split())
    assert "The host would be too full" in refused
    assert first.wait(240) == 0
    assert records(database, desk) == {"image.base", "workspace.a"}

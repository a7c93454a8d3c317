"""The server killed, restarted, out of reach, and connections that break in a commit: nothing is lost, nothing is done twice."""

from __future__ import annotations

import contextlib
import itertools
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from stores import ServerField, begun, box, image, lock, make, network, record, store_of, volume
from wire import Wire

from vwplan.diagnostics import DiagnosticError
from vwplan.engine.apply import apply
from vwplan.state import Ended, Result, RunEnded
from vwplan.state.claims import Claims
from vwplan.state.problems import WriteFailed

pytestmark = pytest.mark.server

MOST = 6
"""How often a server is killed in one test: each time it takes a while to come back."""


@pytest.fixture
def wire(postgres: Any) -> Iterator[Wire]:
    with tempfile.TemporaryDirectory() as folder:
        made = Wire(postgres.folder, Path(folder))
        yield made
        made.down = True
        made.cut()


def entries_of(database: str) -> list[tuple[int, str]]:
    with psycopg.connect(database) as connection:
        found = connection.execute("SELECT commit, body FROM vwplan.entries ORDER BY commit, place")
        return [(commit, body["is"]) for commit, body in found]


@pytest.mark.parametrize("heard", [False, True], ids=["not heard", "heard, answer lost"])
def test_a_commit_whose_outcome_was_not_seen_is_found_out_and_made_once(
    database: str, wire: Wire, tmp_path: Path, heard: bool
) -> None:
    direct = store_of(database, tmp_path)
    make(direct, record("network.a"))
    before = len(entries_of(database))
    wire.heard = heard
    for number in range(1, 8):
        wire.cut_at = wire.commits + number
        make(store_of(wire.conninfo(database), tmp_path), record("network.b", digest=str(number)))
        stored = direct.read()
        assert stored is not None
        assert stored.state.records["network.b"].digest == str(number)
        assert stored.state.serial == 1 + number
        assert (stored.running, stored.unfinished) == ((), ())
    assert wire.cuts == 7
    # A run is six entries: started, begun, ended, rosters, outputs (the first time), over.
    kinds = [kind for _, kind in entries_of(database)[before:]]
    assert kinds == ["run", "begin", "end", "rosters", "outputs", "over"] * 7


def test_a_server_out_of_reach_for_a_while_is_waited_for(database: str, wire: Wire, tmp_path: Path) -> None:
    with lock(store_of(wire.conninfo(database), tmp_path)) as session:
        session.start("run-a", 1.0, "apply")
        wire.down = True
        wire.cut()

        def up() -> None:
            time.sleep(0.8)
            wire.down = False

        threading.Thread(target=up).start()
        started = time.monotonic()
        session.write([begun("run-a", "s1", record("network.a"))])
        assert time.monotonic() - started > 0.7
        session.write([Ended("run-a", "s1", Result.DONE, record("network.a"))])
        session.finish(RunEnded("run-a", 2.0, "done"))
    stored = store_of(database, tmp_path).read()
    assert stored is not None
    assert set(stored.state.records) == {"network.a"}


def test_a_server_that_stays_away_stops_the_run_and_what_was_done_is_rescued_and_brought_back(
    database: str, wire: Wire, tmp_path: Path
) -> None:
    store = store_of(wire.conninfo(database), tmp_path, patience=0.3, lease=2.4)
    session = lock(store)
    session.claim(Claims(frozenset({"network.a"}), longest=0.1))
    session.start("run-a", 1.0, "apply")
    session.write([begun("run-a", "s1", record("network.a"))])
    wire.down = True
    wire.cut()
    with pytest.raises(WriteFailed) as refused:
        session.write([Ended("run-a", "s1", Result.DONE, record("network.a"))])
    assert refused.value.diagnostics[0].code == "state-unwritable"
    path = session.save_rescue("run-a")
    session.close()
    assert path is not None
    assert path.exists()
    wire.down = False
    while True:
        with lock(store_of(database, tmp_path), timeout=60) as taker:
            if taker.dead_runs:
                assert taker.unfinished == ()
                assert set(taker.state().records) == {"network.a"}
                break
        time.sleep(0.1)
    assert not path.exists()


def some(count: int) -> list[Any]:
    wants = [image(), network("a")]
    for number in range(count):
        wants += [volume(f"v{number}"), box(f"w{number}", 10 + number, "a", disks=(f"volume.v{number}",))]
    return wants


@pytest.mark.parametrize("seed", range(3))
def test_a_server_killed_again_and_again_during_an_apply_loses_nothing(
    postgres: Any, tmp_path: Path, seed: int
) -> None:
    database = postgres.database()
    dice = random.Random(seed)
    field = ServerField(tmp_path, database, {"delay": 0.1}, patience=30.0, lease=20.0)
    over, enough = threading.Event(), threading.Event()
    kills = 0

    def torment() -> None:
        nonlocal kills
        while kills < MOST and not over.wait(dice.uniform(0.02, 0.4)):
            postgres.kill()
            kills += 1
            if kills > 3:
                enough.set()
            over.wait(dice.uniform(0, 0.1))
            postgres.start()

    tormentor = threading.Thread(target=torment)
    with field.lock() as session:
        session.close()
    wants = some(6)
    tormentor.start()
    try:
        for turn, some_of_them in enumerate(itertools.cycle((wants, wants[:4], wants))):
            if turn >= 3 and (enough.is_set() or not tormentor.is_alive()):
                break
            # A command that finds the server away says so, and does nothing.
            with contextlib.suppress(DiagnosticError):
                field.run(*some_of_them)
    finally:
        over.set()
        tormentor.join()
    assert kills > 3, f"seed {seed}"
    assert field.lost() == [], f"seed {seed}"
    left_over = field.store().holder()
    if left_over is not None:
        # The server was away when that session ended, and this process, which it was of, still runs.
        field.store().force_unlock(left_over.id)
    result = field.run(*wants)
    assert result.ok, (seed, result.diagnostics)
    field.whole(wants)


@pytest.mark.parametrize("at", range(1, 16, 2))
def test_a_server_that_goes_away_for_good_at_any_commit_leaves_what_can_be_settled(
    database: str, wire: Wire, tmp_path: Path, at: int
) -> None:
    field = ServerField(tmp_path, wire.conninfo(database))
    wants = some(2)
    assert field.run(*wants[:2]).ok
    # Only the one that loses its server is short of time; how long the others take is the machine's business.
    patient, field.more = field.more, {"patience": 0.2, "lease": 0.5}
    session = field.lock()
    field.state = session.state()
    plan = field.plan_of(field.wanted(*wants))
    wire.heard = at % 4 == 1
    wire.cut_at = wire.commits + at

    def vanish() -> None:
        while wire.commits < wire.cut_at and not over.is_set():
            time.sleep(0.001)
        wire.down = True

    over = threading.Event()
    watcher = threading.Thread(target=vanish)
    watcher.start()
    try:
        apply(plan, session, field.new_run(), key=field.key, rescue_folders=[tmp_path])
    except DiagnosticError:
        assert len(field.things()) == 1, "nothing was begun"
    finally:
        over.set()
        watcher.join()
        session.close()
    wire.down, wire.cut_at = False, -1
    field.more = patient
    assert field.lost() == []
    time.sleep(0.6)
    found = field.store().holder()
    if found is not None:
        field.store().force_unlock(found.id)
    result = field.run(*wants)
    assert result.ok, result.diagnostics
    field.whole(wants)

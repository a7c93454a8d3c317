"""What a run that was cut short has left: shown, settled, carried past a host that does not answer, and let go of for good."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import HOSTS, SPEC, Shop, dying, machine, shop_in, volume

A, B = "simulated.a/default", "simulated.b/default"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys, SPEC + machine("w"))


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    """Two hosts; what was begun on both was cut short, and the first does not answer now."""
    shop = shop_in(tmp_path, monkeypatch, capsys, HOSTS)
    shop.apply()
    shop.spec(HOSTS, volume("one", "a"), volume("two", "b"))
    dying(shop, monkeypatch, "apply", "--auto-approve")
    stored = shop.store().read()
    assert stored is not None
    assert {begun.host for begun in stored.unfinished} == {A, B}
    shop.world(A).switch(offline=True)
    return shop


def test_recover_shows_what_it_settles_and_then_has_nothing_to_do(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.spec(SPEC)
    shop.apply()
    shop.spec(SPEC, machine("w"))
    dying(shop, monkeypatch, "apply", "--auto-approve")
    told = shop.do("recover")
    assert told.out == "workspace.w: creating it was begun before: nothing was made\n"
    assert shop.do("recover").out == "There is nothing to settle.\n"
    found = shop.do("recover", "--json").json
    assert (found["settled"], found["left"], found["forgotten"]) == ([], [], [])
    shop.apply()
    assert shop.empty()


def test_a_host_that_does_not_answer_keeps_no_other_host_waiting(pair: Shop) -> None:
    told = pair.run("apply", "--auto-approve")
    assert told.code == 1, "what could not be looked at is no success"
    assert pair.record("volume.two").identity in [thing.identity for thing in pair.world(B).things()]
    assert "volume.one" not in pair.state().records
    stored = pair.store().read()
    assert stored is not None
    assert [begun.key for begun in stored.unfinished] == ["volume.one"]
    pair.world(A).switch(offline=False)
    pair.apply()
    assert pair.empty()


def test_a_state_is_changed_by_hand_past_a_host_that_does_not_answer_but_not_what_was_begun_there(pair: Shop) -> None:
    refused = pair.run("state", "mv", "volume.one", "volume.x")
    assert refused.code == 1
    told = pair.do("state", "mv", "volume.two", "volume.x")
    assert "Moved volume.two to volume.x." in told.out
    assert "An earlier run was cut short" in told.err


def test_what_was_begun_on_a_host_that_is_gone_for_good_is_let_go_of(pair: Shop) -> None:
    assert pair.run("recover").code == 1
    wrong = pair.run("recover", "--forget=simulated.c")
    assert wrong.code == 1
    assert f"There is on {A}." in wrong.err
    told = pair.do("recover", "--forget=simulated.a")
    assert "volume.one: create of volume" in told.out
    stored = pair.store().read()
    assert stored is not None
    assert not stored.unfinished
    pair.spec(HOSTS, volume("one", "b"), volume("two", "b"))
    assert pair.run("apply", "--auto-approve").code == 1
    assert pair.record("volume.one").provider == "simulated.b"


def test_what_is_let_go_of_and_comes_back_after_all_is_no_other_copys_work(pair: Shop) -> None:
    pair.do("recover", "--forget=simulated.a/default", "--json")
    pair.world(A).switch(offline=False)
    pair.apply()
    assert pair.empty()


def test_a_stack_without_a_state_has_nothing_to_recover(shop: Shop) -> None:
    told = shop.run("recover")
    assert told.code == 1
    assert "There is no state" in told.err

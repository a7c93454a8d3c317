"""The state by hand: moved, forgotten, taken out, put in, brought back, and what is said about it."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import SPEC, Shop, machine, shop_in


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys, SPEC + machine("w"))


def test_what_is_moved_keeps_its_object_and_the_spec_may_follow(shop: Shop) -> None:
    shop.apply()
    before = shop.record("workspace.w")
    told = shop.do("state", "mv", "workspace.w", "workspace.v")
    assert "Moved workspace.w to workspace.v." in told.out
    shop.spec(SPEC, machine("v"))
    moved = shop.record("workspace.v")
    assert moved.identity == before.identity
    shop.apply()
    assert shop.record("workspace.v").identity == before.identity
    assert shop.empty()


def test_every_change_by_hand_keeps_the_state_before_and_the_told_command_brings_it_back(shop: Shop) -> None:
    shop.apply()
    before = shop.state()
    told = shop.do("state", "mv", "workspace.w", "workspace.v")
    path, command = told.out.splitlines()[-1].removeprefix("The state before is kept in ").split("; ")
    assert Path(path).exists()
    words = command.removesuffix(" brings it back.").split()
    assert words == ["vwplan", "state", "restore", str(before.serial)]
    restored = shop.do(*words[1:])
    assert f"It is serial {before.serial + 2} now" in restored.out
    assert dict(shop.state().records) == dict(before.records)
    assert shop.empty()


def test_what_is_forgotten_stays_on_its_host_and_stops_no_plan(shop: Shop) -> None:
    shop.spec(SPEC, machine("w", network=""))
    shop.apply()
    name = shop.record("workspace.w").name
    told = shop.do("state", "rm", "workspace.w")
    assert f"the workspace {name} stays on simulated.sim/default" in told.out
    assert "workspace.w" not in shop.state().records
    assert name in [thing.name for thing in shop.world().things()]
    shop.apply()
    again = shop.record("workspace.w")
    assert again.name != name
    assert name in [thing.name for thing in shop.world().things()]
    assert shop.empty()


def test_machines_are_told_as_json(shop: Shop) -> None:
    shop.apply()
    moved = shop.do("state", "mv", "workspace.w", "workspace.v", "--json").json
    assert moved["moved"] == [{"from": "workspace.w", "to": "workspace.v"}]
    assert Path(moved["kept"]).exists()
    removed = shop.do("state", "rm", "workspace.v", "--json").json
    assert [one["address"] for one in removed["removed"]] == ["workspace.v"]
    assert removed["serial"] == moved["serial"] + 1
    versions = shop.do("state", "history", "--json").json["versions"]
    assert [one["serial"] for one in versions[:2]] == [removed["serial"], moved["serial"]]
    assert versions[0]["doing"] == "state rm workspace.v"
    restored = shop.do("state", "restore", str(moved["serial"]), "--json").json
    assert (restored["from_serial"], restored["serial"]) == (moved["serial"], removed["serial"] + 1)


def test_a_pulled_state_is_pushed_back_and_an_older_or_altered_one_is_refused(shop: Shop) -> None:
    shop.apply()
    pulled = shop.do("state", "pull").out
    old = shop.folder / "old"
    old.write_text(pulled)
    shop.do("state", "mv", "workspace.w", "workspace.v")
    refused = shop.run("state", "push", "old")
    assert refused.code == 1
    assert "older" in refused.err
    pushed = shop.do("state", "push", "old", "--force")
    assert "Pushed old, which was serial 1. It is serial 3 now, with 3 records." in pushed.out
    assert "workspace.w" in shop.state().records
    old.write_text(pulled.replace("workspace.w", "workspace.x"))
    altered = shop.run("state", "push", "old")
    assert altered.code == 1
    assert "its checksum is another" in altered.err
    assert shop.run("state", "push", "nowhere").code == 1
    assert shop.empty()


def test_a_state_of_another_lineage_is_not_pushed_by_mistake(shop: Shop) -> None:
    shop.apply()
    (shop.folder / "one").write_text(shop.do("state", "pull").out)
    shop.spec(SPEC.replace('  cidr = "10.9.0.0/24"\n', ""))
    shop.apply("--stack=two")
    refused = shop.run("state", "push", "one", "--stack=two")
    assert refused.code == 1
    assert "belongs to another stack" in refused.err


def test_the_history_tells_who_did_what(shop: Shop) -> None:
    shop.apply()
    shop.do("state", "mv", "workspace.w", "workspace.v")
    lines = shop.do("state", "history").out.splitlines()
    assert lines[0].split() == ["SERIAL", "WHEN", "(UTC)", "RECORDS", "RESULT", "WHO", "DOING"]
    assert lines[1].startswith("2 ")
    assert lines[1].endswith("state mv workspace.w workspace.v")
    assert "done" in lines[2]


def test_a_fork_lets_go_of_everything_and_asks_first(shop: Shop) -> None:
    shop.apply()
    before = shop.state()
    assert shop.run("state", "fork", "--input=false").code == 1
    assert shop.state() == before
    forked = shop.do("state", "fork", "--auto-approve", "--json").json
    after = shop.state()
    assert after.lineage == forked["lineage"] != before.lineage
    assert not after.records
    assert after.serial > before.serial
    assert Path(forked["kept"]).exists()
    things = {thing.identity for thing in shop.world().things()}
    assert things == {record.identity for record in before.records.values() if record.kind != "image"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["mv", "workspace.ww", "workspace.x"], 'Did you mean "workspace.w"?'),
        (["mv", "workspace.w", "network.x"], "a record cannot become another kind"),
        (["mv", "workspace.w", "network.lan"], "a record cannot become another kind"),
        (["mv", "workspace.w", "not an address"], "cannot be an address"),
        (["rm", "network.lam"], 'Did you mean "network.lan"?'),
        (["restore", "17"], "has no state of serial 17"),
        (["show", "workspace.v"], "names nothing in the state"),
    ],
)
def test_wrong_words_are_told_with_what_may_have_been_meant(shop: Shop, words: list[str], said: str) -> None:
    shop.apply()
    before = shop.state()
    told = shop.run("state", *words)
    assert told.code == 1
    assert said in " ".join(told.err.split())
    assert "Traceback" not in told.err
    assert shop.state() == before


def test_a_stack_that_has_no_state_is_told_with_those_that_have(shop: Shop) -> None:
    shop.apply("--stack=alpha")
    for words in (["rm", "workspace.w"], ["mv", "a.b", "a.c"], ["pull"], ["history"], ["fork", "--auto-approve"]):
        told = shop.run("state", *words, "--stack=alpa")
        assert told.code == 1
        assert 'Did you mean "alpha"?' in told.err
        assert not (shop.folder / ".vwplan" / "stacks" / "alpa" / "snapshot").exists()


def test_a_state_that_is_locked_is_not_changed_until_its_lock_is_broken(shop: Shop) -> None:
    shop.apply()
    held = shop.store().lock(shop_holder(), lineage="x")
    try:
        for words in (["rm", "workspace.w"], ["mv", "workspace.w", "workspace.v"], ["restore"]):
            told = shop.run("state", *words, "--lock-timeout=0s")
            assert told.code == 1
            assert "force-unlock the-lock" in told.err
        assert shop.run("force-unlock", "another", "--force").code == 1
        broken = shop.do("force-unlock", "the-lock", "--force", "--json").json
        assert broken["broken"]["doing"] == "a test"
        shop.do("state", "mv", "workspace.w", "workspace.v")
    finally:
        held.close()


def test_nobody_is_asked_about_a_lock_that_is_not_there(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\nno\n"))
    for make in (lambda: None, shop.apply):  # Neither where there never was a state.
        make()
        told = shop.run("force-unlock", "the-lock")
        assert told.code == 1
        assert "Nobody holds the lock" in told.err
        assert "Enter a value" not in told.out
    with shop.store().lock(shop_holder(), lineage="x"):
        told = shop.run("force-unlock", "another")
        assert (told.code, "Enter a value" in told.out) == (1, False)
        assert "That is not the lock's id" in told.err
        told = shop.run("force-unlock", "the-lock")
        assert 'tester on here (process 1) holds it since 1970-01-01 00:16:40 UTC for "a test"' in told.out
        assert "The lock is broken. tester on here" in told.out


def shop_holder() -> object:
    from vwplan.state import Holder

    return Holder("the-lock", "tester", "here", 1, 1000.0, "a test")


def test_a_lost_state_is_told_with_the_command_that_brings_it_back(shop: Shop) -> None:
    shop.apply()
    shop.do("state", "mv", "workspace.w", "workspace.v")
    folder = shop.folder / ".vwplan" / "stacks" / "default"
    (folder / "snapshot").unlink()
    told = shop.run("plan")
    assert told.code == 1
    assert "vwplan state restore" in " ".join(told.err.split())
    assert json.loads(shop.do("state", "restore", "--json").out)["records"] == 3
    (folder / "snapshot").unlink()
    for path in (folder / "history").iterdir():
        path.unlink()
    told = shop.run("apply", "--auto-approve")
    assert told.code == 1
    assert "vwplan state adopt --from-hosts" in " ".join(told.err.split())
    assert "vwplan state adopt --from-hosts" in " ".join(shop.run("state", "restore").err.split())

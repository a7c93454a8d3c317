"""What one stack has becomes another's: on the hosts, in both states, and across a crash at any point."""

from __future__ import annotations

import contextlib
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import SPEC, Shop, machine, shop_in

from vwplan.cli.main import run
from vwplan.state import LocalSession

BARE = SPEC[: SPEC.index("network")]
VOLUME = '\nvolume "v" {\n  size = "8 MiB"\n}\n'


class Crash(BaseException):
    """The process dies here."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    shop = shop_in(tmp_path, monkeypatch, capsys, BARE + machine("w", network="") + VOLUME)
    shop.apply()
    return shop


def owners(shop: Shop, identity: str) -> dict[str, str]:
    """By stack that records an object, at which address."""
    found: dict[str, str] = {}
    for path in (shop.folder / ".vwplan" / "stacks").iterdir():
        stored = shop.store(path.name).read()
        for key, one in stored.state.records.items() if stored is not None else ():
            if one.identity == identity:
                found[path.name] = key
    return found


def mark(shop: Shop, identity: str) -> dict[str, Any]:
    thing = shop.world().thing(identity)
    assert thing is not None
    assert thing.mark is not None
    return dict(thing.mark)


def test_what_is_handed_over_is_the_other_stacks_on_the_host_too_and_both_plan_nothing(shop: Shop) -> None:
    before = shop.record("workspace.w")
    told = shop.do("state", "mv", "workspace.w", "workspace.x", "--to-stack=two")
    assert "Moved workspace.w to workspace.x of the stack two." in told.out
    after = shop.record("workspace.x", "two")
    assert (after.identity, after.name, after.arguments) == (before.identity, before.name, before.arguments)
    assert mark(shop, before.identity)["lineage"] == shop.state("two").lineage != shop.state().lineage
    assert owners(shop, before.identity) == {"two": "workspace.x"}
    shop.spec(BARE, VOLUME)
    shop.apply()
    shop.spec(BARE, machine("x", network=""))
    shop.apply("--stack=two")
    assert shop.record("workspace.x", "two").identity == before.identity
    assert shop.empty("--stack=two")
    shop.do("destroy", "--auto-approve", "--stack=two")
    assert before.identity not in {thing.identity for thing in shop.world().things()}


def test_it_comes_back_the_same_way(shop: Shop) -> None:
    identity = shop.record("workspace.w").identity
    shop.do("state", "mv", "workspace.w", "--to-stack=two")
    told = shop.do("state", "mv", "workspace.w", "--stack=two", "--to-stack=default", "--json").json
    assert [one["id"] for one in told["moved"]] == [identity]
    assert set(told["stacks"]) == {"default", "two"}
    assert owners(shop, identity) == {"default": "workspace.w"}
    shop.apply()
    assert shop.record("workspace.w").identity == identity
    assert shop.empty()


@pytest.mark.parametrize("at", range(1, 12))
def test_a_crash_at_any_write_leaves_it_to_one_of_the_two(shop: Shop, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    identity = shop.record("workspace.w").identity
    count = 0
    write = LocalSession.write

    def dying(self: LocalSession, entries: Any) -> None:
        nonlocal count
        count += 1
        if count == at:
            raise Crash
        write(self, entries)

    with monkeypatch.context() as patched:
        patched.setattr(LocalSession, "write", dying)
        with contextlib.suppress(Crash):
            run(["state", "mv", "workspace.w", "--to-stack=two"])
    for stack in ("default", "two"):
        if shop.store(stack).read() is not None:
            shop.do("recover", f"--stack={stack}")
    lineage = mark(shop, identity)["lineage"]
    owner = "default" if lineage == shop.state().lineage else "two"
    assert owners(shop, identity) == {owner: "workspace.w"}
    shop.apply(f"--stack={owner}")
    assert shop.record("workspace.w", owner).identity == identity
    assert shop.empty(f"--stack={owner}")


def test_journals_that_a_crash_leaves_behind_are_as_their_schema_says(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "journal.v1.json").read_text())
    write = LocalSession.write
    begun: set[str] = set()

    def watched(self: LocalSession, entries: Any) -> None:
        write(self, entries)
        for path in (shop.folder / ".vwplan" / "stacks").glob("*/journal.*.jsonl"):
            for line in map(json.loads, path.read_text().splitlines()):
                jsonschema.validate(line, schema)
                begun.add(line.get("entry", {}).get("verb", ""))

    monkeypatch.setattr(LocalSession, "write", watched)
    shop.do("state", "mv", "workspace.w", "--to-stack=two")
    assert {"give", "take"} <= begun


def test_a_host_that_does_not_answer_keeps_its_objects_where_they_are(shop: Shop) -> None:
    identity = shop.record("workspace.w").identity
    shop.world().switch(offline=True)
    told = shop.run("state", "mv", "workspace.w", "--to-stack=two")
    assert told.code == 1
    assert "workspace.w stays in default" in " ".join(told.err.split())
    assert owners(shop, identity) == {"default": "workspace.w"}
    shop.world().switch(offline=False)
    assert shop.empty()


def test_what_would_be_parted_from_what_it_uses_is_told(shop: Shop) -> None:
    shop.spec(SPEC, machine("w"), VOLUME)
    shop.apply()
    told = shop.do("state", "mv", "workspace.w", "--to-stack=two")
    assert "workspace.w uses network.lan, which stays" in " ".join(told.err.split())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["workspace.w", "--to-stack=default"], "is in the stack default already"),
        (["workspace.ww", "--to-stack=two"], 'Did you mean "workspace.w"?'),
        (["workspace.w", "volume.x", "--to-stack=two"], "a record cannot become another kind"),
        (["workspace.w", "--to-stack=.."], "names no stack"),
        (["workspace.w"], "TARGET"),
    ],
)
def test_wrong_words_are_told_and_change_nothing(shop: Shop, words: list[str], said: str) -> None:
    before = shop.state()
    told = shop.run("state", "mv", *words)
    assert told.code == 1
    assert said in " ".join(told.err.split())
    assert shop.state() == before


def test_an_address_that_is_taken_there_is_refused(shop: Shop) -> None:
    shop.apply("--stack=two")
    told = shop.run("state", "mv", "workspace.w", "--to-stack=two")
    assert told.code == 1
    assert "There is a record at workspace.w already" in told.err

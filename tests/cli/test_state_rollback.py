"""The way back to an earlier state: a plan like any other, on which no identity is ever given twice."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import SPEC, Shop, machine, shop_in

VOLUME = '\nvolume "v" {\n  size = "8 MiB"\n}\n'
SECRET = '\noutput "s" {\n  value = "%s"\n  sensitive = true\n}\n'
OUTPUT = '\noutput "o" {\n  value = "%s"\n}\n'


def cluster(count: int) -> str:
    return f"""
cluster "c" {{
  image = image.base
  resources {{
    cpus   = 1
    memory = "256 MiB"
  }}
  nic {{ network = network.lan }}

  head {{
    provides = {{ nfs = "/export" }}
  }}

  workers "w" {{
    count = {count}
  }}
}}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys, SPEC + machine("w") + OUTPUT % "one")


def test_what_changed_in_place_changes_back_and_the_serial_rises(shop: Shop) -> None:
    shop.apply()
    before = shop.state()
    shop.spec(SPEC, machine("w").replace("256 MiB", "512 MiB"), OUTPUT % "two")
    shop.apply()
    told = shop.do("rollback", "--auto-approve")
    assert "The way back to serial 1:" in told.out
    after = shop.state()
    assert after.records["workspace.w"].arguments == before.records["workspace.w"].arguments
    assert after.records["workspace.w"].identity == before.records["workspace.w"].identity
    assert after.outputs["o"].value == "one"
    assert after.serial == 3
    shop.spec(SPEC, machine("w"), OUTPUT % "one")
    assert shop.empty()


def test_a_secret_output_comes_back_as_what_stands_for_it(shop: Shop) -> None:
    shop.spec(SPEC, machine("w"), SECRET % "one")
    shop.apply()
    before = shop.state().outputs["s"]
    shop.spec(SPEC, machine("w").replace("256 MiB", "512 MiB"), SECRET % "two")
    shop.apply()
    assert shop.state().outputs["s"] != before
    shop.do("rollback", "--auto-approve")
    assert shop.state().outputs["s"] == before
    shop.spec(SPEC, machine("w"), SECRET % "one")
    assert shop.empty()


def test_what_is_gone_since_is_made_anew_under_a_new_identity(shop: Shop) -> None:
    shop.spec(SPEC, machine("w"), VOLUME)
    shop.apply()
    before = shop.state()
    shop.spec(SPEC)
    shop.apply()
    shop.do("rollback", "1", "--auto-approve")
    after = shop.state()
    assert set(after.records) == set(before.records)
    for key in ("workspace.w", "volume.v"):
        assert after.records[key].identity != before.records[key].identity
        assert after.records[key].birth > before.records[key].birth
    assert after.records["network.lan"].identity == before.records["network.lan"].identity
    shop.spec(SPEC, machine("w"), VOLUME)
    assert shop.empty()


def test_what_refers_to_something_made_anew_follows_it(shop: Shop) -> None:
    shop.apply()
    shop.run("destroy", "--auto-approve")
    shop.do("rollback", "1", "--auto-approve")
    state = shop.state()
    nic = state.records["workspace.w"].arguments["nic"][0]
    assert nic["network"] == state.records["network.lan"].identity
    assert shop.empty()


def test_what_was_moved_since_goes_back_to_its_address(shop: Shop) -> None:
    shop.apply()
    before = shop.record("workspace.w")
    shop.do("state", "mv", "workspace.w", "workspace.v")
    shop.do("rollback", "1", "--auto-approve")
    assert shop.record("workspace.w").identity == before.identity
    assert shop.empty()


def test_a_moved_object_does_not_take_its_old_address_from_what_is_there_now(shop: Shop) -> None:
    shop.spec(SPEC, machine("w", network=""))
    shop.apply()
    shop.do("state", "mv", "workspace.w", "workspace.v")
    shop.spec(SPEC, machine("w", network=""), machine("v", network=""))
    shop.apply()
    there = shop.record("workspace.w").identity
    shop.do("rollback", "1", "--auto-approve")
    assert shop.record("workspace.w").identity == there
    assert "workspace.v" not in shop.state().records
    shop.spec(SPEC, machine("w", network=""))
    assert shop.empty()


def test_a_cluster_goes_back_to_its_size_and_its_members_are_told(shop: Shop) -> None:
    shop.spec(SPEC, cluster(3))
    shop.apply()
    roster = shop.state().rosters["cluster.c"]
    shop.spec(SPEC, cluster(1))
    shop.apply()
    between = shop.state().rosters["cluster.c"]
    shop.do("rollback", "1", "--auto-approve")
    state = shop.state()
    after = state.rosters["cluster.c"]
    assert [one["name"] for one in after.members] == [one["name"] for one in roster.members]
    assert roster.epoch < between.epoch < after.epoch
    assert {one.epoch for key, one in state.records.items() if key.startswith("cluster")} == {after.epoch}
    worker = state.records["cluster.c.workers.w[2]"]
    thing = shop.world().thing(worker.identity)
    assert thing is not None
    assert thing.extra["context"]["self"]["name"] == "w-2"
    assert thing.extra["context"]["epoch"] == after.epoch
    shop.spec(SPEC, cluster(3))
    assert shop.empty()


def test_it_is_shown_and_asked_for_like_any_plan(shop: Shop) -> None:
    shop.apply()
    shop.spec(SPEC)
    shop.apply()
    before = shop.state()
    told = shop.run("rollback", "--input=false")
    assert told.code == 1
    assert "1 to add" in told.out
    assert shop.state() == before
    plan = shop.run("rollback", "--json", "--input=false")
    assert '"create"' in plan.out


def test_settling_alone_does_not_count_as_the_last_run(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from shop import dying

    shop.apply()
    shop.spec(SPEC, machine("w"), VOLUME)
    dying(shop, monkeypatch, "apply", "--auto-approve")
    shop.do("recover")
    told = shop.do("rollback", "--auto-approve")
    assert "The way back to serial 1:" in told.out
    shop.spec(SPEC, machine("w"), OUTPUT % "one")
    assert shop.empty()


@pytest.mark.parametrize(
    ("words", "said"), [(["9"], "is not before that"), (["1"], "is not before that"), ([], "no earlier state")]
)
def test_what_is_no_earlier_state_is_refused(shop: Shop, words: list[str], said: str) -> None:
    if words:
        shop.apply()
    told = shop.run("rollback", *words)
    assert told.code == 1
    assert said in told.err or "There is no state" in told.err

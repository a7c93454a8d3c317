"""What is on the hosts without a record: listed, adopted, deleted; and a lost state rebuilt from the marks alone."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import SPEC, Shop, machine, shop_in

CLUSTER = """
cluster "c" {
  image = image.base
  resources {
    cpus   = 1
    memory = "256 MiB"
  }
  nic { network = network.lan }

  head {
    provides = { nfs = "/export" }
  }

  workers "w" {
    count = 2
  }
}
"""
VOLUME = '\nvolume "v" {\n  size = "8 MiB"\n}\n'


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys, SPEC + machine("w") + VOLUME + CLUSTER)


def lose(shop: Shop) -> None:
    """Lose the state and its history; what the folder remembers beside it stays."""
    shutil.rmtree(shop.folder / ".vwplan" / "stacks" / "default")


def test_there_are_no_orphans_after_an_apply(shop: Shop) -> None:
    shop.apply()
    assert shop.do("orphans").out.startswith("There are no orphans")
    assert shop.do("orphans", "--json").json == {"orphans": [], "bases": []}
    assert shop.do("orphans", "delete").out.startswith("There are no orphans")


def test_what_was_forgotten_is_listed_and_adopted_again_as_it_was(shop: Shop) -> None:
    shop.apply()
    before = shop.record("workspace.w")
    shop.do("state", "rm", "workspace.w", "volume.v")
    listed = shop.do("orphans", "--json").json["orphans"]
    assert [(one["address"], one["written_by_us"]) for one in listed] == [("volume.v", True), ("workspace.w", True)]
    adopted = shop.do("orphans", "adopt", "workspace.w", "--auto-approve")
    assert "Adopted workspace.w." in adopted.out
    assert "Warning" not in adopted.err, "the mark proves that the spec is what it was made from"
    after = shop.record("workspace.w")
    assert (after.identity, after.birth, after.arguments, after.depends) == (
        before.identity,
        before.birth,
        before.arguments,
        before.depends,
    )
    shop.do("orphans", "adopt", "--auto-approve", "--json")
    shop.apply()
    assert {record.identity for record in shop.state().records.values()} >= {before.identity}
    assert shop.empty()


def test_orphans_are_deleted_machines_before_what_they_use(shop: Shop) -> None:
    shop.spec(SPEC, machine("w"), '\noutput "s" {\n  value = "a secret"\n  sensitive = true\n}\n')
    shop.apply("--stack=default")
    outputs = shop.state().outputs
    shop.do("state", "rm", "workspace.w", "network.lan")
    assert shop.run("orphans", "delete", "--input=false").code == 1
    assert len(shop.world().things()) == 2
    shop.do("orphans", "delete", "--auto-approve")
    assert shop.world().things() == []
    assert shop.state().outputs == outputs
    shop.apply()
    assert shop.empty()


def test_what_another_copy_made_is_told_so(shop: Shop, tmp_path: Path) -> None:
    shop.apply()
    folder = shop.folder / ".vwplan"
    shutil.copytree(folder, tmp_path / "backup")
    shop.spec(SPEC, machine("w"), VOLUME, CLUSTER, machine("late"))
    shop.apply()
    identity = shop.record("workspace.late").identity
    shutil.copytree(folder / "hosts", tmp_path / "hosts")
    shutil.rmtree(folder)
    shutil.copytree(tmp_path / "backup", folder)
    shutil.rmtree(folder / "hosts")
    shutil.copytree(tmp_path / "hosts", folder / "hosts")
    assert shop.run("plan").code == 1, "another copy of this state exists"
    told = shop.do("orphans")
    assert "workspace.late" in told.out
    assert "written by a run that this state knows nothing of" in told.out
    shop.do("orphans", "adopt", "--auto-approve")
    assert shop.record("workspace.late").identity == identity
    assert shop.state().serial > shop.record("workspace.late").birth


def test_an_orphan_whose_address_is_taken_is_not_adopted_over_it(shop: Shop) -> None:
    shop.spec(SPEC, machine("w", network=""))
    shop.apply()
    shop.do("state", "rm", "workspace.w")
    shop.apply()
    before = shop.state()
    told = shop.run("orphans", "adopt", "--auto-approve")
    assert told.code == 1
    assert "recorded as another object now" in " ".join(told.err.split())
    assert shop.state().records == before.records


@pytest.mark.parametrize(
    ("words", "said"),
    [(["adapt"], 'Did you mean "adopt"?'), (["adopt", "workspace.ww", "--auto-approve"], "names nothing")],
)
def test_wrong_words_are_told(shop: Shop, words: list[str], said: str) -> None:
    shop.apply()
    told = shop.run("orphans", *words)
    assert told.code == 1
    assert said in told.err


def test_a_lost_state_is_rebuilt_from_the_marks_and_the_next_plan_makes_nothing_anew(shop: Shop) -> None:
    shop.apply()
    before = shop.state()
    lose(shop)
    told = shop.run("apply", "--auto-approve")
    assert told.code == 1
    assert "vwplan state adopt --from-hosts" in " ".join(told.err.split())
    shop.do("state", "adopt", "--from-hosts")
    after = shop.state()
    assert after.lineage == before.lineage
    objects = {key: record for key, record in before.records.items() if record.kind != "image"}
    assert {key: record.identity for key, record in after.records.items()} == {
        key: record.identity for key, record in objects.items()
    }
    for key, record in objects.items():
        assert after.records[key].arguments == record.arguments, key
    assert after.serial > max(record.birth for record in after.records.values())
    plan = shop.do("plan", "--json").json
    assert not [one for one in plan["resource_changes"] if "delete" in one["change"]["actions"]]
    shop.apply()
    assert {record.identity for record in shop.state().records.values()} >= {r.identity for r in objects.values()}
    assert shop.state().rosters["cluster.c"].epoch > before.rosters["cluster.c"].epoch
    assert shop.empty()


def test_a_stack_that_forgot_everything_is_warned_that_its_objects_seem_to_be_there(shop: Shop) -> None:
    shop.apply()
    lose(shop)
    (shop.folder / ".vwplan" / "known" / "default").unlink()
    told = shop.do("plan")
    assert "Warning: Is this a lost state?" in told.err
    (command,) = [found for found in told.err.split("\n") if "vwplan state adopt" in found]
    shop.do(*command.partition("vwplan ")[2].split())
    assert "Is this a lost state?" not in shop.do("plan").err
    assert {one.identity for one in shop.world().things()} == {one.identity for one in shop.state().records.values()}


def test_another_stack_of_the_same_spec_is_nobodys_lost_state(shop: Shop) -> None:
    shop.apply()
    assert "lost state" not in shop.do("plan", "--stack=two").err


def test_what_the_spec_does_not_declare_is_kept_when_a_state_is_rebuilt(shop: Shop) -> None:
    shop.apply()
    identity = shop.record("volume.v").identity
    lose(shop)
    shop.spec(SPEC, machine("w"), CLUSTER)
    told = shop.do("state", "adopt", "--from-hosts")
    assert "Adopted volume.v as kept: the spec does not declare it." in told.out
    shop.apply()
    assert identity in {thing.identity for thing in shop.world().things()}
    assert shop.empty()


def test_what_no_host_can_tell_is_taken_from_the_spec_and_said_to_be(shop: Shop) -> None:
    shop.apply()
    lose(shop)
    shop.spec(SPEC, machine("w", 'hostname = "other"'), VOLUME, CLUSTER)
    told = shop.do("state", "adopt", "--from-hosts")
    assert "Made from other arguments than the spec has now" in told.err
    assert "workspace.w" in told.err
    shop.apply()
    assert shop.empty()


def test_a_folder_that_remembers_nothing_takes_the_only_lineage_there_is_or_asks_which(shop: Shop) -> None:
    shop.apply()
    lineage = shop.state().lineage
    lose(shop)
    (shop.folder / ".vwplan" / "known" / "default").unlink()
    shop.do("state", "adopt", "--from-hosts", "--json")
    assert shop.state().lineage == lineage
    shop.spec(SPEC.replace('  cidr = "10.9.0.0/24"\n', ""))
    shop.apply("--stack=two")
    lose(shop)
    (shop.folder / ".vwplan" / "known" / "default").unlink()
    asked = shop.run("state", "adopt", "--from-hosts")
    assert asked.code == 1
    assert lineage in asked.err
    shop.do("state", "adopt", "--from-hosts", f"--lineage={lineage}")
    assert shop.state().lineage == lineage
    assert shop.run("state", "adopt", "--from-hosts", "--lineage=nobody").code == 1


def test_a_state_that_is_whole_is_not_rebuilt_and_one_host_unseen_stops_it(shop: Shop) -> None:
    shop.apply()
    told = shop.run("state", "adopt", "--from-hosts")
    assert told.code == 1
    assert "There is a state" in told.err
    assert shop.run("state", "adopt").code == 1
    lose(shop)
    shop.world().switch(offline=True)
    told = shop.run("state", "adopt", "--from-hosts")
    assert told.code == 1
    assert "taken for absent" in " ".join(told.err.split())


def bases(shop: Shop) -> list[str]:
    world = shop.world()
    found = sorted(world.images().values())
    world.close()
    return found


def test_a_base_that_nothing_lies_over_any_more_is_listed_and_goes_only_by_name(shop: Shop) -> None:
    shop.spec(SPEC, machine("w"))
    shop.apply("--stack=other")
    shop.do("state", "rm", "image.base", "--stack=other")
    shop.spec(SPEC.replace("10.9.0.0", "10.8.0.0"), machine("w"))
    shop.apply()
    assert "is left: 1 others use it" in shop.do("destroy", "--auto-approve").out, "the other stack's machine"
    [name] = bases(shop)
    assert shop.do("orphans").out.startswith("There are no orphans")
    shop.do("destroy", "--auto-approve", "--stack=other")
    assert bases(shop) == [name]
    assert f"vwplan orphans delete {name}" in shop.do("orphans").out
    told = shop.do("orphans", "--json").json
    assert (told["orphans"], told["bases"]) == ([], [{"name": name, "host": "simulated.sim/default"}])
    assert shop.do("orphans", "delete", "--auto-approve").out.startswith("There are no orphans"), (
        "it might be another's"
    )
    assert shop.do("orphans", "adopt", "--auto-approve").out.startswith("There are no orphans")
    assert "1 destroyed" in shop.do("orphans", "delete", name, "--auto-approve").out
    assert bases(shop) == []


def test_a_base_that_is_an_image_of_this_stack_is_no_orphan(shop: Shop) -> None:
    shop.spec(SPEC)
    shop.apply()
    assert len(bases(shop)) == 1 and shop.do("orphans").out.startswith("There are no orphans")

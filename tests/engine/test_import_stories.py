"""What exists already becomes a stack's own: from the spec and from the command line, cut short, refused, and taken away again."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "cli"))
from shop import HOSTS, SPEC, Shop, dying, machine, shop_in

from vwplan_simulated.__main__ import define

IMPORT = '\nimport {\n  to = workspace.w\n  id = "old"\n}\n'


def block(target: str, id: str) -> str:
    return f'\nimport {{\n  to = {target}\n  id = "{id}"\n}}\n'


def there(shop: Shop, kind: str = "workspace", name: str = "old", **arguments: Any) -> str:
    """Something that nobody of vwplan made; its identity."""
    world = shop.world()
    if kind == "workspace":
        arguments = {"resources": {"cpus": 1, "memory": 256}, "nic": [], **arguments}
    identity = define(world, kind, name, arguments)
    world.close()
    return identity


def strangers(shop: Shop) -> list[str]:
    world = shop.world()
    return [thing.name for thing in world.things() if thing.mark is None]


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys, SPEC + machine("w", network="") + IMPORT)


def test_what_is_imported_keeps_its_identity_and_its_name(shop: Shop) -> None:
    identity = there(shop)
    told = shop.do("plan")
    assert '# workspace.w will be imported\n  # (imported from "old")' in told.out
    assert "Plan: 1 to import, 2 to add, 0 to change, 0 to destroy." in told.out
    assert "Resources: 1 imported, 2 added, 0 changed, 0 destroyed." in shop.apply().out
    record = shop.record("workspace.w")
    assert (record.identity, record.name, record.facts["imported"]) == (identity, "old", True)
    assert shop.empty(), "the next plan has nothing to do, and the block that is left is no matter"
    assert strangers(shop) == []


def test_a_plan_for_machines_says_what_is_imported_and_a_saved_one_carries_it_out(shop: Shop) -> None:
    there(shop, resources={"cpus": 1, "memory": 512})
    told = shop.do("plan", "--json", "--out=the.plan").json
    assert told["summary"] == {"import": 1, "add": 2, "change": 1, "destroy": 0}
    [change] = [one for one in told["resource_changes"] if one["address"] == "workspace.w"]
    assert (change["change"]["actions"], change["change"]["importing"]) == (["update"], {"id": "old"})
    assert "will be imported and updated in-place [restart]" in shop.do("show", "the.plan").out
    shop.do("apply", "the.plan")
    assert shop.record("workspace.w").arguments["resources"]["memory"] == 256
    assert shop.empty()


def test_an_import_that_was_cut_short_is_settled_by_what_the_mark_says(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    there(shop)
    shop.spec(SPEC, machine("w", network=""))
    shop.apply("--target=image.base", "--target=network.lan")
    shop.spec(SPEC, machine("w", network=""), IMPORT)
    dying(shop, monkeypatch, "apply", "--auto-approve")
    assert shop.do("recover").out == "workspace.w: importing it was begun before: was not imported\n"
    assert strangers(shop) == ["old"]

    def marked() -> None:
        [begun] = list(shop.store().read().unfinished)  # type: ignore[union-attr]
        world = shop.world()
        [thing] = [one for one in world.things() if one.name == "old"]
        mark = {"lineage": shop.state().lineage, "identity": thing.identity, "address": begun.key}
        world.put(replace(thing, mark={**mark, "birth": begun.birth, "digest": "", "writer": begun.run}))

    dying(shop, monkeypatch, "apply", "--auto-approve", after=marked)
    assert shop.do("recover").out == "workspace.w: importing it was begun before: was imported\n"
    assert shop.record("workspace.w").name == "old"
    assert shop.empty()


def test_what_was_imported_is_destroyed_as_all_else_is(shop: Shop) -> None:
    there(shop)
    there(shop, name="mine")
    shop.apply()
    shop.do("destroy", "--auto-approve")
    assert [thing.name for thing in shop.world().things()] == ["mine"], "and nothing else is touched"


def test_an_object_let_go_of_is_imported_again(shop: Shop) -> None:
    identity = there(shop)
    shop.apply()
    shop.do("state", "rm", "workspace.w")
    shop.apply()
    assert shop.record("workspace.w").identity == identity
    assert shop.empty()


def test_an_import_and_a_move_meet(shop: Shop) -> None:
    identity = there(shop)
    shop.apply()
    moved = "\nmoved {\n  from = workspace.w\n  to = workspace.x\n}\n"
    shop.spec(SPEC, machine("x", network=""), moved, block("workspace.x", "old"))
    assert "workspace.x is what workspace.w was" in shop.do("plan").out, "what is recorded there is not imported again"
    shop.apply()
    assert shop.record("workspace.x").identity == identity


def test_a_module_is_imported_into_by_key(shop: Shop) -> None:
    inner = shop.folder / "inner"
    inner.mkdir()
    (inner / "main.vw.hcl").write_text(
        'variable "image" {}\nworkspace "w" {\n  count = 1\n  image = var.image\n  resources { memory = "256 MiB" }\n}\n'
    )
    call = '\nmodule "m" {\n  for_each = toset(["a"])\n  source = "./inner"\n  image = image.base.id\n}\n'
    shop.spec(SPEC, call, block('module.m["a"].workspace.w[0]', "default/old"))
    identity = there(shop)
    shop.apply()
    assert shop.record('module.m["a"].workspace.w[0]').identity == identity
    assert shop.empty()


@pytest.mark.parametrize("last", ["0", "each.value.place"])
def test_the_keys_of_modules_on_the_way_may_be_expressions_too(shop: Shop, last: str) -> None:
    inner = shop.folder / "inner"
    inner.mkdir()
    repeated = "count = 1" if last == "0" else 'for_each = toset(["p"])'
    (inner / "main.vw.hcl").write_text(
        f'variable "image" {{}}\nworkspace "w" {{\n  {repeated}\n  image = var.image\n  resources {{ memory = "256 MiB" }}\n}}\n'
    )
    call = '\nmodule "m" {\n  for_each = toset(["a"])\n  source = "./inner"\n  image = image.base.id\n}\n'
    asked = 'import {\n  for_each = { a = { id = "default/old", place = "p" } }\n  to = module.m[each.key].workspace.w[%s]\n  id = each.value.id\n}\n'
    shop.spec(SPEC, call, asked % last)
    identity = there(shop)
    shop.apply()
    assert (
        shop.record(f'module.m["a"].workspace.w[{"0" if last == "0" else chr(34) + "p" + chr(34)}]').identity
        == identity
    )
    assert shop.empty()


def test_an_import_stands_in_the_root_module_and_names_one_object(shop: Shop) -> None:
    inner = shop.folder / "inner"
    inner.mkdir()
    (inner / "main.vw.hcl").write_text('volume "v" {\n  size = 8\n}\n' + block("volume.v", "x"))
    shop.spec(SPEC, '\nmodule "m" {\n  source = "./inner"\n}\n', block("module.m", "x"))
    told = " ".join(shop.run("plan").err.split())
    assert "Import in a called module" in told and "to = module.m.volume.v" in told
    assert "module.m is a whole module" in told


def test_of_a_host_that_cannot_be_seen_nothing_is_imported(shop: Shop) -> None:
    there(shop)
    shop.world().switch(offline=True)
    told = shop.run("plan")
    assert told.code == 1 and "This plan is incomplete." in told.out
    shop.world().switch(offline=False)
    assert "Nothing was looked at" in shop.run("plan", "--refresh=false").err


def test_only_targets_are_imported_and_destroying_imports_nothing(shop: Shop) -> None:
    there(shop)
    assert "import" not in shop.do("plan", "--target=network.lan").out
    assert "There is nothing to destroy." in shop.do("plan", "--destroy").out
    assert "import" not in shop.do("plan", "--refresh-only").out


def test_a_mark_that_was_lost_is_no_absence(shop: Shop) -> None:
    there(shop)
    shop.apply()
    world = shop.world()
    [thing] = [one for one in world.things() if one.name == "old"]
    world.put(replace(thing, mark=None))
    world.close()
    assert "bears no mark of vwplan" in " ".join(shop.run("plan").err.split())


BAD = [
    ("nothing of that id", block("workspace.w", "older"), "Nothing to import", 'has no workspace of the id "older"'),
    ("a near miss", block("network.lan", "fabrik"), "Nothing to import", 'Did you mean "fabric"?'),
    ("nothing to import into", block("workspace.v", "old"), "undeclared", "There is no block workspace.v"),
    ("a key that there is not", block('workspace.w["a"]', "old"), "Nothing to import into", "Write its block first"),
    ("an image", block("image.base", "old"), "Cannot be imported", "An image is its content"),
    ("two to one address", block("workspace.w", "old") * 2, "Two imports to one address", "only one can be there"),
    ("one to two", block("workspace.w", "old") + block("workspace.x", "old"), "imported twice", "has one address"),
    ("a late id", "\nimport {\n  to = workspace.w\n  id = workspace.x.status\n}\n", "Known only after apply", '"id"'),
    ("a secret id", '\nimport {\n  to = workspace.w\n  id = sensitive("old")\n}\n', "Sensitive value", "told"),
    ("no id", "\nimport {\n  to = workspace.w\n  id = null\n}\n", "Wrong type", "cannot be null"),
    ("another kind", block("network.lan", "old"), "Nothing to import", "has no network"),
    ("made anew", block("network.lan", "fabric"), "would be made anew", "cidr is 10.8.0.0/24, not 10.9.0.0/24"),
]


@pytest.mark.parametrize(("text", "summary", "words"), [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_what_cannot_be_imported_is_told_where_it_stands(shop: Shop, text: str, summary: str, words: str) -> None:
    there(shop)
    there(shop, "network", "fabric", mode="nat", cidr="10.8.0.0/24")
    spec = SPEC + machine("w", network="") + machine("x", network="")
    shop.spec(spec, text)
    told = shop.run("plan")
    assert told.code == 1 and told.err.count("Error: ") == 1
    assert summary in told.err
    assert words in " ".join(told.err.split())
    line = int(told.err.partition("main.vw.hcl:")[2].partition(":")[0])
    assert line > spec.count("\n")
    assert strangers(shop) == ["fabric", "old"]


def test_of_two_of_one_name_the_uuid_says_which(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from vwplan_simulated.connection import SimulatedConnection

    first, second = there(shop), there(shop, name="other")
    observe = SimulatedConnection.observe

    def twins(connection: SimulatedConnection) -> Any:
        found = observe(connection)
        return replace(found, strangers=tuple(replace(one, name="old") for one in found.strangers))

    monkeypatch.setattr(SimulatedConnection, "observe", twins)
    told = " ".join(shop.run("plan").err.split())
    assert "More than one is meant" in told and first in told and second in told
    shop.spec(SPEC, machine("w", network=""), block("workspace.w", second))
    shop.apply()
    assert shop.record("workspace.w").identity == second


def test_what_is_recorded_or_belongs_to_another_stack_is_refused(shop: Shop) -> None:
    there(shop)
    shop.apply()
    shop.spec(SPEC, machine("w", network=""), machine("x", network=""), block("workspace.x", "old"))
    told = " ".join(shop.run("plan").err.split())
    assert '"old" is recorded as workspace.w already' in told and "write a moved block" in told
    told = " ".join(shop.run("plan", "--stack=other").err.split())
    assert "belongs to another stack" in told and shop.state().lineage in told


def test_an_id_may_say_the_host_and_must_say_the_right_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = shop_in(tmp_path, monkeypatch, capsys, HOSTS)
    world = shop.world("simulated.a/default")
    define(world, "volume", "pool/data", {"size": 8, "format": "qcow2"})
    world.close()
    shop.spec(HOSTS, block("volume.there", "simulated.b/default/pool/data"))
    assert "Object on another host" in shop.run("plan").err
    for prefix in ("", "default/", "simulated.a/", "simulated.a/default/"):
        shop.spec(HOSTS, block("volume.there", f"{prefix}pool/data"))
        assert "Plan: 1 to import, 1 to add" in shop.do("plan").out
    shop.apply()
    assert shop.record("volume.there").name == "pool/data"
    assert shop.empty()


def test_the_command_imports_what_is_and_leaves_the_rest_to_the_next_plan(shop: Shop) -> None:
    shop.spec(SPEC, machine("w", network=""))
    identity = there(shop, resources={"cpus": 1, "memory": 512})
    told = shop.do("import", "workspace.w", "old")
    assert "Plan: 1 to import, 0 to add, 0 to change, 0 to destroy." in told.out
    state = shop.state()
    assert {key: record.identity for key, record in state.records.items()} == {"workspace.w": identity}
    assert '"512 MiB" -> "256 MiB"' in shop.do("plan").out
    assert "The address is taken" in shop.run("import", "workspace.w", "old").err
    assert "Nothing to import into" in shop.run("import", "workspace.v", "old").err


def test_a_way_back_lets_go_of_what_was_imported_since_and_destroys_nothing(shop: Shop) -> None:
    identity = there(shop)
    shop.spec(SPEC)
    shop.apply()
    shop.spec(SPEC, machine("w", network=""), IMPORT)
    shop.apply()
    told = shop.do("rollback", "--auto-approve").out
    assert "0 to destroy, 1 to forget" in told
    assert shop.world().thing(identity) is not None
    shop.apply()
    assert shop.record("workspace.w").identity == identity, "and wanted again, it is the stack's again"


def test_an_import_that_fails_when_it_was_done_is_recorded_and_the_next_one_goes_on(shop: Shop) -> None:
    there(shop, resources={"cpus": 1, "memory": 512})
    fault = '  alias = "sim"\n  faults = ["fail adopt workspace old after all"]\n'
    shop.spec(SPEC.replace('  alias = "sim"\n', fault), machine("w", network=""), IMPORT)
    told = shop.run("apply", "--auto-approve")
    assert told.code == 1 and "Importing workspace.w" in told.err
    assert shop.record("workspace.w").arguments["resources"]["memory"] == 512, "as it is, for nothing was changed yet"
    shop.spec(SPEC, machine("w", network=""), IMPORT)
    shop.apply()
    assert shop.record("workspace.w").arguments["resources"]["memory"] == 256
    assert shop.empty()


def test_what_stood_in_the_way_of_making_it_is_imported_instead(shop: Shop) -> None:
    shop.spec(SPEC, machine("w", 'name = "old"', network=""))
    shop.do("plan", "--out=the.plan")
    identity = there(shop)
    assert "Name is taken" in shop.run("apply", "the.plan").err
    assert shop.record("workspace.w").status.value == "pending"
    shop.spec(SPEC, machine("w", 'name = "old"', network=""), IMPORT)
    shop.apply()
    assert shop.record("workspace.w").identity == identity
    assert not shop.state().deposed
    assert shop.empty()


def test_what_the_spec_says_of_ranges_and_macs_may_be_what_is_so(shop: Shop) -> None:
    network = there(shop, "network", "theirs", mode="nat", cidr="10.9.0.0/24", bridge="virbr7")
    there(shop, nic=[{"network": network, "mac": "52:54:00:00:00:01", "address": "10.9.0.50"}])
    nic = 'nic {\n    network = network.lan\n    mac     = "52:54:00:00:00:01"\n    address = "10.9.0.50"\n  }'
    shop.spec(SPEC, machine("w", nic, network=""), machine("x"), IMPORT, block("network.lan", "theirs"))
    assert "Plan: 2 to import, 2 to add, 0 to change" in shop.do("plan").out
    shop.apply()
    assert shop.empty()


def test_what_was_imported_is_known_as_that_when_the_state_is_rebuilt_from_the_hosts(shop: Shop) -> None:
    there(shop)
    there(shop, "network", "theirs", cidr="10.77.0.0/24", mode="nat", bridge="virbr7")
    network = '\nnetwork "fabric" {\n  cidr   = "10.77.0.0/24"\n  bridge = "virbr7"\n}\n'
    shop.spec(SPEC, network, machine("w", network=""), IMPORT, block("network.fabric", "theirs"))
    shop.apply()
    before = {key: shop.record(key).facts.get("imported") for key in ("network.fabric", "network.lan", "workspace.w")}
    assert before == {"network.fabric": True, "network.lan": None, "workspace.w": True}
    shutil.rmtree(shop.folder / ".vwplan" / "stacks" / "default")
    shop.do("state", "adopt", "--from-hosts")
    assert {key: shop.record(key).facts.get("imported") for key in before} == before
    shop.apply()
    assert shop.empty()

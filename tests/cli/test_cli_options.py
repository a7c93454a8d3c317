"""The commands' options and exit codes, as scripts rely on them."""

from __future__ import annotations

import json
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import WHOLE_SPEC, Shop, shop_in

SCHEMAS = Path(__file__).parents[2] / "schemas"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    monkeypatch.setenv("COLUMNS", "100")
    return shop_in(tmp_path, monkeypatch, capsys, WHOLE_SPEC)


def valid(plain: Any, schema: str) -> None:
    jsonschema.Draft202012Validator(json.loads((SCHEMAS / schema).read_text())).validate(plain)


def crash(shop: Shop, address: str) -> None:
    world = shop.world("simulated/default")
    thing = world.thing(shop.record(address).identity)
    assert thing is not None
    world.put(replace(thing, power="off", status="crashed"))


def actions(shop: Shop, *words: str) -> dict[str, list[str]]:
    found = shop.do("plan", "--json", *words).json
    return {one["address"]: one["change"]["actions"] for one in found["resource_changes"]}


# Exit codes and spellings


def test_detailed_exit_codes_tell_changes_from_none(shop: Shop) -> None:
    assert shop.run("plan").code == 0
    assert shop.run("plan", "--detailed-exitcode").code == 2
    shop.apply()
    assert shop.run("plan", "--detailed-exitcode").code == 0
    assert shop.run("plan", "--detailed-exitcode", "--var=size=32 MiB").code == 2
    assert shop.run("plan", "--detailed-exitcode", "--destroy").code == 2


def test_options_with_one_dash_mean_the_same(shop: Shop) -> None:
    assert shop.run("plan", "-detailed-exitcode", "-no-color", "-out=one").code == 2
    assert shop.run("apply", "-auto-approve", "-input=false", "-parallelism=1", "-lock-timeout=1s").code == 0
    crash(shop, "workspace.other")
    assert shop.run("plan", "-detailed-exitcode", "-refresh=false").code == 0
    assert shop.run("plan", "-detailed-exitcode", "-refresh=true", "-var", "size=16 MiB").code == 2
    assert shop.run("-chdir=.", "plan", "-json=true", "-target=volume.home").json["empty"] is True
    assert shop.run("output", "-raw", "size").out == "16 MiB"
    assert shop.run("destroy", "-auto-approve").code == 0


def test_work_in_another_folder(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop.apply()
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert shop.do("-chdir", str(shop.folder), "output", "-raw", "size").out == "16 MiB"
    told = shop.run("-chdir=/nonexistent", "plan")
    assert told.code == 1
    assert "cannot work in /nonexistent: No such file or directory" in told.err


def test_without_a_command_the_help_is_told_and_no_error(shop: Shop) -> None:
    found = shop.run()
    assert found.code in (0, 1)
    assert "Commands:" in found.out + found.err
    assert "Error" not in found.out + found.err
    assert shop.run("--help").code == shop.run("plan", "-h").code == 0


# What a plan is about


def test_a_target_takes_what_it_needs_and_leaves_the_rest(shop: Shop) -> None:
    assert set(actions(shop, "--target=workspace.login")) == {
        "image.base",
        "network.lan",
        "volume.home",
        "workspace.login",
    }
    assert set(actions(shop, "--target=volume.home", "--target=network.lan")) == {"volume.home", "network.lan"}
    shop.apply("--target=workspace.login")
    assert "workspace.other" not in shop.state().records
    assert list(actions(shop)) == ["workspace.other"]


def test_what_is_excluded_is_left_with_all_that_needs_it(shop: Shop) -> None:
    assert set(actions(shop, "--exclude=network.lan")) == {"image.base", "volume.home", "workspace.other"}


def test_what_is_to_be_replaced_is_made_anew(shop: Shop) -> None:
    shop.apply()
    before = shop.record("workspace.other").identity
    assert actions(shop, "--replace=workspace.other") == {"workspace.other": ["create", "delete"]}
    shop.apply("--replace=workspace.other")
    assert shop.record("workspace.other").identity != before
    assert shop.empty()


def test_without_looking_what_is_recorded_is_believed(shop: Shop) -> None:
    shop.apply()
    crash(shop, "workspace.other")
    assert shop.empty("--refresh=false")
    assert actions(shop) == {"workspace.other": ["update"]}
    assert actions(shop, "--refresh=false", "--var=size=32 MiB") == {"volume.home": ["update"]}


def test_only_looking_brings_the_state_up_to_what_exists_and_touches_nothing(shop: Shop) -> None:
    shop.apply()
    crash(shop, "workspace.other")
    identity = shop.record("workspace.other").identity
    told = shop.do("plan", "--refresh-only")
    assert "workspace.other was running when last applied, is off (crashed) now" in told.out
    assert "it brings the state up to what exists, and touches nothing else" in told.out
    shop.apply("--refresh-only")
    assert shop.record("workspace.other").facts["status"] == "crashed"
    thing = shop.world("simulated/default").thing(identity)
    assert thing is not None and thing.power == "off"
    assert actions(shop) == {"workspace.other": ["update"]}


# Saved plans


def test_a_saved_plan_is_shown_and_carried_out_as_it_is(shop: Shop) -> None:
    told = shop.do("plan", "--out=the.plan", "--var=size=20 MiB")
    assert "To carry out exactly these steps:\n  vwplan apply the.plan" in told.out
    path = shop.folder / "the.plan"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    valid(json.loads(path.read_text()), "plan.v1.json")
    assert "hush" not in path.read_text()
    shown = shop.do("show", "the.plan").out
    assert "Steps, each after those that it waits for:" in shown
    valid(shop.do("show", "--json", "the.plan").json, "plan-output.v1.json")
    assert "Resources: 5 added" in shop.do("apply", "the.plan").out
    assert shop.record("volume.home").arguments["size"] == 20
    assert shop.empty("--var=size=20 MiB")


def test_a_plan_is_carried_out_once(shop: Shop) -> None:
    shop.do("plan", "--out=the.plan")
    shop.do("apply", "the.plan")
    before = shop.state()
    told = shop.run("apply", "the.plan")
    assert told.code == 1
    assert "The plan is out of date" in told.err and "Plan again." in told.err
    assert shop.state() == before


def test_of_two_plans_of_an_empty_stack_the_second_is_told_that_the_first_was_applied(shop: Shop) -> None:
    for name in ("one.plan", "two.plan"):
        shop.do("plan", f"--out={name}")
    shop.do("apply", "one.plan")
    before = shop.state()
    told = shop.run("apply", "two.plan")
    assert told.code == 1
    words = " ".join(told.err.split())
    assert "The plan is out of date" in words
    assert "when this stack had no state yet, and another plan has been applied since. Plan again." in words
    assert shop.state() == before


def test_a_plan_of_another_stack_or_an_altered_one_is_refused(shop: Shop) -> None:
    shop.do("plan", "--out=the.plan")
    assert "was made for the stack default" in shop.run("apply", "--stack=other", "the.plan").err
    path = shop.folder / "the.plan"
    whole = path.read_text()
    for text in (
        "",
        whole[: len(whole) // 2],
        whole.replace('"steps":', '"stps":'),
        '{"format":"vwplan-plan","version":9}',
    ):
        path.write_text(text)
        told = shop.run("apply", "the.plan")
        assert told.code == 1
        assert "Cannot read the plan" in told.err
    assert shop.state().records == {} if shop.store().read() else True


def test_secrets_are_given_again_when_a_saved_plan_is_applied(shop: Shop) -> None:
    shop.do("plan", "--out=the.plan", "--var=token=first")
    told = shop.run("apply", "the.plan", "--var=token=second")
    assert told.code == 1
    assert "A sensitive value is not the one that was planned" in told.err
    assert "first" not in told.err + told.out
    shop.do("destroy", "--auto-approve")
    shop.do("plan", "--out=the.plan", "--var=token=first")
    shop.do("apply", "the.plan", "--var=token=first")
    thing = shop.world("simulated/default").thing(shop.record("workspace.login").identity)
    assert thing is not None and thing.arguments["user_data"] == "token first"
    assert "holds only what stands for the sensitive output" in shop.run("output", "-raw", "token").err


def test_what_has_a_secret_is_restarted_kept_and_destroyed_whatever_the_secret_is_by_then(shop: Shop) -> None:
    shop.apply("--var=token=first")
    more = WHOLE_SPEC.replace(
        'workspace "login" {', 'workspace "login" {\n  on_destroy = "pause"\n  resources { memory = "600 MiB" }'
    )
    shop.spec(more)
    shop.apply("--var=token=first")
    identity = shop.record("workspace.login").identity
    shop.do("destroy", "--auto-approve", "--var=token=second", "--target=workspace.login")
    thing = shop.world("simulated/default").thing(identity)
    assert thing is not None and thing.power == "paused"
    shop.do("destroy", "--auto-approve", "--kept", "--var=token=third")
    assert shop.world("simulated/default").things() == []


# Shapes for machines


def test_plans_for_machines_are_as_their_schema_says(shop: Shop) -> None:
    valid(shop.do("plan", "--json").json, "plan-output.v1.json")
    shop.apply()
    crash(shop, "workspace.other")
    for words in (
        [],
        ["--destroy"],
        ["--refresh-only"],
        ["--replace=workspace.login"],
        ["--var=size=32 MiB"],
        ["--refresh=false"],
    ):
        valid(shop.do("plan", "--json", *words).json, "plan-output.v1.json")
    shop.world("simulated/default").switch(offline=True)
    told = shop.run("plan", "--json")
    assert told.code == 1
    assert told.json["complete"] is False
    valid(told.json, "plan-output.v1.json")


def test_an_apply_for_machines_is_one_object_a_line(shop: Shop) -> None:
    lines = [json.loads(line) for line in shop.apply("--json").out.splitlines()]
    types = [line["type"] for line in lines]
    assert types[:2] == ["plan", "run_started"]
    assert types[-2:] == ["run_ended", "outputs"]
    valid(lines[0]["plan"], "plan-output.v1.json")
    ended = [line for line in lines if line["type"] == "step_ended"]
    assert {line["result"] for line in ended} == {"ok"}
    assert {line["step"] for line in ended} == {step["id"] for step in lines[0]["plan"]["steps"]}
    assert lines[-2]["added"] == 5
    assert lines[-1]["outputs"]["size"] == {"sensitive": False, "type": "string", "value": "16 MiB"}


def test_a_failed_apply_for_machines_says_what_failed(shop: Shop) -> None:
    shop.spec(
        WHOLE_SPEC.replace('provider "simulated" {}', 'provider "simulated" { faults = ["fail create volume *"] }')
    )
    told = shop.run("apply", "--auto-approve", "--json")
    assert told.code == 1
    lines = [json.loads(line) for line in told.out.splitlines()]
    [problem] = [line["diagnostic"] for line in lines if line["type"] == "diagnostic"]
    assert (problem["severity"], problem["address"]) == ("error", "volume.home")
    assert {line["result"] for line in lines if line["type"] == "step_ended"} == {"ok", "failed", "skipped"}


def test_the_state_for_machines(shop: Shop) -> None:
    assert shop.do("show", "--json").json == {"format_version": "1.0"}
    shop.apply()
    shown = shop.do("show", "--json").json
    assert {one["address"] for one in shown["resources"]} == set(shop.do("state", "list", "--json").json)
    assert shown["outputs"]["address"]["value"] == "10.64.0.2"
    assert shop.do("state", "show", "--json", "volume.home").json["arguments"]["size"] == 16
    login = shop.do("state", "show", "--json", "workspace.login").json
    assert list(login["arguments"]["user_data"]) == ["$sensitive"]
    assert "hush" not in shop.do("show").out + shop.do("show", "--json").out.partition('"outputs"')[0]


def test_outputs_one_by_one(shop: Shop) -> None:
    told = shop.do("output")
    assert "No outputs" in told.err and "Warning" in told.err
    shop.apply()
    assert 'address = "10.64.0.2"\n' in shop.do("output").out
    assert "token   = (sensitive value)\n" in shop.do("output").out
    assert shop.do("output", "address").out == '"10.64.0.2"\n'
    assert shop.do("output", "--json", "address").json == "10.64.0.2"
    assert shop.do("output", "--raw", "address").out == "10.64.0.2"
    assert set(shop.do("output", "--json").json) == {"address", "size", "token"}


# Other commands


def test_graphs_are_drawn_for_two_programs(shop: Shop) -> None:
    assert '"workspace.login" -> "network.lan";' in shop.do("graph").out
    assert shop.do("graph").out.startswith("digraph resources {")
    assert shop.do("graph", "--format=mermaid").out.startswith("flowchart BT\n")
    steps = shop.do("graph", "--steps").out
    assert steps.startswith("digraph steps {") and "power" in steps


def test_formatting_writes_only_what_differs_and_only_when_asked(shop: Shop) -> None:
    assert shop.run("fmt", "-check").code == 0
    crooked = shop.folder / "crooked.vw.hcl"
    crooked.write_text("locals {\n a=1\n}\n")
    told = shop.run("fmt", "-check", "-diff")
    assert (told.code, told.out.splitlines()[0]) == (3, "crooked.vw.hcl")
    assert "-" + " a=1" in told.out and "+  a = 1" in told.out
    assert crooked.read_text() == "locals {\n a=1\n}\n"
    assert shop.do("fmt").out == "crooked.vw.hcl\n"
    assert crooked.read_text() == "locals {\n  a = 1\n}\n"
    crooked.write_text("locals {\n a = = 1\n}\n")
    assert "crooked.vw.hcl:2:6" in shop.run("fmt").err


def test_kinds_are_described(shop: Shop) -> None:
    assert [line.split()[0] for line in shop.do("schema").out.splitlines()][:2] == ["image", "network"]
    assert "an edit makes it anew" in shop.do("schema", "network").out
    assert {'provider "libvirt"', 'host "LABEL" { }  may be repeated'} <= set(
        shop.do("schema", "libvirt").out.splitlines()
    )
    jsonschema.Draft202012Validator.check_schema(shop.do("schema", "--json", "workspace").json)
    assert set(shop.do("version", "--json").json["providers"]) >= {"libvirt", "simulated"}


@pytest.mark.parametrize(
    "spec", [WHOLE_SPEC, 'provider "simulated" {}\nnetwork "lan" {}\n'], ids=["with an image", "without one"]
)
def test_files_beside_the_spec_are_their_owners_alone(shop: Shop, spec: str) -> None:
    shop.spec(spec)
    shop.apply()
    shop.do("plan", "--out=the.plan")
    for path in [shop.folder / ".vwplan", *(shop.folder / ".vwplan").rglob("*")]:
        allowed = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == allowed, path


def test_a_stack_is_one_of_several_and_never_remembered(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.apply("--stack=one", "--target=volume.home")
    monkeypatch.setenv("VW_STACK", "two")
    shop.apply("--target=network.lan")
    monkeypatch.delenv("VW_STACK")
    shop.apply("--simulate", "--target=image.base")
    listed = [shop.do("state", "list", *words).out for words in ([], ["--stack=one"], ["--stack=two"], ["--simulate"])]
    assert listed == ["", "volume.home\n", "network.lan\n", "image.base\n"]


def test_values_come_from_files_options_and_the_environment(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def size() -> Any:
        return shop.do("plan", "--json").json["variables"]["size"]["value"]

    monkeypatch.setenv("VW_VAR_size", "17 MiB")
    assert size() == "17 MiB"
    (shop.folder / "vwplan.vwvars.hcl").write_text('size = "18 MiB"\n')
    assert size() == "18 MiB"
    (shop.folder / "more.auto.vwvars.json").write_text('{"size": "19 MiB"}')
    assert size() == "19 MiB"
    (shop.folder / "given.hcl").write_text('size = "20 MiB"\n')
    told = shop.do("plan", "--json", "--var-file=given.hcl").json
    assert told["variables"]["size"]["value"] == "20 MiB"
    told = shop.do("plan", "--json", "--var-file=given.hcl", "--var=size=21 MiB").json
    assert told["variables"]["size"]["value"] == "21 MiB"
    assert "token" not in told["variables"], "a secret's value is in no plan"


def test_an_unfinished_apply_is_told_by_those_who_only_look(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    from shop import dying

    dying(shop, monkeypatch, "apply", "--auto-approve")
    for words in (["plan"], ["show"]):
        told = shop.do(*words)
        assert "steps begun with no end recorded" in told.err or "step begun with no end recorded" in told.err
    told = shop.apply()
    assert "An earlier run was cut short. What its begun steps left:" in told.err
    assert shop.empty()

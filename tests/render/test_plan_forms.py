"""Plans as people read them: the words a Terraform user knows, what each edit costs, and nothing secret."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "plan"))
from site_of_tests import Site, Want, image, machine, network, volume

from vwplan.diagnostics import Diagnostic
from vwplan.graph.model import Cause, CheckResult, Lifecycle
from vwplan.plan import PlanOptions
from vwplan.render import dot, mermaid
from vwplan.render.blocks import natural
from vwplan.render.plan_json import plan_plain
from vwplan.render.plan_text import plan_text
from vwplan.render.state_text import record_text, state_text
from vwplan.values import STRING, Sensitive, Unknown


def lab(workers: int = 1) -> list[Want]:
    members = [
        machine(f"cluster.c.workers.w[{i}]", on="network.fabric", after=("cluster.c.head",)) for i in range(workers)
    ]
    return [image(), network(), machine("cluster.c.head", on="network.fabric"), *members]


def test_nothing_to_do_says_so() -> None:
    site = Site()
    site.converge(image())
    assert plan_text(site.plan(image())) == "No changes. Your infrastructure matches the configuration.\n"
    assert plan_text(Site().plan(options=PlanOptions(destroy=True))) == "No changes. There is nothing to destroy.\n"


def test_a_creation_shows_aligned_arguments_blocks_units_and_what_comes_later() -> None:
    secret = machine("workspace.w", user_data=Sensitive("hunter2"), tags={"when": Unknown(STRING)})
    text = plan_text(Site().plan(image(), volume(size=2048), secret))
    assert '  # workspace.w will be created\n  + workspace "w" {\n' in text
    assert "      + user_data  = (sensitive value)\n" in text
    assert "          when = (known after apply)\n" in text
    assert "      + status     = (known after apply)\n" in text
    assert '          + memory = "512 MiB"\n' in text
    assert '      + size   = "2 GiB"\n' in text
    assert "hunter2" not in text
    assert text.endswith("Plan: 3 to add, 0 to change, 0 to destroy.\n")


def test_an_update_shows_before_after_and_what_it_costs() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w"))
    text = plan_text(site.plan(image(), machine("workspace.w", resources={"memory": 1024}, tags={"a": "b"})))
    assert "  # workspace.w will be updated in-place [restart]\n  # (resources.memory changed)\n" in text
    assert '      ~ resources.memory = "512 MiB" -> "1 GiB" # restart\n' in text
    assert "      + tags" in text and "# record\n" in text
    assert "unchanged arguments hidden)" in text
    assert "Plan: 0 to add, 1 to change, 0 to destroy." in text


def test_a_replacement_says_what_forces_it_and_in_which_order() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w", hostname="a"), volume())
    careful = machine("workspace.w", hostname="b", lifecycle=Lifecycle(replace="ask"))
    text = plan_text(site.plan(image(content="b"), careful, volume()))
    assert "  # workspace.w must be replaced\n" in text
    assert '      ~ hostname = "a" -> "b" # forces replacement\n' in text
    assert "+/- image" in text and "create replacement and then destroy" in text
    assert 'A second yes is needed for: workspace.w (replace = "ask").' in text


def test_drift_is_told_first_in_words() -> None:
    site = Site()
    site.converge(*lab())
    site.change("cluster.c.workers.w[0]", power="off", status="crashed")
    text = plan_text(site.plan(*lab()))
    assert text.startswith("Objects have changed outside of vwplan\n")
    assert "  ~ cluster.c.workers.w[0] was running when last applied, is off (crashed) now\n" in text


def test_deliveries_are_listed_apart_from_changes() -> None:
    site = Site()
    site.converge(*lab(1))
    text = plan_text(site.plan(*lab(2)), steps=True)
    assert "  ~ cluster.c: a roster of 3 members, to 2 running members (live)\n" in text
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in text
    assert "deliver        cluster.c.head  after" in text


def test_what_could_not_be_seen_is_told_and_not_called_a_match() -> None:
    site = Site()
    site.converge(*lab())
    site.problem = "connection refused"
    text = plan_text(site.plan(*lab()))
    assert "This plan is incomplete." in text and "connection refused" in text
    assert "matches the configuration" not in text and "No changes" not in text
    assert text.endswith("Nothing is planned. No host could be seen.\n")


def test_outputs_checks_and_causes() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w"), outputs={"a": 1, "gone": "x"})
    plan = site.plan(image(), machine("workspace.w", power="off"), outputs={"a": 2, "b": [1, "y"]})
    checks = (CheckResult("check.a", False, "too small", None), CheckResult("check.b", None, "", None))
    plan = replace(plan, checks=checks, changes=(replace(plan.changes[0], causes=(Cause("environment.osg"),)),))
    text = plan_text(plan)
    assert "  ~ a    = 1 -> 2\n" in text
    assert '  - gone = "x" -> null\n' in text
    assert '  + b    = [\n      1,\n      "y",\n    ]\n' in text
    assert "check.a: too small" in text and "check.b: known after apply" in text
    assert "  # (because of environment.osg)\n" in text


def test_only_outputs_that_change_are_no_change_of_the_world() -> None:
    site = Site()
    text = plan_text(site.plan(outputs={"a": 1}))
    assert text.endswith("Only outputs change: applying this plan saves them in the state, and touches nothing else.\n")


def test_kept_moved_and_forgotten() -> None:
    site = Site()
    site.converge(
        image(), machine("workspace.a", on_destroy="shutdown"), machine("workspace.b"), machine("workspace.c")
    )
    moved = replace(machine("workspace.b"), key="workspace.d")
    plan = site.plan(image(), moved, moved=(("workspace.b", "workspace.d"),), removed={"workspace.c": False})
    text = plan_text(plan)
    assert "  # workspace.a will be kept, and planned no longer\n" in text
    assert "  # workspace.d is what workspace.b was\n" in text
    assert "  # workspace.c will no longer be managed by vwplan, and is not destroyed\n" in text
    assert "Plan: 0 to add, 0 to change, 0 to destroy, 1 to keep, 1 to forget." in text


def test_addresses_are_in_the_order_that_people_count() -> None:
    assert sorted(["a[10]", "a[9]", "b", "a"], key=natural) == ["a", "a[9]", "a[10]", "b"]


def test_colours_change_nothing_else() -> None:
    import re

    site = Site()
    site.converge(*lab())
    plan = site.plan(*lab(2))
    assert re.sub(r"\x1b\[[\d;]*m", "", plan_text(plan, colour=True, steps=True)) == plan_text(plan, steps=True)


def test_the_form_for_machines_has_terraforms_actions() -> None:
    site = Site()
    site.converge(image(), network(), machine("workspace.w", on="network.fabric", hostname="a"))
    other = machine("workspace.w", on="network.fabric", hostname="b", user_data=Sensitive("s"))
    plan = site.plan(image(content="b"), network(), other)
    plan = replace(plan, warnings=(Diagnostic("w", "W"),))
    plain = plan_plain(plan)
    actions = {c["address"]: c["change"]["actions"] for c in plain["resource_changes"]}
    assert actions == {"image.base": ["create", "delete"], "workspace.w": ["delete", "create"]}
    [workspace] = [c for c in plain["resource_changes"] if c["address"] == "workspace.w"]
    assert workspace["change"]["after"]["user_data"] is None
    assert workspace["change"]["after_sensitive"] == {"user_data": True}
    assert plain["summary"] == {"import": 0, "add": 2, "change": 0, "destroy": 2}


def test_graphs_have_an_arrow_for_each_tie() -> None:
    site = Site()
    wanted = site.wanted(*lab(1))
    assert '  "cluster.c.workers.w[0]" -> "cluster.c.head";\n' in dot.resources(wanted)
    assert mermaid.resources(wanted).count("-->") == sum(len(r.depends) for r in wanted.resources)
    plan = site.plan(*lab(1))
    ties = sum(len(step.needs) for step in plan.steps)
    assert mermaid.steps(plan).count("-->") == ties
    assert dot.steps(plan).count("->") == ties


def test_the_state_is_shown_as_blocks_with_facts() -> None:
    site = Site()
    site.converge(*lab(), outputs={"a": 1})
    text = state_text(site.state)
    assert '# cluster.c.head:\nworkspace "c.head" {\n' in text
    assert '        memory = "512 MiB"\n' in text
    assert "Outputs:\n\na = 1\n" in text
    assert "# cluster.c has 2 members" in text
    one = record_text(site.state.records["network.fabric"])
    assert one.startswith("# network.fabric:\n") and "cidr" in one
    assert state_text(Site().state) == "The state is empty. No resources are recorded.\n"

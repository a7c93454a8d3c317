"""What a plan refuses, whom it believes, and how far it goes: protections, marks, targets, looking and not looking."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from lab import codes, lab
from site_of_tests import Site, doing, image, machine, network, told, volume

from vwplan.diagnostics import DiagnosticError
from vwplan.graph.model import Lifecycle
from vwplan.plan import PlanOptions, StepVerb
from vwplan.state.records import Status


def test_refusals_come_all_at_once() -> None:
    site = Site()
    site.converge(
        image(),
        volume(keep=True),
        volume("big", size=4096),
        machine("workspace.a", lifecycle=Lifecycle(prevent_destroy=True)),
        machine("workspace.b", lifecycle=Lifecycle(replace="never")),
    )
    with pytest.raises(DiagnosticError) as error:
        site.plan(
            image(content="b"),
            volume(keep=True, format="raw"),
            volume("big", size=1024),
            machine("workspace.a", lifecycle=Lifecycle(prevent_destroy=True)),
            machine("workspace.b", lifecycle=Lifecycle(replace="never")),
        )
    assert codes(error) == ["replace-kept", "shrinking-disk", "prevent-destroy", "replace-never"]


def test_what_must_not_be_destroyed_is_not_destroyed_when_its_block_goes() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a", lifecycle=Lifecycle(prevent_destroy=True)))
    for options in (PlanOptions(), PlanOptions(destroy=True)):
        with pytest.raises(DiagnosticError) as error:
            site.plan(image(), options=options)
        assert codes(error) == ["prevent-destroy"]


def test_a_replacement_may_ask_for_a_second_yes() -> None:
    site = Site()
    careful = Lifecycle(replace="ask")
    site.converge(image(), machine("workspace.a", lifecycle=careful))
    plan = site.plan(image(content="b"), machine("workspace.a", lifecycle=careful))
    assert [c.asks for c in plan.changes if c.key == "workspace.a"] == [True]
    plan = site.plan(
        image(content="b"), machine("workspace.a", lifecycle=careful), options=PlanOptions(replace=("workspace.a",))
    )
    assert not any(c.asks for c in plan.changes)


def test_ignored_paths_stay_as_they_are() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a"))
    ignoring = machine(
        "workspace.a", resources={"memory": 2048, "cpus": 2}, lifecycle=Lifecycle(ignore_changes=("resources.memory",))
    )
    site.converge(image(), ignoring)
    assert site.state.records["workspace.a"].arguments["resources"] == {"cpus": 2, "memory": 512}
    everything = machine("workspace.a", power="off", lifecycle=Lifecycle(ignore_changes=("all",)))
    assert site.plan(image(), everything).empty


def test_a_trigger_replaces_when_it_changes() -> None:
    site = Site()

    def triggered(value: str) -> list:
        lifecycle = Lifecycle(replace_triggers=(("var.generation", value),))
        return [image(), machine("workspace.a", lifecycle=lifecycle)]

    site.converge(*triggered("one"))
    assert site.plan(*triggered("one")).empty
    plan = site.converge(*triggered("two"))
    assert plan.changes[0].reason == "var.generation changed"


def test_replace_on_request() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a"))
    plan = site.plan(image(), machine("workspace.a"), options=PlanOptions(replace=("workspace.a",)))
    assert doing(plan) == {"workspace.a": "replace"}
    site.apply(plan)
    assert site.plan(image(), machine("workspace.a")).empty


def test_a_host_that_does_not_answer_is_not_an_empty_host() -> None:
    site = Site()
    site.converge(*lab())
    site.problem = "connection refused"
    site.objects.clear()
    plan = site.plan(*lab(3))
    assert plan.incomplete and not plan.steps
    assert {c.reason for c in plan.changes} == {f"the host {'simulated/default'} could not be seen"}
    assert not site.plan(options=PlanOptions(destroy=True)).steps


def test_another_hypervisor_under_the_same_label_stops_the_plan() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a"))
    site.uuid = "99999999-2222-4333-8444-555555555555"
    site.objects.clear()
    with pytest.raises(DiagnosticError) as error:
        site.plan(image(), machine("workspace.a"))
    assert codes(error) == ["other-hypervisor"]


def test_a_copied_state_does_not_touch_what_the_original_made() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a"))
    copied = site.state
    site.converge(image(), machine("workspace.a"), machine("workspace.b"))
    site.state = copied
    with pytest.raises(DiagnosticError) as error:
        site.plan(image(), machine("workspace.a"))
    assert codes(error) == ["another-copy"]
    assert "workspace" in error.value.diagnostics[0].detail and "simulated/default" in error.value.diagnostics[0].detail


def test_a_copied_state_notices_even_a_change_in_place() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a"))
    copied = site.state
    site.converge(image(), machine("workspace.a", power="paused"))
    site.state = copied
    with pytest.raises(DiagnosticError) as error:
        site.plan(image(), options=PlanOptions(destroy=True))
    assert codes(error) == ["another-copy"]


def test_the_mark_of_a_run_whose_end_nobody_saw_is_ours() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a"))
    seen = site.observed("workspace.a")
    assert seen.mark is not None
    site.objects[seen.identity] = replace(seen, mark=replace(seen.mark, writer="lost"))
    site.state = replace(site.state, previous_writers=frozenset({"lost"}))
    assert site.plan(image(), machine("workspace.a")).empty


def test_somebody_elses_object_under_our_name_is_left_alone() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a"))
    seen = site.observed("workspace.a")
    site.objects["other"] = replace(seen, identity="other", name="lab", mark=None)
    with pytest.raises(DiagnosticError) as error:
        site.plan(image(), machine("workspace.a"), machine("workspace.b", name="lab"))
    assert codes(error) == ["name-taken"]


def test_our_object_with_another_mark_is_left_alone() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a"))
    seen = site.observed("workspace.a")
    assert seen.mark is not None
    site.objects[seen.identity] = replace(seen, mark=replace(seen.mark, lineage="another"))
    with pytest.raises(DiagnosticError) as error:
        site.plan(image(), machine("workspace.a"))
    assert codes(error) == ["foreign-object"]


def test_a_target_brings_what_it_needs_and_nothing_else() -> None:
    site = Site()
    plan = site.plan(*lab(2), options=PlanOptions(targets=("cluster.c.workers.compute[0]",)))
    assert set(doing(plan)) == {"image.base", "network.fabric", "cluster.c.head", "cluster.c.workers.compute[0]"}
    whole = site.plan(*lab(2), options=PlanOptions(targets=("cluster.c",)))
    assert len(doing(whole)) == 5


def test_what_is_excluded_takes_what_needs_it_along() -> None:
    site = Site()
    plan = site.plan(*lab(2), options=PlanOptions(excludes=("cluster.c.head",)))
    assert set(doing(plan)) == {"image.base", "network.fabric"}


def test_a_target_of_a_destroy_brings_what_depends_on_it() -> None:
    site = Site()
    site.converge(*lab(2))
    plan = site.plan(options=PlanOptions(destroy=True, targets=("network.fabric",)))
    assert set(doing(plan)) == {
        "network.fabric",
        "cluster.c.head",
        "cluster.c.workers.compute[0]",
        "cluster.c.workers.compute[1]",
    }
    site.apply(plan)
    assert set(site.state.records) == {"image.base"}


def test_a_target_that_is_not_there_is_an_error_with_the_nearest_name() -> None:
    with pytest.raises(DiagnosticError) as error:
        Site().plan(*lab(2), options=PlanOptions(targets=("network.fabrik",), replace=("cluster.c.haed",)))
    details = [d.detail for d in error.value.diagnostics]
    assert any('Did you mean "network.fabric"?' in d for d in details)
    assert any('Did you mean "cluster.c.head"?' in d for d in details)


def test_replacing_what_something_outside_the_targets_uses_is_refused() -> None:
    site = Site()
    site.converge(image(), network(), machine("workspace.w", on="network.fabric"))
    with pytest.raises(DiagnosticError) as error:
        site.plan(
            image(),
            network(domain="x.test"),
            machine("workspace.w", on="network.fabric"),
            options=PlanOptions(targets=("network.fabric",)),
        )
    assert codes(error) == ["still-in-use"]


def test_refreshing_only_records_what_exists_and_touches_nothing() -> None:
    site = Site()
    spec = [image(), machine("workspace.a"), machine("workspace.b")]
    site.converge(*spec)
    site.change("workspace.a", power="off", status="off")
    site.lose("workspace.b")
    plan = site.plan(*spec, options=PlanOptions(refresh_only=True))
    assert {s.verb for s in plan.steps} == {StepVerb.RECORD}
    assert len(plan.drift) == 2
    site.apply(plan)
    assert site.state.records["workspace.a"].arguments["power"] == "off"
    assert site.state.records["workspace.b"].status is Status.TAINTED
    site.converge(*spec)


def test_without_looking_what_is_recorded_is_believed() -> None:
    site = Site()
    spec = [image(), machine("workspace.a")]
    site.converge(*spec)
    site.lose("workspace.a")
    blind = PlanOptions(refresh=False)
    assert site.plan(*spec, options=blind).empty
    site.objects.clear()
    plan = site.plan(image(), machine("workspace.a", power="paused"), options=blind)
    assert told(plan) == ["power workspace.a"]


def test_outputs_are_compared_and_a_null_one_is_none() -> None:
    site = Site()
    plan = site.converge(outputs={"a": 1, "b": None})
    assert plan.output_changes == {"a": (None, 1)}
    assert site.plan(outputs={"a": 2}).output_changes == {"a": (1, 2)}
    assert site.plan().output_changes == {"a": (1, None)}

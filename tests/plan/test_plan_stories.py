"""Plans as stories: what was, what is wanted, what the plan says, and that doing it leaves nothing to do."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from site_of_tests import Site, Strict, doing, image, machine, network, seal, told, volume

from vwplan.diagnostics import DiagnosticError
from vwplan.graph.model import Lifecycle
from vwplan.kinds import KINDS
from vwplan.kinds.model import Effect
from vwplan.plan import HostView, PlanOptions, StepVerb, make
from vwplan.state.records import Status
from vwplan.values import STRING, Computed, FactOf, Late, Sensitive


def lab(workers: int = 2, **worker: object) -> list:
    """An image, a network, a head and workers that wait for it."""
    members = [machine("cluster.c.head", on="network.fabric", ready={"agent": True, "timeout": 300})]
    for index in range(workers):
        members.append(
            machine(
                f"cluster.c.workers.compute[{index}]",
                on="network.fabric",
                after=("cluster.c.head",),
                ready={"agent": True, "timeout": 300},
                **worker,
            )
        )
    return [image(), network(), *members]


def codes(error: pytest.ExceptionInfo[DiagnosticError]) -> list[str]:
    return [d.code for d in error.value.diagnostics]


def test_from_nothing_image_and_network_come_first_then_the_head_then_its_workers() -> None:
    site = Site()
    plan = site.converge(*lab())
    assert plan.counts == (5, 0, 0)
    assert told(plan) == [
        "stage image.base",
        "create network.fabric",
        "create cluster.c.head < create network.fabric, stage image.base",
        "power cluster.c.head < create cluster.c.head",
        "create cluster.c.workers.compute[0] < create network.fabric, power cluster.c.head, stage image.base",
        "power cluster.c.workers.compute[0] < create cluster.c.workers.compute[0]",
        "create cluster.c.workers.compute[1] < create network.fabric, power cluster.c.head, stage image.base",
        "power cluster.c.workers.compute[1] < create cluster.c.workers.compute[1]",
    ]
    assert site.delivered == [], "all members had the roster in their seeds"
    assert {r.epoch for r in site.state.records.values() if r.kind == "workspace" or "cluster" in r.address} == {1}


def test_a_network_is_made_with_the_reservations_of_all_its_machines() -> None:
    site = Site()
    plan = site.plan(*lab())
    [made] = [s for s in plan.steps if s.kind == "network"]
    assert len(made.reservations) == 3
    assert all(r["mac"].startswith("d6:") and r["address"] for r in made.reservations)


def test_one_more_worker_is_one_machine_and_a_roster_for_the_others() -> None:
    site = Site()
    site.converge(*lab(2))
    plan = site.converge(*lab(3))
    assert plan.counts == (1, 0, 0)
    assert doing(plan) == {
        "cluster.c.head": "deliver",
        "cluster.c.workers.compute[0]": "deliver",
        "cluster.c.workers.compute[1]": "deliver",
        "cluster.c.workers.compute[2]": "create",
    }
    assert sorted(site.delivered) == [(k, 2) for k in sorted(doing(plan)) if not k.endswith("[2]")]
    delivers = [line for line in told(plan) if line.startswith("deliver")]
    assert all("power cluster.c.workers.compute[2]" in line for line in delivers)


def test_scaling_down_takes_the_leavers_first_and_then_tells_the_rest() -> None:
    site = Site()
    site.converge(*lab(3))
    plan = site.converge(*lab(1))
    assert plan.counts == (0, 0, 2)
    assert [line for line in told(plan) if line.startswith("deliver")] == [
        "deliver cluster.c.head < delete cluster.c.workers.compute[1], delete cluster.c.workers.compute[2]",
        "deliver cluster.c.workers.compute[0] < delete cluster.c.workers.compute[1], delete cluster.c.workers.compute[2]",
    ]


def test_many_members_hear_of_many_joiners_through_one_barrier() -> None:
    site = Site()
    site.converge(*lab(8))
    plan = site.plan(*lab(16))
    assert sum(s.verb is StepVerb.BARRIER for s in plan.steps) == 1
    edges = sum(len(s.needs) for s in plan.steps)
    assert edges < 60, "eight joiners and nine hearers, not 72 ties"


def test_a_machine_that_is_off_gets_the_roster_with_its_next_boot() -> None:
    site = Site()
    asleep = [*lab(2)[:-1], machine("cluster.c.workers.compute[1]", on="network.fabric", power="off")]
    site.converge(*asleep)
    grown = [*asleep, machine("cluster.c.workers.compute[2]", on="network.fabric")]
    site.converge(*grown)
    assert "cluster.c.workers.compute[1]" not in [key for key, _ in site.delivered]
    grown[-2] = machine("cluster.c.workers.compute[1]", on="network.fabric")
    plan = site.converge(*grown)
    assert told(plan) == ["power cluster.c.workers.compute[1]"]
    assert plan.steps[0].epoch == 2
    assert site.state.records["cluster.c.workers.compute[1]"].epoch == 2


def test_memory_is_changed_by_a_restart_in_place() -> None:
    site = Site()
    site.converge(*lab())
    before = site.state.records["cluster.c.workers.compute[0]"]
    changed = lab()
    changed[-2].arguments["resources"] = {"cpus": 1, "memory": 1024}
    plan = site.converge(*changed)
    key = "cluster.c.workers.compute[0]"
    assert told(plan) == [f"power {key}", f"update {key} < power {key}", f"power {key} < update {key}"]
    assert [s.arguments["power"] for s in plan.steps] == ["off", "off", "running"]
    assert plan.steps[1].changes == ("resources.memory",)
    [change] = plan.changes
    assert (change.effect, change.outage) == (Effect.RESTART, True)
    assert [(d.path, d.before, d.after) for d in change.differences] == [("resources.memory", 512, 1024)]
    after = site.state.records[key]
    assert (after.identity, after.arguments["nic"]) == (before.identity, before.arguments["nic"])


def test_a_restart_of_a_machine_that_is_off_needs_no_power_off() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w", power="off"))
    plan = site.converge(image(), machine("workspace.w", resources={"memory": 1024}))
    assert told(plan) == ["update workspace.w", "power workspace.w < update workspace.w"]


def test_only_power_is_one_step() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w"))
    plan = site.converge(image(), machine("workspace.w", power="paused"))
    assert told(plan) == ["power workspace.w"]


def test_what_is_read_when_made_is_only_recorded() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w", user_data="one"))
    plan = site.converge(image(), machine("workspace.w", user_data="two"))
    assert told(plan) == ["record workspace.w"]
    assert plan.changes[0].effect is Effect.CREATE
    assert site.state.records["workspace.w"].arguments["user_data"] == "two"


def test_what_the_spec_does_not_say_is_not_compared() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w", tags={"role": "login"}))
    site.change("workspace.w", graphics="vnc")
    less = machine("workspace.w")
    plan = site.plan(image(), less)
    assert plan.empty


def test_a_tag_that_goes_is_a_change() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w", tags={"role": "login", "of": "lab"}))
    plan = site.converge(image(), machine("workspace.w", tags={"role": "login"}))
    assert [(d.path, d.before, d.after) for d in plan.changes[0].differences] == [("tags.of", "lab", None)]
    assert plan.changes[0].effect is Effect.RECORD


def test_a_machine_that_crashed_is_drift_in_words_and_is_started_alone() -> None:
    site = Site()
    site.converge(*lab())
    site.change("cluster.c.workers.compute[1]", power="off", status="crashed")
    plan = site.converge(*lab())
    assert plan.drift[0].sentence == (
        "cluster.c.workers.compute[1] was running when last applied, is off (crashed) now"
    )
    assert told(plan) == ["power cluster.c.workers.compute[1]"]
    assert plan.changes[0].reason == "power changed outside vwplan"


def test_a_network_that_does_not_run_is_drift_in_words_and_is_started_in_place() -> None:
    site = Site()
    site.converge(*lab())
    site.change("network.fabric", status="inactive")
    plan = site.plan(*lab())
    assert [drift.sentence for drift in plan.drift] == ["network.fabric does not run"]
    assert told(plan) == ["update network.fabric"]
    assert plan.steps[0].changes == ("status",)
    [change] = plan.changes
    assert (change.effect, change.reason) == (Effect.LIVE, "status changed outside vwplan")


def test_an_object_deleted_by_hand_is_made_anew_under_another_identity() -> None:
    site = Site()
    site.converge(*lab())
    before = site.state.records["cluster.c.workers.compute[0]"]
    site.lose("cluster.c.workers.compute[0]")
    plan = site.converge(*lab())
    key = "cluster.c.workers.compute[0]"
    assert doing(plan) == {key: "create"}
    assert plan.changes[0].reason == "deleted outside vwplan"
    assert plan.drift[0].sentence == f"{key} was deleted outside vwplan"
    assert told(plan) == [f"delete {key}", f"create {key} < delete {key}", f"power {key} < create {key}"]
    after = site.state.records[key]
    assert after.identity != before.identity
    assert after.arguments["nic"] == before.arguments["nic"], "address and MAC stay"
    assert plan.counts == (1, 0, 0)


def test_a_machine_without_its_domain_leaves_parts_that_are_cleared() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w"))
    seen = site.observed("workspace.w")
    site.objects[seen.identity] = replace(
        seen, mark=None, parts=("disk", "seed"), complete=False, arguments={}, boot=""
    )
    plan = site.converge(image(), machine("workspace.w"))
    assert plan.drift[0].sentence == "workspace.w was deleted outside vwplan, but for its disk and seed"
    assert [s.verb.value for s in plan.steps] == ["delete", "create", "power"]


def test_an_image_pruned_by_hand_is_staged_again_and_nothing_else_happens() -> None:
    site = Site()
    site.converge(*lab())
    site.images.clear()
    plan = site.converge(*lab())
    assert told(plan) == ["stage image.base"]


def test_an_image_that_is_there_already_is_only_recorded() -> None:
    site = Site()
    site.images.add(image().digest)
    plan = site.converge(image(), machine("workspace.w"))
    assert told(plan)[0] == "record image.base"


def test_another_image_replaces_its_machines_and_goes_last() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w"))
    plan = site.converge(image(content="b"), machine("workspace.w"))
    assert doing(plan) == {"image.base": "replace", "workspace.w": "replace"}
    order = [s.verb.value + " " + s.key for s in plan.steps]
    assert order[-1] == "delete image.base"
    assert order.index("stage image.base") < order.index("create workspace.w")
    assert site.images == {image(content="b").digest}


def test_the_same_image_from_elsewhere_is_the_same_image() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w"))
    plan = site.converge(image(source="/elsewhere.img", sha256="ab"), machine("workspace.w"))
    assert told(plan) == ["record image.base"]


def test_a_network_made_anew_under_its_range_releases_its_users_and_takes_them_back() -> None:
    site = Site()
    site.converge(image(), network(), machine("workspace.w", on="network.fabric"))
    plan = site.converge(image(), network(domain="lab.test"), machine("workspace.w", on="network.fabric"))
    assert doing(plan) == {"network.fabric": "replace", "workspace.w": "update"}
    assert told(plan) == [
        "power workspace.w",
        "release workspace.w < power workspace.w",
        "delete network.fabric < release workspace.w",
        "create network.fabric < delete network.fabric",
        "attach workspace.w < create network.fabric, release workspace.w",
        "power workspace.w < attach workspace.w",
    ]
    [machine_change] = [c for c in plan.changes if c.key == "workspace.w"]
    assert machine_change.outage
    assert site.observed("workspace.w").arguments["power"] == "running"


def test_a_network_with_another_range_comes_before_the_old_one_goes() -> None:
    site = Site()
    site.converge(image(), network(), machine("workspace.w", on="network.fabric"))
    moved = machine("workspace.w", on="network.fabric")
    plan = site.converge(image(), network(cidr="10.9.0.0/24"), moved)
    order = [s.verb.value + " " + s.key for s in plan.steps]
    assert order == [
        "create network.fabric",
        "power workspace.w",
        "update workspace.w",
        "power workspace.w",
        "delete network.fabric",
    ]


def test_a_volume_made_anew_is_swapped_in() -> None:
    site = Site()
    site.converge(image(), volume(), machine("workspace.w", disks=("volume.home",)))
    plan = site.converge(image(), volume(format="raw"), machine("workspace.w", disks=("volume.home",)))
    assert doing(plan) == {"volume.home": "replace", "workspace.w": "update"}
    assert told(plan)[-1].startswith("delete volume.home <")


def test_a_volume_grows_live() -> None:
    site = Site()
    site.converge(volume(size=1024))
    plan = site.converge(volume(size=2048))
    assert told(plan) == ["update volume.home"]
    assert plan.changes[0].effect is Effect.LIVE


def test_a_role_rolls_each_ready_before_the_next() -> None:
    site = Site()
    site.converge(*lab(3, rolling=1))
    bigger = lab(3, rolling=1)
    for want in bigger[3:]:
        want.arguments["resources"] = {"cpus": 2, "memory": 512}
    plan = site.converge(*bigger)
    last = {s.key: s.id for s in plan.steps if s.arguments.get("power") == "running"}
    first = {s.key: s.needs for s in plan.steps if s.verb is StepVerb.POWER and s.arguments["power"] == "off"}
    worker = "cluster.c.workers.compute"
    assert first == {
        f"{worker}[0]": (),
        f"{worker}[1]": (last[f"{worker}[0]"],),
        f"{worker}[2]": (last[f"{worker}[1]"],),
    }


def test_rolling_gives_way_where_the_network_beneath_is_made_anew() -> None:
    site = Site()
    site.converge(*lab(3, rolling=1))
    other = lab(3, rolling=1)
    other[1] = network(domain="lab.test")
    plan = site.converge(*other)
    assert [s.key for s in plan.steps if s.verb is StepVerb.RELEASE] == [w.key for w in other[2:]]


def test_a_role_replaced_one_by_one_under_a_head_that_is_replaced_too() -> None:
    site = Site()
    site.converge(*lab(3, rolling=1))
    other = lab(3, rolling=1)
    for want in other[2:]:
        want.arguments["hostname"] = "new"
    plan = site.converge(*other)
    assert set(doing(plan).values()) == {"replace"}


def test_destroy_takes_users_before_what_they_use() -> None:
    site = Site()
    site.converge(*lab(2))
    plan = site.plan(options=PlanOptions(destroy=True))
    assert plan.counts == (0, 0, 5)
    site.apply(plan)
    assert not site.objects and not site.images and not site.state.records and not site.state.rosters


def test_destroy_of_nothing_is_empty() -> None:
    assert Site().plan(options=PlanOptions(destroy=True)).empty


def test_a_resource_that_leaves_the_spec_is_deleted_after_its_user_let_go() -> None:
    site = Site()
    site.converge(image(), volume(), machine("workspace.w", disks=("volume.home",)))
    plan = site.converge(image(), machine("workspace.w"))
    assert told(plan)[-1].startswith("delete volume.home <")


def test_a_machine_to_be_kept_is_shut_down_and_what_it_uses_stays() -> None:
    site = Site()
    kept = machine("workspace.w", on="network.fabric", on_destroy="shutdown")
    site.converge(image(), network(), kept)
    plan = site.plan(image())
    assert doing(plan) == {"workspace.w": "keep", "network.fabric": "keep"}
    site.apply(plan)
    assert site.plan(image()).empty
    assert {r.status for r in site.state.records.values() if r.kind != "image"} == {Status.KEPT}
    assert site.observed("workspace.w").arguments["power"] == "off"


def test_declaring_a_kept_machine_again_takes_it_back() -> None:
    site = Site()
    kept = machine("workspace.w", on_destroy="shutdown")
    site.converge(image(), kept)
    identity = site.state.records["workspace.w"].identity
    site.apply(site.plan(image()))
    plan = site.converge(image(), kept)
    assert told(plan) == ["power workspace.w"]
    assert site.state.records["workspace.w"].identity == identity
    assert site.state.records["workspace.w"].status is Status.PRESENT


def test_kept_objects_go_when_asked() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w", on_destroy="pause"))
    site.apply(site.plan())
    assert site.objects
    site.apply(site.plan(options=PlanOptions(destroy=True, kept=True)))
    assert not site.objects and not site.state.records


def test_what_was_kept_and_is_gone_from_its_host_is_not_recorded_for_ever() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w", on_destroy="pause"))
    site.apply(site.plan(image()))
    assert site.plan(image()).empty
    site.objects.clear()
    plan = site.plan(image())
    assert doing(plan) == {"workspace.w": "delete"}
    assert plan.changes[0].reason == "deleted outside vwplan already"
    site.apply(plan)
    assert set(site.state.records) == {"image.base"}


def test_a_removed_block_that_does_not_destroy_lets_go_of_the_object() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w"))
    plan = site.plan(image(), removed={"workspace.w": False})
    assert doing(plan) == {"workspace.w": "forget"}
    site.apply(plan)
    assert site.plan(image()).empty, "its mark is still there, and is no other copy's"
    assert len(site.objects) == 1


def test_a_moved_resource_keeps_its_object() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a"))
    moved = replace(machine("workspace.a"), key="workspace.b")
    plan = site.plan(image(), moved, moved=(("workspace.a", "workspace.b"),))
    assert doing(plan) == {"workspace.b": "move"}
    assert plan.changes[0].previous == "workspace.a"
    site.apply(plan)
    assert site.plan(image(), moved).empty
    assert set(site.state.records) == {"image.base", "workspace.b"}


def test_a_half_made_machine_is_made_anew() -> None:
    site = Site()
    site.converge(image(), machine("workspace.w"))
    record = site.state.records["workspace.w"]
    site.state = site.state.with_record(replace(record, status=Status.TAINTED))
    plan = site.converge(image(), machine("workspace.w"))
    assert doing(plan) == {"workspace.w": "replace"}
    assert plan.changes[0].reason == "half-made before"


def test_a_creation_that_left_nothing_is_tried_again_under_the_same_identity() -> None:
    site = Site()
    site.converge(image())
    plan = site.plan(image(), machine("workspace.w"))
    [create] = [s for s in plan.steps if s.verb is StepVerb.CREATE]
    assert create.record is not None
    site.state = replace(site.state, serial=9).with_record(replace(create.record, status=Status.PENDING))
    again = site.converge(image(), machine("workspace.w"))
    assert again.steps[0].identity == create.identity
    assert again.steps[0].expects is None, "it may find its own"


def test_an_apply_that_stops_anywhere_is_finished_by_the_next() -> None:
    steps = 8
    for stop in range(steps + 1):
        site = Site()
        site.apply(site.plan(*lab()), stop_after=stop)
        site.converge(*lab())


def test_a_replacement_that_stops_anywhere_is_finished_by_the_next() -> None:
    def worlds() -> tuple[Site, list]:
        site = Site()
        site.converge(image(), network(), volume(), machine("workspace.w", on="network.fabric", disks=("volume.home",)))
        return site, [
            image(content="b"),
            network(domain="x.test"),
            volume(format="raw"),
            machine("workspace.w", on="network.fabric", disks=("volume.home",)),
        ]

    site, wants = worlds()
    for stop in range(len(site.plan(*wants).steps) + 1):
        site, wants = worlds()
        site.apply(site.plan(*wants), stop_after=stop)
        site.converge(*wants)


def test_a_machine_not_known_to_be_ready_is_waited_for_again() -> None:
    site = Site()
    spec = [image(), machine("workspace.w", ready={"agent": True, "timeout": 60})]
    site.converge(*spec)
    record = site.state.records["workspace.w"]
    site.state = site.state.with_record(replace(record, ready=None))
    plan = site.converge(*spec)
    assert told(plan) == ["power workspace.w"]
    assert plan.changes[0].reason == "not known to be ready since it was started"


def test_a_machine_restarted_by_hand_is_waited_for_again() -> None:
    site = Site()
    spec = [image(), machine("workspace.w", ready={"agent": True})]
    site.converge(*spec)
    seen = site.observed("workspace.w")
    site.objects[seen.identity] = replace(seen, boot="another")
    assert told(site.plan(*spec)) == ["power workspace.w"]


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


def test_a_strict_world_is_strict() -> None:
    """The tests lean on it: a step out of order is refused."""
    site = Site()
    plan = site.plan(*lab())
    with pytest.raises((Strict, AssertionError)):
        site.apply(replace(plan, steps=tuple(reversed(plan.steps))))


def test_what_leaves_gives_its_mac_up_before_another_takes_it() -> None:
    site = Site()
    site.converge(image(), network(), machine("workspace.a", on="network.fabric"))
    heir = replace(machine("workspace.a", on="network.fabric"), key="workspace.b")
    plan = site.converge(image(), network(), heir)
    assert told(plan)[1].startswith("create workspace.b < delete workspace.a")


def test_a_network_renamed_without_saying_so_gives_its_range_to_the_next() -> None:
    site = Site()
    site.converge(image(), network("a"), machine("workspace.w", on="network.a"))
    plan = site.converge(image(), network("b"), machine("workspace.w", on="network.b"))
    assert [s.verb.value + " " + s.key for s in plan.steps] == [
        "power workspace.w",
        "release workspace.w",
        "delete network.a",
        "create network.b",
        "attach workspace.w",
        "power workspace.w",
    ]


def test_many_roles_wait_for_many_through_a_group() -> None:
    site = Site()
    first = [machine(f"workspace.a[{i}]") for i in range(10)]
    second = [machine(f"workspace.b[{i}]") for i in range(10)]
    wanted = site.wanted(image(), *first, *second)
    resources = tuple(replace(r, groups=("*a",)) if r.key.startswith("workspace.b") else r for r in wanted.resources)
    wanted = replace(wanted, resources=resources, groups={"*a": tuple(w.key for w in first)})
    plan = site.plan_of(wanted)
    assert sum(len(s.needs) for s in plan.steps) < 90
    site.apply(plan)
    assert site.plan_of(replace(wanted, resources=tuple(replace(r) for r in resources))).empty
    assert site.state.records["workspace.b[0]"].depends == ("image.base", "workspace.a")
    gone = site.plan(options=PlanOptions(destroy=True))
    place = {s.key: n for n, s in enumerate(gone.steps) if s.verb is StepVerb.DELETE}
    assert max(place[w.key] for w in second) < min(place[w.key] for w in first)


def test_the_host_key_of_a_machine_made_anew_follows_into_what_holds_it() -> None:
    site = Site()
    host_key = "ssh-ed25519 of ".__add__
    site.converge(image(), machine("workspace.a"))
    old = site.state.records["workspace.a"].identity
    reader = machine("workspace.b", after=("workspace.a",), user_data=f"known {host_key(old)}")
    wanted = site.wanted(image(), machine("workspace.a"), reader, outputs={"key": host_key(old)})
    options = PlanOptions(replace=("workspace.a",))
    plan = make(
        wanted, site.state, site.world(), kinds=KINDS, stack="t", now=0, options=options, seal=seal, public_key=host_key
    )
    new = next(c.identity for c in plan.changes if c.key == "workspace.a")
    assert plan.output_changes["key"] == (None, host_key(new))
    [made] = [s for s in plan.steps if s.key == "workspace.b" and s.verb is StepVerb.CREATE]
    assert made.arguments["user_data"] == f"known {host_key(new)}"


def test_secrets_are_compared_by_their_seals_and_recorded_so() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a", user_data=Sensitive("one")))
    assert site.state.records["workspace.a"].arguments["user_data"] == {"$sensitive": seal("one")}
    assert site.plan(image(), machine("workspace.a", user_data=Sensitive("one"))).empty
    plan = site.plan(image(), machine("workspace.a", user_data=Sensitive("two")))
    assert [d.path for d in plan.changes[0].differences] == ["user_data"]


def test_a_late_argument_is_a_difference_and_goes_into_the_step_as_it_is() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a", user_data="known"))
    late = Late(STRING, FactOf("workspace.b", ("status",)))
    plan = site.plan(image(), machine("workspace.a", user_data=late))
    assert plan.changes[0].differences[0].after == late
    assert plan.steps[0].record is not None and plan.steps[0].record.arguments["user_data"] == late


def test_a_late_value_made_from_an_identity_follows_when_that_changes() -> None:
    site = Site()
    site.converge(image(), network())
    old = site.state.records["network.fabric"].identity
    late = Late(STRING, Computed("x", {"network.fabric.id": old}))
    plan = site.plan(image(), network(domain="x.test"), machine("workspace.a", on="network.fabric", user_data=late))
    new = next(c.identity for c in plan.changes if c.key == "network.fabric")
    [made] = [s for s in plan.steps if s.key == "workspace.a" and s.verb is StepVerb.CREATE]
    assert made.arguments["user_data"].origin.inputs == {"network.fabric.id": new}


def test_a_volume_that_changes_hands_is_let_go_before_it_is_taken() -> None:
    site = Site()
    site.converge(image(), volume(), machine("workspace.a", disks=("volume.home",)), machine("workspace.b"))
    plan = site.converge(image(), volume(), machine("workspace.a"), machine("workspace.b", disks=("volume.home",)))
    place = {f"{s.verb.value} {s.key}": s for s in plan.steps}
    assert place["release workspace.a"].id in place["update workspace.b"].needs or any(
        place["release workspace.a"].id in s.needs for s in plan.steps if s.key == "workspace.b"
    )


def test_two_machines_swap_their_volumes() -> None:
    site = Site()
    wants = [image(), volume("p"), volume("q")]
    site.converge(*wants, machine("workspace.a", disks=("volume.p",)), machine("workspace.b", disks=("volume.q",)))
    plan = site.converge(
        *wants, machine("workspace.a", disks=("volume.q",)), machine("workspace.b", disks=("volume.p",))
    )
    assert {s.key for s in plan.steps if s.verb is StepVerb.RELEASE} == {"workspace.a", "workspace.b"}


def test_the_machine_that_gets_the_volume_of_one_made_anew_waits_for_it() -> None:
    site = Site()
    site.converge(
        image(), volume(), machine("workspace.a", disks=("volume.home",), hostname="x"), machine("workspace.b")
    )
    site.converge(
        image(),
        volume(),
        machine("workspace.b", disks=("volume.home",)),
        machine("workspace.a", after=("workspace.b",), hostname="y"),
    )


def test_a_machine_moved_to_another_host_goes_there() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a"))
    elsewhere = HostView("simulated/other", "22222222-2222-4333-8444-555555555555", {}, frozenset(site.images))
    wanted = site.wanted(image(), machine("workspace.a", host="other"))
    plan = make(
        wanted, site.state, {**site.world(), "simulated/other": elsewhere}, kinds=KINDS, stack="t", now=0, seal=seal
    )
    assert doing(plan) == {"workspace.a": "replace"}
    assert {(s.verb.value, s.host) for s in plan.steps} == {
        ("delete", "simulated/default"),
        ("create", "simulated/other"),
        ("power", "simulated/other"),
    }


def test_an_image_is_staged_on_each_host_that_needs_it() -> None:
    site = Site()
    elsewhere = HostView("simulated/other", "22222222-2222-4333-8444-555555555555", {})
    wanted = site.wanted(image(), machine("workspace.a"), machine("workspace.b", host="other"))
    plan = make(
        wanted, site.state, {**site.world(), "simulated/other": elsewhere}, kinds=KINDS, stack="t", now=0, seal=seal
    )
    stages = {s.host: s.id for s in plan.steps if s.verb is StepVerb.STAGE}
    assert set(stages) == {"simulated/default", "simulated/other"}
    [other] = [s for s in plan.steps if s.key == "workspace.b" and s.verb is StepVerb.CREATE]
    assert stages["simulated/other"] in other.needs


def test_a_host_under_another_label_is_the_same_host() -> None:
    site = Site()
    site.converge(image(), machine("workspace.a"))
    view = site.world()["simulated/default"]
    wanted = site.wanted(replace(image(), host="new"), machine("workspace.a", host="new"))
    plan = make(
        wanted,
        site.state,
        {"simulated/new": replace(view, key="simulated/new")},
        kinds=KINDS,
        stack="t",
        now=0,
        seal=seal,
    )
    assert plan.empty


def two_hosts(site: Site, problem: str) -> dict[str, HostView]:
    """The world with a second host, on which `workspace.b` is, and which may not answer."""
    uuid = "22222222-2222-4333-8444-555555555555"
    there = site.state.records.get("workspace.b")
    mine = {i: o for i, o in site.objects.items() if there is None or i != there.identity}
    theirs = {i: o for i, o in site.objects.items() if i not in mine}
    images = frozenset(site.images)
    return {
        "simulated/default": HostView("simulated/default", site.uuid, mine, images),
        "simulated/other": HostView(
            "simulated/other", "" if problem else uuid, {} if problem else theirs, images, problem=problem
        ),
    }


def test_what_something_on_an_unseen_host_uses_stays() -> None:
    site = Site()
    spec = [image(), network(), machine("workspace.b", on="network.fabric", host="other")]
    world = two_hosts(site, "")
    common = {"kinds": KINDS, "stack": "t", "now": 0, "seal": seal}
    site.apply(make(site.wanted(*spec), site.state, world, **common))
    silent = two_hosts(site, "no route to host")
    plan = make(site.wanted(image()), site.state, silent, **common)
    assert plan.incomplete and not plan.steps
    reasons = {c.key: c.reason for c in plan.changes}
    assert reasons["network.fabric"] == "something on a host that could not be seen uses it"
    assert reasons["workspace.b"] == "the host simulated/other could not be seen"
    plan = make(site.wanted(image(), network(domain="x.test"), spec[2]), site.state, silent, **common)
    assert plan.incomplete and not plan.steps
    assert {c.key: c.reason for c in plan.changes} == reasons


def test_what_needs_something_on_an_unseen_host_waits_and_the_rest_goes_on() -> None:
    site = Site()
    silent = two_hosts(site, "no route to host")
    spec = [
        image(),
        machine("workspace.b", host="other"),
        machine("workspace.c", after=("workspace.b",)),
        machine("workspace.d"),
    ]
    plan = make(site.wanted(*spec), site.state, silent, kinds=KINDS, stack="t", now=0, seal=seal)
    assert {s.key for s in plan.steps} == {"image.base", "workspace.d"}
    reasons = {c.key: c.reason for c in plan.changes if c.does.value == "nothing"}
    assert reasons["workspace.c"] == "it needs workspace.b, of which nothing can be done"

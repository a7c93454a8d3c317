"""Plans for what goes, what is kept, what was moved, and what an apply that was cut short left."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from lab import lab
from site_of_tests import Site, doing, image, machine, network, told, volume

from vwplan.plan import PlanOptions, StepVerb
from vwplan.state.records import Status


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

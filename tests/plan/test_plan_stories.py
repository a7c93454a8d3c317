"""Plans as stories: what was, what is wanted, what the plan says, and that doing it leaves nothing to do."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from lab import lab
from site_of_tests import Site, doing, image, machine, network, told, volume

from vwplan.kinds.model import Effect
from vwplan.plan import StepVerb


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

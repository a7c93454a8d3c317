"""Plans in which things change hands: addresses, volumes, secrets and late values, and machines between hosts."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from lab import lab
from site_of_tests import Site, Strict, doing, image, machine, network, seal, told, volume

from vwplan.kinds import KINDS
from vwplan.plan import HostView, PlanOptions, StepVerb, make
from vwplan.values import STRING, Computed, FactOf, Late, Sensitive


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

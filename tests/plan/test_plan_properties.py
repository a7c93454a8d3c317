"""Properties over random specs, states and worlds: sound steps, users before what they use, and nothing left to do."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from site_of_tests import Site, Want, image, machine, network, seal, volume

from vwplan.plan import Plan, PlanOptions, StepVerb, check
from vwplan.plan.plain import at, parts, placed, substituted, within
from vwplan.plan.serial import from_text, to_text
from vwplan.state.records import Status

ordinary = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def specs(draw: Any) -> list[Want]:
    """A stack: an image or two, some networks and volumes, machines alone and a cluster, all of it varying."""
    wants: list[Want] = [image(content=draw(st.sampled_from("ab")))]
    networks = draw(st.sets(st.sampled_from("xyz"), max_size=2))
    for name in sorted(networks):
        second = draw(st.sampled_from([1, 2]))
        domain = {"domain": "d.test"} if draw(st.booleans()) else {}
        wants.append(network(name, cidr=f"10.{ord(name)}.{second}.0/24", **domain))
    volumes = draw(st.sets(st.sampled_from("pq"), max_size=2))
    for name in sorted(volumes):
        wants.append(volume(name, format=draw(st.sampled_from(["qcow2", "raw"]))))
    names = draw(st.sets(st.sampled_from(["a", "b", "c"]), max_size=3))
    free = draw(st.permutations(sorted(volumes)))
    for name in sorted(names):
        wants.append(draw(machines(f"workspace.{name}", sorted(networks), free)))
        free = free[1:]
    if draw(st.booleans()):
        rolling = draw(st.sampled_from([0, 1, 2]))
        common = draw(machines("cluster.k.head", sorted(networks), []))
        wants.append(common)
        for index in range(draw(st.integers(0, 3))):
            key = f"cluster.k.workers.w[{index}]"
            member = draw(machines(key, sorted(networks), []))
            wants.append(replace(member, depends=("cluster.k.head",), rolling=rolling))
    return wants


@st.composite
def machines(draw: Any, key: str, networks: list[str], volumes: list[str]) -> Want:
    on = draw(st.sampled_from([None, *networks]))
    disks = tuple(f"volume.{name}" for name in volumes[:1] if draw(st.booleans()))
    more: dict[str, Any] = {}
    if draw(st.booleans()):
        more["ready"] = {"agent": True, "timeout": 60}
    if draw(st.integers(0, 3)) == 0:
        more["hostname"] = draw(st.sampled_from(["h1", "h2"]))
    if draw(st.integers(0, 3)) == 0:
        more["user_data"] = draw(st.sampled_from(["one", "two"]))
    return machine(
        key,
        on=f"network.{on}" if on else None,
        disks=disks,
        resources={"memory": draw(st.sampled_from([512, 1024]))},
        power=draw(st.sampled_from(["running", "running", "off", "paused"])),
        **more,
    )


def disturb(site: Site, data: Any) -> None:
    """Things change by hand: machines stop, objects vanish, records are left half-made."""
    for key, record in list(site.state.records.items()):
        what = data.draw(st.sampled_from(["", "", "", "crash", "lose", "taint", "half"]))
        if record.kind == "image" or record.identity not in site.objects or not what:
            continue
        if what == "crash" and record.kind == "workspace":
            site.change(key, power="off", status="crashed")
        elif what == "lose" and not _used(site, record.identity):
            site.lose(key)
        elif what == "taint":
            site.state = site.state.with_record(replace(record, status=Status.TAINTED))
        elif what == "half" and record.kind == "workspace":
            seen = site.observed(key)
            site.objects[seen.identity] = replace(
                seen, parts=("disk",), complete=False, mark=None, arguments={}, boot=""
            )
            # Its disk is no machine: nothing is plugged into it any more.
            full = site.full[seen.identity]
            site.full[seen.identity] = {name: value for name, value in full.items() if name not in ("nic", "disk")}


def _used(site: Site, identity: str) -> bool:
    return any(identity in str(site.full[other]) for other in site.objects if other != identity)


def users_first(plan: Plan, site: Site) -> None:
    """Every delete of what exists comes after the deletes, releases or changes of those that refer to it."""
    ancestors: dict[str, set[str]] = {}
    for step in plan.steps:
        ancestors[step.id] = set(step.needs).union(*(ancestors[need] for need in step.needs))
    for step in plan.steps:
        if step.verb is not StepVerb.DELETE or step.identity not in site.objects:
            continue
        for record in site.state.records.values():
            refers = step.identity in str(record.arguments) and record.identity != step.identity
            if refers and record.identity in site.objects and site.objects[record.identity].complete:
                before = [s for s in plan.steps if s.id in ancestors[step.id]]
                assert any(
                    s.identity == record.identity and step.identity not in str(dict(s.arguments))
                    for s in before
                    if s.verb is not StepVerb.DELETE
                ) or any(s.drops == record.identity for s in before), (step.key, record.address)


@ordinary
@given(st.data())
def test_whatever_was_and_whatever_is_wanted_the_plan_is_sound_and_leaves_nothing_to_do(data: Any) -> None:
    site = Site()
    site.converge(*data.draw(specs()))
    disturb(site, data)
    wants = data.draw(specs())
    plan = site.plan(*wants)
    assert check(plan) == []
    users_first(plan, site)
    site.apply(plan)
    again = site.plan(*wants)
    assert again.empty, [(s.verb.value, s.key) for s in again.steps]
    site.consistent()


@ordinary
@given(st.data())
def test_an_apply_cut_short_anywhere_is_finished_by_the_next(data: Any) -> None:
    site = Site()
    site.converge(*data.draw(specs()))
    wants = data.draw(specs())
    plan = site.plan(*wants)
    site.apply(plan, stop_after=data.draw(st.integers(0, len(plan.steps))))
    site.consistent()
    other = data.draw(st.sampled_from([wants, None])) or data.draw(specs())
    site.converge(*other)


@ordinary
@given(st.data())
def test_any_order_that_keeps_the_ties_will_do(data: Any) -> None:
    """The steps may be done in whatever order their ties allow: nothing hangs on the order in the file."""
    site = Site()
    site.converge(*data.draw(specs()))
    wants = data.draw(specs())
    plan = site.plan(*wants)
    left, done, order = list(plan.steps), set(), []
    while left:
        ready = [step for step in left if done.issuperset(step.needs)]
        step = data.draw(st.sampled_from(ready))
        left.remove(step)
        done.add(step.id)
        order.append(step)
    site.apply(replace(plan, steps=tuple(order)))
    assert site.plan(*wants).empty


@ordinary
@given(specs())
def test_destroy_leaves_nothing(wants: list[Want]) -> None:
    site = Site()
    site.converge(*wants)
    plan = site.plan(options=PlanOptions(destroy=True))
    users_first(plan, site)
    site.apply(plan)
    assert not site.objects and not site.state.records and not site.state.deposed
    assert site.plan(options=PlanOptions(destroy=True)).empty


@ordinary
@given(st.data())
def test_a_plan_and_its_text_are_one_to_one(data: Any) -> None:
    site = Site()
    site.converge(*data.draw(specs()))
    disturb(site, data)
    plan = site.plan(*data.draw(specs()), outputs={"a": data.draw(st.sampled_from([1, "x", [1], {"k": None}]))})
    text = to_text(plan, seal)
    assert from_text(text) == plan
    assert to_text(from_text(text), seal) == text


names = st.text("abc-", min_size=1, max_size=3).filter(lambda name: name[0] != "-")


@given(st.lists(st.one_of(names, st.integers(0, 3)), min_size=1, max_size=4), st.integers())
def test_what_is_placed_at_a_path_is_found_there(keys: list[str | int], value: int) -> None:
    path = ""
    for key in keys:
        path += (
            f"[{key}]" if isinstance(key, int) else f'["{key}"]' if not path.endswith("") or "-" in key else f".{key}"
        )
    path = path.removeprefix(".")
    assert parts(path) == keys
    assert within(path, path)
    if isinstance(keys[0], str):
        assert at(placed({}, path, value), path) == value


@given(
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(), st.text("ab", max_size=3)),
        lambda inner: st.lists(inner) | st.dictionaries(names, inner),
    )
)
def test_substituting_nothing_changes_nothing(value: Any) -> None:
    assert substituted(value, {"not-there": "x"}) is value

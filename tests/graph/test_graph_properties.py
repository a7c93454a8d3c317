"""What holds of whatever is wanted, through any row of edits."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from small_stacks import Stack

from vwplan.graph import Wanted

NAMES_IN_ORDER = ["a", "b", "c", "d"]
NAMES = st.sampled_from(NAMES_IN_ORDER)
KEYS = st.lists(st.sampled_from(["k1", "k2", "k3", "x_y", "Ü"]), unique=True, max_size=4)


@st.composite
def workspaces(draw: st.DrawFn) -> str:
    """Workspaces with and without addresses of their own, repeated or not."""
    blocks = []
    for name in draw(st.lists(NAMES, unique=True, max_size=3)):
        repeat = draw(st.one_of(st.just(""), st.integers(0, 4).map("count = {}".format), KEYS.map(_for_each)))
        nic = "network = network.fabric"
        if not repeat and draw(st.booleans()):
            nic += f'\n    address = "10.1.2.{draw(st.integers(2, 9)) + 10 * NAMES_IN_ORDER.index(name)}"'
        blocks.append(f'workspace "{name}" {{\n  {repeat}\n  image = image.base\n  nic {{\n    {nic}\n  }}\n}}\n')
    return "".join(draw(st.permutations(blocks)))


def _for_each(keys: list[str]) -> str:
    return "for_each = toset([" + ", ".join(f'"{key}"' for key in keys) + "])"


@st.composite
def clusters(draw: st.DrawFn) -> str:
    """Clusters of a head and some roles."""
    blocks = []
    for name in draw(st.lists(NAMES, unique=True, max_size=2)):
        roles = "".join(
            f'  workers "{role}" {{\n    {draw(st.one_of(st.just(""), st.integers(0, 5).map("count = {}".format), KEYS.map(_for_each)))}\n'
            '    user_data = "to ${parent.head.address}"\n  }\n'
            for role in draw(st.lists(st.sampled_from(["r", "s"]), unique=True, max_size=2))
        )
        blocks.append(
            f'cluster "{name}" {{\n  image = image.base\n  nic {{ network = network.fabric }}\n  head {{\n  }}\n{roles}}}\n'
        )
    return "".join(blocks)


def _look(wanted: Wanted) -> None:
    network = ipaddress.ip_network("10.1.2.0/24")
    nics = [nic for resource in wanted.resources for nic in resource.arguments.get("nic") or ()]
    addresses = [nic["address"] for nic in nics]
    assert len(set(addresses)) == len(addresses)
    assert all(ipaddress.ip_address(address) in network for address in addresses)
    assert not {"10.1.2.0", "10.1.2.1", "10.1.2.255"} & set(addresses)
    assert len({nic["mac"] for nic in nics}) == len(nics)
    assert len({resource.identity for resource in wanted.resources}) == len(wanted.resources)
    assert len({resource.name for resource in wanted.resources}) == len(wanted.resources)
    seen: set[str] = set()
    for resource in wanted.resources:
        assert seen.issuperset(resource.depends)
        assert all(seen.issuperset(wanted.groups[name]) for name in resource.groups)
        assert len(set(resource.depends)) == len(resource.depends)
        seen.add(resource.key)


def _asks_for_an_address_that_was_chosen(stack: Stack) -> bool:
    """Whether the spec is refused because it gives an address by name that another was given by choice, and keeps."""
    found = stack.problems()
    had = {nic["address"] for record in stack.state.records.values() for nic in record.arguments.get("nic") or ()}
    for problem in found:
        assert problem.code == "address-taken"
        assert problem.detail.partition("is given ")[2].partition(" ")[0] in had
    return bool(found)


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(workspaces(), clusters()).map("".join), min_size=1, max_size=4))
def test_through_any_edits_nothing_is_given_twice_and_what_stays_keeps_all_it_has(edits: list[str]) -> None:
    with TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        for text in edits:
            before = stack.state.records
            stack.write(text)
            if _asks_for_an_address_that_was_chosen(stack):
                continue
            wanted = stack.apply()
            _look(wanted)
            before = {**before, **{move.target: before[move.source] for move in wanted.moved}}
            for resource in wanted.resources:
                record = before.get(resource.key)
                if record is None:
                    assert resource.birth == stack.state.serial - 1
                    continue
                assert (resource.identity, resource.birth, resource.name) == (
                    record.identity,
                    record.birth,
                    record.name,
                )
                for nic, had in zip(
                    resource.arguments.get("nic") or (), record.arguments.get("nic") or (), strict=True
                ):
                    assert nic["mac"] == had["mac"]
                    assert nic["address"] == had["address"] or f'"{nic["address"]}"' in text
            again = stack.build()
            assert [r.arguments for r in again.resources] == [r.arguments for r in wanted.resources]
            assert again.rosters == wanted.rosters


@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
@given(workspaces(), clusters())
def test_the_order_of_blocks_changes_no_identity(one: str, other: str) -> None:
    with TemporaryDirectory() as folder:
        stack = Stack(Path(folder))
        first = {r.key: (r.identity, r.name) for r in stack.write(one + other).build().resources}
        second = {r.key: (r.identity, r.name) for r in stack.write(other + one).build().resources}
        assert first == second


def test_an_address_that_another_was_given_by_choice_is_refused_not_taken_away(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    head = 'cluster "a" {\n  image = image.base\n  nic { network = network.fabric }\n  head {\n  }\n}\n'
    chosen = stack.write(head).apply().resources
    address = next(nic["address"] for r in chosen for nic in r.arguments.get("nic") or ())
    nic = f'  nic {{\n    network = network.fabric\n    address = "{address}"\n  }}\n'
    stack.write(f'{head}workspace "a" {{\n  image = image.base\n{nic}}}\n')
    (problem,) = stack.problems()
    assert problem.code == "address-taken"
    assert f"workspace.a is given {address} on network.fabric, which cluster.a.head has" in problem.detail

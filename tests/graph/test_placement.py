"""Which host of a pool each resource is on: what stays, what must be together, what was asked for, and where there is room."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from hypothesis import given, settings
from hypothesis import strategies as st
from small_stacks import Stack

from vwplan.graph.placement import Candidate, Claim, Load, Wish, assign
from vwplan.provider.api import HostConfiguration, HostFacts, Limits, Observed

POOL = """
provider "simulated" {
  host "a" { labels = { rack = "1", disk = "ssd" } }
  host "b" { labels = { rack = "1" } }
  host "c" { labels = { rack = "2" } }
}
image "base" { source = "disk.img" }
"""


@dataclass(frozen=True)
class Host:
    """A host as observed."""

    uuid: str
    problem: str = ""
    memory: int = 8192
    objects: dict[str, Observed] = field(default_factory=dict)
    strangers: dict[str, Observed] = field(default_factory=dict)
    images: frozenset[str] = frozenset()
    networks: tuple[str, ...] = ()

    @property
    def facts(self) -> HostFacts:
        return HostFacts(self.uuid, 8, self.memory)


def machine(memory: int, name: str = "box") -> dict[str, Observed]:
    """A stranger's running machine."""
    arguments = {"power": "running", "resources": {"cpus": 1, "memory": memory}}
    return {name: Observed("workspace", name, name, None, arguments, {}, "")}


def seen(**hosts: Host) -> dict[str, Host]:
    return {f"simulated/{label}": host for label, host in hosts.items()}


def places(stack: Stack, text: str, prelude: str = POOL, **more: object) -> dict[str, str]:
    """The host of each resource, as the last apply leaves it."""
    wanted = stack.write(text, prelude).apply(simulate=False, **more)
    return {each.key: each.host for each in wanted.resources}


def codes(stack: Stack, text: str, prelude: str = POOL, **more: object) -> list[tuple[str, int]]:
    problems = stack.write(text, prelude).problems(simulate=False, **more)
    return [(each.code, 0 if each.subject is None else each.subject.line) for each in problems]


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


def test_alike_machines_go_to_the_emptiest_hosts(stack: Stack) -> None:
    found = places(stack, 'workspace "w" {\n  count = 6\n  image = image.base\n}\n')
    assert Counter(label for key, label in found.items() if key.startswith("workspace")) == {"a": 2, "b": 2, "c": 2}


def test_what_runs_on_a_host_already_fills_it(stack: Stack) -> None:
    there = seen(a=Host("a", strangers=machine(6000)), b=Host("b", strangers=machine(5000)), c=Host("c"))
    found = places(stack, 'workspace "w" {\n  count = 2\n  image = image.base\n}\n', seen=there)
    assert {found["workspace.w[0]"], found["workspace.w[1]"]} == {"c"}


def test_what_is_somewhere_stays_there_when_others_come_and_go(stack: Stack) -> None:
    text = 'workspace "w" {\n  for_each = toset(split("", "%s"))\n  image = image.base\n}\n'
    before = places(stack, text % "pqrs")
    after = places(stack, text % "qsxyz")
    assert {key: after[key] for key in before.keys() & after.keys()} == {
        key: before[key] for key in before.keys() & after.keys()
    }


def test_one_host_may_be_named_and_labels_may_name_several(stack: Stack) -> None:
    text = """
    workspace "named" {
      image = image.base
      placement { host = "b" }
    }
    workspace "fast" {
      image = image.base
      placement { labels = { disk = "ssd" } }
    }
    workspace "rack" {
      count = 4
      image = image.base
      placement { labels = { rack = "1" } }
    }
    """
    found = places(stack, text)
    assert (found["workspace.named"], found["workspace.fast"]) == ("b", "a")
    assert {found[f"workspace.rack[{index}]"] for index in range(4)} == {"a", "b"}


def test_a_network_of_one_host_and_its_users_are_on_one_host(stack: Stack) -> None:
    text = """
    network "lan" {}
    workspace "w" {
      count = 4
      image = image.base
      nic { network = network.lan }
    }
    workspace "x" {
      image = image.base
      placement { host = "c" }
      nic { network = network.lan }
    }
    """
    found = places(stack, text)
    assert {label for key, label in found.items()} == {"c"}


def test_a_volume_and_its_user_are_on_one_host_and_the_volume_stays(stack: Stack) -> None:
    text = """
    volume "home" { size = "1 GiB" }
    workspace "w" {
      image = image.base
      disk { volume = volume.home }
      %s
    }
    """
    before = places(stack, text % "")
    assert before["volume.home"] == before["workspace.w"]
    elsewhere = next(label for label in "abc" if label != before["volume.home"])
    assert codes(stack, text % f'placement {{ host = "{elsewhere}" }}') == [("torn-apart", 13)]


def test_machines_are_spread_over_hosts_or_over_the_values_of_a_label(stack: Stack) -> None:
    text = 'workspace "w" {\n  count = 2\n  image = image.base\n  placement { spread = "%s" }\n}\n'
    # Two racks: the one of two hosts is the emptier, and yet both are used.
    found = places(stack, text % "rack")
    assert "c" in {found["workspace.w[0]"], found["workspace.w[1]"]}
    assert found["workspace.w[0]"] != found["workspace.w[1]"]


def test_near_prefers_a_host_that_has_the_image(stack: Stack) -> None:
    digest = stack.write("", POOL).build(simulate=False).resources[0].facts["digest"]
    there = seen(a=Host("a"), b=Host("b"), c=Host("c", images=frozenset({digest}), strangers=machine(2048)))
    text = 'workspace "w" {\n  image = image.base\n  placement { near = %s }\n}\n'
    assert places(stack, text % "true", seen=there)["workspace.w"] == "c"


def test_what_a_host_cannot_bear_goes_elsewhere_while_there_is_room(stack: Stack) -> None:
    prelude = """
    provider "simulated" {
      host "a" {
        limits { workspaces = 1 }
      }
      host "b" {
        limits { memory = "1 GiB" }
      }
      host "c" {
        limits { cpus = 3 }
      }
    }
    image "base" { source = "disk.img" }
    """
    found = places(stack, 'workspace "w" {\n  count = 6\n  image = image.base\n}\n', prelude)
    assert Counter(label for key, label in found.items() if key.startswith("workspace")) == {"a": 1, "b": 2, "c": 3}


def test_nothing_new_goes_to_a_host_that_does_not_answer(stack: Stack) -> None:
    there = seen(a=Host("", problem="off"), b=Host("b"), c=Host("", problem="off"))
    found = places(stack, 'workspace "w" {\n  count = 3\n  image = image.base\n}\n', seen=there)
    assert set(found.values()) == {"b"}


def test_a_host_that_got_another_label_is_known_by_its_uuid(stack: Stack) -> None:
    text = 'workspace "w" {\n  image = image.base\n  %s\n}\n'
    there = seen(a=Host("ua"), b=Host("ub"), c=Host("uc"))
    wanted = stack.write(text % 'placement { host = "c" }', POOL).apply(simulate=False, seen=there)
    records = {key: replace(record, host_uuid=f"u{record.host}") for key, record in stack.state.records.items()}
    stack.state = replace(stack.state, records=records)
    assert wanted.resources[-1].host == "c"
    there = seen(a=Host("ua"), b=Host("ub"), z=Host("uc"))
    found = places(stack, text % "", POOL.replace('host "c"', 'host "z"'), seen=there)
    assert found["workspace.w"] == "z"


def test_the_host_is_a_fact_and_others_may_follow_it(stack: Stack) -> None:
    text = """
    workspace "first" {
      image = image.base
      placement { host = "c" }
    }
    workspace "second" {
      image = image.base
      placement { host = workspace.first.host }
    }
    """
    assert places(stack, text)["workspace.second"] == "c"


def test_a_placement_that_flees_from_itself_is_told(stack: Stack) -> None:
    text = """
    workspace "first" {
      image = image.base
      placement { labels = { rack = workspace.second.host == "c" ? "1" : "2" } }
    }
    workspace "second" {
      image = image.base
      nic { network = network.lan }
    }
    network "lan" {}
    workspace "third" {
      image = image.base
      placement { host = workspace.first.host == "c" ? "c" : "a" }
      nic { network = network.lan }
    }
    """
    assert [code for code, _ in codes(stack, text)] == ["unsettled-placement"]


@pytest.mark.parametrize(
    ("block", "code"),
    [
        pytest.param('host = "d"', "unknown-host", id="a host that the pool does not have"),
        pytest.param('labels = { rak = "1" }', "unknown-label", id="a label that no host has"),
        pytest.param('spread = "rak"', "unknown-label", id="a spread over a label that no host has"),
        pytest.param('labels = { rack = "3" }', "no-such-host", id="a value that no host has"),
        pytest.param('host = "c"\n labels = { disk = "ssd" }', "no-such-host", id="labels that the named host lacks"),
    ],
)
def test_a_placement_that_nothing_fulfils_is_told_at_its_argument(stack: Stack, block: str, code: str) -> None:
    told = codes(stack, f'workspace "w" {{\n  image = image.base\n  placement {{\n    {block}\n  }}\n}}\n')
    assert [each for each, _ in told] == [code]
    assert told[0][1] >= 11


def test_the_only_host_may_be_named_too(stack: Stack) -> None:
    text = 'workspace "w" {\n  image = image.base\n  placement { host = "%s" }\n}\n'
    single = 'image "base" { source = "disk.img" }\n'
    assert places(stack, text % "default", single)["workspace.w"] == "default"
    assert [code for code, _ in codes(stack, text % "other", single)] == ["unknown-host"]


def test_the_image_is_on_the_host_of_its_users_and_moves_only_from_one_that_left(stack: Stack) -> None:
    text = 'workspace "w" {\n  image = image.base\n  placement { host = "c" }\n}\n'
    assert places(stack, text)["image.base"] == "c"
    assert places(stack, text.replace('"c"', '"b"'))["image.base"] == "c"
    assert places(stack, text.replace('"c"', '"b"'), POOL.replace('host "c"', 'host "d"'))["image.base"] == "b"


LABELS = st.sampled_from("abcd")


@st.composite
def claims(draw: st.DrawFn) -> list[Claim]:
    """Networks and machines on them, some of which are somewhere already, of any size and with any wish."""
    networks = draw(st.lists(st.sampled_from("xyz"), unique=True))
    homes = st.one_of(st.just(""), LABELS)
    found = [Claim(n, "p", "network", n, draw(homes), Wish(), Load(), (), n, "") for n in networks]
    for index in range(draw(st.integers(0, 12))):
        wish = Wish(
            draw(st.sampled_from(["", "", "", "a", "b"])), {}, draw(st.sampled_from(["", "host"])), draw(st.booleans())
        )
        ties = tuple(draw(st.sampled_from(networks)) for _ in range(1) if networks and draw(st.booleans()))
        load = Load(draw(st.integers(1, 4)), draw(st.integers(16, 4096)), 1)
        found.append(Claim(f"w{index}", "p", "workspace", f"w{index}", draw(homes), wish, load, ties, "w", "i"))
    return found


@settings(max_examples=200, deadline=None)
@given(claims(), st.lists(st.integers(1, 8), min_size=4, max_size=4))
def test_whatever_is_claimed_what_belongs_together_is_together_and_wishes_hold(
    made: list[Claim], sizes: list[int]
) -> None:
    hosts = [
        Candidate(HostConfiguration("p", label, {}, "", limits=Limits(workspaces=size)), 8192)
        for label, size in zip("abcd", sizes, strict=True)
    ]
    found, problems = assign(made, {"p": hosts}, {})
    networks: Mapping[str, str] = {claim.identity: found.get(claim.key, "") for claim in made}
    for claim in made:
        if claim.key not in found:
            assert problems
            continue
        assert claim.wish.host in ("", found[claim.key])
        assert all(networks[tie] == found[claim.key] for tie in claim.ties)
    # Nobody moves whom nothing moves: alone, and wished where it is.
    for claim in made:
        if claim.kind == "workspace" and not claim.ties and claim.home and claim.wish.host in ("", claim.home):
            assert found[claim.key] == claim.home
    assert assign(made, {"p": hosts}, {})[0] == found, "the same claims get the same hosts"

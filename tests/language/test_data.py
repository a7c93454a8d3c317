"""`data` blocks: what of the hosts and of other stacks can be read, and what is said where nothing can."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dialects import LINEAGE, planned

from vwplan.diagnostics import DiagnosticError
from vwplan.provider.api import HostFacts, Mark, Observed
from vwplan.state.records import OutputValue, Record, State
from vwplan.values import Sensitive

LAN = "6f6f3c9e-0000-4000-8000-00000000c0de"
BOX = "6f6f3c9e-0000-4000-8000-00000000b0b0"
DIGEST = "ab" * 32


@dataclass(frozen=True)
class Host:
    """A host as observed."""

    uuid: str = "11111111-0000-4000-8000-000000000001"
    problem: str = ""
    facts: HostFacts | None = field(default_factory=lambda: HostFacts("1", 16, 4096, "kvm", "9.0"))
    objects: dict[str, Observed] = field(default_factory=dict)
    strangers: dict[str, Observed] = field(default_factory=dict)
    images: frozenset[str] = frozenset({DIGEST})
    networks: tuple[str, ...] = ("192.168.0.0/24", "10.0.0.0/24")


def _network(identity: str, name: str, mark: Mark | None = None) -> Observed:
    arguments = {"mode": "nat", "cidr": "10.0.0.0/24"}
    facts = {"bridge_name": "virbr0", "gateway": "10.0.0.1"}
    return Observed("network", identity, name, mark, arguments, facts, "", status="active")


def _machine(identity: str, name: str) -> Observed:
    nics = [{"network": LAN, "mac": "52:54:00:00:00:01"}]
    arguments = {"power": "running", "resources": {"cpus": 2, "memory": 512}, "nic": nics, "disk": []}
    return Observed("workspace", identity, name, None, arguments, {"status": "running"}, "", status="running")


OURS = Mark(LINEAGE, LAN, "network.lan", 0, "", "")
SEEN = {
    "simulated/default": Host(
        objects={LAN: _network(LAN, "lan", OURS)},
        strangers={BOX: _machine(BOX, "box"), "n2": _network("n2", "default")},
    )
}


def _outputs(folder: Path, text: str, **more: object) -> dict[str, object]:
    more.setdefault("seen", SEEN)
    wanted = planned(folder, {"main": text}, **more)
    return {each.name: each.value for each in wanted.outputs}


def _problems(folder: Path, text: str, **more: object) -> list[tuple[str, str]]:
    with pytest.raises(DiagnosticError) as error:
        _outputs(folder, text, **more)
    return [(each.code, each.detail) for each in error.value.diagnostics]


def test_a_host_tells_its_size_and_what_is_there(tmp_path: Path) -> None:
    text = """
    data "host" "h" {}
    data "image" "i" { id = "sha256:%s" }
    output "h" { value = [data.host.h.name, data.host.h.cpus, data.host.h.memory, data.host.h.accelerator] }
    output "ranges" { value = data.host.h.ranges }
    output "i" { value = [data.image.i.is_there, data.image.i.digest] }
    """
    assert _outputs(tmp_path, text % DIGEST) == {
        "h": ["simulated/default", 16, 4096, "kvm"],
        "ranges": ["10.0.0.0/24", "192.168.0.0/24"],
        "i": [True, DIGEST],
    }


def test_objects_are_found_by_name_or_id_whoever_made_them(tmp_path: Path) -> None:
    text = """
    data "network" "a" { name = "default" }
    data "network" "b" { id = "%s" }
    data "workspace" "w" { name = "box" }
    output "a" { value = [data.network.a.id, data.network.a.cidr, data.network.a.gateway, data.network.a.stack_address] }
    output "b" { value = [data.network.b.name, data.network.b.stack_address, data.network.b.mtu] }
    output "w" { value = [data.workspace.w.power, data.workspace.w.cpus, data.workspace.w.nics[0].mac] }
    """
    assert _outputs(tmp_path, text % LAN) == {
        "a": ["n2", "10.0.0.0/24", "10.0.0.1", ""],
        "b": ["lan", "network.lan", None],
        "w": ["running", 2, "52:54:00:00:00:01"],
    }


def test_what_is_not_there_is_told_with_what_is_near(tmp_path: Path) -> None:
    ((code, detail),) = _problems(tmp_path, 'data "network" "a" { name = "defalt" }')
    assert code == "no-such-object"
    assert 'Did you mean "default"?' in detail


def test_a_host_that_was_not_seen_tells_nothing(tmp_path: Path) -> None:
    seen = {"simulated/default": Host(uuid="", problem="it does not answer")}
    ((code, detail),) = _problems(tmp_path, 'data "host" "h" {}', seen=seen)
    assert code == "host-unseen"
    assert "it does not answer" in detail


def test_several_are_read_by_count_and_for_each(tmp_path: Path) -> None:
    text = """
    data "network" "n" {
      for_each = toset(["lan", "default"])
      name     = each.key
    }
    data "network" "c" {
      count = 2
      name  = ["lan", "default"][count.index]
    }
    output "n" { value = { for k, n in data.network.n : k => n.id } }
    output "one" { value = data.network.n["lan"].id }
    output "c" { value = data.network.c[*].id }
    """
    assert _outputs(tmp_path, text) == {"n": {"default": "n2", "lan": LAN}, "one": LAN, "c": [LAN, "n2"]}


def test_what_waits_for_something_still_to_be_made_is_refused(tmp_path: Path) -> None:
    text = 'network "new" {}\ndata "network" "n" { id = network.new.id }'
    ((code, detail),) = _problems(tmp_path, text)
    assert code == "late-data"
    assert "network.new" in detail


def test_what_waits_for_something_that_is_there_is_read(tmp_path: Path) -> None:
    record = Record("network.lan", "network", LAN, 0, "lan", "simulated", "default", "", {"mode": "nat"})
    text = """
    network "lan" {}
    data "network" "n" {
      id         = network.lan.id
      depends_on = [network.lan]
    }
    output "n" { value = data.network.n.bridge_name }
    """
    state = State(LINEAGE, 1, {"network.lan": record})
    assert _outputs(tmp_path, text, state=state) == {"n": "virbr0"}


def test_conditions_hold_for_what_is_read(tmp_path: Path) -> None:
    text = """
    data "host" "h" {
      lifecycle {
        postcondition {
          condition     = self.cpus > 99
          error_message = "${self.cpus} are too few."
        }
      }
    }
    """
    assert _problems(tmp_path, text) == [("postcondition-failed", "16 are too few.")]


def test_the_data_of_a_check_is_its_own_and_only_warns(tmp_path: Path) -> None:
    text = """
    check "c" {
      data "network" "n" { name = "nosuch" }
      assert {
        condition     = data.network.n.mtu == null
        error_message = "no"
      }
    }
    """
    wanted = planned(tmp_path, {"main": text}, seen=SEEN)
    assert [each.code for each in wanted.warnings] == ["no-such-object"]
    assert [code for code, _ in _problems(tmp_path, text + 'output "x" { value = data.network.n.id }')] == [
        "undeclared-reference"
    ]


STACKS = {
    "net": {
        "lan": OutputValue("10.0.0.0/24", "string"),
        "ports": OutputValue([1, 2], ["list", "number"]),
        "secret": OutputValue({"$sensitive": "00"}, "string", True),
        "half": OutputValue("x", "string", True),
    }
}


def test_the_outputs_of_another_stack(tmp_path: Path) -> None:
    asked: list[tuple[str, str]] = []

    def stacks(name: str, folder: str) -> dict[str, OutputValue] | None:
        asked.append((name, folder))
        return STACKS.get(name)

    text = """
    data "stack" "net" {
      name      = "net"
      directory = "../net"
    }
    output "lan" { value = data.stack.net.outputs.lan }
    output "port" { value = data.stack.net.outputs.ports[1] + 1 }
    output "half" {
      value     = data.stack.net.outputs.half
      sensitive = true
    }
    """
    assert _outputs(tmp_path, text, stacks=stacks) == {"lan": "10.0.0.0/24", "port": 3, "half": "x"}
    assert asked == [("net", str(tmp_path.parent / "net"))]
    open_ = text.replace("sensitive = true", "")
    assert [code for code, _ in _problems(tmp_path, open_, stacks=stacks)] == ["sensitive-output"]
    kept = text.replace("outputs.half", "outputs.secret")
    ((code, detail),) = _problems(tmp_path, kept, stacks=stacks)
    assert code == "sensitive-output" and "no state keeps a secret" in detail
    gone = text.replace('name      = "net"', 'name      = "nit"')
    assert [code for code, _ in _problems(tmp_path, gone, stacks=stacks)] == ["no-such-stack"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ('data "hots" "h" {}', "unknown-block"),
        ('data "host" {}', "wrong-labels"),
        ('data "network" "n" {}', "missing-argument"),
        ('data "network" "n" {\n  id = "x"\n  nam = "x"\n}', "unknown-argument"),
        ('data "stack" "n" {\n  name = "x"\n  provider = libvirt\n}', "not-here"),
        ('data "host" "h" {}\noutput "x" { value = data.host.h.cpu }', "unknown-attribute"),
        ('data "host" "h" {}\noutput "x" { value = data.host.i.cpus }', "undeclared-reference"),
        ('data "host" "h" { count = 1 }\noutput "x" { value = data.host.h.cpus }', "missing-key"),
        (
            'data "network" "a" { name = data.network.b.name }\ndata "network" "b" { name = data.network.a.name }',
            "cycle",
        ),
        ('data "host" "h" {\n  lifecycle { prevent_destroy = true }\n}', "unknown-argument"),
    ],
)
def test_mistakes_are_told_when_loading(tmp_path: Path, text: str, code: str) -> None:
    assert [each for each, _ in _problems(tmp_path, text)] == [code]


def test_data_in_json(tmp_path: Path) -> None:
    text = '{"data": {"network": {"n": {"name": "lan"}}}, "output": {"x": {"value": "${data.network.n.id}"}}, "check": {"c": {"data": {"host": {"h": {}}}, "assert": {"condition": "${data.host.h.cpus == 16}", "error_message": "e"}}}}'
    wanted = planned(tmp_path, {"main.code.json": text}, seen=SEEN)
    assert [each.value for each in wanted.outputs] == [LAN]
    assert [each.passed for each in wanted.checks] == [True]
    assert not isinstance(wanted.outputs[0].value, Sensitive)

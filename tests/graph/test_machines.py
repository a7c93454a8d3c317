"""Workspaces by themselves: identities, names, nics, and what of the record they keep."""

from __future__ import annotations

import dataclasses

import pytest

from vwplan.graph import Taken
from vwplan.spec.load import load
from vwplan.state.records import State, Status

ONE = """
workspace "login" {
  image = image.base
  nic { network = network.fabric }
}
"""


def test_a_new_workspace_has_all_that_can_be_chosen(stack, by_key):
    login = by_key(stack.write(ONE).build())["workspace.login"]
    network = by_key(stack.build())["network.fabric"]
    nic = login.arguments["nic"][0]
    assert nic["network"] == network.identity == network.facts["id"]
    assert (nic["address"], network.facts["gateway"]) == ("10.1.2.2", "10.1.2.1")
    assert login.arguments["hostname"] == "login"
    assert login.name == f"default-login-{login.identity.replace('-', '')[:10]}"
    assert login.facts == {
        "id": login.identity,
        "host": "default",
        "address": "10.1.2.2",
        "addresses": ["10.1.2.2"],
        "mac": nic["mac"],
    }
    assert login.unset == {"hostname", "nic[0].address", "nic[0].mac"}
    assert set(login.depends) == {"image.base", "network.fabric"}
    assert login.arguments["resources"] == {"cpus": 1, "memory": 512}
    assert login.arguments["power"] == "running"


def test_two_builds_are_equal(stack):
    stack.write(ONE + 'workspace "w" {\n  count = 3\n  image = image.base\n  nic { network = network.fabric }\n}\n')
    configuration = load(stack.folder)
    assert stack.build(configuration=configuration) == stack.build(configuration=configuration)


def test_what_is_recorded_is_kept(stack, by_key):
    first = by_key(stack.write(ONE).apply())["workspace.login"]
    stack.write('workspace "early" {\n  image = image.base\n  nic { network = network.fabric }\n}\n' + ONE)
    second = by_key(stack.apply())
    assert second["workspace.login"] == dataclasses.replace(first, range=second["workspace.login"].range)
    assert second["workspace.early"].facts["address"] == "10.1.2.3"
    assert second["workspace.early"].birth == 1


def test_a_recorded_address_is_not_given_to_a_newcomer_even_when_its_owner_leaves(stack, by_key):
    stack.write(ONE).apply()
    stack.write(ONE.replace("login", "other"))
    assert by_key(stack.build())["workspace.other"].facts["address"] == "10.1.2.3"


def test_a_pending_record_keeps_birth_and_identity(stack, by_key):
    stack.write(ONE)
    first = by_key(stack.apply())["workspace.login"]
    record = dataclasses.replace(stack.state.records["workspace.login"], status=Status.PENDING)
    stack.state = dataclasses.replace(stack.state, serial=9, records={"workspace.login": record})
    again = by_key(stack.build())["workspace.login"]
    assert (again.identity, again.birth, again.name) == (first.identity, first.birth, first.name)


def test_after_a_destroy_the_same_address_is_another_identity(stack, by_key):
    first = by_key(stack.write(ONE).apply())["workspace.login"]
    stack.state = State(stack.state.lineage, 7)
    assert by_key(stack.build())["workspace.login"].identity != first.identity


def test_explicit_names_addresses_and_macs_are_taken_as_said(stack, by_key):
    stack.write("""
workspace "login" {
  name     = "lab-login"
  hostname = "Front"
  image    = image.base
  nic {
    network = network.fabric
    address = "10.1.2.9"
    mac     = "52:54:00:AB:cd:01"
  }
}
""")
    login = by_key(stack.build())["workspace.login"]
    assert (login.name, login.arguments["hostname"], login.unset) == ("lab-login", "Front", frozenset())
    assert login.arguments["nic"][0]["address"] == "10.1.2.9"
    assert login.arguments["nic"][0]["mac"] == "52:54:00:ab:cd:01"


def test_a_name_no_longer_said_stays(stack, by_key):
    stack.write('workspace "login" {\n  image = image.base\n  hostname = "front"\n}\n').apply()
    stack.write('workspace "login" {\n  image = image.base\n}\n')
    login = by_key(stack.build())["workspace.login"]
    assert login.arguments["hostname"] == "front"
    assert "hostname" in login.unset


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("10.1.2.1", "is the gateway"),
        ("10.1.3.7", "outside its network's range 10.1.2.0/24"),
        ("10.1.2.255", "not for machines"),
    ],
)
def test_an_address_that_cannot_be_is_refused(stack, address, words):
    stack.write(
        f'workspace "w" {{\n  image = image.base\n  nic {{\n    network = network.fabric\n    address = "{address}"\n  }}\n}}\n'
    )
    (problem,) = stack.problems()
    assert problem.code == "invalid-address"
    assert words in problem.detail
    at = problem.subject
    assert at is not None and at.source.text[at.start : at.end] == f'"{address}"'


def _two(first: str, second: str) -> str:
    return "".join(
        f'workspace "{name}" {{\n  image = image.base\n  nic {{\n    network = network.fabric\n    {line}\n  }}\n}}\n'
        for name, line in (("a", first), ("b", second))
    )


def test_one_address_for_two_is_refused_and_names_both(stack):
    (problem,) = stack.write(_two('address = "10.1.2.9"', 'address = "10.1.2.9"')).problems()
    assert problem.code == "address-taken"
    assert "workspace.a" in problem.detail and "workspace.b" in problem.detail


def test_one_mac_for_two_is_refused(stack):
    (problem,) = stack.write(_two('mac = "52:54:00:00:00:01"', 'mac = "52:54:00:00:00:01"')).problems()
    assert problem.code == "mac-taken"


def test_a_chosen_address_gives_way_to_one_that_is_said_later(stack, by_key):
    made = by_key(stack.write(_two("", 'address = "10.1.2.2"')).build())
    assert made["workspace.b"].facts["address"] == "10.1.2.2"
    assert made["workspace.a"].facts["address"] == "10.1.2.3"


def test_a_mac_in_use_by_others_is_probed_past(stack, by_key):
    plain = by_key(stack.write(ONE).build())["workspace.login"].facts["mac"]
    taken = {"simulated/default": Taken(macs=frozenset({plain}))}
    assert by_key(stack.build(taken=taken))["workspace.login"].facts["mac"] != plain


def kept_by(stack, by_key, address, mac):
    """What a host says of which the network keeps an address for a MAC."""
    network = by_key(stack.build())["network.fabric"].identity
    return {"simulated/default": Taken(addresses={network: {address: mac}})}


def test_an_address_that_a_network_keeps_for_somebody_else_is_passed_over(stack, by_key):
    plain = by_key(stack.write(ONE).build())["workspace.login"]
    taken = kept_by(stack, by_key, plain.facts["address"], "52:54:00:00:00:09")
    assert by_key(stack.build(taken=taken))["workspace.login"].facts["address"] == "10.1.2.3"


def test_an_address_that_an_earlier_run_had_kept_for_the_same_machine_is_given_to_it(stack, by_key):
    """A network is made with all addresses that are planned; a run that dies before the machines are made leaves them there."""
    plain = by_key(stack.write(ONE).build())["workspace.login"]
    taken = kept_by(stack, by_key, "10.1.2.77", plain.facts["mac"].upper())
    login = by_key(stack.build(taken=taken))["workspace.login"]
    assert login.facts["address"] == "10.1.2.77"
    assert "nic[0].address" in login.unset
    # Unless the spec gives that address away.
    said = 'nic {\n    network = network.fabric\n    address = "10.1.2.77"\n  }'
    other = ONE.replace("login", "other").replace("nic { network = network.fabric }", said)
    both = by_key(stack.write(ONE + other).build(taken=taken))
    assert both["workspace.other"].facts["address"] == "10.1.2.77"
    assert both["workspace.login"].facts["address"] == "10.1.2.2"


def test_a_network_with_another_range_gives_new_addresses_as_a_change(stack, by_key):
    stack.write(ONE).apply()
    stack.write(
        ONE, prelude='image "base" {\n  source = "disk.img"\n}\nnetwork "fabric" {\n  cidr = "10.9.0.0/24"\n}\n'
    )
    login = by_key(stack.build())["workspace.login"]
    assert login.facts["address"] == "10.9.0.2"
    # It is compared, because something else is recorded; only what was never said nor recorded is not.
    assert "nic[0].address" not in login.unset
    assert "nic[0].mac" in login.unset


def test_nics_that_change_places_keep_what_they_have(stack, by_key):
    networks = 'network "other" {\n  cidr = "10.2.0.0/24"\n}\n'
    body = 'workspace "w" {{\n  image = image.base\n  nic {{ network = network.{} }}\n  nic {{ network = network.{} }}\n}}\n'
    first = by_key(stack.write(networks + body.format("fabric", "other")).apply())["workspace.w"].arguments["nic"]
    second = by_key(stack.write(networks + body.format("other", "fabric")).build())["workspace.w"].arguments["nic"]
    assert second == [first[1], first[0]]


def test_a_full_network_is_told_not_overrun(stack):
    stack.write(
        'workspace "w" {\n  count = 7\n  image = image.base\n  nic { network = network.fabric }\n}\n',
        prelude='image "base" {\n  source = "disk.img"\n}\nnetwork "fabric" {\n  cidr = "10.1.2.0/29"\n}\n',
    )
    found = stack.problems()
    assert {p.code for p in found} == {"invalid-address"}
    assert "No address is left" in found[0].detail


def test_a_nic_on_a_bridge_has_a_mac_and_no_address(stack, by_key):
    stack.write('network "lan" {\n  mode = "bridge"\n  bridge = "br0"\n}\n' + ONE.replace("fabric", "lan"))
    made = by_key(stack.build())
    assert "address" not in made["workspace.login"].facts
    assert made["workspace.login"].facts["addresses"] == []
    assert made["workspace.login"].arguments["nic"][0]["mac"]
    assert made["network.lan"].facts == {"id": made["network.lan"].identity, "bridge_name": "br0"}


def test_a_bridge_network_must_name_its_bridge(stack):
    (problem,) = stack.write('network "lan" {\n  mode = "bridge"\n}\n').problems()
    assert problem.code == "missing-argument"


def test_ranges_are_chosen_beside_what_is_taken_and_kept(stack, by_key):
    stack.write('network "a" {\n}\nnetwork "b" {\n}\n')
    made = by_key(stack.apply(taken={"simulated/default": Taken(networks=("10.64.0.0/23",))}))
    chosen = [made[f"network.{name}"].arguments["cidr"] for name in "ab"]
    assert chosen == ["10.64.2.0/24", "10.64.3.0/24"]
    assert made["network.a"].unset == {"cidr", "bridge"}
    assert len(made["network.a"].facts["bridge_name"]) <= 15
    again = by_key(stack.build())
    assert [again[f"network.{name}"].arguments["cidr"] for name in "ab"] == chosen


def test_a_chosen_range_gives_way_to_one_that_is_said(stack, by_key):
    made = by_key(stack.write('network "a" {\n}\nnetwork "b" {\n  cidr = "10.64.0.0/16"\n}\n').build())
    assert made["network.a"].arguments["cidr"] == "10.65.0.0/24"


def test_ranges_that_overlap_on_one_host_are_refused(stack):
    (problem,) = stack.write('network "b" {\n  cidr = "10.1.0.0/16"\n}\n').problems()
    assert problem.code == "overlapping-networks"
    assert "network.fabric" in problem.detail and "network.b" in problem.detail


def test_a_network_of_another_provider_is_refused(stack):
    stack.write("""
provider "simulated" {
}
provider "simulated" {
  alias = "far"
}
workspace "w" {
  provider = simulated.far
  image    = image.base
  nic { network = network.fabric }
}
""")
    (problem,) = stack.problems()
    assert problem.code == "network-elsewhere"
    assert "simulated.far/default" in problem.detail


def test_a_workspace_without_an_image_is_refused(stack):
    (problem,) = stack.write('environment "e" {\n}\nworkspace "w" {\n  environment = environment.e\n}\n').problems()
    assert problem.code == "missing-argument"
    assert "image" in problem.detail


def test_count_added_or_taken_away_moves_the_first(stack, by_key):
    first = by_key(stack.write(ONE).apply())["workspace.login"]
    stack.write(ONE.replace("  image", "  count = 2\n  image"))
    wanted = stack.apply()
    assert by_key(wanted)["workspace.login[0]"].identity == first.identity
    assert [(move.source, move.target) for move in wanted.moved] == [("workspace.login", "workspace.login[0]")]
    back = stack.write(ONE).build()
    assert by_key(back)["workspace.login"].identity == first.identity


def test_the_ssh_host_key_is_asked_for_only_where_it_is_read(stack):
    asked: list[str] = []

    def public_key(identity: str) -> str:
        asked.append(identity)
        return f"ssh-ed25519 {identity}"

    stack.write(ONE + ONE.replace("login", "other") + 'output "key" {\n  value = workspace.login.ssh_host_key\n}\n')
    wanted = stack.build(public_key=public_key)
    (output,) = wanted.outputs
    assert len(asked) == 1
    assert output.value == f"ssh-ed25519 {asked[0]}"
    assert output.depends == ("workspace.login",)


def test_two_of_one_name_on_one_host_are_refused(stack):
    stack.write(_two("", "").replace("  image", '  name  = "same"\n  image'))
    (problem,) = stack.problems()
    assert problem.code == "name-taken"
    assert "workspace.a" in problem.detail and "workspace.b" in problem.detail


def test_two_networks_cannot_make_one_bridge_but_may_use_one(stack):
    lan = 'network "{}" {{\n  mode   = "{}"\n  bridge = "br9"\n}}\n'
    assert [p.code for p in stack.write(lan.format("x", "nat") + lan.format("y", "nat")).problems()] == ["bridge-taken"]
    assert stack.write(lan.format("x", "bridge") + lan.format("y", "bridge")).problems() == ()


@pytest.mark.parametrize(("power", "codes"), [("running", ["volume-taken"]), ("off", [])])
def test_only_one_running_machine_writes_to_a_volume(stack, power, codes):
    body = 'workspace "{}" {{\n  image = image.base\n  power = "{}"\n  disk {{ volume = volume.v }}\n}}\n'
    stack.write('volume "v" {\n  size = "1 GiB"\n}\n' + body.format("a", "running") + body.format("b", power))
    assert [p.code for p in stack.problems()] == codes


@pytest.mark.parametrize("given", ['"fabric"', '"default"', "var.word"])
def test_text_that_is_no_id_is_refused_in_place_of_an_object(stack, given):
    stack.write(
        'variable "word" {\n  default = "lan"\n}\n'
        f'workspace "w" {{\n  image = image.base\n  nic {{ network = {given} }}\n}}\n'
    )
    (problem,) = stack.problems()
    assert problem.code == "wrong-kind"
    assert "network.NAME" in problem.detail


def test_the_id_of_an_object_is_as_good_as_the_object(stack, by_key):
    one = by_key(stack.write(ONE).build())["workspace.login"]
    other = by_key(
        stack.write(ONE.replace("network.fabric", "network.fabric.id").replace("image.base", "image.base.id")).build()
    )
    assert other["workspace.login"].arguments == one.arguments
    assert set(other["workspace.login"].depends) == {"image.base", "network.fabric"}


def test_a_machine_without_a_nic_has_no_address_rather_than_one_known_later(stack):
    stack.write(
        'workspace "w" {\n  image = image.base\n}\noutput "o" {\n  value = [workspace.w.address, workspace.w.addresses]\n}\n'
    )
    assert stack.build().outputs[0].value == [None, []]

"""What somebody else made on libvirt: seen, marked and no more, changed, and taken away without what it starts from."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libvirt")

sys.path.insert(0, str(Path(__file__).parent.parent / "conformance"))
sys.path.insert(0, str(Path(__file__).parent))
import libvirt
from libvirt_hosts import POOL, host, small_image
from suite import LINEAGE, Play, Stage, action

from vwplan.provider import Changed, Expectation, Foreign, Observed, Refused, Verb
from vwplan_libvirt.foreign import foreign_identity, is_foreign
from vwplan_libvirt.naming import part_of

FOLDER = "/default-pool"

DOMAIN = """
<domain type='test'><name>theirs</name><memory unit='MiB'>256</memory><vcpu>1</vcpu><os><type>hvm</type></os><devices>
  <disk type='file' device='disk'><source file='/their/system.img'/><target dev='sda' bus='sata'/></disk>
  <disk type='file' device='disk'><source file='/default-pool/data.img'/><target dev='vdb' bus='virtio'/></disk>
  <interface type='network'><mac address='52:54:00:aa:bb:cc'/><source network='theirs'/></interface>
</devices></domain>"""

NETWORK = """
<network><name>theirs</name><forward mode='nat'/><bridge name='virbr99'/>
  <ip address='10.77.0.254' prefix='24'><dhcp><host mac='52:54:00:aa:bb:cc' ip='10.77.0.9'/></dhcp></ip></network>"""

VOLUME = "<volume><name>data.img</name><capacity unit='MiB'>8</capacity><target><format type='raw'/></target></volume>"


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    """A host on which somebody else has a network, a volume, and a machine that uses both."""
    path, digest = small_image(tmp_path)
    play = Play(Stage(host("test:///default", tmp_path, pool=POOL), {"source": str(path)}, f"sha256:{digest}"))
    there = connection_of(play)
    network = there.networkDefineXML(NETWORK)
    volume = there.storagePoolLookupByName("default-pool").createXML(VOLUME)
    domain = there.defineXML(DOMAIN)
    yield play
    for thing, end in ((domain, "undefine"), (volume, "delete"), (network, "undefine")):
        try:
            getattr(thing, end)()
        except libvirt.libvirtError:
            continue
    play.clear()


def connection_of(play: Play) -> Any:
    return play.connection._host.connection  # type: ignore[attr-defined]


def stranger(play: Play, kind: str, name: str) -> Observed:
    found = (*play.connection.observe().strangers, *play.connection.volumes())
    [one] = [one for one in found if (one.kind, one.name) == (kind, name)]
    return one


def adopting(seen: Observed, **rest: Any) -> Any:
    expects = Expectation(True, frozenset(), seen.digest)
    return action(Verb.ADOPT, seen.kind, seen.name, seen.arguments, seen.identity, expects=expects, **rest)


THEIRS = [("network", "theirs"), ("volume", "default-pool/data.img"), ("workspace", "theirs")]


@pytest.mark.parametrize(("kind", "name"), THEIRS, ids=[kind for kind, _ in THEIRS])
def test_what_is_adopted_is_marked_and_otherwise_as_it_was(play: Play, kind: str, name: str) -> None:
    seen = stranger(play, kind, name)
    assert seen.complete and seen.mark is None
    now = play.do(adopting(seen)).observed
    assert now is not None and now.mark is not None
    assert (now.mark.lineage, now.mark.identity) == (LINEAGE, seen.identity)
    assert (now.name, now.arguments, now.digest, now.complete) == (seen.name, seen.arguments, seen.digest, True)
    again = play.do(adopting(seen)).observed
    assert again == now, "an action can be repeated"
    observed = play.connection.observe()
    assert {one.identity: one for one in observed.objects}[seen.identity] == now
    assert seen.identity not in [one.identity for one in (*observed.strangers, *play.connection.volumes())]
    with pytest.raises(Foreign):
        play.do(adopting(seen, mark=replace(now.mark, lineage="another")))
    play.do(replace(adopting(seen), verb=Verb.UPDATE, expects=None))


@pytest.mark.parametrize(("kind", "name"), THEIRS, ids=[kind for kind, _ in THEIRS])
def test_what_is_not_as_it_was_planned_is_not_adopted(play: Play, kind: str, name: str) -> None:
    seen = stranger(play, kind, name)
    with pytest.raises(Changed):
        play.do(adopting(replace(seen, digest="another")))
    with pytest.raises(Changed):
        play.do(adopting(replace(seen, identity="00000000-0000-8000-8000-000000000000")))
    assert stranger(play, kind, name) == seen


def test_a_machine_of_somebody_else_is_told_with_its_volumes_and_what_it_starts_from(play: Play) -> None:
    seen, network = stranger(play, "workspace", "theirs"), stranger(play, "network", "theirs")
    assert seen.arguments["disk"] == [{"volume": stranger(play, "volume", "default-pool/data.img").identity}]
    assert seen.arguments["nic"] == [{"network": network.identity, "mac": "52:54:00:aa:bb:cc"}]
    assert seen.facts["disks"] == ["/their/system.img", "/default-pool/data.img"]
    assert (network.arguments["bridge"], network.facts["gateway"]) == ("virbr99", "10.77.0.254")


def test_a_machine_keeps_its_address_on_an_adopted_network(play: Play) -> None:
    network = stranger(play, "network", "theirs")
    play.do(adopting(network))
    seen = stranger(play, "workspace", "theirs")
    nic = {**seen.arguments["nic"][0], "address": "10.77.0.9"}
    play.do(adopting(replace(seen, arguments={**seen.arguments, "nic": [nic], "hostname": "w"})))
    assert connection_of(play).networkLookupByName("theirs").XMLDesc(0).count("10.77.0.9") == 1


def test_changing_its_volumes_leaves_what_it_starts_from(play: Play) -> None:
    seen = stranger(play, "workspace", "theirs")
    play.do(adopting(seen))
    bare = {**seen.arguments, "disk": [], "nic": []}
    change = replace(adopting(seen), verb=Verb.UPDATE, arguments=bare, changes=("disk", "nic"), expects=None)
    now = play.do(replace(change, before=seen.arguments)).observed
    assert now is not None
    assert (now.arguments["disk"], now.facts["disks"]) == ([], ["/their/system.img"])
    with pytest.raises(Refused, match="starts from is left as it is"):
        play.do(replace(change, changes=("resources.disk",), arguments={**bare, "resources": {"disk": 64}}))


def test_deleting_a_machine_leaves_its_disks_and_says_so(play: Play) -> None:
    seen = stranger(play, "workspace", "theirs")
    play.do(adopting(seen))
    told = play.delete(adopting(seen))
    assert told.observed is None
    assert told.note == "what vwplan did not make is left: /their/system.img, /default-pool/data.img"
    assert stranger(play, "volume", "default-pool/data.img").complete
    assert [d.name() for d in connection_of(play).listAllDomains()] == ["test"]


def test_an_adopted_volume_goes_whole_but_not_from_under_others(play: Play) -> None:
    seen = stranger(play, "volume", "default-pool/data.img")
    play.do(adopting(seen))
    with pytest.raises(Refused, match="used by theirs"):
        play.delete(adopting(seen))
    connection_of(play).lookupByName("theirs").undefine()
    over = (
        "<volume><name>over</name><capacity unit='MiB'>8</capacity><target><format type='qcow2'/></target>"
        f"<backingStore><path>{FOLDER}/data.img</path><format type='raw'/></backingStore></volume>"
    )
    overlay = connection_of(play).storagePoolLookupByName("default-pool").createXML(over)
    if f"{FOLDER}/data.img" in overlay.XMLDesc(0):
        with pytest.raises(Refused, match="over lie over"):
            play.delete(adopting(seen))
    overlay.delete()
    assert play.delete(adopting(seen)).observed is None
    assert play.connection.inspect("volume", seen.identity, seen.name) is None
    assert play.connection.volumes() == ()


def test_a_machine_of_ours_has_an_adopted_volume(play: Play) -> None:
    seen = stranger(play, "volume", "default-pool/data.img")
    play.do(adopting(seen))
    play.do(play.base())
    machine = play.machine(disk=[{"volume": seen.identity}])
    made = play.do(machine).observed
    assert made is not None and made.arguments["disk"] == [{"volume": seen.identity}]
    assert "disks" not in made.facts and "imported" not in made.facts
    bare = replace(machine, verb=Verb.UPDATE, arguments={**machine.arguments, "disk": []}, changes=("disk",))
    now = play.do(bare).observed
    assert now is not None and now.arguments["disk"] == [] and now.complete


def test_a_volume_that_has_gone_leaves_its_mark_until_that_is_deleted(play: Play) -> None:
    seen = stranger(play, "volume", "default-pool/data.img")
    play.do(adopting(seen))
    connection_of(play).storagePoolLookupByName("default-pool").storageVolLookupByName("data.img").delete()
    left = play.connection.inspect("volume", seen.identity, seen.name)
    assert left is not None and (left.parts, left.complete) == (("mark",), False)
    play.delete(adopting(seen))
    assert play.connection.inspect("volume", seen.identity, seen.name) is None


def test_an_identity_of_a_foreign_volume_is_told_from_those_that_are_given() -> None:
    identity = foreign_identity("/a/b.img")
    assert is_foreign(identity) and identity == foreign_identity("/a/b.img") != foreign_identity("/a/c.img")
    assert not is_foreign("6f6f3c9e-0000-5000-8000-00000000c0de")
    assert part_of(f"vw-{identity}.mark.0.a.1.b.c.d") is not None

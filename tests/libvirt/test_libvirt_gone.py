"""What was found a moment ago is gone, stopped or started by somebody else: absent where that is true, told where it matters."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libvirt")

sys.path.insert(0, str(Path(__file__).parent.parent / "conformance"))
import libvirt
from suite import Play, Stage

from vwplan.provider import Action, Changed, HostConfiguration, Verb, find
from vwplan_libvirt.networks import network_users, release_reservation
from vwplan_libvirt.observe import _ranges_in_use


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    image = tmp_path / "empty.raw"
    image.write_bytes(bytes(1 << 20))
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    configuration = HostConfiguration("libvirt", "default", {"uri": "test:///default"}, str(tmp_path))
    play = Play(Stage(lambda: find("libvirt").open(configuration), {"source": str(image)}, f"sha256:{digest}"))
    play.do(play.base())
    there = play.connection._host  # type: ignore[attr-defined]
    yield play
    play.clear()
    # What was patched on it refers to itself, and would keep this process's pretended host until garbage is looked for.
    vars(there).clear()


def after(play: Play, monkeypatch: pytest.MonkeyPatch, look: str, turn: int, happens: Callable[[Any], object]) -> None:
    """Let something happen to a thing right after the host has been asked for it (`look`) so many times."""
    there = play.connection._host  # type: ignore[attr-defined]
    ask, asked = getattr(there, look), 0

    def found(identity: str) -> Any:
        nonlocal asked
        thing = ask(identity)
        asked += 1
        if thing is not None and asked == turn:
            happens(thing)
        return thing

    monkeypatch.setattr(there, look, found)


def undefined(domain: Any) -> None:
    if domain.isActive():
        domain.destroy()
    domain.undefine()


def machine(play: Play, power: str = "off") -> Action:
    made = play.machine()
    play.do(made)
    if power != "off":
        play.power(made, power)
    return made


def network(play: Play) -> Action:
    made = play.network()
    play.do(made)
    return made


def test_a_machine_that_goes_while_it_is_looked_at_is_only_what_is_left_of_it(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = machine(play)
    after(play, monkeypatch, "domain", 1, undefined)
    seen = play.seen(made)
    assert seen is not None
    assert (seen.parts, seen.complete) == (("disk", "seed"), False)


@pytest.mark.parametrize("turn", [1, 2], ids=["as it is checked", "as it is deleted"])
@pytest.mark.parametrize("power", ["off", "running"])
def test_a_machine_that_goes_while_it_is_deleted_leaves_nothing(
    play: Play, monkeypatch: pytest.MonkeyPatch, turn: int, power: str
) -> None:
    made = machine(play, power)
    after(play, monkeypatch, "domain", turn, undefined)
    assert play.delete(made).observed is None
    assert play.seen(made) is None


def test_a_machine_that_is_started_while_it_is_deleted_does_not_run_on(
    play: Play, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = machine(play)
    monkeypatch.setattr(libvirt.virDomain, "undefineFlags", lambda domain, flags: (domain.create(), domain.undefine()))
    assert play.delete(made).observed is None
    assert made.name not in [one.name() for one in play.connection._host.connection.listAllDomains()]  # type: ignore[attr-defined]


def test_a_network_that_goes_while_it_is_looked_at_is_not_there(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    made = network(play)
    after(play, monkeypatch, "network", 1, lambda one: (one.destroy(), one.undefine()))
    assert play.seen(made) is None


def test_what_is_kept_on_a_network_that_goes_is_gone_with_it(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    made = network(play)
    after(play, monkeypatch, "network", 1, lambda one: (one.destroy(), one.undefine()))
    release_reservation(play.connection._host, made.identity, "52:54:00:00:00:01")  # type: ignore[attr-defined]


def test_a_network_that_is_stopped_while_it_is_deleted_is_deleted(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    made = network(play)
    stop = libvirt.virNetwork.destroy
    monkeypatch.setattr(libvirt.virNetwork, "destroy", lambda one: (stop(one), stop(one)))
    assert play.delete(made).observed is None
    assert play.seen(made) is None


@pytest.mark.parametrize("verb", [Verb.UPDATE, Verb.ADOPT])
def test_a_network_that_goes_before_it_is_changed_is_told(
    play: Play, monkeypatch: pytest.MonkeyPatch, verb: Verb
) -> None:
    made = network(play)
    ask = play.connection._host.network  # type: ignore[attr-defined]
    looks = iter([ask, lambda identity: None])
    monkeypatch.setattr(play.connection._host, "network", lambda identity: next(looks, ask)(identity))  # type: ignore[attr-defined]
    with pytest.raises(Changed, match="not there any more"):
        play.do(replace(made, verb=verb))


def test_a_machine_that_goes_before_it_is_adopted_is_told(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    made = machine(play)
    ask = play.connection._host.domain  # type: ignore[attr-defined]
    looks = iter([ask, lambda identity: None])
    monkeypatch.setattr(play.connection._host, "domain", lambda identity: next(looks, ask)(identity))  # type: ignore[attr-defined]
    with pytest.raises(Changed, match="not there any more"):
        play.do(replace(made, verb=Verb.ADOPT))


@pytest.mark.parametrize(
    ("before", "wanted", "call"),
    [("paused", "running", "resume"), ("running", "off", "destroy"), ("off", "running", "createWithFlags")],
)
def test_a_machine_that_somebody_brings_there_at_the_same_moment_is_there(
    play: Play, monkeypatch: pytest.MonkeyPatch, before: str, wanted: str, call: str
) -> None:
    made = machine(play, before)
    do = getattr(libvirt.virDomain, call)
    monkeypatch.setattr(libvirt.virDomain, call, lambda *given: (do(*given), do(*given))[1])
    seen = play.power(replace(made, arguments={**made.arguments, "force": True}), wanted).observed
    assert seen is not None
    assert seen.arguments["power"] == wanted


def test_a_stranger_s_machine_that_goes_is_on_no_network(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    made = network(play)
    connection = play.connection._host.connection  # type: ignore[attr-defined]
    connection.defineXML(
        f"<domain type='test'><name>theirs</name><memory>8192</memory><os><type>hvm</type></os><devices>"
        f"<interface type='network'><source network='{made.name}'/></interface></devices></domain>"
    ).create()
    assert network_users(play.connection._host, made.name) == ["theirs"]  # type: ignore[attr-defined]
    connection.networkLookupByName(made.name).destroy()
    on = libvirt.virDomain.isActive

    def is_active(domain: Any) -> bool:
        if domain.name() == "theirs":
            undefined_by_others()
        return bool(on(domain))

    def undefined_by_others() -> None:
        monkeypatch.setattr(libvirt.virDomain, "isActive", on)
        undefined(connection.lookupByName("theirs"))

    monkeypatch.setattr(libvirt.virDomain, "isActive", is_active)
    outcome = play.do(replace(made, verb=Verb.UPDATE, changes=("status",)))
    assert outcome.observed is not None
    assert (outcome.observed.status, outcome.note) == ("active", "")


class Interface:
    """One of the host's own, which may go away as it is read."""

    def __init__(self, address: str) -> None:
        self.address = address

    def XMLDesc(self, flags: int) -> str:
        if not self.address:
            raise libvirt.libvirtError("interface not found")
        return f"<interface><protocol family='ipv4'><ip address='{self.address}' prefix='24'/></protocol></interface>"


def test_an_interface_that_goes_hides_no_other_s_range() -> None:
    class Host:
        is_pretended = True
        settings = connection = property(lambda self: self)
        is_local = False

        def listAllInterfaces(self) -> list[Interface]:
            return [Interface("10.1.0.7"), Interface(""), Interface("10.3.0.7")]

    assert _ranges_in_use(Host()) == {"10.1.0.0/24", "10.3.0.0/24"}  # type: ignore[arg-type]


class Stale(libvirt.libvirtError):  # type: ignore[misc]
    def get_error_code(self) -> int:
        return int(libvirt.VIR_ERR_SYSTEM_ERROR)


def test_a_stranger_s_volume_that_cannot_be_read_hides_no_other(play: Play, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one in a share that is away: libvirt knows of it, and fails to look at it."""
    connection = play.connection._host.connection  # type: ignore[attr-defined]
    pools = []
    for kind, path in (("netfs", "/share"), ("dir", "/theirs")):
        source = (
            "<source><host name='nas'/><dir path='/export'/><format type='nfs'/></source>" if kind == "netfs" else ""
        )
        text = f"<pool type='{kind}'><name>{kind}</name>{source}<target><path>{path}</path></target></pool>"
        pools.append(connection.storagePoolCreateXML(text))
        pools[-1].createXML(f"<volume><name>of-{kind}</name><capacity>4096</capacity></volume>")
    look = libvirt.virStorageVol.XMLDesc

    def stale(volume: Any, flags: int = 0) -> str:
        if volume.name() == "of-netfs":
            raise Stale("cannot stat file '/share/of-netfs': Stale file handle")
        return str(look(volume, flags))

    monkeypatch.setattr(libvirt.virStorageVol, "XMLDesc", stale)
    assert [one.name for one in play.connection.volumes() if "of-" in one.name] == ["dir/of-dir"]  # type: ignore[attr-defined]
    for pool in pools:
        pool.destroy()

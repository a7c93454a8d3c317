"""Others make and take away things of theirs on the host all the while: nothing of ours is overlooked, and no look fails."""

from __future__ import annotations

import os
import sys
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libvirt")

sys.path.insert(0, str(Path(__file__).parent))
import libvirt
from libvirt_hosts import URI, host

from vwplan.provider import Connection
from vwplan_libvirt.bases import users_of
from vwplan_libvirt.foreign import foreign_volumes, overlays_of
from vwplan_libvirt.host import described_volumes
from vwplan_libvirt.networks import network_users
from vwplan_libvirt.volume_xml import SeenVolume
from vwplan_libvirt.volumes import grow, volume_users

POOL = f"vwplan-churn{os.getpid()}"
LOOKS = {True: 30, False: 6}
"""How often we look, at a pretended host and at a real one, which is slower and fails sooner."""


def a_volume(connection: Any) -> None:
    text = f"<volume><name>other-{uuid.uuid4()}</name><capacity>4096</capacity></volume>"
    connection.storagePoolLookupByName(POOL).createXML(text).delete()


def a_pool(connection: Any, folder: Path) -> None:
    """One that is stopped at first, then runs with a volume in it, then is stopped again."""
    text = f"<pool type='dir'><name>other-{uuid.uuid4()}</name><target><path>{folder}</path></target></pool>"
    pool = connection.storagePoolDefineXML(text)
    pool.create()
    pool.createXML("<volume><name>other</name><capacity>4096</capacity></volume>").delete()
    pool.destroy()
    pool.undefine()


def a_pool_of_devices(connection: Any) -> None:
    """One that stays stopped: its volumes would be devices of a group that there is not."""
    name = f"other-{uuid.uuid4()}"
    text = (
        f"<pool type='logical'><name>{name}</name><source><name>{name}</name></source><target><path>/dev/{name}</path>"
        "</target></pool>"
    )
    connection.storagePoolDefineXML(text).undefine()


def a_network(connection: Any) -> None:
    connection.networkDefineXML(f"<network><name>other-{uuid.uuid4()}</name></network>").undefine()


def a_machine(connection: Any) -> None:
    """One that is paused from its start, goes on, and is ended in the midst of it; transient, so that it goes with its end."""
    kind = "test" if connection.getType() == "TEST" else "qemu"
    text = (
        f"<domain type='{kind}'><name>other-{uuid.uuid4()}</name><memory unit='MiB'>16</memory>"
        "<os><type arch='x86_64'>hvm</type></os></domain>"
    )
    connection.defineXML(text).undefine()
    domain = connection.createXML(text, libvirt.VIR_DOMAIN_START_PAUSED if kind == "qemu" else 0)
    if kind == "qemu":
        domain.resume()
    domain.shutdown()
    # The test driver knows no power button that fails: there it is off by now.
    with suppress(libvirt.libvirtError):
        domain.destroy()


class Others:
    """Somebody on the host for each sort of thing, on a connection of their own."""

    def __init__(self, uri: str, folder: Path) -> None:
        self._uri = uri
        self._enough = threading.Event()
        self.turns: Counter[str] = Counter()
        makers = {
            "volume": a_volume,
            "volume too": a_volume,
            "pool": partial(a_pool, folder=folder),
            "pool of devices": a_pool_of_devices,
            "network": a_network,
            "machine": a_machine,
        }
        self._threads = [threading.Thread(target=self._work, args=each) for each in makers.items()]

    def _work(self, what: str, make: Callable[[Any], None]) -> None:
        connection = libvirt.open(self._uri)
        while not self._enough.is_set():
            make(connection)
            self.turns[what] += 1

    def __enter__(self) -> Others:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._enough.set()
        for thread in self._threads:
            thread.join()


REAL = pytest.param(
    URI, marks=[pytest.mark.vm, pytest.mark.skipif(not URI, reason="VWPLAN_TEST_LIBVIRT_URI is not set")], id="qemu"
)


@pytest.fixture(params=[pytest.param("test:///default", id="pretended"), REAL])
def uri(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def connection(uri: str, tmp_path: Path) -> Iterator[Connection]:
    connection = host(uri, tmp_path, accel="tcg", pool=POOL)()
    yield connection
    pool = connection._host.pool.have()  # type: ignore[attr-defined]
    for volume in pool.listAllVolumes():
        volume.delete()
    pool.destroy()
    pool.delete()
    pool.undefine()
    connection.close()


def test_what_others_make_and_take_away_meanwhile_hides_nothing_of_ours(
    uri: str, connection: Connection, tmp_path: Path
) -> None:
    there = connection._host  # type: ignore[attr-defined]
    ours = {str(uuid.uuid4()) for _ in range(8)}
    for identity in ours:
        there.pool.make(f"vw-{identity}.volume.raw", 4096, "raw")
    folder = tmp_path / "theirs"
    folder.mkdir()
    with Others(uri, folder) as others:
        for _ in range(LOOKS[there.is_pretended]):
            seen = connection.observe().objects
            assert {one.identity for one in seen if one.kind == "volume"} == ours
            assert all(connection.inspect("volume", identity, "") for identity in ours)
            assert users_of(there, ["/nowhere"]) == []
            assert volume_users(there, "/nowhere") == network_users(there, "nowhere") == []
            assert overlays_of(there, "/nowhere") == []
            assert all(not one.seen.name.startswith("vw-") for one in foreign_volumes(there))
    assert len(others.turns) == 6, f"all of them were at work: {others.turns}"


@pytest.mark.parametrize("end", ["destroy", "undefine"])
def test_a_pool_that_stops_or_goes_between_being_listed_and_read_has_no_volumes(end: str, tmp_path: Path) -> None:
    there = host("test:///default", tmp_path, pool=POOL)()._host  # type: ignore[attr-defined]
    a_pool = there.connection.storagePoolDefineXML(
        f"<pool type='dir'><name>other-{end}</name><target><path>/tmp</path></target></pool>"
    )
    a_pool.create()
    a_pool.createXML("<volume><name>other</name><capacity>4096</capacity></volume>")
    listed = described_volumes(a_pool)
    a_pool.destroy()
    if end == "undefine":
        a_pool.undefine()
    assert list(listed) == []
    assert list(described_volumes(a_pool)) == []
    if end == "destroy":
        a_pool.undefine()
    there.close()


class Leaving:
    """A running machine that goes at the very moment when it is asked for something."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._is_there = True

    def XMLDesc(self, flags: int) -> str:
        return self._text

    def isActive(self) -> bool:
        if not self._is_there:
            raise Gone("no domain")
        return True

    def blockResize(self, target: str, size: int, flags: int) -> None:
        self._is_there = False
        raise libvirt.libvirtError("domain is not running")


class Gone(libvirt.libvirtError):  # type: ignore[misc]
    def get_error_code(self) -> int:
        return int(libvirt.VIR_ERR_NO_DOMAIN)


class Resized:
    """A volume that only remembers what it was asked for."""

    capacity = 0

    def resize(self, size: int, flags: int) -> None:
        self.capacity = size


def test_a_volume_grows_though_its_machine_goes_meanwhile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    there = host("test:///default", tmp_path, pool=POOL)()._host  # type: ignore[attr-defined]
    volume = Resized()
    monkeypatch.setattr(there.pool, "volume", lambda name: volume)
    seen = SeenVolume("vw-x", "/pool/vw-x", "qcow2", 1 << 20, "", 0)
    disk = "<disk><source file='/pool/vw-x'/><target dev='vdc'/></disk>"
    grow(there, seen, 2 << 20, "x", [Leaving(f"<domain id='1'><devices>{disk}</devices></domain>")])
    assert volume.capacity == 2 << 20
    there.close()

"""The storage pool: where it cannot be made, nothing is left in the way of another try; who comes as it is made, waits."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

pytest.importorskip("libvirt")

import libvirt

from vwplan.provider import ProviderError
from vwplan.provider.api import Unreachable
from vwplan_libvirt.pool import Pool
from vwplan_libvirt.settings import Settings


def failed(code: int, message: str) -> libvirt.libvirtError:
    error = libvirt.libvirtError(message)
    error.err = (code, 0, message, 2, "", "", "", 0, 0)
    return error


class Site:
    """A host on which no folder can be made: libvirt's connection, and its one pool, as far as they are asked."""

    def __init__(self) -> None:
        self.defined = 0

    def storagePoolLookupByName(self, name: str) -> Site:
        if not self.defined:
            raise failed(libvirt.VIR_ERR_NO_STORAGE_POOL, f"no storage pool with matching name '{name}'")
        return self

    def storagePoolDefineXML(self, text: str, flags: int) -> Site:
        assert "<path>/proc/nowhere</path>" in text
        self.defined += 1
        return self

    def build(self, flags: int) -> None:
        raise failed(
            libvirt.VIR_ERR_SYSTEM_ERROR, "failed to create directory '/proc/nowhere': No such file or directory"
        )

    def isActive(self) -> bool:
        return False

    def undefine(self) -> None:
        self.defined -= 1


def test_a_pool_whose_folder_cannot_be_made_is_told_and_not_left_defined() -> None:
    site = Site()
    pool = Pool(site, Settings("qemu:///system", pool="lab", pool_path="/proc/nowhere"))
    for _ in range(2):
        with pytest.raises(ProviderError) as told:
            pool.have()
        assert "making the storage pool lab in /proc/nowhere failed" in told.value.detail.lower()
        assert "failed to create directory" in told.value.detail
        assert site.defined == 0
    assert pool.find() is None


class Busy:
    """A host on which another connection has defined the pool and makes its folder only now."""

    def __init__(self, looks: float) -> None:
        self.looks = looks
        self.active = False

    def storagePoolLookupByName(self, name: str) -> Busy:
        self.looks -= 1
        return self

    def isActive(self) -> bool:
        return self.active

    def autostart(self) -> int:
        return 1

    def create(self, flags: int) -> None:
        if self.looks > 0:
            raise failed(libvirt.VIR_ERR_SYSTEM_ERROR, "cannot open directory '/pool': No such file or directory")
        self.active = True


def test_a_pool_that_another_connection_is_making_is_waited_for() -> None:
    busy = Busy(3)
    assert Pool(busy, Settings("qemu:///system", pool="lab")).find() is busy
    assert busy.active


def test_a_pool_whose_folder_stays_away_is_told_to_be_down(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vwplan_libvirt.pool._MOMENT", 0.1)
    with pytest.raises(Unreachable) as told:
        Pool(Busy(float("inf")), Settings("qemu:///system", pool="lab")).find()
    assert "is it mounted?" in told.value.detail


class CutShort(Busy):
    """A host on which whoever made the pool was killed before its folder was there."""

    def __init__(self) -> None:
        super().__init__(float("inf"))
        self.starts_with_its_host = 0

    def autostart(self) -> int:
        return self.starts_with_its_host

    def setAutostart(self, on: int) -> None:
        self.starts_with_its_host = on

    def build(self, flags: int) -> None:
        self.looks = 0


def test_a_pool_that_a_killed_program_left_without_its_folder_is_finished(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vwplan_libvirt.pool._MOMENT", 0.1)
    left = CutShort()
    assert Pool(left, Settings("qemu:///system", pool="lab")).find() is left
    assert (left.active, left.starts_with_its_host) == (True, 1)


@pytest.fixture
def connection() -> Iterator[libvirt.virConnect]:
    connection = libvirt.open("test:///default")
    yield connection
    for pool in connection.listAllStoragePools():
        if pool.name() != "default-pool":
            if pool.isActive():
                pool.destroy()
            pool.undefine()
    connection.close()


def test_a_pool_that_others_stop_is_started_again_whatever_is_asked_of_it(connection: libvirt.virConnect) -> None:
    pool = Pool(connection, Settings("test:///default", pool="lab", pool_path="/lab"))
    pool.make("one", 4096, "raw")

    def stop() -> None:
        connection.storagePoolLookupByName("lab").destroy()

    # This host forgets what is in a pool that is stopped; a real one reads its folder again.
    for ask in (pool.names, lambda: pool.volume("one"), pool.refresh, lambda: pool.make("two", 4096, "raw")):
        stop()
        ask()
        assert connection.storagePoolLookupByName("lab").isActive()
    stop()
    connection.storagePoolLookupByName("lab").undefine()
    assert (pool.names(), pool.volume("one")) == ([], None)
    pool.make("three", 4096, "raw")
    assert pool.names() == ["three"]


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("<pool type='dir'><name>default</name><target><path>/theirs</path></target></pool>", "/theirs/lab"),
        (
            "<pool type='logical'><name>default</name><source><name>vg</name></source><target><path>/dev/vg</path></target></pool>",
            "/var/lib/libvirt/images/lab",
        ),
        (
            "<pool type='rbd'><name>default</name><source><name>rbd</name><host name='ceph'/></source></pool>",
            "/var/lib/libvirt/images/lab",
        ),
    ],
    ids=["a folder", "a volume group", "Ceph"],
)
def test_a_pool_is_made_in_the_default_one_only_where_that_is_a_folder(
    connection: libvirt.virConnect, text: str, folder: str
) -> None:
    connection.storagePoolDefineXML(text)
    made = Pool(connection, Settings("test:///default", pool="lab")).have()
    assert f"<path>{folder}</path>" in made.XMLDesc(0)

"""The storage pool: where it cannot be made, nothing is left in the way of another try; who comes as it is made, waits."""

from __future__ import annotations

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

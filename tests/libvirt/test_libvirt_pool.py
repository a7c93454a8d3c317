"""The storage pool: where it cannot be made, nothing of it is left to be in the way of another try."""

from __future__ import annotations

import pytest

pytest.importorskip("libvirt")

import libvirt

from vwplan.provider import ProviderError
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

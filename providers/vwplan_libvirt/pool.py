"""The storage pool that holds everything of ours on a host, and the bytes in its volumes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, TypeVar

import libvirt

from vwplan.provider.api import Refused, Unreachable
from vwplan_libvirt.document import parsed, text_at
from vwplan_libvirt.errors import code_of, explained, explaining
from vwplan_libvirt.settings import Settings
from vwplan_libvirt.volume_xml import Backing, SeenVolume, pool_text, volume_of, volume_text

T = TypeVar("T")

_SYSTEM_FOLDER = "/var/lib/libvirt/images"
_FOLDERS = ("dir", "fs", "netfs")
"""The types of pools that are folders, in which another folder can be made."""
_STOPPED = (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_NO_STORAGE_POOL)
"""How libvirt answers when a pool that ran was stopped or taken away since."""
_CHUNK = 256_000
"""How much goes in one message; libvirt takes a little less than 256 KiB."""
_PATIENCE = 30.0
"""How many seconds to wait for others that are making volumes, which keep a pool from being read anew."""
_MOMENT = 2.0
"""How many seconds others have to make the pool's folder once they have defined it."""


class Pool:
    """One storage pool, by name. It is made when something is first put there, never by looking."""

    def __init__(self, connection: Any, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self._found: Any = None

    def find(self) -> Any:
        """libvirt's pool, running, or None where there is none yet."""
        deadline = time.monotonic() + _MOMENT
        while self._found is None:
            pool = self._defined()
            if pool is None:
                return None
            try:
                if not pool.isActive():
                    pool.create(0)
                self._found = pool
            except libvirt.libvirtError as error:
                # Another connection may have started it meanwhile, or be about to make its folder.
                if time.monotonic() > deadline and not self._finished(pool):
                    raise Unreachable(
                        "Storage pool is down",
                        f"The pool {self._settings.pool} cannot be started, so nothing in it can be seen. Bring its folder "
                        f"back (is it mounted?), or name another pool. {explained(error, 'starting it').detail}",
                    ) from error
                time.sleep(0.05)
        return self._found

    def _finished(self, pool: Any) -> bool:
        """Whether the folder of a pool was made now, of which whoever made it was killed before; else it starts with its host."""
        with explaining(f"making the folder of the storage pool {self._settings.pool}"):
            if pool.autostart():
                return False
            pool.build(0)
            pool.setAutostart(1)
            return True

    def _ask(self, ask: Callable[[Any], T], nothing: T) -> T:
        """What the pool answers. One that somebody stopped since is started again; where there is none, there is `nothing`."""
        for is_last in (False, True):
            pool = self.find()
            if pool is None:
                break
            try:
                return ask(pool)
            except libvirt.libvirtError as error:
                if is_last or code_of(error) not in _STOPPED:
                    raise
                self._found = None
        return nothing

    def _defined(self) -> Any:
        with explaining(f"looking for the storage pool {self._settings.pool}"):
            try:
                return self._connection.storagePoolLookupByName(self._settings.pool)
            except libvirt.libvirtError as error:
                if code_of(error) == libvirt.VIR_ERR_NO_STORAGE_POOL:
                    return None
                raise

    def have(self) -> Any:
        """libvirt's pool, made where there is none."""
        pool = self.find()
        if pool is not None:
            return pool
        path = self._settings.pool_path or self._folder()
        with explaining(f"making the storage pool {self._settings.pool} in {path}"):
            made: Any = None
            try:
                made = self._connection.storagePoolDefineXML(pool_text(self._settings.pool, path), 0)
                made.build(0)
                made.setAutostart(1)
                made.create(0)
            except libvirt.libvirtError:
                if made is not None and not made.isActive():
                    # Left there, it would be in the way of whoever says another path.
                    with suppress(libvirt.libvirtError):
                        made.undefine()
                    raise
                # Another connection was quicker by a moment: it defined the pool, or started the one that this one made.
                pool = self.find()
                if pool is None:
                    raise
                return pool
        return self.find()

    def _folder(self) -> str:
        with suppress(libvirt.libvirtError):
            default = parsed(self._connection.storagePoolLookupByName("default").XMLDesc(0))
            # Others have no folder, or one of devices, which is in memory.
            if default.get("type") in _FOLDERS:
                return f"{text_at(default, 'target/path').rstrip('/')}/{self._settings.pool}"
        if self._settings.is_session:
            raise Refused(
                "No place for the storage pool",
                "A session's libvirtd has no pool `default` here: say where to make one with pool_path.",
            )
        return f"{_SYSTEM_FOLDER}/{self._settings.pool}"

    def refresh(self) -> None:
        """Have the host look at the folder: what was added or removed by hand is unknown to it until then."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._ask(lambda pool: pool.refresh(0), 0)
                return
            except libvirt.libvirtError as error:
                if "asynchronous jobs" not in str(error):
                    raise explained(error, "reading the storage pool anew") from error
            if time.monotonic() > deadline:
                return
            time.sleep(0.05)

    def names(self) -> list[str]:
        """The names of all volumes."""
        # Not by `listVolumes`: it counts first, and leaves out as many, of any, as others make meanwhile.
        with explaining("listing volumes"):
            return self._ask(lambda pool: [volume.name() for volume in pool.listAllVolumes()], [])

    def volume(self, name: str) -> Any:
        """libvirt's volume of that name; None when there is none."""
        try:
            return self._ask(lambda pool: pool.storageVolLookupByName(name), None)
        except libvirt.libvirtError as error:
            if code_of(error) == libvirt.VIR_ERR_NO_STORAGE_VOL:
                return None
            raise explained(error, f"looking for the volume {name}") from error

    def seen(self, name: str) -> SeenVolume | None:
        """The description of a volume; None when there is none."""
        volume = self.volume(name)
        if volume is None:
            return None
        try:
            return volume_of(volume.XMLDesc(0))
        except libvirt.libvirtError as error:
            if code_of(error) == libvirt.VIR_ERR_NO_STORAGE_VOL:
                return None
            raise explained(error, f"reading the volume {name}") from error

    def make(self, name: str, capacity: int, format: str, backing: Backing | None = None, *, mode: str = "0600") -> Any:
        """A new volume; `Refused` when there is one of that name."""
        text = volume_text(name, capacity, format, backing, mode=mode)
        pool = self.have()
        with explaining(f"making the volume {name}"):
            try:
                return pool.createXML(text, 0)
            except libvirt.libvirtError as error:
                if code_of(error) in _STOPPED:
                    self._found = None
                elif code_of(error) == libvirt.VIR_ERR_STORAGE_VOL_EXIST:
                    # The list may be stale: the file removed by hand.
                    self.refresh()
                else:
                    raise
                return self.have().createXML(text, 0)

    def delete(self, name: str) -> None:
        """Remove a volume; of nothing, succeeds."""
        volume = self.volume(name)
        if volume is None:
            return
        try:
            volume.delete(0)
        except libvirt.libvirtError as error:
            if code_of(error) == libvirt.VIR_ERR_NO_STORAGE_VOL:
                return
            self.refresh()
            if self.volume(name) is not None:
                raise explained(error, f"deleting the volume {name}") from error

    def write(self, name: str, content: bytes, *, mode: str = "0600", room: int = 0) -> Any:
        """A volume of these bytes, and zeros up to `room`, in place of any of that name.

        Whoever has the old one open keeps it as it was.
        """
        self.delete(name)
        volume = self.make(name, max(room, len(content)), "raw", mode=mode)
        self.upload(volume, len(content), (content,))
        return volume

    def overwrite(self, name: str, content: bytes, seal: range) -> bool:
        """Put these bytes, and zeros after them, into a raw volume that is there, so that whoever has it open reads them too.

        Those at `seal` are zeros until all others are written: who is cut off leaves nothing that looks whole. False, and nothing
        done, where there is none or it is too small.
        """
        volume = self.volume(name)
        if volume is None:
            return False
        with explaining(f"reading the volume {name}"):
            capacity = int(volume.info()[1])
        if capacity < len(content):
            return False
        first, last, zeros = seal.start, seal.stop, bytes(len(seal))
        self.upload(volume, len(seal), (zeros,), first)
        self.upload(volume, capacity, (content[:first], zeros, content[last:].ljust(capacity - last, b"\0")))
        self.upload(volume, len(seal), (content[first:last],), first)
        return True

    def upload(self, volume: Any, length: int, pieces: Iterable[bytes], offset: int = 0) -> None:
        """Send bytes into a volume, from an offset on; what making the next piece raises ends the upload and passes through."""
        stream = self._connection.newStream(0)
        with explaining(f"uploading {volume.name()}"):
            volume.upload(stream, offset, length, 0)
            try:
                for piece in pieces:
                    for start in range(0, len(piece), _CHUNK):
                        stream.send(piece[start : start + _CHUNK])
            except BaseException:
                with suppress(libvirt.libvirtError):
                    stream.abort()
                raise
            stream.finish()

    def read(self, name: str) -> bytes | None:
        """The bytes of a volume, which must be small; None when there is no such volume."""
        volume = self.volume(name)
        return None if volume is None else b"".join(self.download(volume))

    def download(self, volume: Any) -> Iterator[bytes]:
        """All bytes of a volume, piece by piece."""
        stream = self._connection.newStream(0)
        with explaining(f"downloading {volume.name()}"):
            volume.download(stream, 0, 0, 0)
            try:
                while piece := stream.recv(_CHUNK):
                    yield piece
            except BaseException:
                with suppress(libvirt.libvirtError):
                    stream.abort()
                raise
            stream.finish()

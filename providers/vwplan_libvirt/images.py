"""Staging bases, and taking them away."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import libvirt

from vwplan.provider.api import Action, Interrupted, Observed, Outcome, ProviderError, Refused, Reporter
from vwplan.provider.law import image_digest
from vwplan_libvirt.bases import Base, base_parts, find_base, need_base, users_of
from vwplan_libvirt.errors import explained, explaining
from vwplan_libvirt.host import Host
from vwplan_libvirt.naming import base_name, digest_of
from vwplan_libvirt.qcow2 import HEAD_BYTES, Malformed, format_of, read_head, rebased
from vwplan_libvirt.sources import Progress, local_file
from vwplan_libvirt.tenancy import is_dead, new_token
from vwplan_libvirt.volume_xml import pool_text, volume_text

_ONCE = "vwplan-once-"
_OTHERS = re.compile(rf"{_ONCE}[0-9a-z-]+")
_ONCE_PAUSE = 0.1
_SORTS = {"source": "", "kernel": "vmlinuz", "initrd": "initrd"}


def look_at_base(host: Host, identity: str, name: str) -> Observed | None:
    """The base as an object; None unless it is complete."""
    base = find_base(host, digest_of(name))
    return None if base is None else _observed(identity, name, base)


def _observed(identity: str, name: str, base: Base) -> Observed:
    return Observed("image", identity, name, None, {}, {}, base.digest, ("base",), True, "complete")


def stage(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Put an image's base on the host, verified; one that is there already is left as it is."""
    digest = digest_of(action.name)
    base = find_base(host, digest)
    if base is None:
        host.pool.refresh()
        base = find_base(host, digest)
    if base is None:
        _sweep(host, digest)
        token = new_token()
        try:
            _stage(host, digest, token, action.arguments, reporter)
        except BaseException:
            _drop(host, digest, token)
            raise
        base = find_base(host, digest)
        if base is not None and base.token != token:
            # Another stager was done first; what lies over its base must find it, so ours goes.
            _drop(host, digest, token)
    if base is None:
        raise ProviderError("Base has gone", f"{action.name} was staged, and somebody removed it at once. Apply again.")
    return Outcome(_observed(action.identity, action.name, base))


def _stage(host: Host, digest: str, token: str, arguments: Mapping[str, Any], reporter: Reporter) -> None:
    info: dict[str, Any] = {"digest": digest, "cmdline": arguments.get("cmdline") or ""}
    digests: dict[str, str] = {}
    for name, sort in _SORTS.items():
        if not arguments.get(name):
            continue
        into = base_name(digest, token, sort)
        if arguments.get("on_host") and not (host.settings.is_local and Path(arguments[name]).is_file()):
            digests[name] = _copy_on_host(host, arguments, name, into, info, reporter)
        else:
            folder = Path(host.configuration.directory)
            with local_file(arguments[name], folder, reporter) as path:
                digests[name] = _send(host, arguments, name, path, into, info, reporter)
        info[name] = True
    _check_digests(digest, digests, arguments)
    if not host.is_pretended:
        host.pool.write(base_name(digest, token, "info"), json.dumps(info).encode())
        host.pool.refresh()
    host.pool.make(base_name(digest, token, "complete"), 0, "raw")


def _send(
    host: Host, arguments: Mapping[str, Any], name: str, path: Path, into: str, info: dict[str, Any], reporter: Reporter
) -> str:
    """Upload one file and return its digest. Of the disk, what its head says goes into `info`."""
    length = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
        sent = head
        if name == "source":
            info |= _look_into(head, arguments, length)
            if info["base"]:
                sent = _over_base(host, head, info["base"])
        progress = Progress(reporter, f"uploading {path.name}", length)
        pieces = _pieces(head, sent, file, progress)
        if host.is_pretended:
            host.pool.make(into, max(length, 1), info["format"] if name == "source" else "raw", mode="0444")
            for _ in pieces:
                pass
        else:
            host.pool.upload(host.pool.make(into, length, "raw", mode="0444"), length, pieces)
        return progress.digest


def _pieces(head: bytes, sent: bytes, file: BinaryIO, progress: Progress) -> Iterator[bytes]:
    """The bytes to send: `sent` in place of the head, which is counted as it was read, then the rest of the file."""
    progress.add(head)
    yield sent
    while piece := file.read(1 << 20):
        progress.add(piece)
        yield piece


def _look_into(head: bytes, arguments: Mapping[str, Any], length: int) -> dict[str, Any]:
    """Format, virtual size and base of a disk, from its first bytes."""
    format = format_of(head)
    wanted = arguments.get("format")
    if wanted == "qcow2" and format != "qcow2":
        raise Refused("Image is not qcow2", "Its bytes are not laid out as its format says. Leave format out.")
    base = str(arguments.get("base") or "")
    if format == "raw" or wanted == "raw":
        if base:
            raise Refused("Image is no difference", "Only a qcow2 image can be a difference over its base.")
        return {"format": "raw", "size": length, "base": ""}
    try:
        found = read_head(head)
    except Malformed as error:
        raise Refused("Image is damaged", f"Its qcow2 head cannot be read: {error}.") from error
    if found.backing and not base:
        raise Refused(
            "Image lies over another",
            f'It is a difference over "{found.backing}". Declare that one as an image too, and name it with base.',
        )
    if base and not found.backing:
        raise Refused("Image is no difference", "It names no base of its own. Leave base out.")
    return {"format": "qcow2", "size": found.size, "base": base}


def _over_base(host: Host, head: bytes, image: str) -> bytes:
    base = need_base(host, image)
    try:
        return rebased(head, base.path, base.format)
    except Malformed as error:
        raise Refused("Image cannot be laid over its base", f"{error}. Convert it with larger clusters.") from error


def _copy_on_host(
    host: Host, arguments: Mapping[str, Any], name: str, into: str, info: dict[str, Any], reporter: Reporter
) -> str:
    """Copy a file of the host's within the host; its bytes pass through here once, to be verified."""
    path = str(arguments[name])
    if arguments.get("base"):
        raise Refused("Not possible on a host", "A difference over a base must be uploaded: give it without on_host.")
    with _volume_at(host, path, reporter) as volume, explaining(f"copying {path}"):
        length = volume.info()[1]
        progress = Progress(reporter, f"verifying {path}", length)
        head = b""
        for piece in host.pool.download(volume):
            progress.add(piece)
            head += piece[: HEAD_BYTES - len(head)]
        format = "raw"
        if name == "source":
            info |= _look_into(head, arguments, length)
            format = info["format"]
        reporter.say(f"copying {path}")
        text = volume_text(into, info["size"] if name == "source" else length, format, mode="0444")
        host.pool.have().createXMLFrom(text, volume, 0)
        return progress.digest


@contextlib.contextmanager
def _volume_at(host: Host, path: str, reporter: Reporter) -> Iterator[Any]:
    """The volume at a path on the host: of a pool that has it, else of one that is there for just this while.

    libvirt lets no two pools have one folder, so that those who look into the same one take turns.
    """
    folder, _, name = path.rpartition("/")
    pool: Any = None
    while pool is None:
        volume = _in_a_lasting_pool(host, path)
        if volume is not None:
            yield volume
            return
        try:
            pool = host.connection.storagePoolCreateXML(pool_text(f"{_ONCE}{new_token()}", folder or "/"), 0)
        except libvirt.libvirtError as error:
            other = _OTHERS.search(str(error))
            if other is None:
                raise explained(error, f"looking into {folder} on the host") from error
            _wait_for(host, other[0], reporter)
    try:
        try:
            volume = pool.storageVolLookupByName(name)
        except libvirt.libvirtError as error:
            raise Refused("Image is not there", f"The host has no file {path}.") from error
        yield volume
    finally:
        with contextlib.suppress(libvirt.libvirtError):
            pool.destroy()


def _in_a_lasting_pool(host: Host, path: str) -> Any:
    """The volume at a path, unless no pool has it, or one that is there for just a while."""
    try:
        volume = host.connection.storageVolLookupByPath(path)
        return None if volume.storagePoolLookupByVolume().name().startswith(_ONCE) else volume
    except libvirt.libvirtError:
        return None


def _wait_for(host: Host, other: str, reporter: Reporter) -> None:
    """Give another stager, which looks into the same folder, a moment; what one left that was killed is taken away."""
    if is_dead(other.removeprefix(_ONCE), time.time()):
        with contextlib.suppress(libvirt.libvirtError):
            host.connection.storagePoolLookupByName(other).destroy()
    elif reporter.stop.wait(_ONCE_PAUSE):
        raise Interrupted("Interrupted", "The call was given up while another looked into the same folder.")


def _check_digests(digest: str, found: Mapping[str, str], arguments: Mapping[str, Any]) -> None:
    """Refuse bytes that are not those of the plan."""
    asked = arguments.get("sha256")
    if asked and found["source"] != digest_of(asked):
        raise Refused(
            "Image has other bytes",
            f"Its digest is {found['source']}, and sha256 says {asked}. Look at the source, or at sha256.",
        )
    whole = image_digest(found, str(arguments.get("cmdline") or ""))
    if digest != whole:
        raise Refused(
            "Image has changed since the plan", f"Its digest is {whole}, and was {digest} when planning. Plan again."
        )


def _sweep(host: Host, digest: str) -> None:
    """Take away what stagers of this base that are no more left half-done, or half-deleted."""
    parts = base_parts(host.pool.names(), digest)
    complete = {part.token for part in parts if part.sort == "complete"}
    for part in parts:
        seen = None if part.token in complete else host.pool.seen(part.name)
        if seen is not None and is_dead(part.token, seen.changed):
            host.pool.delete(part.name)


def _drop(host: Host, digest: str, token: str) -> None:
    """Take away all that lies under one token, its marker first."""
    host.bases.pop(digest, None)
    for sort in ("complete", "info", "initrd", "vmlinuz", ""):
        with contextlib.suppress(ProviderError):
            host.pool.delete(base_name(digest, token, sort))


def delete_base(host: Host, action: Action, reporter: Reporter) -> Outcome:
    """Take a base away, unless something lies over it.

    The marker goes first. Who makes an overlay looks at the marker again afterwards, so either it sees that the marker has gone
    or the second look here sees the overlay.
    """
    digest = digest_of(action.name)
    host.pool.refresh()
    _sweep(host, digest)
    tokens = sorted({part.token for part in base_parts(host.pool.names(), digest) if part.sort == "complete"})
    left: list[str] = []
    for token in tokens:
        users = _users(host, digest, token)
        if not users:
            host.pool.delete(base_name(digest, token, "complete"))
            users = _users(host, digest, token)
            if not users:
                _drop(host, digest, token)
                continue
            host.pool.make(base_name(digest, token, "complete"), 0, "raw")
        left += users
    host.bases.pop(digest, None)
    if left:
        return Outcome(None, note=f"base {action.name} is left: {len(left)} others use it ({', '.join(left[:3])})")
    return Outcome(None)


def idle_bases(host: Host) -> frozenset[str]:
    """The digests of the complete bases that nothing lies over."""
    whole = [part for part in base_parts(host.pool.names()) if part.sort == "complete"]
    used = {part.digest for part in whole if _users(host, part.digest, part.token)}
    return frozenset(part.digest for part in whole) - used


def _users(host: Host, digest: str, token: str) -> list[str]:
    seen = [host.pool.seen(base_name(digest, token, sort)) for sort in ("", "vmlinuz", "initrd")]
    return users_of(host, [one.path for one in seen if one is not None])

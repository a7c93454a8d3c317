"""Workspaces, by themselves or as members of a cluster: names, nics, and the facts that follow."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from vwplan.diagnostics import Range
from vwplan.graph.identity import label, slug
from vwplan.graph.making import Maker, Spot
from vwplan.graph.objects import Instance
from vwplan.graph.parts import problem
from vwplan.graph.placement import ANYWHERE, Wish, look_at_wish
from vwplan.graph.scope import located
from vwplan.graph.uses import Uses
from vwplan.graph.world import ModuleInstance
from vwplan.hcl.evaluate import FileProblem
from vwplan.spec import Part

Plain = Any

_HOSTNAME = frozenset({"hostname"})


def finish_workspace(
    maker: Maker, spot: Spot, arguments: dict[str, Plain], uses: Uses
) -> tuple[Instance, str, frozenset[str]]:
    """The instance of evaluated arguments (which are changed here), its name, and the paths that were chosen."""
    if "image" not in arguments:
        raise problem(
            "missing-argument",
            "Missing argument",
            "A workspace starts from an image: give it image, or an environment that names one.",
            spot.range,
        )
    record = spot.record
    unset: frozenset[str] = frozenset()
    hostname = arguments.get("hostname")
    if hostname is None:
        kept = record.arguments.get("hostname") if record is not None else None
        hostname = arguments["hostname"] = kept or slug(label(spot.address))
        unset = _HOSTNAME
    wish = Wish.of(arguments.get("placement"))
    if wish != ANYWHERE:
        _look_at_wish(maker, spot, wish)
    facts: dict[str, Plain] = {"id": spot.identity, "host": spot.place.host}
    if spot.place.is_open:
        facts["host"] = maker.pools.provisional(spot.place, record)
    nics = arguments.get("nic")
    if nics:
        arguments["nic"], chosen = maker.seats.seat(spot.key, nics, spot.place, record, partial(spot.nested, "nic"))
        unset |= chosen
        addresses = [nic["address"] for nic in arguments["nic"] if nic.get("address")]
        facts["mac"] = arguments["nic"][0]["mac"]
        facts["addresses"] = addresses
        if arguments["nic"][0].get("address"):
            facts["address"] = arguments["nic"][0]["address"]
    else:
        facts["addresses"] = []
    if arguments.get("disk"):
        _attach(maker, spot, arguments)
    instance = maker.instance(spot, "workspace", arguments, facts, uses)
    return instance, maker.name(spot, arguments, hostname), unset


def _look_at_wish(maker: Maker, spot: Spot, wish: Wish) -> None:
    """Refuse a placement that names no host of the provider."""
    at = {name: spot.nested("placement", 0, name) for name in ("host", "labels", "spread")}
    maker.wishes[spot.key] = at["host" if wish.host else "labels"]
    look_at_wish(wish, spot.place.provider, maker.pools.all[spot.place.provider], at)


def _attach(maker: Maker, spot: Spot, arguments: dict[str, Plain]) -> None:
    """Look that the volumes are on the machine's host, and that no two running machines write to one."""
    for index, disk in enumerate(arguments["disk"]):
        volume = maker.volumes.get(disk["volume"])
        if volume is None:
            continue
        if not volume.place.agrees(spot.place):
            detail = f"{spot.key} is on {spot.place.key}, and {volume.key} on {volume.place.key}. Give both the same provider."
            raise problem("volume-elsewhere", "Volume on another host", detail, spot.nested("disk", index, "volume"))
        if arguments["power"] == "off":
            continue
        if volume.user:
            detail = f"{volume.key} is attached to {volume.user}, and only one running machine may write to a volume."
            raise problem("volume-taken", "Volume attached twice", detail, spot.nested("disk", index, "volume"))
        volume.user = spot.key


def read_files(
    arguments: dict[str, Plain], module: ModuleInstance, maker: Maker, parts: Sequence[Part], at: Range
) -> None:
    """Put the contents of the files that `file` blocks copy into their places.

    `parts` is what says the arguments, the nearest first, in a block whose header is at `at`.
    """
    files = arguments.get("file")
    if not files or not any("source" in one for one in files.values()):
        return
    made: dict[str, Plain] = {}
    for path, one in files.items():
        if "source" not in one:
            made[path] = one
            continue
        rest = {name: value for name, value in one.items() if name != "source"}
        local = located(module.module.directory, one["source"], maker.world.given.files)
        rest["content"] = _content(maker, path, one["source"], local, _source_at(parts, path, at))
        made[path] = rest
    arguments["file"] = made


def _source_at(parts: Sequence[Part], path: str, at: Range) -> Range:
    """Where the source of the file of that path is said; in a dynamic block no path is written down."""
    for part in parts:
        for block in part.blocks.get("file", ()):
            given = block.part.arguments.get("source")
            if given is not None and block.label == path and block.dynamic is None:
                return given.value.range
    return at


def _content(maker: Maker, path: str, source: str, local: str, at: Range) -> str:
    """The text of a file, read once."""
    content = maker.contents.get(local)
    if content is None:
        try:
            content = maker.contents[local] = maker.world.given.files.read(local).decode()
        except FileProblem as error:
            detail = f'The source of file "{path}" is "{source}", and {error}. It was looked for at {local}.'
            raise problem("no-such-file", "File cannot be read", detail, at) from None
        except UnicodeDecodeError:
            detail = (
                f'The source of file "{path}" is no text in UTF-8. Files of other bytes are not in this version yet.'
            )
            raise problem("not-yet", "Not in this version", detail, at) from None
    return content

"""What `state mv` and `state rm` come to: pure changes of a state, as entries for the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from vwplan.address import Address
from vwplan.diagnostics import Diagnostic, DiagnosticError, did_you_mean
from vwplan.state.entries import Entry, Recorded, Rosters
from vwplan.state.records import Record, Roster, State, Status


def covers(pattern: str, address: str) -> bool:
    """Whether an address is the one named, or inside it: an instance, a member, a resource of a module."""
    return address == pattern or (address.startswith(pattern) and address[len(pattern)] in ".[")


def select(state: State, patterns: Sequence[str] = ()) -> tuple[Record, ...]:
    """The records that any of the addresses names, in their order; all of them without one.

    A diagnostic for an address that names nothing, with the nearest that there is.
    """
    if not patterns:
        return tuple(state.records[key] for key in sorted(state.records))
    missing = [
        _unknown(pattern, state)
        for pattern in patterns
        if not any(covers(pattern, address) for address in state.records)
    ]
    if missing:
        raise DiagnosticError(missing)
    return tuple(
        state.records[key] for key in sorted(state.records) if any(covers(pattern, key) for pattern in patterns)
    )


def move(state: State, source: str, target: str, run: str) -> tuple[Entry, ...]:
    """The entries that give what is at `source`, with all inside it, the address `target`.

    A diagnostic where nothing is at the source, something is at the target, or the two are of different kinds.
    """
    _check_kinds(source, target)
    moved = select(state, [source])
    renamed = {record.address: target + record.address[len(source) :] for record in moved}
    taken = [new for new in renamed.values() if new in state.records and new not in renamed]
    _refuse_taken(taken)
    records = [_renamed(record, renamed) for record in state.records.values()]
    changed = tuple(new for old, new in zip(state.records.values(), records, strict=True) if new is not old)
    rosters = {key: roster for key, roster in state.rosters.items() if covers(source, key)}
    entries: list[Entry] = [Recorded(run, changed)]
    if rosters:
        moved_rosters = {target + key[len(source) :]: roster for key, roster in rosters.items()}
        entries.append(Rosters(run, moved_rosters, tuple(key for key in rosters if key not in moved_rosters)))
    return tuple(entries)


def transfer(state: State, source: str, target: str, other: State, run: str) -> tuple[tuple[Record, Record], ...]:
    """What is at `source`, with all inside it, each with its record in another stack's state, at `target` there.

    `run` writes the new marks; the birth is a serial of the other state. A diagnostic where nothing is at the source, something is
    at the target, or something half-made or left over from a replacement is among it.
    """
    _check_kinds(source, target)
    moved = select(state, [source])
    renamed = {record.address: target + record.address[len(source) :] for record in moved}
    _refuse_taken([new for new in renamed.values() if new in other.records])
    deposed = {record.address for record in state.deposed.values()}
    for record in moved:
        if record.status is Status.TAINTED or record.address in deposed:
            raise DiagnosticError(
                Diagnostic(
                    "half-made",
                    "Not whole",
                    f"{record.address} is half-made, or something is left over from its replacement. Apply first, then move it.",
                    address=record.address,
                )
            )
    there = {*renamed.values(), *other.records}
    return tuple((record, _transferred(record, renamed, there, other.serial, run)) for record in moved)


def _transferred(record: Record, renamed: dict[str, str], there: set[str], birth: int, run: str) -> Record:
    depends = tuple(new for key in record.depends if (new := renamed.get(key, key)) in there)
    return replace(record, address=renamed[record.address], birth=birth, depends=depends, writer=run)


def rosters_of(state: State, source: str, target: str) -> dict[str, Roster]:
    """The rosters of the clusters at or inside an address, by the addresses that they get."""
    return {target + key[len(source) :]: roster for key, roster in state.rosters.items() if covers(source, key)}


def remove(state: State, patterns: Sequence[str], run: str) -> tuple[tuple[Entry, ...], tuple[Record, ...]]:
    """The entries that forget what the addresses name, and the records that go; the objects stay on their hosts."""
    gone = select(state, patterns)
    addresses = {record.address for record in gone}
    deposed = [record for record in state.deposed.values() if record.address in addresses]
    going = [*gone, *deposed]
    writers = tuple(dict.fromkeys(record.writer for record in going if record.writer))
    entries: list[Entry] = [Recorded(run, (), tuple(record.identity for record in going), writers)]
    kept = {cluster_of(address) for address in state.records if address not in addresses}
    rosters = tuple(key for key in state.rosters if key not in kept)
    if rosters:
        entries.append(Rosters(run, {}, rosters))
    return tuple(entries), gone


def cluster_of(address: str) -> str:
    """The cluster instance that an address is a member of; the address itself for anything else."""
    if ".head" not in address and ".workers." not in address:
        return address
    return str(Address.parse(address).cluster)


def _refuse_taken(taken: Sequence[str]) -> None:
    if taken:
        raise DiagnosticError(
            Diagnostic(
                "address-taken",
                "The address is taken",
                f"There is a record at {taken[0]} already. Move that one first, or remove it with `vwplan state rm`.",
                address=taken[0],
            )
        )


def _renamed(record: Record, renamed: dict[str, str]) -> Record:
    address = renamed.get(record.address, record.address)
    depends = tuple(renamed.get(key, key) for key in record.depends)
    if address == record.address and depends == record.depends:
        return record
    return replace(record, address=address, depends=depends)


def _check_kinds(source: str, target: str) -> None:
    kinds = []
    for text in (source, target):
        try:
            kinds.append(_kind(text))
        except ValueError as problem:
            raise DiagnosticError(
                Diagnostic("bad-address", "Not an address", f"That cannot be an address: {problem}.", address=text)
            ) from problem
    if kinds[0] != kinds[1]:
        raise DiagnosticError(
            Diagnostic(
                "other-kind",
                "The kinds differ",
                f"{source} is of the kind {kinds[0]} and {target} of the kind {kinds[1]}; a record cannot become another kind.",
                address=target,
            )
        )


def _kind(text: str) -> str:
    """The kind of object at an address; a cluster's member is a workspace. A module is a kind of its own here."""
    words = text.split(".")
    if len(words) >= 2 and words[-2] == "module":
        return "module"
    address = Address.parse(text)
    return "workspace" if address.role else address.kind


def _unknown(pattern: str, state: State) -> Diagnostic:
    return Diagnostic(
        "no-such-record",
        "Nothing is recorded at that address",
        f"{pattern} names nothing in the state.{did_you_mean(pattern, state.records)} "
        f"`vwplan state list` shows what there is.",
        address=pattern,
    )

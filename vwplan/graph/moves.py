"""Addresses that change: `moved` laid over the state before anything is evaluated, and `removed`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from vwplan.address import Address, Key, ModulePath, ModuleStep
from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, Problems, Range
from vwplan.graph.model import Moved
from vwplan.hcl.evaluate import Reference
from vwplan.spec.model import Module
from vwplan.state.records import Record, Roster, State

_LONGEST = 64
"""How many moves one object may have made in a row."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """What a `moved` or `removed` block names, within its module: calls on the way, then a block, or nothing for a module.

    `keyed` tells that the last step has a key in the block. `role` and `member` are of a member of a cluster.
    """

    module: ModulePath
    kind: str
    name: str
    key: Key
    role: str = ""
    member: Key = None

    @staticmethod
    def of(reference: Reference) -> Pattern:
        """What a reference names; `ValueError` says why it names nothing that could move."""
        text = reference.text
        if reference.root != "module":
            return Pattern._of_address(Address.parse(text))
        try:
            return Pattern._of_address(Address.parse(text))
        except ValueError:
            # An address ends with a block; to name a whole module, one is added and dropped again.
            address = Address.parse(f"{text}.workspace.x")
            return Pattern(address.module, "", "", None)

    @staticmethod
    def _of_address(address: Address) -> Pattern:
        return Pattern(address.module, address.kind, address.name, address.key, address.role, address.member)

    @property
    def is_module(self) -> bool:
        """Whether a whole module is named."""
        return not self.kind

    @property
    def is_keyed(self) -> bool:
        """Whether one instance is named, and not all of them."""
        return (self.module[-1].key if self.is_module else self.member if self.role else self.key) is not None


@dataclass(frozen=True, slots=True)
class Move:
    """One `moved` block, said in the module at `path` (names of calls)."""

    path: tuple[str, ...]
    source: Pattern
    target: Pattern
    range: Range

    def apply(self, address: Address) -> Address | None:
        """Where an object at an address has moved; None if the block does not speak of it."""
        depth = len(self.path)
        if len(address.module) < depth or any(
            step.name != name for step, name in zip(address.module, self.path, strict=False)
        ):
            return None
        own, rest = address.module[:depth], address.module[depth:]
        if self.source.is_module:
            calls = self.source.module
            if len(rest) < len(calls):
                return None
            moved = _renamed(rest[: len(calls)], calls, self.target.module)
            return None if moved is None else replace(address, module=own + moved + rest[len(calls) :])
        source, target = self.source, self.target
        if rest != source.module or (address.kind, address.name) != (source.kind, source.name):
            return None
        return self._object(address, own + target.module)

    def _object(self, address: Address, module: ModulePath) -> Address | None:
        source, target = self.source, self.target
        if source.role or target.role:
            return self._member(address, module)
        if source.key is not None:
            if address.key != source.key:
                return None
            key = target.key
        elif target.key is not None:
            if address.key is not None:
                return None
            key = target.key
        else:
            key = address.key
        return Address(target.kind, target.name, key, address.role, address.member, module)

    def _member(self, address: Address, module: ModulePath) -> Address | None:
        """Where a member went, or what became one. What the block leaves without a key keeps its own."""
        source, target = self.source, self.target
        if address.role != source.role or (source.key is not None and address.key != source.key):
            return None
        if source.member is not None and address.member != source.member:
            return None
        key: Key = target.key
        member: Key = target.member
        if not source.role:
            if member is None:
                member = 0 if source.key is not None or address.key is None else address.key
        elif not target.role:
            if key is None and source.member is None:
                key = address.member
        else:
            if key is None and source.key is None:
                key = address.key
            if member is None and source.member is None:
                member = address.member
        return Address(
            target.kind, target.name, key, target.role, None if target.role in ("", "head") else member, module
        )


def _renamed(have: ModulePath, source: ModulePath, target: ModulePath) -> ModulePath | None:
    """The calls in front of an address, renamed; a call without a key in the block stands for all its instances."""
    if len(source) != len(target):
        return target if have == source else None
    made: list[ModuleStep] = []
    for step, old, new in zip(have, source, target, strict=True):
        if step.name != old.name or (old.key is not None and step.key != old.key):
            return None
        if old.key is None and new.key is not None and step.key is not None:
            return None
        made.append(ModuleStep(new.name, new.key if old.key is not None or new.key is not None else step.key))
    return tuple(made)


def modules_of(root: Module) -> Iterator[Module]:
    """The root module and all that it calls."""
    todo = [root]
    while todo:
        module = todo.pop()
        yield module
        todo.extend(call.module for call in module.calls.values())


@dataclass(frozen=True, slots=True)
class Relocated:
    """The state's records and rosters by the addresses that they have from now on, and who moved."""

    records: Mapping[str, Record]
    rosters: Mapping[str, Roster]
    moved: tuple[Moved, ...]


def relocated(root: Module, state: State, problems: Problems) -> Relocated:
    """The state with all `moved` blocks laid over it. A move to an address that is recorded already is not made."""
    moves = list(_moves(root, problems))
    if not moves:
        return Relocated(state.records, state.rosters, ())
    by_block: dict[tuple[str, str], list[Move]] = {}
    for move in moves:
        by_block.setdefault((move.source.kind, move.source.name), []).append(move)
    records: dict[str, Record] = {}
    found: list[Moved] = []
    for text, record in state.records.items():
        target, at = _follow(Address.parse(text), by_block)
        if target == text or target in state.records:
            records[text] = record
        elif target in records:
            problems.add(
                Diagnostic(
                    "ambiguous-move",
                    "Two moves to one address",
                    f"{text} and {records[target].address} are both moved to {target}. Only one can be there.",
                    at,
                )
            )
        else:
            records[target] = record
            found.append(Moved(text, target, at))
    rosters = {_follow(Address.parse(text), by_block)[0]: roster for text, roster in state.rosters.items()}
    return Relocated(records, rosters, tuple(found))


def _follow(address: Address, by_block: Mapping[tuple[str, str], list[Move]]) -> tuple[str, Range | None]:
    """Where all moves in a row lead."""
    at: Range | None = None
    for _ in range(_LONGEST):
        for move in (*by_block.get((address.kind, address.name), ()), *by_block.get(("", ""), ())):
            target = move.apply(address)
            if target is not None and target != address:
                address, at = target, move.range
                break
        else:
            break
    return str(address), at


def _moves(root: Module, problems: Problems) -> Iterator[Move]:
    seen: dict[tuple[tuple[str, ...], Pattern], Move] = {}
    reached: dict[tuple[tuple[str, ...], Pattern, bool], Move] = {}
    for module in modules_of(root):
        for block in module.moved:
            try:
                move = Move(module.path, Pattern.of(block.source), Pattern.of(block.target), block.range)
            except ValueError as error:
                problems.add(Diagnostic("invalid-move", "Invalid move", f"{error}.", block.range))
                continue
            fault = _fault(move, module)
            first = seen.setdefault((move.path, move.source), move)
            if first is not move:
                fault = f"{block.source.text} is moved twice; the other time at {first.range}."
            # A move of a whole block names all instances by what is otherwise the only one.
            goal = (move.path, move.target, move.source.is_keyed)
            if not fault and (other := reached.setdefault(goal, move)) is not move:
                fault = f"Something else moves to {block.target.text}, at {other.range}; only one can be there."
            elif _goes_round(move, seen):
                fault = f"The moves lead from {block.source.text} back to itself."
            if fault:
                problems.add(Diagnostic("invalid-move", "Invalid move", fault, block.range))
                continue
            yield move


def _goes_round(move: Move, seen: Mapping[tuple[tuple[str, ...], Pattern], Move]) -> bool:
    """Whether the moves so far lead from a move's target back to it."""
    at: Move | None = move
    for _ in range(len(seen) + 1):
        at = seen.get((move.path, at.target)) if at is not None else None
        if at is move:
            return True
    return False


def _fault(move: Move, module: Module) -> str:
    source, target = move.source, move.target
    if source.is_module != target.is_module:
        return "A module can only move to a module, and an object only to an object."
    alike = source.kind == target.kind or {source.kind, target.kind} == {"workspace", "cluster"}
    if not alike or (source.kind != target.kind and not (source.role or target.role)):
        return (
            f"A {source.kind} cannot become a {target.kind}. (A workspace may become a member of a cluster, and back.)"
        )
    if source == target:
        return "It moves to where it is."
    whole = not source.is_module and source.key is None and not source.role and not source.module
    if whole and target.key is None and f"{source.kind}.{source.name}" in module.resources:
        return f"{source.kind}.{source.name} is still declared, so it has not moved. Take the block out, or the move."
    return ""


def removals(root: Module, problems: Problems) -> dict[str, bool]:
    """The addresses that `removed` blocks name, without keys, with whether what is there is to be destroyed."""
    found: dict[str, bool] = {}
    for module in modules_of(root):
        prefix = "".join(f"module.{name}." for name in module.path)
        for block in module.removed:
            reference = block.source
            if any(not step.attribute for step in reference.steps):
                detail = f"{reference.text} has a key; a removed block names all that a block was, without keys."
                problems.add(Diagnostic("invalid-removal", "Invalid removal", detail, block.range))
                continue
            keys = [str(key) for key in reference.keys]
            declared = f"{reference.root}.{keys[0]}" in module.resources if keys else False
            if reference.root == "module" and len(keys) == 1:
                declared = keys[0] in module.calls
            if declared and len(keys) == 1:
                detail = f"{reference.text} is still declared, so it is not removed. Take the block out, or this one."
                problems.add(Diagnostic("invalid-removal", "Invalid removal", detail, block.range))
                continue
            found[prefix + reference.text] = block.destroy
    return found

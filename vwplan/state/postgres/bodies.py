"""How what a stack's rows say lies in the database: in the clear, or sealed for the place that it is in."""

from __future__ import annotations

from typing import TypeVar

from vwplan.state.cover import PLAN, STATE, About, Cover, RowCover
from vwplan.state.damage import Damaged, NewerFormat
from vwplan.state.postgres import problems
from vwplan.state.postgres.text import text_of
from vwplan.state.problems import sealed_later
from vwplan.state.records import Plain, Record, State
from vwplan.state.snapshot import read_snapshot, write_snapshot

T = TypeVar("T")


class Bodies:
    """The bodies of one stack's rows. `lineage` is the stack's when they were written.

    Reading raises `DiagnosticError` for what was altered or put in another's place, and where there is no key for it.
    """

    def __init__(self, cover: Cover, stack: str, lineage: str, rows: RowCover | None = None) -> None:
        self.cover = cover
        self.stack = stack
        self.lineage = lineage
        self._rows = rows or cover.rows()

    def of(self, lineage: str) -> Bodies:
        """The same of another time, when the stack's lineage was that one."""
        return self if lineage == self.lineage else Bodies(self.cover, self.stack, lineage, self._rows)

    def covers(self, key: Plain) -> bool:
        """Whether what is sealed with a key (None: what is in the clear) lies as it is to lie."""
        name = self._name("something")
        try:
            return self._rows.covers(key, name)
        except Damaged as damage:
            raise problems.altered(name, str(damage), self.stack) from damage

    def text(self, plain: Plain, *place: object) -> str:
        """A body as it is to be written: its place is a table and what names the row there."""
        return self._rows.wrap(text_of(plain), self._place(place))

    def plain(self, body: Plain, *place: object) -> Plain:
        """What a body says."""
        name = self._name(" ".join(map(str, place)))
        try:
            return self._rows.unwrap(body, self._place(place), name)
        except NewerFormat as later:
            raise sealed_later(name, later.format) from later
        except Damaged as damage:
            raise problems.altered(name, str(damage), self.stack) from damage

    def snapshot(self, state: State) -> bytes:
        """A whole state as it is to be written."""
        return self.cover.wrap(write_snapshot(state), About(STATE, state.lineage, state.serial, self.stack))

    def state(self, text: bytes, serial: int) -> State:
        """The whole state that was written at a serial."""
        name = self._name(f"serial {serial} in the history")
        try:
            state = read_snapshot(self.cover.unwrap(text, STATE, name))
            if state.serial != serial:
                raise Damaged(f"it is serial {state.serial}")
            return state
        except NewerFormat as later:
            raise sealed_later(name, later.format) from later
        except Damaged as damage:
            raise problems.altered(name, str(damage), self.stack) from damage

    def plan(self, plan: bytes | None, serial: int) -> bytes | None:
        """The plan of a run as it is to be written."""
        return None if plan is None else self.cover.wrap(plan, About(PLAN, self.lineage, serial, self.stack))

    def plan_text(self, text: bytes) -> bytes:
        """The plan that was written."""
        name = self._name("the plan of a run")
        try:
            return self.cover.unwrap(text, PLAN, name)
        except (Damaged, NewerFormat) as damage:
            raise problems.altered(name, str(damage), self.stack) from damage

    def covered(self, head: bytes) -> bool:
        """Whether a whole text that begins so lies as it is to lie."""
        name = self._name("something")
        try:
            return self.cover.covers(head, name)
        except (Damaged, NewerFormat) as damage:
            raise problems.altered(name, str(damage), self.stack) from damage

    def _place(self, place: tuple[object, ...]) -> str:
        return text_of([self.lineage, *place])

    def _name(self, what: str) -> str:
        return f'{what} of the stack "{self.stack}" in PostgreSQL'


def place_of(record: Record, deposed: bool, version: int) -> tuple[object, ...]:
    """The place of a record's row."""
    return "record", record.identity, record.address, deposed, version

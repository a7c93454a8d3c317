"""A pretended host: what exists on it, kept in one SQLite file so that threads and processes share it.

Each method is one transaction, so a process killed between two of them leaves just what a real one would leave.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from vwplan.dataclass import dataclass

_SCHEMA = """
create table if not exists host (uuid text not null, offline integer not null default 0);
create table if not exists image (digest text primary key, name text not null);
create table if not exists object (
    identity text primary key, kind text not null, name text not null, mark text, arguments text not null,
    parts text not null, power text not null default '', status text not null default '', boots integer not null default 0,
    extra text not null default '{}');
create unique index if not exists object_name on object (kind, name);
create table if not exists claim (kind text not null, value text not null, identity text not null, primary key (kind, value));
create index if not exists claim_identity on claim (identity);
create table if not exists used (identity text not null, user text not null, primary key (identity, user));
create index if not exists used_user on used (user);
create table if not exists heard (identity text primary key, own text not null, society text not null);
create table if not exists society (digest text primary key, text text not null);
"""


@dataclass(frozen=True, slots=True)
class Thing:
    """One object of the world: its identity, mark and arguments as JSON-able values, and the parts made so far.

    `extra` is what else there is to know; in it `context` is what the machine was told of its cluster, left out where that was
    not looked at. Writing a thing without it leaves it as it is.
    """

    identity: str
    kind: str
    name: str
    mark: Mapping[str, Any] | None
    arguments: Mapping[str, Any]
    parts: tuple[str, ...]
    power: str
    status: str
    boots: int
    extra: Mapping[str, Any]


class World:
    """The objects, images, claims and uses of one pretended host."""

    def __init__(self, directory: Path, key: str) -> None:
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = directory / (re.sub(r"[^\w.-]", "_", key) + ".sqlite")
        fresh = not path.exists()
        self._database = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
        self._societies: dict[tuple[int, ...], tuple[Mapping[str, Any], str, str]] = {}
        self._database.execute("pragma synchronous=off")
        if fresh:
            path.chmod(0o600)
            self._database.execute("pragma journal_mode=wal")
        if not self._database.execute("select 1 from sqlite_master where name = 'society'").fetchone():
            with self.transaction():
                for statement in filter(str.strip, _SCHEMA.split(";")):
                    self._database.execute(statement)
                if not self._database.execute("select 1 from host").fetchone():
                    self._database.execute("insert into host (uuid) values (?)", (str(uuid.uuid4()),))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing of what is done inside; other writers wait."""
        self._database.execute("begin immediate")
        try:
            yield
        except BaseException:
            self._database.execute("rollback")
            raise
        self._database.execute("commit")

    @property
    def uuid(self) -> str:
        """The host's own name."""
        return str(self._database.execute("select uuid from host").fetchone()[0])

    @property
    def offline(self) -> bool:
        """Whether the host pretends not to answer."""
        return bool(self._database.execute("select offline from host").fetchone()[0])

    def switch(self, *, offline: bool) -> None:
        """Make the host stop answering, or answer again."""
        self._database.execute("update host set offline = ?", (int(offline),))

    def things(self) -> list[Thing]:
        """Everything on the host."""
        rows = self._database.execute(f"select {_COLUMNS}, own, text from {_WITH_CONTEXT} order by name")
        return [_thing(row) for row in rows]

    def outsides(self) -> Iterator[Thing]:
        """Everything on the host, one by one, but for what machines were told: a whole roster in each of many adds up."""
        return map(_thing, self._database.execute(f"select {_COLUMNS} from object order by name"))

    def thing(self, identity: str) -> Thing | None:
        """One object by its identity."""
        query = f"select {_COLUMNS}, own, text from {_WITH_CONTEXT} where object.identity = ?"
        row = self._database.execute(query, (identity,)).fetchone()
        return _thing(row) if row else None

    def outside(self, identity: str) -> Thing | None:
        """One object by its identity, but for what it was told."""
        row = self._database.execute(f"select {_COLUMNS} from object where identity = ?", (identity,)).fetchone()
        return _thing(row) if row else None

    def bearer(self, kind: str, name: str) -> str | None:
        """The identity of the object that has a name."""
        row = self._database.execute("select identity from object where kind = ? and name = ?", (kind, name)).fetchone()
        return row[0] if row else None

    def exists(self, identity: str) -> bool:
        """Whether there is anything of an object."""
        return self._database.execute("select 1 from object where identity = ?", (identity,)).fetchone() is not None

    def put(self, thing: Thing) -> None:
        """Write an object, new or not."""
        extra = dict(thing.extra)
        context = extra.pop("context", None)
        self._database.execute(
            _PUT,
            (
                thing.identity,
                thing.kind,
                thing.name,
                None if thing.mark is None else _encode(thing.mark),
                _encode(thing.arguments),
                _encode(thing.parts),
                thing.power,
                thing.status,
                thing.boots,
                _encode(extra),
            ),
        )
        if context is not None:
            self._tell(thing.identity, context)

    def _tell(self, identity: str, context: Mapping[str, Any]) -> None:
        """Note what a machine was told; what its whole cluster was told lies there once."""
        shared = {name: item for name, item in context.items() if name != "self"}
        alike = tuple(map(id, shared.values()))
        if alike not in self._societies:
            if len(self._societies) >= _SOCIETIES:
                self._societies.clear()
            text = _encode(shared)
            # The values are kept too, so that their ids stay their own.
            self._societies[alike] = shared, text, hashlib.sha256(text.encode()).hexdigest()[:32]
        _, text, digest = self._societies[alike]
        self._database.execute("insert or ignore into society values (?, ?)", (digest, text))
        own = {name: item for name, item in context.items() if name == "self"}
        self._database.execute("insert or replace into heard values (?, ?, ?)", (identity, _encode(own), digest))

    def put_parts(self, thing: Thing) -> None:
        """Write which parts an object has, and so its power and status; all else is as it was."""
        self._database.execute(
            "update object set parts = ?, power = ?, status = ? where identity = ?",
            (_encode(thing.parts), thing.power, thing.status, thing.identity),
        )

    def remove(self, identity: str) -> None:
        """Take an object away with its claims and uses."""
        with self.transaction():
            for statement in (
                "delete from object where identity = ?",
                "delete from claim where identity = ?",
                "delete from used where user = ?",
                "delete from heard where identity = ?",
            ):
                self._database.execute(statement, (identity,))

    def images(self) -> dict[str, str]:
        """The bases that are complete: digest to name."""
        return dict(self._database.execute("select digest, name from image"))

    def has_image(self, digest: str) -> bool:
        """Whether that base is complete."""
        return self._database.execute("select 1 from image where digest = ?", (digest,)).fetchone() is not None

    def put_image(self, digest: str, name: str) -> None:
        """Stage a base."""
        self._database.execute("insert or replace into image values (?, ?)", (digest, name))

    def remove_image(self, digest: str) -> None:
        """Take a base away."""
        self._database.execute("delete from image where digest = ?", (digest,))

    def holder(self, kind: str, value: str) -> str | None:
        """Who holds a claim, such as a MAC."""
        row = self._database.execute(
            "select identity from claim where kind = ? and value = ?", (kind, value)
        ).fetchone()
        return row[0] if row else None

    def claims(self, kind: str) -> list[str]:
        """All values claimed of one kind."""
        return [row[0] for row in self._database.execute("select value from claim where kind = ?", (kind,))]

    def hold(self, identity: str, claims: list[tuple[str, str]], uses: list[str]) -> None:
        """Set what an object claims and uses, in place of what it did."""
        self._database.execute("delete from claim where identity = ?", (identity,))
        self._database.execute("delete from used where user = ?", (identity,))
        self._database.executemany("insert into claim values (?,?,?)", [(k, v, identity) for k, v in claims])
        self._database.executemany("insert or ignore into used values (?,?)", [(used, identity) for used in uses])

    def users(self, identity: str) -> list[str]:
        """The identities of what uses an object or an image's digest."""
        return [row[0] for row in self._database.execute("select user from used where identity = ?", (identity,))]

    def close(self) -> None:
        """Close the file."""
        self._database.close()


_COLUMNS = "object.identity, kind, name, mark, arguments, parts, power, status, boots, extra"

_WITH_CONTEXT = """object left join heard on heard.identity = object.identity
    left join society on society.digest = heard.society"""

_SOCIETIES = 64
"""Of how many clusters a connection remembers what was told to all members."""

# Not `insert or replace`, which takes the row away and puts another at the end: four times the pages for a change in place.
_PUT = """insert into object (identity, kind, name, mark, arguments, parts, power, status, boots, extra)
    values (?,?,?,?,?,?,?,?,?,?) on conflict (identity) do update set
    kind = excluded.kind, name = excluded.name, mark = excluded.mark, arguments = excluded.arguments, parts = excluded.parts,
    power = excluded.power, status = excluded.status, boots = excluded.boots, extra = excluded.extra"""

_encode = json.JSONEncoder(check_circular=False).encode


def _thing(row: tuple[Any, ...]) -> Thing:
    identity, kind, name, mark, arguments, parts, power, status, boots, extra, *told = row
    others = json.loads(extra)
    if told and told[0] is not None:
        others["context"] = {**json.loads(told[1]), **json.loads(told[0])}
    return Thing(
        identity,
        kind,
        name,
        None if mark is None else json.loads(mark),
        json.loads(arguments),
        tuple(json.loads(parts)),
        power,
        status,
        boots,
        others,
    )

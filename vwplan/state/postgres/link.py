"""A session's line to the server: work that is done once or not at all, and a lease that is kept while it lasts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from vwplan.state.postgres import problems, rows
from vwplan.state.postgres.connection import Server, passes, reason, told
from vwplan.state.postgres.lease import BEATS, Heart, Lease

T = TypeVar("T")

LEAVING = 3.0
"""Seconds that a server is waited for which is to hear that a session is over."""


class Link:
    """What keeps a session going: one connection, made anew when it is lost, and a thread that renews the lease.

    Each commit holds only if the session is still there and the commit before it is: so one that was taken over writes nothing,
    and a commit whose outcome was not seen is found out and never made twice. While the server is away, it is waited for.
    """

    def __init__(self, server: Server, stack: str, session: str, lease: Lease) -> None:
        self.server = server
        self.lease = lease
        self._stack = stack
        self._session = session
        self._mutex = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None
        self._batch = 0
        self._lost = False
        self._heart = Heart(self._beat, lease.length / BEATS)

    @property
    def commits(self) -> int:
        """How many commits were made."""
        return self._batch

    def commit(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        """Do work in a transaction that holds only if the session is still there; the lease is renewed by it.

        When the connection is lost in the commit, the number of the batch in the session's row tells whether it was made:
        asking for that row waits until the former transaction is over, either way.
        """
        number = self._batch + 1
        deadline = self.server.monotonic() + self.server.patience
        result: list[T] = []
        pause = 0.05
        while True:
            asked = self.lease.clock()
            try:
                with self._mutex, self._connected().transaction():
                    connection = self._connected()
                    if self._is_next(connection, number):
                        result = [work(connection)]
                self._batch = number
                self.lease.renewed(asked)
                return result[0]
            except rows.Conflict:
                raise problems.changed_under(self._stack) from None
            except psycopg.errors.UniqueViolation as clash:
                raise problems.changed_under(self._stack) from clash
            except psycopg.Error as problem:
                self._drop_broken()
                if not passes(problem) or self.server.monotonic() > deadline:
                    raise problems.unwritable(reason(problem)) from problem
            self.server.sleep(pause)
            pause = min(pause * 1.6, 1.0)

    def read(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        """The answer to a question that may be asked again."""
        deadline = self.server.monotonic() + self.server.patience
        while True:
            try:
                with self._mutex:
                    return work(self._connected())
            except psycopg.Error as problem:
                self._drop_broken()
                if not passes(problem) or self.server.monotonic() > deadline:
                    raise told(problem) from problem
            self.server.sleep(0.2)

    def leave(self) -> None:
        """Give the session up. When the server does not hear of it, the lease lapses by itself."""
        self._heart.stop()
        until = self.server.monotonic() + min(LEAVING, self.server.patience)
        while not self._lost:
            try:
                with self._mutex:
                    self._connected().execute("DELETE FROM vwplan.sessions WHERE id = %s", (self._session,))
                break
            except psycopg.Error as problem:
                self._drop_broken()
                if not passes(problem) or self.server.monotonic() > until:
                    break
            self.server.sleep(0.1)
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._lost = True

    def _is_next(self, connection: psycopg.Connection[Any], number: int) -> bool:
        """Whether the batch of that number is to be written now; False when it was. `WriteFailed` when it never may be."""
        renewed = connection.execute(
            "UPDATE vwplan.sessions SET batch = %s, lapses = clock_timestamp() + make_interval(secs => %s) "
            "WHERE id = %s AND batch = %s",
            (number, self.lease.length, self._session, number - 1),
        )
        if renewed.rowcount == 1:
            return True
        found = connection.execute("SELECT batch FROM vwplan.sessions WHERE id = %s", (self._session,)).fetchone()
        if found is None:
            self._lost = True
            raise problems.lease_lost(self._stack)
        if found[0] != number:
            raise problems.went_back(self._stack)
        return False

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = self.server.connect()
        return self._connection

    def _drop_broken(self) -> None:
        if self._connection is not None and (self._connection.broken or self._connection.closed):
            self._connection.close()
            self._connection = None

    def _beat(self) -> bool:
        """Renew the lease; False when there is none any more. A server that does not answer is asked again later."""
        if self._lost:
            return False
        asked = self.lease.clock()
        if not self._mutex.acquire(timeout=self.lease.length / BEATS):
            return True
        try:
            renewed = self._connected().execute(
                "UPDATE vwplan.sessions SET lapses = clock_timestamp() + make_interval(secs => %s) WHERE id = %s",
                (self.lease.length, self._session),
            )
            if renewed.rowcount == 0:
                self._lost = True
                return False
            self.lease.renewed(asked)
        except psycopg.Error:
            self._drop_broken()
        finally:
            self._mutex.release()
        return True

"""Connections to the server: time-outs, what a failure means, and trying again for a while."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from vwplan.diagnostics import DiagnosticError
from vwplan.state.postgres import problems

T = TypeVar("T")

_OPTIONS: dict[str, str | int] = {
    "connect_timeout": 10,
    "tcp_user_timeout": 20000,
    "keepalives_idle": 10,
    "application_name": "vwplan",
}
"""What holds unless the conninfo says otherwise."""

_SETTINGS = (
    ("statement_timeout", "30s"),
    ("lock_timeout", "15s"),
    ("idle_in_transaction_session_timeout", "60s"),
    ("client_min_messages", "warning"),
    # Plans are made while tables are still small and kept while they grow; all that is asked for here has an index.
    ("enable_seqscan", "off"),
)

_PASSING = (
    errors.SerializationFailure,
    errors.DeadlockDetected,
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.AdminShutdown,
    errors.CrashShutdown,
    errors.CannotConnectNow,
    errors.IdleInTransactionSessionTimeout,
    errors.TooManyConnections,
    errors.ReadOnlySqlTransaction,
)
"""What the server says of troubles that pass: it restarts, another is first, a standby takes over."""


_REFUSED = ("FATAL", "could not translate", "invalid ")
"""What is in libpq's words when trying again is of no use, unless one of the next is there too."""

_STARTING = ("starting up", "shutting down", "recovery", "too many", "remaining connection slots")

FIRST = 2.0
"""Seconds that a server is waited for which was not reached yet: it may just be starting again."""


def passes(problem: psycopg.Error) -> bool:
    """Whether a failure may be over when it is tried again: the server was lost or is busy, nothing is wrong with what was asked."""
    if isinstance(problem, _PASSING):
        return True
    if not isinstance(problem, psycopg.OperationalError | psycopg.InterfaceError) or problem.sqlstate:
        return False
    words = str(problem)
    return any(each in words for each in _STARTING) or not any(each in words for each in _REFUSED)


def reason(problem: BaseException) -> str:
    """What the server or libpq said, in one line."""
    return " ".join(str(problem).split()).rstrip(".") or type(problem).__name__


class Server:
    """One database, by libpq's connection string; TLS, passwords and services are libpq's business.

    `patience` is how many seconds a server that is lost is waited for.
    """

    def __init__(
        self,
        conninfo: str,
        *,
        patience: float = 60.0,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.conninfo = conninfo
        self.patience = patience
        self.sleep = sleep
        self.monotonic = monotonic

    def connect(self) -> psycopg.Connection[Any]:
        """A connection in autocommit mode, where a commit is on the disk when it returns; raises `psycopg.Error`."""
        given = conninfo_to_dict(self.conninfo)
        wanted = {name: value for name, value in _OPTIONS.items() if name not in given}
        connection = psycopg.connect(make_conninfo(self.conninfo, **wanted), autocommit=True)
        try:
            for name, value in _SETTINGS:
                connection.execute("SELECT set_config(%s, %s, false)", (name, value))
            connection.execute(
                "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
            )
        except BaseException:
            connection.close()
            raise
        return connection

    def ask(self, work: Callable[[psycopg.Connection[Any]], T]) -> T:
        """The answer to a question that may be asked again; a diagnostic when the server cannot be reached."""
        started = self.monotonic()
        patience, pause = min(FIRST, self.patience), 0.05
        while True:
            try:
                with contextlib.closing(self.connect()) as connection:
                    patience = self.patience
                    return work(connection)
            except psycopg.Error as problem:
                if not passes(problem) or self.monotonic() > started + patience:
                    raise told(problem) from problem
            self.sleep(pause)
            pause = min(pause * 1.6, 1.0)


def told(problem: psycopg.Error) -> DiagnosticError:
    """A failure to read, as a diagnostic."""
    return problems.unreachable(reason(problem))

"""What a worker does: one call to a provider, on a slot of its host, with all that can go wrong turned into an answer.

Nothing here knows of plans, journals or other steps; it is given values and returns one.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

from vwplan.dataclass import dataclass
from vwplan.provider.api import (
    Action,
    Connection,
    HostConfiguration,
    Observed,
    Outcome,
    ProviderError,
    Reporter,
    Unreachable,
)

OpenConnection = Callable[[HostConfiguration], Connection]
"""Opens a connection to a host; `Unreachable` when it does not answer."""


class OtherHost(ProviderError):
    """A label answers with another hypervisor's UUID than it had when the plan was made."""


class Slot:
    """The right to make one call at a time to a host, with a connection that is opened when first needed.

    `uuid` is the hypervisor's, as planned (empty: any); after the connection is open, as it says itself.
    """

    __slots__ = ("_connection", "_open", "host", "uuid")

    def __init__(self, host: HostConfiguration, open_connection: OpenConnection, uuid: str) -> None:
        self.host = host
        self.uuid = uuid
        self._open = open_connection
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """The slot's connection; `Unreachable`, or `OtherHost` where another hypervisor answers."""
        if self._connection is None:
            connection = self._open(self.host)
            try:
                found = connection.identify().uuid
                if self.uuid and found != self.uuid:
                    raise OtherHost(
                        "Another hypervisor answers",
                        f"The host {self.host.key} was hypervisor {self.uuid} when this was planned, and {found} answers "
                        f"now. Nothing is done there. Plan again.",
                    )
            except BaseException:
                with contextlib.suppress(Exception):
                    connection.close()
                raise
            self.uuid = found
            self._connection = connection
        return self._connection

    def close(self) -> None:
        """Let the connection go; the next call opens another."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                connection.close()


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one call.

    `outcome` when it succeeded; else `problem`, and what it left: `begun` is false when the host never heard of it, `seen`
    tells whether what is there could be read afterwards, and `left` is that (None: nothing).
    """

    outcome: Outcome | None
    problem: ProviderError | None = None
    begun: bool = True
    seen: bool = False
    left: Observed | None = None
    uuid: str = ""
    elapsed: float = 0.0


def perform(slot: Slot, action: Action, reporter: Reporter) -> Answer:
    """Carry an action out on a slot. After a failure, what is left of the object is read at once."""
    started = time.monotonic()
    try:
        connection = slot.connection()
    except ProviderError as problem:
        return Answer(None, problem, begun=False, elapsed=time.monotonic() - started)
    except Exception as bug:
        return Answer(None, _unexpected(bug), begun=False, elapsed=time.monotonic() - started)
    try:
        outcome = connection.perform(action, reporter)
    except Exception as failure:
        known = failure if isinstance(failure, ProviderError) else _unexpected(failure)
        if isinstance(known, Unreachable):
            slot.close()
        seen, left = _look(slot, action)
        return Answer(None, known, True, seen, left, slot.uuid, time.monotonic() - started)
    return Answer(outcome, uuid=slot.uuid, elapsed=time.monotonic() - started)


def inspect(slot: Slot, kind: str, identity: str, name: str) -> Answer:
    """Read all parts of one object."""
    started = time.monotonic()
    try:
        left = slot.connection().inspect(kind, identity, name)
    except ProviderError as problem:
        return Answer(None, problem, begun=False, elapsed=time.monotonic() - started)
    except Exception as bug:
        return Answer(None, _unexpected(bug), begun=False, elapsed=time.monotonic() - started)
    return Answer(None, None, True, True, left, slot.uuid, time.monotonic() - started)


def _look(slot: Slot, action: Action) -> tuple[bool, Observed | None]:
    try:
        return True, slot.connection().inspect(action.kind, action.identity, action.name)
    except Exception:
        slot.close()
        return False, None


def _unexpected(bug: Exception) -> ProviderError:
    where = ""
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None:
        where = f" at {trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}"
    return ProviderError("The provider failed in a way it does not know", f"{type(bug).__name__}: {bug}{where}")

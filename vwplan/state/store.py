"""What a store is to the rest: where a stack's state is read, and where a session gets the right to change it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from vwplan.state.entries import Begun, Entry, RunEnded, RunStarted
from vwplan.state.fold import Ledger
from vwplan.state.records import State


class Session(Protocol):
    """The right to change one stack's state, until it is closed; used by one thread.

    What is written through it holds from when `write` returns. `WriteFailed` means that nothing more may be begun.
    """

    ledger: Ledger
    """The state as of the last entry, live."""
    broken: bool
    """Whether a write has failed: nothing is written any more."""
    unsaved: list[Entry]
    """What could not be written since."""

    @property
    def unfinished(self) -> tuple[Begun, ...]:
        """The steps that were begun and whose end is not known."""
        ...

    @property
    def dead_runs(self) -> tuple[RunStarted, ...]:
        """The runs that were started and never ended."""
        ...

    def state(self) -> State:
        """The state as of the last entry."""
        ...

    def start(self, run: str, at: float, doing: str, *, plan: bytes | None = None, key_id: str = "") -> RunStarted:
        """Begin a run: the serial is one higher from here on."""
        ...

    def write(self, entries: Sequence[Entry]) -> None:
        """Make entries last, all in one go."""
        ...

    def finish(self, ended: RunEnded) -> None:
        """End a run."""
        ...

    def save_rescue(self, run: str, elsewhere: Sequence[Path] = ()) -> Path | None:
        """Write what could not be written to the first place that takes it; None if none does."""
        ...

    def rescue(self) -> bytes:
        """What could not be written, as text."""
        ...

    def durations(self) -> Mapping[str, float]:
        """How many seconds steps took in earlier runs, by `VERB KIND`."""
        ...

    def keep_durations(self, durations: Mapping[str, float]) -> None:
        """Remember them."""
        ...

    def close(self) -> None:
        """Give the right back."""
        ...

    def __enter__(self) -> Session: ...

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None: ...

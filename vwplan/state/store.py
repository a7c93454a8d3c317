"""What a store is to the rest: where a stack's state is read, and where a session gets the right to change it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from vwplan.state.claims import Claims
from vwplan.state.entries import Begun, Entry, RunEnded, RunStarted
from vwplan.state.fold import Ledger
from vwplan.state.folder import Folder
from vwplan.state.history import Version
from vwplan.state.lock import Holder
from vwplan.state.records import State

if TYPE_CHECKING:
    from vwplan.state.local import Restored, Stored


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

    def claim(self, claims: Claims) -> bool:
        """Claim what a plan is about before its run is started, where a store lets several change one state at once.

        False when others have changed it until then: the plan is to be made again, from `state`, and claimed again. Without a
        claim a run has the whole stack.
        """
        ...

    def changed_since(self, serial: int, names: Collection[str]) -> frozenset[str]:
        """Those of these rows that a run above that serial may have changed; a store that does not know says all of them."""
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


class Store(Protocol):
    """Where one stack's state is kept."""

    @property
    def folder(self) -> Folder:
        """Where the stack's own files are: its key, and in the local store all else."""
        ...

    @property
    def remembered(self) -> str:
        """The lineage that this stack is known to have had, even where its state is lost; empty if it never had one."""
        ...

    def read(self) -> Stored | None:
        """The state as of now, without a lock; None if this stack never had one. A diagnostic if it cannot be trusted."""
        ...

    def lock(self, holder: Holder, *, lineage: str, timeout: float = 0.0) -> Session:
        """The right to change the state, waited for `timeout` seconds; where there was none it is made under `lineage`."""
        ...

    def holder(self) -> Holder | None:
        """Who has that right now, if anybody does."""
        ...

    def held(self, id: str) -> Holder:
        """Who has it under that id; a diagnostic where nobody has."""
        ...

    def force_unlock(self, id: str) -> Holder:
        """Take it away from whoever has it under that id: they begin and write nothing more."""
        ...

    def history(self) -> tuple[Version, ...]:
        """The versions that can be had back, newest first."""
        ...

    def version(self, serial: int) -> State:
        """The state as it was at a serial."""
        ...

    def restore(self, holder: Holder, serial: int | None = None, *, timeout: float = 0.0) -> Restored:
        """Put an earlier version in the place of the state, under a serial above all known."""
        ...

    def push(self, holder: Holder, text: bytes, *, force: bool = False, timeout: float = 0.0) -> Restored:
        """Put a pulled state in the place of this one, under a serial above all known."""
        ...

    def fork(self, holder: Holder, lineage: str, *, timeout: float = 0.0) -> Restored:
        """Give the state a lineage of its own, with no records."""
        ...

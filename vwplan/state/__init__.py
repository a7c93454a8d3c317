"""State: what is known to exist, written so that it is never lost and never lies.

Records, entries, folding and the texts of snapshot and journal are pure; the store, its lock and its sessions write.
"""

from vwplan.state.disk import Disk
from vwplan.state.entries import (
    Begun,
    Ended,
    Entry,
    Outputs,
    Recorded,
    Result,
    Rosters,
    RunEnded,
    RunStarted,
)
from vwplan.state.fold import Ledger, fold, unfinished
from vwplan.state.history import Version
from vwplan.state.keys import StackKey, create_key, load_key
from vwplan.state.local import LocalStore, Restored, Stored
from vwplan.state.lock import Holder
from vwplan.state.problems import WriteFailed
from vwplan.state.records import OutputValue, Ready, Record, Roster, State, Status
from vwplan.state.session import LocalSession
from vwplan.state.snapshot import read_snapshot, write_snapshot
from vwplan.state.store import Session, Store

__all__ = [
    "Begun",
    "Disk",
    "Ended",
    "Entry",
    "Holder",
    "Ledger",
    "LocalSession",
    "LocalStore",
    "OutputValue",
    "Outputs",
    "Ready",
    "Record",
    "Recorded",
    "Restored",
    "Result",
    "Roster",
    "Rosters",
    "RunEnded",
    "RunStarted",
    "Session",
    "StackKey",
    "State",
    "Status",
    "Store",
    "Stored",
    "Version",
    "WriteFailed",
    "create_key",
    "fold",
    "load_key",
    "read_snapshot",
    "unfinished",
    "write_snapshot",
]

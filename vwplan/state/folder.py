"""Where a stack's files lie, under one directory (`.vwplan`).

```
stacks/NAME/snapshot                  the state as of some serial
            journal.SERIAL.jsonl      what happened since
            plan.RUN.json             what the run under way is carrying out
            memory                    which lineage and serial there must be, and where this folder is
            lock  durations
            history/                  earlier snapshots, each with its journal
            older/                    files of an older format, as they were before they were upgraded
known/NAME                            the memory once more, outside of the folder
keys/NAME.key                         the stack key
```
"""

from __future__ import annotations

import re
from pathlib import Path

from vwplan.dataclass import dataclass

PRETENDED = ".simulated"
"""How the names of stacks end whose world is only pretended."""

_JOURNAL = re.compile(r"journal\.(\d+)\.jsonl")


@dataclass(frozen=True, slots=True)
class Folder:
    """The paths of one stack."""

    root: Path
    stack: str

    @property
    def path(self) -> Path:
        """The stack's folder."""
        return self.root / "stacks" / self.stack

    @property
    def snapshot(self) -> Path:
        """The snapshot."""
        return self.path / "snapshot"

    @property
    def memory(self) -> Path:
        """What is remembered, inside the folder."""
        return self.path / "memory"

    @property
    def known(self) -> Path:
        """What is remembered, outside the folder."""
        return self.root / "known" / self.stack

    @property
    def lock(self) -> Path:
        """The file that the operating system's lock is on."""
        return self.path / "lock"

    @property
    def history(self) -> Path:
        """The folder of earlier snapshots and journals."""
        return self.path / "history"

    def older(self, format: int) -> Path:
        """Where the files of an older format lie as they were, once they were upgraded."""
        return self.path / "older" / f"format-{format}"

    @property
    def durations(self) -> Path:
        """How long steps took in earlier runs."""
        return self.path / "durations"

    @property
    def key(self) -> Path:
        """Where the stack key is, unless it is elsewhere."""
        return self.root / "keys" / f"{self.stack}.key"

    def journal(self, base: int) -> Path:
        """The journal that follows the snapshot of a serial."""
        return self.path / f"journal.{base}.jsonl"

    def plan(self, run: str) -> Path:
        """The plan that a run carries out."""
        return self.path / f"plan.{run}.json"

    def rescue(self, run: str) -> Path:
        """What a run could not write in its journal."""
        return self.path / f"rescue.{run}.jsonl"

    def old_snapshot(self, base: int) -> Path:
        """A snapshot in the history."""
        return self.history / f"snapshot.{base}"

    def old_journal(self, base: int) -> Path:
        """A journal in the history."""
        return self.history / f"journal.{base}.jsonl"

    def command(self, words: str) -> str:
        """A command line for this stack, to be shown."""
        return command_line(self.stack, words)


def command_line(stack: str, words: str) -> str:
    """A command line for a stack, to be shown: `vwplan state restore --stack=NAME`."""
    name = stack.removesuffix(PRETENDED)
    option = "" if name == "default" else f" --stack={name}"
    return f"vwplan {words}{option}{'' if name == stack else ' --simulate'}"


def journal_base(path: Path) -> int | None:
    """The serial in a journal's file name, None for any other file."""
    match = _JOURNAL.fullmatch(path.name)
    return int(match[1]) if match else None

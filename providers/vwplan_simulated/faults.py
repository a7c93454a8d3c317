"""Faults to inject: what goes wrong, in which action, and how far that had come.

Written `fail|hang|kill VERB KIND NAME-PATTERN [after PART]`, where a verb or kind may be `*`. `fail` raises, `hang` waits until
the caller gives up, `kill` ends this very process as `kill -9` would.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterable
from fnmatch import fnmatchcase

from vwplan.dataclass import dataclass
from vwplan.provider.api import Action, Interrupted, ProviderError, Refused, Reporter


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault: `part` is empty for before anything was made."""

    what: str
    verb: str
    kind: str
    name: str
    part: str = ""

    def strikes(self, action: Action, part: str) -> bool:
        """Whether it is this action's turn, at this point of it."""
        return (
            self.part == part
            and self.verb in ("*", action.verb.value)
            and self.kind in ("*", action.kind)
            and fnmatchcase(action.name, self.name)
        )


def read_faults(texts: Iterable[str]) -> tuple[Fault, ...]:
    """The faults written as `texts`; `Refused` for one that cannot be read."""
    faults = []
    for text in texts:
        words = text.split()
        if len(words) == 6 and words[4] == "after":
            words = [*words[:4], words[5]]
        if len(words) not in (4, 5) or words[0] not in ("fail", "hang", "kill"):
            raise Refused(
                "Unreadable fault", f"{text!r} is not of the form fail|hang|kill VERB KIND NAME [after PART]."
            )
        faults.append(Fault(*words))
    return tuple(faults)


def strike(faults: tuple[Fault, ...], action: Action, part: str, reporter: Reporter) -> None:
    """Let the faults strike that are due at this point of an action."""
    for fault in faults:
        if not fault.strikes(action, part):
            continue
        if fault.what == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if fault.what == "hang":
            reporter.say("hanging, as asked")
            reporter.stop.wait()
            raise Interrupted("Interrupted", "The call hung, as asked, until it was given up.")
        raise ProviderError("Injected fault", f"{action.verb.value} of {action.kind} {action.name} fails, as asked.")

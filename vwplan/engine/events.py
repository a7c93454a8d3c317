"""What an apply tells while it works: frozen values, made on the coordinator's thread, for whoever listens."""

from __future__ import annotations

from enum import Enum

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic


class StepResult(Enum):
    """How a step ended, as told."""

    OK = "ok"
    FAILED = "failed"
    UNCERTAIN = "uncertain"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Remaining:
    """What is left: steps done or given up so far, of how many, and how many run right now. Barriers are not counted."""

    ended: int
    total: int
    running: int


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The run is written down and begins: its id, the state's new serial, how many steps."""

    run: str
    serial: int
    steps: int


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step was handed to a provider: its id in the plan, what it does, to which resource, on which host."""

    step: str
    verb: str
    key: str
    kind: str
    host: str
    remaining: Remaining


@dataclass(frozen=True, slots=True)
class StepProgress:
    """What a running step is doing, in a few words; `elapsed` seconds since it started."""

    step: str
    key: str
    words: str
    elapsed: float


@dataclass(frozen=True, slots=True)
class StepEnded:
    """A step is over. `note` is something to tell: why it failed, why it was skipped, what a provider left."""

    step: str
    verb: str
    key: str
    kind: str
    result: StepResult
    elapsed: float
    note: str
    remaining: Remaining


@dataclass(frozen=True, slots=True)
class Settled:
    """What a begun step of an earlier run turned out to have left, as a sentence."""

    key: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Stopping:
    """Nothing more is begun, and why; `running` steps are being waited for."""

    reason: str
    running: int


@dataclass(frozen=True, slots=True)
class StateUnwritten:
    """The state could not be written. What was not written lies in `path`, or, where no place took it, is `text` itself."""

    diagnostic: Diagnostic
    path: str
    text: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The run is over: how many resources were added, changed, destroyed and imported, and how many steps ended otherwise."""

    added: int
    changed: int
    destroyed: int
    failed: int
    uncertain: int
    skipped: int
    elapsed: float
    imported: int = 0


Event = RunStarted | StepStarted | StepProgress | StepEnded | Settled | Stopping | StateUnwritten | RunEnded

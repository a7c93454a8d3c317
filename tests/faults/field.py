"""A stack on the simulator, planned by the real planner and applied by the real engine, with crashes where a test wants them."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import patch

sys.path.insert(0, str(Path(__file__).parent.parent / "plan"))
from site_of_tests import Site, Want, image, machine, network, volume

from vwplan.engine.apply import Run, apply
from vwplan.engine.clock import SYSTEM
from vwplan.engine.events import Event
from vwplan.engine.interrupt import Interrupt
from vwplan.engine.observe import observe
from vwplan.engine.recover import Recovered, recover
from vwplan.engine.result import ApplyResult
from vwplan.graph.model import Wanted
from vwplan.plan import HostView, Plan
from vwplan.provider import Action, Connection, HostConfiguration, Observed, Outcome, Reporter, find
from vwplan.state import Disk, Holder, LocalStore, Session, StackKey, State, Status
from vwplan.state.cover import Cover
from vwplan.state.covered import CoveredDisk

__all__ = ["Crash", "Field", "FragileDisk", "Site", "Want", "box", "image", "machine", "network", "twenty", "volume"]

LINEAGE = "6f6f3c9e-0000-4000-8000-0000000000fa"


class Crash(BaseException):
    """The process dies here: nothing of it goes on."""


class Busy:
    """Counts calls under way, so that a test can wait until the threads of a dead run are still."""

    def __init__(self) -> None:
        self._still = threading.Condition()
        self._count = 0

    def __enter__(self) -> None:
        with self._still:
            self._count += 1

    def __exit__(self, *_: object) -> None:
        with self._still:
            self._count -= 1
            self._still.notify_all()

    def wait(self) -> None:
        with self._still:
            assert self._still.wait_for(lambda: self._count == 0, 20)


class Bomb:
    """Counts events, and from the chosen one on lets nothing happen any more, as if the process had died."""

    def __init__(self, at: int = -1) -> None:
        self.at = at
        self.count = 0
        self.lock = threading.Lock()
        self.busy = Busy()

    def tick(self) -> None:
        with self.lock:
            self.count += 1
            if self.dead:
                raise Crash

    @property
    def dead(self) -> bool:
        return 0 <= self.at <= self.count


class FragileDisk(Disk):
    """A disk on which every write is a chance to die or to fail, before it, in the middle of it, or after it."""

    def __init__(self, bomb: Bomb, problem: OSError | None = None, *, torn: bool = False) -> None:
        self.bomb = bomb
        self.problem = problem
        self.torn = torn
        self.open: set[int] = set()

    def _tick(self) -> None:
        try:
            self.bomb.tick()
        except Crash:
            if self.problem is not None:
                raise self.problem from None
            raise

    def write(self, descriptor: int, content: bytes) -> None:
        try:
            self._tick()
        except BaseException:
            if self.torn:
                super().write(descriptor, content[: len(content) * 2 // 3])
            raise
        super().write(descriptor, content)

    def flush(self, descriptor: int) -> None:
        self._tick()
        super().flush(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        self._tick()
        super().rename(source, target)

    def open_lock(self, path: Path) -> int:
        descriptor = super().open_lock(path)
        self.open.add(descriptor)
        return descriptor

    def open_append(self, path: Path) -> int:
        descriptor = super().open_append(path)
        self.open.add(descriptor)
        return descriptor

    def close(self, descriptor: int) -> None:
        if descriptor in self.open:
            self.open.discard(descriptor)
            super().close(descriptor)

    def die(self) -> None:
        """What the system does for a dead process: every descriptor is closed, so the lock goes."""
        for descriptor in list(self.open):
            self.close(descriptor)


class FragileCoveredDisk(CoveredDisk, FragileDisk):
    """The same of a disk that puts a cover on: what is torn is what lies under it."""

    def __init__(self, bomb: Bomb, cover: Cover, *, torn: bool = False) -> None:
        FragileDisk.__init__(self, bomb, torn=torn)
        CoveredDisk.__init__(self, cover)


class FragileConnection:
    """A connection whose every call is a chance to die, before the host hears of it or after it has acted."""

    def __init__(self, inner: Connection, bomb: Bomb) -> None:
        self._inner = inner
        self._bomb = bomb

    def perform(self, action: Action, reporter: Reporter) -> Outcome:
        self._bomb.tick()
        with self._bomb.busy:
            outcome = self._inner.perform(action, reporter)
        self._bomb.tick()
        return outcome

    def inspect(self, kind: str, identity: str, name: str) -> Observed | None:
        self._bomb.tick()
        return self._inner.inspect(kind, identity, name)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class Field(Site):
    """One stack in a folder, on one pretended host. Each `run` is what one command does, from lock to unlock."""

    _runs = itertools.count(1)

    def __init__(self, root: Path, host: Mapping[str, Any] | None = None) -> None:
        super().__init__()
        self.root = root
        self.settings = dict(host or {})
        self.worlds = root / "worlds"
        self.machine = "machine"
        self.key = StackKey(bytes(32))
        self.events: list[Event] = []
        self.listener: Callable[[Event], None] = self.events.append
        self.interrupt = Interrupt()
        self.parallelism = 0
        self.recovered = Recovered()
        self.bomb = Bomb()
        self.disk: Disk = Disk()
        self.plan_now: Plan | None = None
        self.adjust: Callable[[Plan], Plan] = lambda plan: plan
        self.around: Callable[[Connection], Connection] = lambda connection: connection
        self.clock: Any = SYSTEM
        self.cover: Cover | None = None

    @property
    def hosts(self) -> dict[str, HostConfiguration]:
        host = HostConfiguration("simulated", "default", self.settings, str(self.worlds))
        return {host.key: host}

    def open(self, host: HostConfiguration) -> Connection:
        inner = self.around(find("simulated").open(host))
        return inner if self.bomb.at < 0 else FragileConnection(inner, self.bomb)  # type: ignore[return-value]

    def store(self, stack: str = "default") -> LocalStore:
        return LocalStore(self.root / ".vwplan", stack, disk=self.disk, machine=self.machine)

    def slots(self, host: str) -> int:
        """How many calls a host bears at once: four, unless a test says another number."""
        known = self.hosts.get(host)
        return 1 if known is None else int(known.settings.get("slots") or 4)

    def holder(self) -> Holder:
        return Holder(f"lock-{next(self._runs)}", "tester", "here", 1, 1000.0, "apply")

    def new_run(self) -> Run:
        id = f"run-{next(self._runs):06d}"
        return Run(id, "apply", self.hosts, self.open, self.slots, self.clock, self.listener)

    def world(self) -> Mapping[str, HostView]:  # type: ignore[override]
        return observe(self.hosts, lambda host: find("simulated").open(host), 20)

    def lock(self) -> Session:
        return self.store().lock(self.holder(), lineage=LINEAGE)

    def run(self, *wants: Want, wanted: Wanted | None = None, **rest: Any) -> ApplyResult:
        """Lock, settle, observe, plan, apply, unlock. A `Crash` leaves all as it then is, but for the lock."""
        session = self.lock()
        try:
            self.recovered = recover(session, self.new_run())
            self.state = session.state()
            plan = self.plan_of(wanted or self.wanted(*wants, **rest))
            plan = self.adjust(plan)
            self.plan_now = plan
            result = apply(
                plan,
                session,
                self.new_run(),
                key=self.key,
                plan_text=b"{}",
                parallelism=self.parallelism,
                interrupt=self.interrupt,
                rescue_folders=[self.root],
            )
        except Crash:
            if isinstance(self.disk, FragileDisk):
                self.disk.die()
            raise
        finally:
            session.close()
        self.state = result.state
        return result

    def crash(self, *wants: Want, at: int, torn: bool = False, wanted: Wanted | None = None) -> bool:
        """Run, dying at the given event; whether it came to that."""
        self.bomb = Bomb(at)
        self.disk = (
            FragileDisk(self.bomb, torn=torn)
            if self.cover is None
            else FragileCoveredDisk(self.bomb, self.cover, torn=torn)
        )
        bomb = self.bomb
        try:
            with patch("vwplan_simulated.connection.strike", lambda *_: bomb.tick()):
                self.run(*wants, wanted=wanted)
                return False
        except Crash:
            return True
        finally:
            bomb.busy.wait()
            self.bomb = Bomb()
            self.disk = Disk() if self.cover is None else CoveredDisk(self.cover)

    def crash_half_way(self, *wants: Want) -> None:
        """Run, dying at some point where a step is begun and not ended."""
        for at in range(14, 60):
            assert self.crash(*wants, at=at)
            stored = self.store().read()
            if stored is not None and stored.unfinished:
                return
        raise AssertionError("there was no such point")

    def look(self) -> State:
        """The state as a reader sees it."""
        stored = self.store().read()
        assert stored is not None
        return stored.state

    def things(self) -> dict[str, Observed]:
        """What exists, by identity."""
        return dict(self.world()["simulated/default"].objects)

    def begun(self) -> set[str]:
        stored = self.store().read()
        return set() if stored is None else {step.identity for step in stored.unfinished}

    def lost(self) -> list[str]:
        """Objects that exist and that nothing speaks of: neither a record nor a step begun and not ended."""
        stored = self.store().read()
        if stored is None:
            return list(self.things())
        known = {record.identity for record in [*stored.state.records.values(), *stored.state.deposed.values()]}
        known |= {begun.identity for begun in stored.unfinished}
        return [f"{one.kind} {one.name}" for identity, one in self.things().items() if identity not in known]

    def whole(self, wants: Sequence[Want]) -> None:
        """Assert that everything wanted, and nothing else, exists and is recorded, and that nothing is left to do."""
        state = self.look()
        assert set(state.records) == {want.key for want in wants}
        assert not state.deposed
        assert {record.status for record in state.records.values()} <= {Status.PRESENT}
        things = self.things()
        recorded = {record.identity for record in state.records.values() if record.kind != "image"}
        assert set(things) == recorded
        assert all(thing.complete for thing in things.values())
        self.state = state
        plan = self.plan_of(self.wanted(*wants))
        assert plan.empty, [step.verb for step in plan.steps]


def box(
    name: str, number: int, net: str, *, disks: tuple[str, ...] = (), after: tuple[str, ...] = (), **more: Any
) -> Want:
    """A machine with addresses of its own."""
    cidr = {"a": "10.0.0", "b": "10.0.1"}[net]
    nic = {"network": f"@network.{net}", "mac": f"d6:00:00:00:00:{number:02x}", "address": f"{cidr}.{number}"}
    return machine(f"workspace.{name}", disks=disks, after=after, **{"nic": [nic], **more})


def twenty() -> list[Want]:
    """A world of some twenty resources: an image, networks, volumes, machines that depend on each other."""
    wants = [image(), network("a"), network("b", cidr="10.0.1.0/24")]
    wants += [volume(f"v{index}") for index in range(4)]
    wants += [box(f"head{index}", 2 + index, "ab"[index], disks=(f"volume.v{index}",)) for index in (0, 1)]
    wants += [box(f"w{i}", 10 + i, "ab"[i % 2], after=(f"workspace.head{i % 2}",)) for i in range(11)]
    return wants

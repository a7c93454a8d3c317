"""A machine that its disk stopped: it goes on once there is room, and is not taken for running before."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

pytest.importorskip("libvirt")

import libvirt

from vwplan.provider import Action, Mark, Refused, Reporter, Verb
from vwplan_libvirt import power

STOPPED = (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR)
RUNNING = (libvirt.VIR_DOMAIN_RUNNING, libvirt.VIR_DOMAIN_RUNNING_UNPAUSED)


class Machine:
    """libvirt's domain, as far as it is asked: its states one after the other, the last for good."""

    def __init__(self, *states: tuple[int, int], error: int = libvirt.VIR_DOMAIN_DISK_ERROR_NO_SPACE) -> None:
        self._states = self._each(states)
        self._error = error
        self.resumed = 0

    @staticmethod
    def _each(states: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int]]:
        yield from states
        while True:
            yield states[-1]

    def state(self) -> list[int]:
        return list(next(self._states))

    def resume(self) -> None:
        self.resumed += 1

    def diskErrors(self, flags: int) -> dict[str, int]:
        return {"vda": self._error}


def resume(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(power, "_DISK_SECONDS", 0.3)
    monkeypatch.setattr(power, "_POLL", 0.01)
    mark = Mark("l", "i", "workspace.w", 0, "", "run-1")
    action = Action(Verb.POWER, "workspace", "i", "lab-w", mark, {"power": "running"})
    power._resume(machine, action, Reporter(lambda words: None, threading.Event()))


def test_what_its_disk_stops_again_is_no_machine_that_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Refused, match="lab-w was let go on, and is paused again: vda has no room on the host"):
        resume(Machine(STOPPED, RUNNING, RUNNING, STOPPED), monkeypatch)
    broken = Machine(STOPPED, STOPPED, error=libvirt.VIR_DOMAIN_DISK_ERROR_UNSPEC)
    with pytest.raises(Refused, match="vda failed"):
        resume(broken, monkeypatch)


def test_what_can_write_again_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine(STOPPED, RUNNING)
    resume(machine, monkeypatch)
    assert machine.resumed == 1


def test_what_somebody_paused_goes_on_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = Machine((libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER), STOPPED)
    resume(machine, monkeypatch)
    assert machine.resumed == 1

"""What an apply does, told as stories, on the simulator."""

from __future__ import annotations

import errno
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))
from field import Bomb, Field, FragileDisk, box, image, network, twenty, volume

from vwplan.diagnostics import DiagnosticError
from vwplan.engine.apply import apply
from vwplan.engine.events import StateUnwritten, StepEnded, StepProgress, StepResult, StepStarted
from vwplan.engine.resolve import Resolver
from vwplan.kinds import KINDS
from vwplan.plan import HostSeen, Plan, make
from vwplan.provider import Action, Observed, Outcome, Reporter
from vwplan.state import Disk, OutputValue, Status
from vwplan.values import Sensitive


@pytest.fixture
def field(tmp_path: Path) -> Field:
    return Field(tmp_path)


def trio() -> list[Any]:
    return [image(), network("a"), *(box(f"w{index}", 10 + index, "a") for index in range(3))]


class Around:
    """A connection with something in the way."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def ended(field: Field, key: str) -> list[tuple[str, StepResult]]:
    return [(e.verb, e.result) for e in field.events if isinstance(e, StepEnded) and e.key == key]


def test_what_is_wanted_is_made_recorded_and_then_left_alone(field: Field) -> None:
    wants = twenty()
    result = field.run(*wants)
    assert result.ok, result.diagnostics
    assert (result.added, result.changed, result.destroyed) == (len(wants), 0, 0)
    field.whole(wants)
    record = field.look().records["workspace.w0"]
    assert record.writer == result.run
    assert record.ready is not None
    assert record.ready.boot
    assert record.parts == ("disk", "seed", "domain")


def test_a_failure_stops_what_needs_it_and_nothing_else(field: Field) -> None:
    field.settings["faults"] = ["fail create workspace *head0*"]
    wants = twenty()
    result = field.run(*wants)
    assert not result.ok
    assert result.failed == 1
    assert result.uncertain == 0
    state = field.look()
    without = {"workspace.head0", *(f"workspace.w{index}" for index in range(0, 11, 2))}
    present = {key for key, record in state.records.items() if record.status is Status.PRESENT}
    assert present == {want.key for want in wants} - without
    assert state.records["workspace.head0"].status is Status.PENDING
    assert ended(field, "workspace.w0") == [("create", StepResult.SKIPPED), ("power", StepResult.SKIPPED)]
    assert [d.address for d in result.diagnostics] == ["workspace.head0"]
    field.settings["faults"] = []
    birth = state.records["workspace.head0"].birth
    assert field.run(*wants).ok
    field.whole(wants)
    assert field.look().records["workspace.head0"].birth == birth


def test_what_is_half_made_is_recorded_with_its_parts_and_made_anew(field: Field) -> None:
    field.settings["faults"] = ["fail create workspace *w1* after seed"]
    result = field.run(*trio())
    assert result.failed == 1
    record = field.look().records["workspace.w1"]
    assert (record.status, record.parts) == (Status.TAINTED, ("disk", "seed"))
    field.settings["faults"] = []
    assert field.run(*trio()).ok
    field.whole(trio())
    assert field.look().records["workspace.w1"].identity != record.identity


def test_a_machine_that_does_not_become_ready_is_recorded_running_and_tried_again(field: Field) -> None:
    wants = [image(), network("a"), box("w1", 11, "a", ready={"agent": True, "timeout": 60})]
    field.settings["faults"] = ["fail power workspace *w1* after power"]
    result = field.run(*wants)
    assert result.failed == 1
    record = field.look().records["workspace.w1"]
    assert record.status is Status.PRESENT
    assert record.arguments["power"] == "running"
    assert record.ready is None
    field.settings["faults"] = []
    identity = record.identity
    assert field.run(*wants).ok
    after = field.look().records["workspace.w1"]
    assert after.identity == identity
    assert after.ready is not None


def test_a_half_done_delete_keeps_its_record_until_every_part_is_gone(field: Field) -> None:
    assert field.run(*trio()).ok
    field.settings["faults"] = ["fail delete workspace *w2* after domain"]
    result = field.run(*trio()[:-1])
    assert result.failed == 1
    record = field.look().records["workspace.w2"]
    assert (record.status, record.parts) == (Status.TAINTED, ("disk", "seed"))
    field.settings["faults"] = []
    assert field.run(*trio()[:-1]).ok
    field.whole(trio()[:-1])


def test_a_call_that_never_comes_back_is_uncertain_and_settled_by_the_next_command(field: Field) -> None:
    release = threading.Event()

    class Stuck(Around):
        def perform(self, action: Action, reporter: Reporter) -> Outcome:
            outcome: Outcome = self.inner.perform(action, reporter)
            if "w1" in action.name and action.verb.value == "create":
                release.wait(120)
            return outcome

    def hurry(plan: Plan) -> Plan:
        return replace(plan, steps=tuple(replace(s, timeout=0 if "w1" in s.name else 600) for s in plan.steps))

    field.around, field.adjust = Stuck, hurry
    started = time.monotonic()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("vwplan.engine.coordinator.GRACE", 0.3)
        result = field.run(*trio())
    assert time.monotonic() - started < 60
    assert (result.uncertain, result.abandoned, result.added) == (1, 1, 4)
    assert [d.code for d in result.diagnostics] == ["step-uncertain"]
    assert field.lost() == []
    field.around, field.adjust = (lambda inner: inner), (lambda plan: plan)
    release.set()
    assert field.run(*trio()).ok
    assert field.recovered.lines == ("workspace.w1: creating it was begun before: was made",)
    field.whole(trio())


def test_a_host_that_stops_answering_does_not_get_every_step_thrown_at_it(field: Field) -> None:
    assert field.run(image(), network("a")).ok
    from vwplan_simulated.world import World

    calls: list[str] = []

    class Gone(Around):
        def perform(self, action: Action, reporter: Reporter) -> Outcome:
            calls.append(action.name)
            World(field.worlds, "simulated/default").switch(offline=True)
            outcome: Outcome = self.inner.perform(action, reporter)
            return outcome

    field.around, field.parallelism = Gone, 1
    result = field.run(image(), network("a"), *(box(f"w{index}", 10 + index, "a") for index in range(12)))
    World(field.worlds, "simulated/default").switch(offline=False)
    assert len(calls) <= 2
    assert result.uncertain + result.failed <= 3
    assert result.skipped >= 20
    field.around = lambda inner: inner
    wants = [image(), network("a"), *(box(f"w{index}", 10 + index, "a") for index in range(12))]
    assert field.run(*wants).ok
    field.whole(wants)


def test_a_first_interrupt_finishes_what_runs_and_begins_nothing_more(field: Field) -> None:
    def listen(event: object) -> None:
        if isinstance(event, StepStarted) and event.verb == "create" and event.kind == "workspace":
            field.interrupt.request()

    field.listener, field.parallelism = listen, 1
    result = field.run(*twenty())
    assert result.interrupted >= 1
    assert result.failed == 0
    assert result.skipped > 10
    assert field.lost() == []
    assert sum(r.kind == "workspace" and r.status is Status.PRESENT for r in field.look().records.values()) == 1
    field.listener, field.interrupt = (lambda event: None), type(field.interrupt)()
    assert field.run(*twenty()).ok
    field.whole(twenty())


def test_a_first_interrupt_ends_the_waiting_for_a_guest(field: Field) -> None:
    field.settings["faults"] = ["hang power workspace *w0*"]

    def listen(event: object) -> None:
        if isinstance(event, StepProgress):
            field.interrupt.request()

    field.listener = listen
    started = time.monotonic()
    result = field.run(*trio())
    assert time.monotonic() - started < 60
    assert result.failed == 1
    assert field.look().records["workspace.w0"].ready is None


def test_a_second_interrupt_leaves_at_once_and_the_next_command_settles(field: Field) -> None:
    release = threading.Event()

    class Slow(Around):
        def perform(self, action: Action, reporter: Reporter) -> Outcome:
            outcome: Outcome = self.inner.perform(action, reporter)
            if action.kind == "workspace":
                field.interrupt.request()
                field.interrupt.request()
                release.wait(120)
            return outcome

    field.around, field.parallelism = Slow, 1
    started = time.monotonic()
    result = field.run(*trio())
    assert time.monotonic() - started < 60
    assert result.interrupted >= 2
    assert field.lost() == []
    release.set()
    field.around, field.interrupt = (lambda inner: inner), type(field.interrupt)()
    assert field.run(*trio()).ok
    assert len(field.recovered.lines) == 1
    field.whole(trio())


@pytest.mark.parametrize("torn", [False, True], ids=["whole", "torn"])
def test_a_full_disk_stops_all_beginning_and_what_was_made_is_rescued(field: Field, torn: bool) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    wants, rescued, stopped = twenty(), 0, 0
    for at in range(13 if torn else 12, 90, 3):
        site = Field(field.root / f"at{at}")
        site.root.mkdir()
        site.disk = FragileDisk(Bomb(at), full, torn=torn)
        result = None
        try:
            result = site.run(*wants)
        except DiagnosticError as problem:
            assert problem.diagnostics[0].code == "state-unwritable"
        site.disk = Disk()
        told = [event for event in site.events if isinstance(event, StateUnwritten)]
        if result is not None and not result.ok:
            stopped += 1
            assert "state-unwritable" in {diagnostic.code for diagnostic in result.diagnostics}
            assert len(told) == int(result.unwritten)
        if told and result is not None:
            rescued += 1
            assert told[0].path == ""  # nothing took it, so it is told in full
            site.store().folder.rescue(result.run).write_text(told[0].text)
        assert site.run(*wants).ok
        assert site.lost() == []
        site.whole(wants)
        if result is not None and result.ok:
            break
    assert stopped > 3
    assert rescued > 0


def test_a_stale_plan_is_refused_before_anything_is_begun(field: Field) -> None:
    assert field.run(image(), network("a")).ok
    old = field.plan_now
    assert old is not None
    assert field.run(image(), network("a"), volume("v")).ok
    with field.lock() as session, pytest.raises(DiagnosticError) as refused:
        apply(old, session, field.new_run())
    assert refused.value.diagnostics[0].code == "plan-stale"
    assert "serial" in refused.value.diagnostics[0].detail


def test_another_hypervisor_under_the_same_label_is_never_touched(field: Field) -> None:
    field.adjust = lambda plan: replace(
        plan, hosts=(HostSeen("simulated/default", "00000000-0000-4000-8000-000000000001"),)
    )
    result = field.run(*trio())
    assert not result.ok
    assert field.things() == {}
    assert {d.summary for d in result.diagnostics} == {"Another hypervisor answers"}


def test_two_resources_change_places_in_one_go(field: Field) -> None:
    wants = [image(), network("a"), box("x", 10, "a"), box("y", 11, "a")]
    assert field.run(*wants).ok
    before = {key: record.identity for key, record in field.look().records.items()}
    swapped = [image(), network("a"), box("y", 10, "a"), box("x", 11, "a")]
    moves = (("workspace.x", "workspace.y"), ("workspace.y", "workspace.x"))
    assert field.run(*swapped, moved=moves).ok
    after = {key: record.identity for key, record in field.look().records.items()}
    assert after["workspace.x"] == before["workspace.y"]
    assert after["workspace.y"] == before["workspace.x"]
    assert not field.look().deposed


def test_outputs_are_written_unless_what_they_need_failed(field: Field) -> None:
    assert field.run(image(), network("a"), outputs={"one": "first"}).ok
    assert field.look().outputs["one"].value == "first"
    assert field.run(image(), network("a"), outputs={"one": "second", "two": [1, 2]}).ok
    assert {name: o.value for name, o in field.look().outputs.items()} == {"one": "second", "two": [1, 2]}
    assert field.run(image(), network("a")).ok
    assert field.look().outputs == {}


def test_the_longest_path_goes_first(field: Field) -> None:
    wants = [image(), network("a")] + [volume(f"z{index}") for index in range(6)]
    wants.append(box("head", 5, "a"))
    wants.append(box("last", 6, "a", after=("workspace.head",)))
    field.parallelism = 1
    assert field.run(*wants).ok
    order = [event.key for event in field.events if isinstance(event, StepStarted)]
    assert order.index("workspace.head") < min(order.index(f"volume.z{index}") for index in range(6))


def test_a_bug_in_a_provider_is_a_failed_step_and_not_a_traceback(field: Field) -> None:
    class Broken(Around):
        def perform(self, action: Action, reporter: Reporter) -> Outcome:
            if "w1" in action.name:
                raise ZeroDivisionError("oh")
            outcome: Outcome = self.inner.perform(action, reporter)
            return outcome

    field.around = Broken
    result = field.run(*trio())
    assert result.failed == 1
    assert "ZeroDivisionError" in result.diagnostics[0].detail
    assert field.look().records["workspace.w1"].status is Status.PENDING


def test_what_a_failed_call_left_and_cannot_be_read_is_uncertain(field: Field) -> None:
    class Blind(Around):
        def perform(self, action: Action, reporter: Reporter) -> Outcome:
            outcome: Outcome = self.inner.perform(action, reporter)
            if "w1" in action.name:
                raise ZeroDivisionError("oh")
            return outcome

        def inspect(self, kind: str, identity: str, name: str) -> Observed | None:
            raise ConnectionError("gone")

    field.around = Blind
    result = field.run(*trio())
    assert (result.failed, result.uncertain) == (0, 1)
    assert field.lost() == []
    field.around = lambda inner: inner
    assert field.run(*trio()).ok
    field.whole(trio())


def test_a_terminal_that_goes_away_does_not_stop_the_work(field: Field) -> None:
    heard: list[object] = []

    def listen(event: object) -> None:
        heard.append(event)
        raise BrokenPipeError

    field.listener = listen
    assert field.run(*trio()).ok
    assert len(heard) == 1
    field.whole(trio())


def test_a_bug_in_computing_an_output_loses_nothing_that_was_made(field: Field) -> None:
    with field.lock() as session:
        field.state = session.state()
        plan = field.plan_of(field.wanted(*trio(), outputs={"one": 1, "two": 2}))

        def output_of(wanted: Any, lookup: Any) -> OutputValue:
            return OutputValue(1 / (2 - wanted.value), wanted.type)

        result = apply(plan, session, field.new_run(), output_of=output_of)
    assert [d.code for d in result.diagnostics] == ["unexpected"]
    assert "ZeroDivisionError" in result.diagnostics[0].detail
    assert set(field.look().outputs) == {"one"}
    assert len(field.look().records) == len(trio())


def test_what_is_secret_reaches_the_provider_and_never_the_disk(field: Field) -> None:
    given: list[Any] = []

    class Watching(Around):
        def perform(self, action: Action, reporter: Reporter) -> Outcome:
            given.append((action.verb.value, action.arguments.get("user_data"), sorted(action.secrets)))
            outcome: Outcome = self.inner.perform(action, reporter)
            return outcome

    field.around = Watching
    wants = [image(), network("a"), box("w1", 11, "a", user_data=Sensitive("hunter2"))]
    with field.lock() as session:
        field.state = session.state()
        plan = make(
            field.wanted(*wants), field.state, field.world(), kinds=KINDS, stack="t", now=1.0, seal=field.key.hmac
        )
        assert apply(plan, session, field.new_run(), key=field.key).ok
    assert ("create", "hunter2", ["ssh_host_key"]) in given
    record = field.look().records["workspace.w1"]
    assert record.arguments["user_data"] == {"$sensitive": field.key.hmac("hunter2")}
    for path in (field.root / ".vwplan").rglob("*"):
        assert path.is_dir() or b"hunter2" not in path.read_bytes()


def test_a_sealed_secret_is_opened_only_by_the_value_that_was_planned(field: Field) -> None:
    sealed = {"$sensitive": field.key.hmac("hunter2")}
    resolver = Resolver(field.key, lambda leaf, lookup: None, {field.key.hmac("hunter2"): "hunter2"}.__getitem__)
    assert resolver.opened({"a": [sealed]}) == {"a": ["hunter2"]}
    assert resolver.sealed({"a": [sealed]}) == {"a": [sealed]}
    with pytest.raises(DiagnosticError, match="not the one that was planned"):
        resolver.opened({"$sensitive": field.key.hmac("another")})
    plain = {"a": [1, {"b": "c"}]}
    assert resolver.opened(plain) is plain
    assert resolver.sealed(plain) is plain

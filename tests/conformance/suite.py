"""The conformance suite: one class that the tests of any provider inherit.

A provider's test gives a `stage` fixture: a `Stage` that opens connections to a host of its own and knows what a small
network, volume, image and machine look like there. What a driver cannot do at all is named in `Stage.lacks`.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from vwplan.provider import (
    Action,
    Changed,
    Connection,
    Expectation,
    Foreign,
    Mark,
    Observed,
    Outcome,
    Refused,
    Reporter,
    Verb,
    arguments_digest,
)

LINEAGE = "6f6f3c9e-0000-4000-8000-00000000c0de"


@dataclass
class Stage:
    """A host to play on, and what to put on it.

    `image` are the arguments of a small image (with its `source`), `image_name` its base's name and `digest` its id.
    `machine` are further arguments of a machine, such as `ready`. `lacks` are features that the driver does not have. `foreign`
    makes a network of that name by other means than ours, and gives what takes it away.
    """

    open: Callable[[], Connection]
    image: Mapping[str, Any]
    digest: str
    machine: Mapping[str, Any] = field(default_factory=dict)
    lacks: frozenset[str] = frozenset()
    cidr: str = "10.231.7.0/24"
    prefix: str = "vwconf"
    foreign: Callable[[str, str], Callable[[], object]] | None = None


def reporter() -> Reporter:
    return Reporter(lambda words: None, threading.Event())


def action(verb: Verb, kind: str, name: str, arguments: Mapping[str, Any], identity: str, **rest: Any) -> Action:
    mark = rest.pop("mark", None) or Mark(
        LINEAGE, identity, f"{kind}.{name}", 0, arguments_digest(arguments), rest.pop("writer", "run-1")
    )
    return Action(verb, kind, identity, name, mark, arguments, **rest)


class Play:
    """Actions on one connection, which clears away what it made."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.connection = stage.open()
        self.made: list[Action] = []

    def do(self, what: Action) -> Outcome:
        if what.verb in (Verb.CREATE, Verb.STAGE):
            self.made.append(what)
        return self.connection.perform(what, reporter())

    def network(self, **rest: Any) -> Action:
        identity = str(uuid.uuid4())
        arguments = {"cidr": self.stage.cidr, "mode": "isolated", "bridge": f"vwc{identity[:8]}"}
        arguments.update(rest)
        return action(Verb.CREATE, "network", f"{self.stage.prefix}-net-{identity[:8]}", arguments, identity)

    def volume(self, size: int = 16) -> Action:
        identity = str(uuid.uuid4())
        return action(
            Verb.CREATE,
            "volume",
            f"{self.stage.prefix}-vol-{identity[:8]}",
            {"size": size, "format": "qcow2"},
            identity,
        )

    def base(self) -> Action:
        name = f"vwplan-{self.stage.digest.removeprefix('sha256:')}"
        return action(Verb.STAGE, "image", name, self.stage.image, str(uuid.uuid4()))

    def machine(self, network: Action | None = None, **rest: Any) -> Action:
        identity = str(uuid.uuid4())
        arguments: dict[str, Any] = {
            "hostname": f"m{identity[:6]}",
            "image": self.stage.digest,
            "resources": {"cpus": 1, "memory": 128, "disk": 64},
            "nic": [],
            "disk": [],
            "power": "off",
            **self.stage.machine,
        }
        if network is not None:
            mac = "52:54:00:" + ":".join(identity[i : i + 2] for i in (0, 2, 4))
            address = self.stage.cidr.replace("0/24", "20")
            arguments["nic"] = [{"network": network.identity, "mac": mac, "address": address}]
        arguments.update(rest)
        return action(Verb.CREATE, "workspace", f"{self.stage.prefix}-m-{identity[:8]}", arguments, identity)

    def power(self, machine: Action, state: str) -> Outcome:
        return self.do(replace(machine, verb=Verb.POWER, arguments={**machine.arguments, "power": state}))

    def delete(self, what: Action) -> Outcome:
        return self.do(replace(what, verb=Verb.DELETE, expects=None))

    def seen(self, what: Action) -> Observed | None:
        return self.connection.inspect(what.kind, what.identity, what.name)

    def clear(self) -> None:
        for what in reversed(self.made):
            self.delete(what)
        self.connection.close()


class Conformance:
    """The law of `vwplan.provider.api`, case by case."""

    @pytest.fixture
    def play(self, stage: Stage) -> Any:
        play = Play(stage)
        yield play
        play.clear()

    def needs(self, stage: Stage, *features: str) -> None:
        lacking = stage.lacks.intersection(features)
        if lacking:
            pytest.skip(f"this driver has no {', '.join(sorted(lacking))}")

    def test_a_host_says_the_same_name_to_every_connection(self, stage: Stage, play: Play) -> None:
        other = stage.open()
        assert play.connection.identify().uuid == other.identify().uuid
        assert uuid.UUID(play.connection.identify().uuid)
        other.close()

    def test_what_was_made_is_observed_with_its_mark(self, play: Play) -> None:
        network = play.network()
        play.do(network)
        [seen] = [o for o in play.connection.observe().objects if o.identity == network.identity]
        assert seen.mark == network.mark
        assert seen.arguments["cidr"] == network.arguments["cidr"]
        assert seen.complete

    def test_observing_and_inspecting_agree(self, play: Play) -> None:
        network, volume = play.network(), play.volume()
        play.do(network)
        play.do(volume)
        for what in (network, volume):
            [bulk] = [o for o in play.connection.observe().objects if o.identity == what.identity]
            one = play.seen(what)
            assert one is not None
            assert (one.arguments, one.digest, one.parts) == (bulk.arguments, bulk.digest, bulk.parts)

    def test_the_range_of_a_network_counts_as_taken(self, play: Play) -> None:
        play.do(play.network())
        assert play.stage.cidr in play.connection.observe().networks

    def test_creating_the_same_again_succeeds(self, play: Play) -> None:
        network = play.network()
        first = play.do(network)
        again = play.do(network)
        assert first.observed is not None and again.observed is not None
        assert first.observed.digest == again.observed.digest

    def test_creating_the_same_identity_from_other_arguments_is_refused(self, play: Play) -> None:
        network = play.network()
        play.do(network)
        other = {**network.arguments, "domain": "other.test"}
        with pytest.raises(Refused):
            play.do(replace(network, arguments=other, mark=replace(network.mark, digest=arguments_digest(other))))

    def test_a_name_that_is_taken_is_refused(self, play: Play) -> None:
        network = play.network()
        play.do(network)
        with pytest.raises(Refused):
            play.do(replace(play.network(cidr="10.231.8.0/24"), name=network.name))

    def test_deleting_what_is_not_there_succeeds(self, play: Play) -> None:
        for what in (play.network(), play.volume()):
            assert play.delete(what).observed is None

    def test_deleting_twice_succeeds(self, play: Play) -> None:
        network = play.network()
        play.do(network)
        play.delete(network)
        assert play.seen(network) is None
        assert play.delete(network).observed is None

    def test_what_bears_the_mark_of_another_lineage_is_never_touched(self, play: Play) -> None:
        network = play.network()
        play.do(network)
        stranger = replace(network, verb=Verb.DELETE, mark=replace(network.mark, lineage=str(uuid.uuid4())))
        with pytest.raises(Foreign):
            play.do(stranger)
        assert play.seen(network) is not None

    def test_what_another_run_wrote_since_the_plan_is_refused(self, play: Play) -> None:
        network = play.network()
        play.do(network)
        with pytest.raises(Changed):
            play.do(
                replace(
                    network,
                    verb=Verb.DELETE,
                    mark=replace(network.mark, writer="run-2"),
                    expects=Expectation(True, frozenset({"run-0"})),
                )
            )
        assert play.seen(network) is not None

    def test_a_digest_that_differs_from_the_plans_is_refused(self, play: Play) -> None:
        network = play.network()
        play.do(network)
        with pytest.raises(Changed):
            play.do(replace(network, verb=Verb.DELETE, expects=Expectation(True, frozenset({"run-1"}), "0" * 32)))

    def test_a_base_is_staged_once_and_seen(self, play: Play) -> None:
        play.do(play.base())
        play.do(play.base())
        assert play.stage.digest.removeprefix("sha256:") in play.connection.observe().images

    def test_a_base_in_use_is_left_with_a_note(self, play: Play) -> None:
        base, machine = play.base(), play.machine()
        play.do(base)
        play.do(machine)
        assert "left" in play.delete(base).note
        assert play.stage.digest.removeprefix("sha256:") in play.connection.observe().images

    def test_a_base_is_idle_while_nothing_lies_over_it(self, play: Play) -> None:
        digest = play.stage.digest.removeprefix("sha256:")
        base, machine = play.base(), play.machine()
        play.do(base)
        assert digest in play.connection.idle_bases()
        play.do(machine)
        assert digest not in play.connection.idle_bases()
        play.delete(machine)
        assert digest in play.connection.idle_bases()

    def test_a_machine_comes_into_the_world_off_with_all_its_parts(self, play: Play) -> None:
        play.do(play.base())
        machine = play.machine()
        made = play.do(machine).observed
        assert made is not None and made.complete
        assert made.arguments["power"] == "off"
        assert made.arguments["resources"]["memory"] == 128

    def test_a_machine_on_a_network_that_is_not_there_is_refused(self, play: Play) -> None:
        play.do(play.base())
        with pytest.raises(Refused):
            play.do(play.machine(play.network()))

    def test_power_goes_through_its_states(self, play: Play) -> None:
        play.do(play.base())
        machine = play.machine()
        play.do(machine)
        for state in ("running", "paused", "running", "off"):
            seen = play.power(machine, state).observed
            assert seen is not None
            assert seen.arguments["power"] == state

    def test_power_that_is_already_so_is_no_error(self, play: Play) -> None:
        play.do(play.base())
        machine = play.machine()
        play.do(machine)
        play.power(machine, "running")
        assert play.power(machine, "running").observed is not None
        play.power(machine, "off")
        assert play.power(machine, "off").observed is not None

    def test_every_boot_has_another_name(self, play: Play) -> None:
        play.do(play.base())
        machine = play.machine()
        play.do(machine)
        boots = set()
        for _ in range(2):
            seen = play.power(machine, "running").observed
            assert seen is not None and seen.boot
            boots.add(seen.boot)
            play.power(machine, "off")
        assert len(boots) == 2

    def test_memory_changes_while_off(self, play: Play) -> None:
        play.do(play.base())
        machine = play.machine()
        play.do(machine)
        arguments = {**machine.arguments, "resources": {"cpus": 1, "memory": 160, "disk": 64}}
        changed = replace(
            machine,
            verb=Verb.UPDATE,
            arguments=arguments,
            before=machine.arguments,
            changes=("resources.memory",),
            mark=replace(machine.mark, digest=arguments_digest(arguments), writer="run-2"),
        )
        seen = play.do(changed).observed
        assert seen is not None and seen.mark is not None
        assert seen.arguments["resources"]["memory"] == 160
        assert seen.mark.writer == "run-2"

    def test_two_machines_never_share_a_mac(self, play: Play) -> None:
        play.do(play.base())
        network = play.network()
        play.do(network)
        machine = play.machine(network)
        play.do(machine)
        nic = {**machine.arguments["nic"][0], "address": play.stage.cidr.replace("0/24", "21")}
        with pytest.raises(Refused):
            play.do(play.machine(nic=[nic]))

    def test_a_network_in_use_is_not_deleted(self, play: Play) -> None:
        play.do(play.base())
        network = play.network()
        play.do(network)
        play.do(play.machine(network))
        with pytest.raises(Refused):
            play.delete(network)
        assert play.seen(network) is not None

    def test_a_volume_in_use_is_not_deleted(self, play: Play) -> None:
        play.do(play.base())
        volume = play.volume()
        play.do(volume)
        play.do(play.machine(disk=[{"volume": volume.identity}]))
        with pytest.raises(Refused):
            play.delete(volume)

    def test_a_volume_grows(self, play: Play) -> None:
        self.needs(play.stage, "volume growth")
        volume = play.volume(16)
        play.do(volume)
        grown = {**volume.arguments, "size": 32}
        seen = play.do(
            replace(
                volume,
                verb=Verb.UPDATE,
                arguments=grown,
                changes=("size",),
                mark=replace(volume.mark, digest=arguments_digest(grown)),
            )
        ).observed
        assert seen is not None
        assert seen.arguments["size"] == 32

    def test_a_running_machine_is_deleted_whole(self, play: Play) -> None:
        play.do(play.base())
        machine = play.machine()
        play.do(machine)
        play.power(machine, "running")
        assert play.delete(machine).observed is None
        assert play.seen(machine) is None

    def test_acting_on_what_has_gone_says_that_it_changed(self, play: Play) -> None:
        play.do(play.base())
        machine = play.machine()
        play.do(machine)
        play.delete(machine)
        with pytest.raises(Changed):
            play.power(machine, "running")

    @pytest.fixture
    def theirs(self, stage: Stage, play: Play) -> Any:
        """A network that somebody else made, as it is observed."""
        if stage.foreign is None:
            pytest.skip("this driver has nothing of somebody else's")
        name = f"{stage.prefix}-theirs-{uuid.uuid4().hex[:6]}"
        away = stage.foreign(name, stage.cidr.replace(".0/24", ".1"))
        [seen] = [one for one in play.connection.observe().strangers if one.name == name]
        yield seen
        if play.connection.inspect("network", seen.identity, name) is not None:
            away()

    def adopting(self, seen: Observed, **rest: Any) -> Action:
        expects = Expectation(True, frozenset(), seen.digest)
        return action(Verb.ADOPT, seen.kind, seen.name, seen.arguments, seen.identity, expects=expects, **rest)

    def test_what_somebody_else_made_is_touched_by_nothing_but_an_import(self, play: Play, theirs: Observed) -> None:
        assert theirs.mark is None and theirs.complete
        for verb in (Verb.CREATE, Verb.UPDATE, Verb.DELETE):
            with pytest.raises(Foreign):
                play.do(replace(self.adopting(theirs), verb=verb, expects=None))
        assert play.connection.inspect("network", theirs.identity, theirs.name) == theirs

    def test_an_import_writes_the_mark_and_nothing_else_and_can_be_repeated(self, play: Play, theirs: Observed) -> None:
        now = play.do(self.adopting(theirs)).observed
        assert now is not None and now.mark is not None
        assert (now.mark.lineage, now.mark.writer, now.name) == (LINEAGE, "run-1", theirs.name)
        assert (now.arguments, now.digest, now.parts) == (theirs.arguments, theirs.digest, theirs.parts)
        assert now.facts["imported"] is True, "so that it is known where no record is left"
        assert play.do(self.adopting(theirs)).observed == now
        observed = play.connection.observe()
        assert now in observed.objects
        assert theirs.identity not in [one.identity for one in observed.strangers]
        assert play.delete(self.adopting(theirs)).observed is None, "and then it is as any other"

    def test_an_import_of_what_has_changed_or_gone_or_is_another_states_is_refused(
        self, play: Play, theirs: Observed
    ) -> None:
        with pytest.raises(Changed):
            play.do(self.adopting(replace(theirs, digest="0" * 32)))
        with pytest.raises(Changed):
            play.do(self.adopting(replace(theirs, identity=str(uuid.uuid4()))))
        other = Mark(str(uuid.uuid4()), theirs.identity, "network.x", 0, "", "run-9")
        play.do(self.adopting(theirs, mark=other))
        with pytest.raises(Foreign):
            play.do(self.adopting(theirs))
        play.delete(self.adopting(theirs, mark=other))

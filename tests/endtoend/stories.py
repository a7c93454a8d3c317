"""The main job as stories, told once and played on real machines and on pretended ones.

A file that plays them gives the fixtures `lab`, a cluster's stack, and `hands`, somebody on its host. Each story brings the
cluster to where it begins, so they can be played in any order, on one cluster or on a new one for each.
"""

from __future__ import annotations

import json
import shutil
import signal
from pathlib import Path

from workshop import PATIENCE, Hands, Workshop

CLUSTER = """
variable "workers" { type = number }
variable "memory" {
  type    = string
  default = "96 MiB"
}
variable "home" {
  type    = string
  default = "16 MiB"
}

network "fabric" { mode = "isolated" }

volume "home" { size = var.home }

cluster "lab" {
  image = image.tiny
  resources { memory = "96 MiB" }
  nic { network = network.fabric }

  head {
    disk { volume = volume.home }
  }

  workers "compute" {
    count = var.workers
    resources { memory = var.memory }
  }
}

output "workers" { value = cluster.lab.workers.compute[*].hostname }
"""

HEAD = "cluster.lab.head"
ROLE = "cluster.lab.workers.compute"


def worker(index: int) -> str:
    """The address of a worker."""
    return f"{ROLE}[{index}]"


def names(workers: int) -> list[str]:
    """The hostnames of the cluster's members."""
    return ["lab-head", *(f"lab-compute-{index}" for index in range(workers))]


class MainJob:
    """What must be seen at the terminal."""

    def test_a_cluster_comes_up_and_its_members_know_each_other(self, lab: Workshop, hands: Hands) -> None:
        lab.apply(workers=2, memory="96 MiB")
        identities = [lab.identity(address) for address in (HEAD, worker(0), worker(1))]
        for identity in identities:
            assert hands.roster(identity) == names(2)
        assert json.loads(lab.do("output", "--json", "workers")) == names(2)[1:]
        assert "cluster.lab.head" in lab.do("state", "list")
        lab.agrees_with(hands)

    def test_a_third_worker_is_one_more_machine_and_nothing_else(self, lab: Workshop, hands: Hands) -> None:
        lab.apply(workers=2, memory="96 MiB")
        head, first = lab.identity(HEAD), lab.identity(worker(0))
        boots = {identity: hands.boot(identity) for identity in (head, first)}
        lab.let(workers=3)
        assert lab.actions() == {worker(2): ["create"]}
        told = lab.apply()
        assert "Resources: 1 added, 0 changed, 0 destroyed." in told
        assert {identity: hands.boot(identity) for identity in boots} == boots
        assert lab.identity(HEAD) == head
        assert hands.roster(head) == hands.roster(first) == names(3)
        lab.agrees_with(hands)

        lab.let(workers=1)
        assert lab.actions() == {worker(1): ["delete"], worker(2): ["delete"]}
        lab.apply()
        assert {identity: hands.boot(identity) for identity in boots} == boots
        assert hands.roster(head) == hands.roster(first) == names(1)
        assert json.loads(lab.do("output", "--json", "workers")) == names(1)[1:]
        lab.agrees_with(hands)

    def test_more_memory_is_a_restart_in_place(self, lab: Workshop, hands: Hands) -> None:
        lab.apply(workers=1, memory="96 MiB")
        before, head = lab.lasting(worker(0)), lab.identity(HEAD)
        boots = {identity: hands.boot(identity) for identity in (head, before["identity"])}
        lab.let(memory="128 MiB")
        told = lab.do("plan")
        assert f"# {worker(0)} will be updated in-place [restart]" in told
        assert '"96 MiB" -> "128 MiB" # restart' in told
        lab.apply()
        assert lab.lasting(worker(0)) == before
        assert hands.memory(before["identity"]) == 128
        assert hands.boot(before["identity"]) != boots[before["identity"]]
        assert hands.boot(head) == boots[head]
        lab.agrees_with(hands)

    def test_a_killed_machine_is_told_in_words_and_started_alone(self, lab: Workshop, hands: Hands) -> None:
        lab.apply(workers=1)
        before, head = lab.lasting(worker(0)), lab.identity(HEAD)
        boot = hands.boot(head)
        hands.kill(before["identity"])
        told = lab.do("plan")
        assert f"{worker(0)} was running when last applied, is off (crashed) now" in told
        assert lab.actions() == {worker(0): ["update"]}
        lab.apply()
        assert lab.lasting(worker(0)) == before
        assert hands.boot(head) == boot
        assert hands.roster(before["identity"]) == names(1)
        lab.agrees_with(hands)

    def test_a_machine_taken_away_by_hand_is_made_anew(self, lab: Workshop, hands: Hands) -> None:
        lab.apply(workers=1)
        before, head = lab.lasting(worker(0)), lab.identity(HEAD)
        boot = hands.boot(head)
        hands.undefine(before["identity"])
        assert worker(0) in lab.do("plan").partition("vwplan will do")[0]
        assert list(lab.actions()) == [worker(0)]
        lab.apply()
        after = lab.lasting(worker(0))
        assert (after["mac"], after["address"]) == (before["mac"], before["address"])
        assert hands.boot(head) == boot
        assert hands.roster(head) == hands.roster(after["identity"]) == names(1)
        lab.agrees_with(hands)

    def test_a_copy_of_the_folder_cannot_take_the_machines_away(
        self, lab: Workshop, hands: Hands, tmp_path: Path
    ) -> None:
        lab.apply(workers=1)
        copy = Workshop(tmp_path / "copy", lab.words, lab.inside)
        shutil.copytree(lab.folder, copy.folder)
        self.share(lab, copy)
        copy.let(home="20 MiB")
        there = hands.objects()
        for words in (["apply", "--auto-approve"], ["destroy", "--auto-approve"]):
            told = copy.refused(*words)
            assert "Another copy of this state exists" in told
            assert str(lab.folder) in told.replace("\n  ", "")
        assert hands.objects() == there
        lab.settled()
        lab.apply(home="24 MiB")
        assert "Another copy of this state exists" in copy.refused("plan")
        lab.agrees_with(hands)

    def share(self, lab: Workshop, copy: Workshop) -> None:
        """Let a copy of the folder look at the very same host."""

    def test_a_host_that_does_not_answer_has_lost_nothing(self, lab: Workshop, hands: Hands) -> None:
        lab.apply(workers=1)
        records, there = lab.records(), hands.objects()
        hands.cut_off()
        try:
            ran = lab.run("plan")
            assert ran.code == 1, ran
            assert "Error: Host cannot be seen\n  on main.vw.hcl:" in ran.err
            assert "will be created" not in ran.out
            assert "will be destroyed" not in ran.out
            for words in (["apply", "--auto-approve"], ["destroy", "--auto-approve"]):
                assert lab.run(*words).code == 1
            assert lab.records() == records
        finally:
            hands.reconnect()
        assert hands.objects() == there
        lab.settled()

    def test_of_two_applies_at_once_the_second_is_told_who_holds_the_lock(self, lab: Workshop, hands: Hands) -> None:
        lab.apply(workers=1)
        hands.kill(lab.identity(worker(0)))
        first = lab.start("apply", "--auto-approve")
        assert first.stdout is not None
        try:
            for line in first.stdout:
                if line.startswith(f"{worker(0)}: "):
                    break
            # It stands still, so that it is not over before the second one has begun.
            first.send_signal(signal.SIGSTOP)
            try:
                assert first.poll() is None, "the first one was too quick for this story"
                told = lab.refused("apply", "--auto-approve")
            finally:
                first.send_signal(signal.SIGCONT)
            assert f"process {first.pid}" in told
            assert "apply" in told
            ran = lab.run("plan")
            assert ran.code == 0, ran
            assert HEAD in lab.do("show")
        finally:
            out, err = first.communicate(timeout=PATIENCE)
        assert first.returncode == 0, out + err
        lab.settled()

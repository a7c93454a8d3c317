"""A stack of real machines that have nothing to boot, so that they come and go in moments, and what is to be true of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from machines import LibvirtHands, site
from workshop import Workshop

from vwplan.state import LocalStore

WORLD = """
variable "boxes"  { type = number }
variable "memory" { type = number }
variable "home"   { type = number }
variable "tag"    { type = string }

image "empty" {
  source = "${path.module}/empty.raw"
  format = "raw"
}

network "fabric" { mode = "isolated" }

volume "home" { size = "${var.home} MiB" }

workspace "box" {
  count    = var.boxes
  image    = image.empty
  hostname = "box-${var.tag}-${count.index}"
  resources { memory = "${var.memory} MiB" }
  nic { network = network.fabric }
  dynamic "disk" {
    for_each = count.index == 0 ? [1] : []
    content { volume = volume.home }
  }
}
"""


@dataclass
class Yard:
    """The stack, and somebody on its host who can tell whether anything was lost."""

    stack: Workshop
    hands: LibvirtHands

    @classmethod
    def at(cls, folder: Path, hands: LibvirtHands) -> Yard:
        """A new one, named as the hands are, on their host."""
        stack = Workshop(folder, ("--stack", hands.stack))
        stack.write(site(hands.stack, hands.uri, 'shutdown_timeout = "0s"') + WORLD)
        (folder / "empty.raw").write_bytes(bytes(1 << 20))
        stack.let(boxes=2, memory=32, home=4, tag="a")
        return cls(stack, hands)

    def stored(self) -> Any:
        """What lies in the state's folder; None where nothing does."""
        return LocalStore(self.stack.folder / ".vwplan", self.hands.stack).read()

    def lost(self) -> set[str]:
        """What exists, and what neither a record nor a step begun and not ended speaks of."""
        stored = self.stored()
        if stored is None:
            return self.hands.objects()
        known = {record.identity for record in [*stored.state.records.values(), *stored.state.deposed.values()]}
        return self.hands.objects() - known - {begun.identity for begun in stored.unfinished}

    def whole(self) -> None:
        """Assert that what is recorded is all that there is: each machine, network and volume once, with its parts."""
        records = [one for one in self.stack.records().values() if one["kind"] != "image"]
        named = {
            kind: sorted(one["name"] for one in records if one["kind"] == kind) for kind in ("workspace", "network")
        }
        assert sorted(one.name() for one in self.hands.domains()) == named["workspace"]
        assert sorted(one.name() for one in self.hands.networks()) == named["network"]
        assert [one.name() for one in self.hands.domains() + self.hands.networks() if not one.isActive()] == []
        identities = Counter(one["identity"] for one in records)
        assert set(identities.values()) <= {1}
        volumes = Counter(
            "base" if name.startswith("vwplan-") else name.removeprefix("vw-")[:36] for name in self.hands.volumes()
        )
        parts = {"workspace": 3, "volume": 2}
        assert volumes == {
            "base": 3,
            **{one["identity"]: parts[one["kind"]] for one in records if one["kind"] in parts},
        }

"""Cases that random worlds have found (tests/faults/test_worlds.py), each boiled down to what was recorded and what was there."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from site_of_tests import Site, image, machine, told, volume

from vwplan.state.records import Status


def test_a_machine_that_never_came_to_be_does_not_hold_up_the_disk_that_it_was_to_use() -> None:
    site = Site()
    wants = [image(), volume("v"), machine("workspace.w", disks=("volume.v",))]
    site.converge(*wants)
    pending = replace(site.state.records["workspace.w"], status=Status.PENDING, parts=())
    site.lose("workspace.w")
    site.lose("volume.v")
    site.state = site.state.with_record(pending)
    plan = site.plan(*wants)
    assert told(plan) == [
        "delete volume.v",
        "create volume.v < delete volume.v",
        "create workspace.w < create volume.v",
        "power workspace.w < create workspace.w",
    ]
    site.apply(plan)
    assert site.plan(*wants).empty

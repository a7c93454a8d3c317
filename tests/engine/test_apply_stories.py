"""What an apply does, told as stories, on the simulator."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent.parent / "faults"))
from field import Field, image, machine, network, twenty, volume

from vwplan.state import Status


@pytest.fixture
def field(tmp_path: Path) -> Field:
    return Field(tmp_path)


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

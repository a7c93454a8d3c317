"""Outputs as the state keeps them and `output` tells them: every digit, the same the next time, and the type."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dialects import planned

from vwplan.plan.outputs import output_changes
from vwplan.render.outputs import outputs_json
from vwplan.state.records import OutputValue
from vwplan.state.wire import decode, encode, output_from_plain, output_to_plain

SPEC = """
output "third" { value = 10 / 3 }
output "tenth" { value = 0.1 }
output "double" { value = 0.30000000000000004 }
output "tiny" { value = 1e-30 / 3 }
output "logarithm" { value = log(2, 10) }
output "large" { value = 123456789012345678901234567890 }
output "mixed" {
  value = { list = [0.1, 1 / 4, "1.10"], deep = tomap({ a = tolist([1.5, 1 / 3]) }), text = "1/3", set = toset([0.1]) }
}
"""


def _kept(output: OutputValue) -> OutputValue:
    """As it comes back from a state."""
    return output_from_plain(decode(encode(output_to_plain(output)).encode()))


def _applied(folder: Path, text: str) -> tuple[dict[str, OutputValue], tuple]:  # type: ignore[type-arg]
    wanted = planned(folder, {"main": text}).outputs
    return {one.name: _kept(OutputValue(one.value, one.type, one.sensitive)) for one in wanted}, wanted


def test_numbers_are_told_with_every_digit_and_as_numbers(tmp_path: Path) -> None:
    kept, _ = _applied(tmp_path, SPEC)
    told = json.loads(outputs_json(kept), parse_float=Decimal)
    assert str(told["third"]["value"]) == "3." + "3" * 153 + "2"
    assert told["tenth"]["value"] == Decimal("0.1")
    assert told["double"]["value"] == Decimal("0.30000000000000004")
    assert told["logarithm"]["value"] == Decimal("0.30102999566398114")
    assert told["large"]["value"] == 123456789012345678901234567890
    assert told["mixed"]["value"]["list"] == [Decimal("0.1"), Decimal("0.25"), "1.10"]
    assert told["mixed"]["value"]["deep"]["a"][1] * 3 == pytest.approx(1)
    assert told["mixed"]["value"]["text"] == "1/3"


def test_what_was_applied_does_not_differ_the_next_time(tmp_path: Path) -> None:
    kept, wanted = _applied(tmp_path, SPEC)
    assert output_changes(wanted, kept, str) == {}


def test_what_an_earlier_version_wrote_is_read_as_the_number(tmp_path: Path) -> None:
    old = {"value": ["1/4", "x"], "type": ["tuple", ["number", "string"]]}
    assert output_from_plain(old).value == [Fraction(1, 4), "x"]


@pytest.mark.parametrize(
    ("before", "after"),
    [("true", "1"), ("tolist([1])", "[1]"), ('{ a = "x" }', 'tomap({ a = "x" })'), ("{ a = true }", "{ a = 1 }")],
)
def test_another_type_is_a_change(tmp_path: Path, before: str, after: str) -> None:
    kept, _ = _applied(tmp_path, f'output "x" {{ value = {before} }}')
    wanted = planned(tmp_path, {"main": f'output "x" {{ value = {after} }}'}).outputs
    assert list(output_changes(wanted, kept, str)) == ["x"]

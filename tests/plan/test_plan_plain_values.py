"""Plain values: which need no walk before a step, and old names within them given the new ones, few or many."""

from __future__ import annotations

from fractions import Fraction
from types import MappingProxyType
from typing import Any

import pytest

from vwplan.plan.plain import SECRET, ManyNames, is_settled, substituted
from vwplan.values import STRING, Sensitive, Unknown


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({}, id="nothing at all"),
        pytest.param(None, id="a step without a context"),
        pytest.param({"cpus": 2, "nic": [{"mac": "d6:00", "up": True, "mtu": None}]}, id="plain at every depth"),
        pytest.param({"user_data": "caf\u00e9 \ud800"}, id="text of any kind"),
        pytest.param({"weight": 0.5, "parts": ("disk", "seed")}, id="numbers and tuples"),
    ],
)
def test_plain_values_are_settled(value: Any) -> None:
    assert is_settled(value)


@pytest.mark.parametrize(
    "leaf",
    [
        pytest.param(Unknown(STRING), id="late"),
        pytest.param(Sensitive("hunter2"), id="secret"),
        pytest.param(Sensitive(Unknown(STRING)), id="late and secret"),
        pytest.param({SECRET: "ab" * 32}, id="sealed"),
        pytest.param(Fraction(1, 3), id="a number that JSON does not have"),
        pytest.param(MappingProxyType({"a": 1}), id="a mapping that is no dict"),
    ],
)
def test_one_leaf_to_be_looked_at_is_enough(leaf: Any) -> None:
    assert not is_settled({"plain": 1}, {"file": [{"content": leaf}]})
    assert not is_settled((leaf,))


def test_values_nested_too_deeply_are_walked() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    assert not is_settled(deep)


def test_many_names_are_found_in_texts_as_few_are() -> None:
    few = {f"{n:08x}-0000-4000-8000-{n:012x}": f"{n + 1:08x}-1111-4111-8111-{n + 1:012x}" for n in range(0, 60, 2)}
    few |= {f"{old:0>10x}": f"{old:0>10X}" for old in range(0xABC, 0xAFC)}
    value = {
        "whole": next(iter(few)),
        "within": [f"vwplan-0000000abc and {list(few)[3]}, then 0000000aef twice: 0000000aef", 7, None],
        "none": ["10.64.110.200", "short", {"deep": "0000000fff is of nobody"}],
    }
    assert substituted(value, ManyNames(few)) == substituted(value, few) != value
    untouched = {"none": value["none"]}
    assert substituted(untouched, ManyNames(few)) is untouched

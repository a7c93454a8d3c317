"""The static order: long chains, and circles that only this room can see."""

from __future__ import annotations

import itertools

import pytest

from vwplan.diagnostics import DiagnosticError
from vwplan.graph.order import Node, ordered


def _nodes(count: int) -> list[Node]:
    return [Node((), "local", f"n{at}", None, None) for at in range(count)]  # type: ignore[arg-type]


def test_a_chain_of_any_length_is_ordered_without_recursion():
    nodes = _nodes(50_000)
    for one, next_ in itertools.pairwise(nodes):
        one.needs.append(next_)
    assert ordered(nodes) == nodes[::-1]


def test_a_circle_is_told_from_the_same_member_wherever_it_is_entered():
    told = set()
    for turn in range(3):
        nodes = _nodes(3)
        for at, node in enumerate(nodes):
            node.needs.append(nodes[(at + 1) % 3])
        with pytest.raises(DiagnosticError) as caught:
            ordered(nodes[turn:] + nodes[:turn])
        told.add(caught.value.diagnostics[0].detail)
    assert len(told) == 1
    assert "local.n0, local.n1, local.n2" in told.pop()


def test_a_long_chain_of_locals_is_evaluated(stack):
    chain = "".join(f"  l{at} = local.l{at + 1} + 1\n" for at in range(3000))
    stack.write(f'locals {{\n{chain}  l3000 = 0\n}}\noutput "o" {{\n  value = local.l0\n}}\n')
    assert stack.build().outputs[0].value == 3000

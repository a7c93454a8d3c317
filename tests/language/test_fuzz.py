"""A taste of the fuzzing that is run by hand: the same texts each time, so that what it finds stays found."""

from __future__ import annotations

import sys
from itertools import islice
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from fuzz import TARGETS, finds, texts

from vwplan.diagnostics import Source
from vwplan.hcl import parse_expression


@pytest.mark.parametrize("target", TARGETS)
def test_mutated_texts_end_in_a_value_or_in_diagnostics(target: str) -> None:
    *found, (tried, _) = finds(target, seed=1, most=600 if target in ("expressions", "layouts") else 250)
    assert not found, found[0][1]
    assert tried >= 250


def test_what_must_not_happen_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(text: str) -> None:
        raise KeyError(text)

    monkeypatch.setitem(TARGETS, "expressions", (broken, *TARGETS["expressions"][1:]))
    *found, (tried, _) = finds("expressions", seed=1, most=3)
    assert (len(found), tried) == (3, 3)
    assert "KeyError" in found[0][1]


def test_the_same_seed_gives_the_same_texts() -> None:
    first, again, other = (list(islice(texts("specs", seed), 20)) for seed in (1, 1, 2))
    assert first == again != other


def test_texts_are_not_so_spoilt_that_none_is_evaluated() -> None:
    parsed = [parse_expression(Source("test", text)) for text in islice(texts("expressions", 1), 500)]
    assert sum(not problems for _, problems in parsed) > 100

"""A plan that asks more of a host than it has says so, and is a plan all the same: how far a host is filled is for its owner to say."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import SPEC, Shop, machine, shop_in

SMALL = SPEC.replace('alias = "sim"', 'alias = "sim"\n  memory = 600\n  cpus = 2')
"""A host of 600 MiB, on which each machine takes 256 MiB."""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys, SMALL + machine("a") + machine("b"))


def warned(shop: Shop, *words: str) -> str:
    told = shop.do("plan", *words)
    return " ".join((told.out + told.err).split())


def test_more_memory_in_all_than_there_is_is_warned_of_with_both_figures(shop: Shop) -> None:
    assert "too full" not in warned(shop)
    shop.spec(SMALL, machine("a"), machine("b"), machine("c"))
    told = warned(shop)
    assert "Warning: The host would be too full" in told
    assert (
        "simulated.sim/default has 600 MiB of memory, and with this plan the machines that run there would have 768 MiB"
        in told
    )
    assert "5 added" in shop.apply().out


def test_what_runs_there_for_others_counts_too(shop: Shop) -> None:
    shop.apply()
    shop.spec(SMALL, machine("c"))
    assert "would have 768 MiB" in warned(shop, "--stack=other")


def test_a_full_host_is_no_news_where_the_plan_adds_nothing_to_it(shop: Shop) -> None:
    shop.spec(SMALL, machine("a"), machine("b"), machine("c"))
    shop.apply()
    assert "too full" not in warned(shop)
    shop.spec(SMALL, machine("a"), machine("b"), machine("c", 'hostname = "other"'))
    assert "too full" not in warned(shop), "what is made anew takes the place of what goes"
    shop.spec(SMALL, machine("a"), machine("b", 'power = "off"'), machine("c"))
    assert "too full" not in warned(shop)
    assert "too full" not in warned(shop, "--destroy")


def test_a_machine_that_is_off_takes_nothing(shop: Shop) -> None:
    shop.spec(SMALL, machine("a"), machine("b"), machine("c", 'power = "off"'))
    assert "too full" not in warned(shop)


def test_a_machine_with_more_processors_than_the_host_is_warned_of(shop: Shop) -> None:
    shop.spec(SMALL, machine("a").replace("cpus = 1", "cpus = 3"))
    assert "has 2, and these would have more: workspace.a (3)" in warned(shop)

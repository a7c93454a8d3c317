"""`replace = "ask"`: what is to be made anew waits for a second yes, said at the terminal or by `--replace`."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop import SPEC, Shop, machine, shop_in


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    """A shop with one machine that is not to be made anew without being asked for, and an edit that would."""
    found = shop_in(tmp_path, monkeypatch, capsys, SPEC + machine("w", 'lifecycle { replace = "ask" }'))
    found.apply()
    found.spec(SPEC, machine("w", 'lifecycle { replace = "ask" }', 'hostname = "other"'))
    return found


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


def test_auto_approve_alone_is_no_second_yes(shop: Shop) -> None:
    before = shop.record("workspace.w").identity
    told = shop.run("apply", "--auto-approve")
    assert told.code == 1
    assert "A second yes is needed" in told.err
    assert "--replace=workspace.w" in told.err
    assert shop.record("workspace.w").identity == before


def test_auto_approve_with_the_address_is(shop: Shop) -> None:
    before = shop.record("workspace.w").identity
    shop.apply("--replace=workspace.w")
    assert shop.record("workspace.w").identity != before
    assert shop.empty()


@pytest.mark.parametrize(
    ("text", "anew"),
    [
        pytest.param("yes\nyes\n", True, id="both"),
        pytest.param("yes\nno\n", False, id="only the first"),
        pytest.param("yes\n", False, id="nothing more typed"),
        pytest.param("no\nyes\n", False, id="only the second"),
    ],
)
def test_two_questions_at_the_terminal(shop: Shop, monkeypatch: pytest.MonkeyPatch, text: str, anew: bool) -> None:
    before = shop.record("workspace.w").identity
    typed(monkeypatch, text)
    told = shop.run("apply")
    assert told.code == (0 if anew else 1)
    assert (shop.record("workspace.w").identity != before) is anew


def test_nothing_more_is_asked_where_nothing_is_made_anew(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.spec(SPEC, machine("w", 'lifecycle { replace = "ask" }', 'tags = { a = "b" }'))
    typed(monkeypatch, "yes\n")
    shop.do("apply")
    assert shop.record("workspace.w").arguments["tags"] == {"a": "b"}


@pytest.mark.parametrize(("text", "anew"), [("yes\n", True), ("", False)], ids=["said", "nobody there"])
def test_a_saved_plan_asks_for_the_second_yes_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, text: str, anew: bool
) -> None:
    before = shop.record("workspace.w").identity
    shop.do("plan", "--out=p")
    typed(monkeypatch, text)
    told = shop.run("apply", "p")
    assert told.code == (0 if anew else 1), told.err
    assert (shop.record("workspace.w").identity != before) is anew


def test_a_plan_saved_with_the_address_asks_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.do("plan", "--out=p", "--replace=workspace.w")
    typed(monkeypatch, "")
    shop.do("apply", "p")
    assert shop.empty()


def test_a_machine_that_reads_json_is_told_instead_of_asked(shop: Shop) -> None:
    told = shop.run("apply", "--json", "--auto-approve")
    assert told.code == 1
    assert "second-yes" in told.out + told.err or "second yes" in told.out + told.err

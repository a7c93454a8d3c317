"""The stack key lost, or known to others: the stack is given a new one, and goes on."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import SPEC, Shop, machine, shop_in

from vwplan.state import load_key

WORD = '\nvariable "word" {\n  type      = string\n  sensitive = true\n  default   = "hush"\n}\n'


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    shop = shop_in(tmp_path, monkeypatch, capsys, SPEC + WORD + machine("w", 'user_data = "word=${var.word}"'))
    shop.apply()
    return shop


def key(shop: Shop) -> Path:
    return shop.folder / ".vwplan" / "keys" / "default.key"


def test_a_stack_whose_key_is_lost_says_so_and_goes_on_with_a_new_one(shop: Shop) -> None:
    lost = shop.state().key_id
    key(shop).unlink()
    refused = shop.run("plan")
    assert refused.code == 1 and "vwplan state rekey" in " ".join(refused.err.split())
    told = shop.do("state", "rekey", "--auto-approve")
    assert "back it up" in told.out
    assert shop.state().key_id not in ("", lost)
    assert stat.S_IMODE(key(shop).stat().st_mode) == 0o600
    # What derives from the key counts as changed, which the plan shows; once applied there is nothing to do.
    planned = shop.run("plan", "--detailed-exitcode")
    assert planned.code == 2 and "user_data" in planned.out and "hush" not in planned.out
    shop.apply()
    assert shop.empty()


def test_a_key_that_is_replaced_is_kept_aside_and_nothing_is_done_unasked(shop: Shop) -> None:
    before = key(shop).read_bytes()
    assert shop.run("state", "rekey", "--input=false").code == 1
    assert key(shop).read_bytes() == before
    told = shop.do("state", "rekey", "--auto-approve", "--json").json
    assert Path(told["aside"]).read_bytes() == before
    assert key(shop).read_bytes() != before
    assert (told["before"], told["id"]) != (told["id"], told["before"]) and shop.state().key_id == told["id"]
    assert shop.run("plan").code == 0


def test_dying_between_the_key_and_the_state_is_told_and_mended_by_doing_it_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vwplan.state import LocalSession

    class Dead(BaseException):
        pass

    def die(*_: object, **__: object) -> None:
        raise Dead

    with monkeypatch.context() as patched:
        patched.setattr(LocalSession, "start", die)
        with pytest.raises(Dead):
            shop.run("state", "rekey", "--auto-approve")
    assert "The stack key is another one" in shop.run("plan").err
    shop.do("state", "rekey", "--auto-approve")
    assert shop.run("plan").code == 0


def test_what_was_agreed_to_before_is_planned_anew_under_the_new_key(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    from vwplan.cli.main import run
    from vwplan.cli.terminal import Terminal

    asked: list[str] = []

    def ask(self: Terminal, question: str, hint: str) -> str:
        asked.append(question)
        if len(asked) == 1:
            assert run(["state", "rekey", "--auto-approve"]) == 0
        return "yes"

    monkeypatch.setattr(Terminal, "ask", ask)
    told = shop.run("apply", "--var=word=louder")
    assert told.code == 0 and len(asked) == 2
    assert "state was changed while you were asked" in told.out + told.err
    assert load_key(key(shop), known=shop.state().key_id) is not None, "the state is under the key that there is"
    assert shop.empty("--var=word=louder")

"""What `validate` says of variables: one without a value is warned of, a value that cannot be is an error."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import Shop, shop_in

SPEC = 'variable "size" {\n  type = number\n}\n\noutput "o" {\n  value = var.size\n}\n'


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys, SPEC)


def test_a_variable_that_nothing_gives_a_value_is_warned_of_where_it_stands(shop: Shop) -> None:
    told = shop.do("validate")
    assert "is valid" in told.out
    assert "Warning: Missing variable" in told.err and "main.vw.hcl:1:1" in told.err
    found = shop.do("validate", "--json").json
    assert (found["valid"], found["warning_count"], found["error_count"]) == (True, 1, 0)


def test_a_value_that_is_given_is_looked_at(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VW_VAR_size", "7")
    assert shop.do("validate").err == ""
    monkeypatch.setenv("VW_VAR_size", "many")
    told = shop.run("validate")
    assert told.code == 1 and "size" in told.err and "is valid" not in told.out

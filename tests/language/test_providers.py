"""Providers of which there is one for each of a collection, and modules that run on the one of their key."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from dialects import planned

from vwplan.diagnostics import DiagnosticError

PROVIDERS = """
locals { sites = { a = 4, b = 8 } }
provider "simulated" {}
provider "simulated" {
  alias    = "site"
  for_each = local.sites
  cpus     = each.value
}
"""


def _places(folder: Path, files: Mapping[str, str], simulate: bool = False) -> dict[str, str]:
    return {each.key: each.provider for each in planned(folder, files, simulate=simulate).resources}


def _codes(folder: Path, text: str) -> list[str]:
    with pytest.raises(DiagnosticError) as error:
        planned(folder, {"main": PROVIDERS + text}, simulate=False)
    return [each.code for each in error.value.diagnostics]


CALL = """
module "m" {
  source    = "./m"
  for_each  = local.sites
  providers = { simulated = simulated.site[each.key] }
}
"""


def test_a_module_runs_on_the_provider_of_its_key(tmp_path: Path) -> None:
    places = _places(tmp_path, {"main": PROVIDERS + CALL, "m/main": 'network "n" {}'})
    assert places == {
        'module.m["a"].network.n': 'simulated.site["a"]',
        'module.m["b"].network.n': 'simulated.site["b"]',
    }


def test_a_block_may_choose_by_its_own_index(tmp_path: Path) -> None:
    text = 'network "x" {\n  count = 2\n  provider = simulated.site[count.index == 0 ? "b" : "a"]\n}\n'
    places = _places(tmp_path, {"main": PROVIDERS + text})
    assert places == {"network.x[0]": 'simulated.site["b"]', "network.x[1]": 'simulated.site["a"]'}


def test_a_key_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert _codes(tmp_path, 'network "x" { provider = simulated.site["c"] }') == ["unknown-provider"]


def test_one_of_several_must_be_picked_and_of_one_none(tmp_path: Path) -> None:
    assert _codes(tmp_path, 'network "x" { provider = simulated.site }') == ["wrong-key"]
    assert _codes(tmp_path, 'network "y" { provider = simulated["a"] }') == ["wrong-key"]


def test_several_need_an_alias(tmp_path: Path) -> None:
    with pytest.raises(DiagnosticError) as error:
        planned(tmp_path, {"main": 'provider "simulated" { for_each = toset(["a"]) }'})
    assert [each.code for each in error.value.diagnostics] == ["missing-argument"]


def test_a_provider_cannot_depend_on_an_object(tmp_path: Path) -> None:
    text = 'network "n" {}\nprovider "simulated" {\n  alias = "z"\n  for_each = toset([network.n.id])\n}\n'
    assert _codes(tmp_path, text) == ["reference-not-allowed"]


def test_pretending_keeps_the_keys(tmp_path: Path) -> None:
    text = 'provider "libvirt" {\n  alias = "s"\n  for_each = toset(["a"])\n  uri = "test:///${each.key}"\n}\n'
    places = _places(tmp_path, {"main": text + 'network "x" { provider = libvirt.s["a"] }'}, simulate=True)
    assert places == {"network.x": 'simulated.s["a"]'}

"""`removed` blocks: what they name is let go of or destroyed with all that is in it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import SPEC, Shop, shop_in

from vwplan.plan.removal import FORGOTTEN

MEMBER = 'resources { memory = "64 MiB" }\n    nic { network = network.lan }'
CLUSTER = f"""
cluster "c" {{
  image = image.base
  ready {{ timeout = "1s" }}
  head {{
    {MEMBER}
  }}
  workers "w" {{
    count = 2
    {MEMBER}
  }}
}}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys)


def removal(address: str, destroy: bool) -> str:
    return f"removed {{\n  from = {address}\n  lifecycle {{ destroy = {str(destroy).lower()} }}\n}}\n"


def module(shop: Shop, *, repeated: str = "") -> str:
    for name, text in (("m", 'module "k" { source = "../k" }\n'), ("k", "")):
        (shop.folder / name).mkdir(exist_ok=True)
        text += 'volume "v" {\n  count = 2\n  size = "8 MiB"\n}\n'
        (shop.folder / name / "main.vw.hcl").write_text(text)
    return f'module "m" {{\n  source = "./m"\n  {repeated}\n}}\n'


def forgotten(shop: Shop) -> int:
    """How many objects were let go of. There is nothing else but what the spec says."""
    others = [record for key, record in shop.state().records.items() if key not in ("image.base", "network.lan")]
    assert all(record.lifecycle.get(FORGOTTEN) for record in others)
    return len(others)


@pytest.mark.parametrize("destroy", [False, True])
@pytest.mark.parametrize("repeated", ["", "count = 2", 'for_each = toset(["a.b", "c[0]"])'])
def test_a_module_is_removed_with_all_its_instances_and_what_is_in_them(
    shop: Shop, repeated: str, destroy: bool
) -> None:
    shop.spec(SPEC, module(shop, repeated=repeated))
    shop.apply()
    there = sum("volume.v" in key for key in shop.state().records)
    shop.spec(SPEC, removal("module.m", destroy))
    told = shop.do("plan").out
    assert (f"{there} to destroy" in told) == destroy and (f"{there} to forget" in told) != destroy
    shop.apply()
    assert forgotten(shop) == (0 if destroy else there)
    assert shop.empty()


def test_a_module_in_a_module_is_removed_alone(shop: Shop) -> None:
    shop.spec(SPEC, module(shop))
    shop.apply()
    (shop.folder / "m/main.vw.hcl").write_text("")
    shop.spec(SPEC, 'module "m" { source = "./m" }\n', removal("module.m.module.k", False))
    assert "2 to destroy, 2 to forget" in shop.do("plan").out


def test_what_is_said_of_a_part_goes_before_what_is_said_of_the_whole(shop: Shop) -> None:
    shop.spec(SPEC, module(shop))
    shop.apply()
    shop.spec(SPEC, removal("module.m", False), removal("module.m.volume.v", True))
    assert "2 to destroy, 2 to forget" in shop.do("plan").out


@pytest.mark.parametrize("destroy", [False, True])
def test_a_cluster_is_removed_with_its_members(shop: Shop, destroy: bool) -> None:
    shop.spec(SPEC, CLUSTER)
    shop.apply()
    shop.spec(SPEC, removal("cluster.c", destroy))
    told = shop.do("plan").out
    assert ("3 to destroy" in told) == destroy and ("3 to forget" in told) != destroy
    shop.apply()
    assert forgotten(shop) == (0 if destroy else 3)

"""What a stack made and records no more is still on its host: its name, its MAC and its address are not given to anything else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import SPEC, Shop, machine, shop_in

WORKERS = """
cluster "c" {
  image = image.base
  nic { network = network.lan }
  head {}
  workers "w" { count = 2 }
}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys)


def seats(shop: Shop) -> dict[str, tuple[str, str]]:
    """The address and the MAC of each machine on the host, by its name there."""
    nics = {one.name: one.arguments["nic"][0] for one in shop.world().things() if one.kind == "workspace"}
    return {name: (nic["address"], nic["mac"]) for name, nic in nics.items()}


def test_a_forgotten_machine_keeps_its_address_and_its_mac(shop: Shop) -> None:
    shop.spec(SPEC, WORKERS)
    shop.apply()
    before = seats(shop)
    shop.do("state", "rm", "cluster.c.workers.w[0]")
    shop.apply()
    after = seats(shop)
    assert {name: after[name] for name in before} == before
    (newcomer,) = after.keys() - before.keys()
    addresses, macs = zip(*after.values(), strict=True)
    assert len(set(addresses)) == len(addresses) == 4 and len(set(macs)) == 4
    assert after[newcomer][0] == "10.9.0.5"
    assert shop.empty()


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ('name = "x"', "name-taken", 'a workspace named "x" already'),
        ('nic {\n network = network.lan\n mac = "52:54:00:00:00:07"\n}', "mac-taken", "has the MAC address"),
        ('nic {\n network = network.lan\n address = "10.9.0.9"\n}', "address-taken", "has 10.9.0.9 already"),
    ],
)
def test_what_the_spec_gives_twice_because_the_first_was_forgotten_is_refused_before_anything_begins(
    shop: Shop, said: str, code: str, words: str
) -> None:
    shop.spec(SPEC, machine("w", said, network=""))
    shop.apply()
    shop.do("state", "rm", "workspace.w")
    told = shop.run("apply", "--auto-approve")
    assert told.code == 1
    text = " ".join(told.err.split())
    assert words in text and "records no more" in text and "vwplan orphans" in text
    assert "workspace.w" not in shop.state().records
    # As it says: adopted, it is recorded again, and there is nothing to do.
    shop.do("orphans", "adopt", "--auto-approve")
    assert shop.empty()


def test_a_way_back_past_what_was_forgotten_is_refused_while_that_is_in_the_way(shop: Shop) -> None:
    shop.spec(SPEC, machine("w", 'name = "x"'))
    shop.apply()
    serial = shop.state().serial
    shop.do("state", "rm", "workspace.w")
    told = shop.run("rollback", str(serial), "--auto-approve")
    assert told.code == 1 and 'named "x" already' in " ".join(told.err.split())
    assert "workspace.w" not in shop.state().records


def test_what_a_run_that_was_cut_short_has_made_is_in_nobodys_way(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan made before it is settled shows the world as it is, and refuses nothing."""
    from vwplan.state import LocalSession

    shop.spec(SPEC, machine("w", 'name = "x"', 'nic {\n network = network.lan\n address = "10.9.0.9"\n}', network=""))
    write = LocalSession.write

    class Dead(BaseException):
        pass

    def dying(self: LocalSession, entries: list[object]) -> None:
        if any(
            getattr(one, "record", None) and type(one).__name__ == "Ended" and one.record.kind == "workspace"
            for one in entries
        ):
            raise Dead
        write(self, entries)

    with monkeypatch.context() as patched:
        patched.setattr(LocalSession, "write", dying)
        with pytest.raises(Dead):
            shop.run("apply", "--auto-approve")
    assert "x" in seats(shop)
    assert shop.do("plan").code == 0
    shop.apply()
    assert shop.empty()

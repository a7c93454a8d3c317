"""Bad specs at the terminal: exit 1, the place, the line shown and underlined, what is wrong and what to do; nothing touched."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import Shop, shop_in

GOOD = """\
provider "simulated" {}
image "base" { source = "base.raw" }
network "lan" { cidr = "10.9.0.0/24" }
"""

# Reason, what is added to a good spec (from line 4 on), line, column, what is underlined, summary, what is said of it.
CASES = [
    ("a syntax error", 'volume "v" {\n  size = = "5 MiB"\n}', 5, 10, "=", "Missing value", "A value belongs here"),
    ("a string that is not closed", 'volume "v" {\n  size = "5 MiB\n}', 5, 10, '"5 MiB', "Unclosed string", r"Write a line break as \n"),
    ("an unknown argument", 'volume "v" {\n  sise = "5 MiB"\n}', 5, 3, "sise", "Unknown argument", 'Did you mean "size"?'),
    ("a wrong type", 'volume "v" {\n  size = "5 MiB"\n  keep = "maybe"\n}', 6, 10, '"maybe"', "Wrong type", "a bool is required"),
    ("a size without a unit", 'volume "v" {\n  size = "5"\n}', 5, 10, '"5"', "Invalid size", 'Write "5 MiB" or "5 GiB"'),
    ("an undeclared variable", 'volume "v" {\n  size = var.size\n}', 5, 10, "var.size", "Reference to something undeclared", 'variable "size" {}'),
    ("an undeclared resource", 'output "o" {\n  value = image.bass.id\n}', 5, 11, "image.bass", "Reference to something undeclared", 'Did you mean "base"?'),
    ("a cycle", "locals {\n  a = local.b\n  b = local.a\n}", 5, 3, "a", "Cycle", "local.b (main.vw.hcl:6) -> local.a"),
    ("a duplicate", 'network "lan" {}', 4, 1, 'network "lan"', "Declared twice", "on line 3 already"),
    ("a missing variable", 'variable "size" {}\nvolume "v" {\n  size = var.size\n}', 4, 1, 'variable "size"', "Missing variable", "--var size="),
    ("an image that is not there", 'image "i" {\n  source = "none.qcow2"\n}', 5, 12, '"none.qcow2"', "File of the image cannot be read", "there is no such file"),
    ("an address outside its network", 'workspace "w" {\n  image = image.base\n  nic {\n    network = network.lan\n    address = "10.9.1.5"\n  }\n}', 8, 15, '"10.9.1.5"', "Invalid address", "outside its network's range 10.9.0.0/24"),
    ("a count that is late", 'workspace "w" { image = image.base }\nnetwork "n" {\n  count = workspace.w.is_ready ? 1 : 0\n}', 6, 11, "workspace.w.is_ready ? 1 : 0", "Known only after apply", "make count from variables"),
]  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    monkeypatch.setenv("COLUMNS", "100")
    return shop_in(tmp_path, monkeypatch, capsys, GOOD)


def touched(shop: Shop) -> list[object]:
    """All that commands may change, as it is now."""
    files = sorted(
        path for path in (shop.folder / ".vwplan/stacks").rglob("*") if path.is_file() and path.name != "lock"
    )
    return [shop.world("simulated/default").things(), *((path.name, path.read_bytes()) for path in files)]


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize(
    ("reason", "text", "line", "column", "piece", "summary", "words"), CASES, ids=[c[0] for c in CASES]
)
def test_a_bad_spec_is_told_at_its_place_and_nothing_is_touched(
    shop: Shop, reason: str, text: str, line: int, column: int, piece: str, summary: str, words: str
) -> None:
    shop.apply()
    before = touched(shop)
    shop.spec(GOOD, text)
    shown = (GOOD + text).splitlines()[line - 1]
    for command in (["plan"], ["apply", "--auto-approve"]):
        told = shop.run(*command)
        assert told.code == 1, reason
        assert f"Error: {summary}\n  on main.vw.hcl:{line}:{column}" in told.err
        assert re.search(
            rf"^ *{line} \| {re.escape(shown)}\n *\| {' ' * (column - 1)}\^{{{len(piece)}}}$", told.err, re.M
        ), told.err
        assert words in one_line(told.err)
        assert "Traceback" not in told.err
        assert told.out == ""
    assert touched(shop) == before


def test_all_problems_of_a_module_are_told_at_once(shop: Shop) -> None:
    shop.spec(
        GOOD,
        'network "lan" {}\nvolume "v" {\n  sise = "5 MiB"\n  size = "5"\n  keep = "maybe"\n}\noutput "o" { value = var.o }\n',
    )
    told = shop.run("plan")
    assert told.code == 1
    assert re.findall(r"on main\.vw\.hcl:(\d+)", told.err) == ["4", "6", "7", "8", "10"]
    assert shop.run("validate").err == told.err
    found = shop.run("validate", "--json").json
    assert (found["valid"], found["error_count"]) == (False, 5)
    assert [one["range"]["start"]["line"] for one in found["diagnostics"]] == [4, 6, 7, 8, 10]


def test_problems_in_modules_and_in_values_are_told_at_their_own_place(shop: Shop) -> None:
    (shop.folder / "lab").mkdir()
    (shop.folder / "lab" / "main.vw.hcl").write_text('variable "size" {}\nvolume "v" {\n  size = var.size\n}\n')
    shop.spec(GOOD, 'module "lab" {\n  source = "./lab"\n  size   = "many"\n}\n')
    told = shop.run("plan")
    assert told.code == 1
    assert "on lab/main.vw.hcl:3:10" in told.err
    shop.spec(GOOD, 'variable "n" { type = number }\n')
    told = shop.run("plan", "--var", "n=many")
    assert told.code == 1
    assert "--var n" in told.err


def test_a_host_that_does_not_answer_is_told_where_it_is_configured(shop: Shop) -> None:
    shop.spec('provider "libvirt" {\n  uri = "qemu+unix:///system?socket=/nonexistent"\n}\n', 'network "lan" {}\n')
    for command in (["plan"], ["apply", "--auto-approve"], ["plan", "--detailed-exitcode"]):
        told = shop.run(*command)
        assert told.code == 1
        assert "Error: Host cannot be seen\n  on main.vw.hcl:2:9\n  2 |   uri = " in told.err
        assert "will be created" not in told.out
    assert shop.state().records == {}


def test_what_is_on_a_host_out_of_reach_stays_as_it_is_and_the_rest_goes_on(shop: Shop) -> None:
    shop.spec(
        'provider "simulated" {}\nprovider "simulated" { alias = "far" }\nvariable "n" { default = 1 }\n',
        'network "here" { count = var.n }\n',
        'network "there" {\n  provider = simulated.far\n  count    = var.n\n}\n',
        'output "here" { value = network.here[*].cidr }\noutput "there" { value = network.there[*].cidr }\n',
        'output "n" { value = var.n }\n',
    )
    shop.apply()
    shop.world("simulated.far/default").switch(offline=True)
    told = shop.run("apply", "--auto-approve", "--var=n=2")
    assert told.code == 1
    assert "on main.vw.hcl:2:1" in told.err
    assert "All is done but what is on hosts that could not be seen. Resources: 1 added" in told.err
    assert set(shop.state().records) == {"network.here[0]", "network.here[1]", "network.there[0]"}
    outputs = shop.state().outputs
    assert (len(outputs["here"].value), len(outputs["there"].value), outputs["n"].value) == (2, 1, "2")
    told = shop.run("destroy", "--auto-approve", "--var=n=2")
    assert told.code == 1
    assert set(shop.state().records) == {"network.there[0]"}
    assert shop.state().outputs
    shop.world("simulated.far/default").switch(offline=False)
    shop.do("destroy", "--auto-approve")
    assert not shop.state().records and not shop.state().outputs


def test_a_cluster_that_cannot_be_seen_keeps_its_roster(shop: Shop) -> None:
    cluster = 'cluster "c" {\n  image = image.base\n  nic { network = network.lan }\n  head {}\n  workers "w" { count = var.n }\n}\n'
    shop.spec(GOOD, 'variable "n" { default = 1 }\n', cluster)
    shop.apply()
    roster = shop.state().rosters["cluster.c"]
    shop.world("simulated/default").switch(offline=True)
    assert shop.run("apply", "--auto-approve", "--var=n=3").code == 1
    assert shop.state().rosters == {"cluster.c": roster}
    shop.world("simulated/default").switch(offline=False)
    told = shop.run("plan", "--var=n=3")
    assert "a roster of 4 members, to 2 running members" in told.out


def test_hosts_that_nothing_is_about_are_not_asked(shop: Shop) -> None:
    shop.spec(
        'provider "simulated" { alias = "used" }\nprovider "simulated" {}\n',
        'network "lan" { provider = simulated.used }\n',
    )
    shop.apply()
    shop.world("simulated/default").switch(offline=True)
    assert shop.empty()
    shop.spec('provider "simulated" { alias = "used" }\n', 'network "lan" { provider = simulated.used }\n')
    assert shop.empty(), "the libvirt that would be the default is not there, and nobody wants anything of it"
    shop.do("destroy", "--auto-approve")

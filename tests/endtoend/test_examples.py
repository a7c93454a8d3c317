"""Every example, and the tour of the README: laid out as it should be, planned, applied, planned again, taken away."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from workshop import Workshop

from vwplan_simulated.world import World

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted(path.parent.name for path in (ROOT / "examples").glob("*/main.vw.hcl"))
KEPT = {"volumes": {"volume.home"}}
"""What `destroy` leaves of an example, because it says so."""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder that stands for the one that the guest is built in, with an image for cloud-init too."""
    folder = tmp_path / "guest"
    folder.mkdir()
    for name in ("root.qcow2", "vmlinuz", "initrd.gz", "debian.qcow2"):
        (folder / name).write_text(f"stands for {name}")
    return folder


def copy_of(name: str, folder: Path, files: Path) -> Workshop:
    """An example in a folder of its own, on pretended hosts, with images that are there."""
    ignored = shutil.ignore_patterns(".vwplan", "*.auto.vwvars.json")
    shutil.copytree(ROOT / "examples" / name, folder, ignore=ignored)
    copy = Workshop(folder, ("--simulate",), inside=True)
    if name == "environment":
        copy.let(image=str(files / "debian.qcow2"))
    else:
        copy.let(guest=str(files))
    return copy


def left(folder: Path) -> list[str]:
    """The names of all that is on any of the pretended hosts."""
    hosts = (folder / ".vwplan" / "hosts").glob("*.sqlite")
    return [thing.name for path in hosts for thing in World(path.parent, path.stem.replace("_", "/")).things()]


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_does_what_it_says_and_leaves_nothing(tmp_path: Path, files: Path, name: str) -> None:
    example = copy_of(name, tmp_path / name, files)
    assert Workshop(example.folder, inside=True).do("fmt", "-check", "-recursive", "-diff") == ""
    assert "valid" in Workshop(example.folder, inside=True).do("validate")
    example.apply()
    records = example.records()
    assert records
    outputs = json.loads(example.do("output", "--json"))
    assert outputs and all(output["value"] is not None for output in outputs.values())
    example.do("graph")
    example.do("destroy", "--auto-approve")
    kept = KEPT.get(name, set())
    assert {address for address, record in example.records().items() if record["status"] == "kept"} == kept
    assert len(left(example.folder)) == len(kept)
    if kept:
        example.apply()
        assert {address: example.identity(address) for address in kept} == {
            address: records[address]["identity"] for address in kept
        }
        example.do("destroy", "--auto-approve", "--kept")
    assert (example.records(), left(example.folder)) == ({}, [])


def test_each_example_is_in_the_list() -> None:
    listed = re.findall(r"^\| `(\w+)` \|", (ROOT / "examples" / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == EXAMPLES


def test_the_tour_of_the_readme_can_be_taken(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text()
    spec = re.search(r"```hcl\n# (lab\.vw\.hcl)\n(.*?)```", text, re.DOTALL)
    assert spec is not None
    tour = Workshop(tmp_path, inside=True)
    tour.write(spec[0].removeprefix("```hcl\n").removesuffix("```"), spec[1])
    (tmp_path / "debian-12.qcow2").write_text("stands for an image")
    commands = re.findall(r"^\$ vwplan (\S+)(.*?)(?: +#.*)?$", text, re.MULTILINE)
    assert [verb for verb, _ in commands] == ["validate", "plan", "apply", "show", "output", "plan", "graph", "destroy"]
    for verb, rest in commands:
        words = rest.partition("|")[0].split()
        if verb != "validate" and "--simulate" not in words:
            words.append("--simulate")
        if verb in ("apply", "destroy"):
            words.append("--auto-approve")
        told = tour.do(verb, *words)
        assert told
        if verb == "apply":
            tour.words = ("--simulate",)
            tour.settled()
            tour.write((tmp_path / "lab.vw.hcl").read_text().replace("count    = 2", "count    = 3"), "lab.vw.hcl")
            assert list(tour.actions()) == ["cluster.physics.workers.compute[2]"]
            tour.words = ()

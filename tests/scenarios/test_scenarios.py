"""Scenarios: one file each, with the spec before, what happens by hand, the spec after, and the plan with its steps as expected.

Each is carried through the real program on the pretended hypervisor: the spec before is applied, the hands do their work, the plan to
the spec after must read as told, it is applied, and planning again must find nothing. `VW_ACCEPT=1` writes what came out
into the files as what is expected, to be read before it is committed.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from vwplan.cli.main import run
from vwplan_simulated.__main__ import define
from vwplan_simulated.world import World

FILES = sorted(Path(__file__).parent.glob("*.scenario"))

_SECTION = re.compile(r"^--- (\w+)(?: (.*))? ---\n", re.MULTILINE)
_IDENTITY = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_MAC = re.compile(r"\bd6(?::[0-9a-f]{2}){5}\b")

FOLDER = ".vwplan/hosts"


@dataclass(frozen=True)
class Scenario:
    """A file's title and sections; options of the plan command stand behind the name of the section `plan`."""

    title: str
    sections: dict[str, str]
    options: tuple[str, ...]

    @staticmethod
    def read(path: Path) -> Scenario:
        pieces = _SECTION.split(path.read_text())
        sections, options = {}, ""
        for name, words, body in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
            sections[name] = body.strip("\n") + "\n" if body.strip() else ""
            if name == "plan":
                options = words or ""
        return Scenario(pieces[0].strip("# \n"), sections, tuple(options.split()))

    def write(self, path: Path) -> None:
        words = {"plan": " ".join(self.options)}
        text = f"# {self.title}\n"
        for name, body in self.sections.items():
            text += f"\n--- {f'{name} {words.get(name, str())}'.strip()} ---\n{body}"
        path.write_text(text)


def nameless(text: str, folder: Path) -> str:
    """The text with identities, MACs and folders by the order in which they first appear."""
    for pattern, word in ((_IDENTITY, "id"), (_MAC, "mac")):
        for place, found in enumerate(dict.fromkeys(pattern.findall(text)), 1):
            text = text.replace(found, f"<{word} {place}>")
            if word == "id":
                text = text.replace(found.replace("-", "")[:10], f"<{place}>")
    text = re.sub(r"\bvw[0-9a-f]{10}\b", "<bridge>", text)
    return text.replace(str(folder), ".")


@pytest.fixture
def stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with two images to start from."""
    monkeypatch.chdir(tmp_path)
    for name in ("VW_STACK", "VW_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "one.raw").write_bytes(b"1" * 4096)
    (tmp_path / "two.raw").write_bytes(b"2" * 4096)
    return tmp_path


def spec(folder: Path, text: str) -> None:
    (folder / "main.vw.hcl").write_text(text)


def done(*words: str) -> None:
    assert run([*words, "--simulate"]) == 0


def hands(folder: Path, text: str) -> None:
    """What happens outside vwplan: `crash ADDRESS`, `undefine ADDRESS`, `unstage`, `offline`, `define KIND IDENTITY NAME JSON`."""
    snapshot = folder / ".vwplan/stacks/default.simulated"
    for line in text.splitlines():
        verb, _, address = line.partition(" ")
        world = World(folder / FOLDER, "simulated/default")
        if verb == "offline":
            world.switch(offline=True)
        elif verb == "define":
            kind, identity, name, arguments = address.split(" ", 3)
            define(world, kind, name, json.loads(arguments), identity)
        elif verb == "unstage":
            for digest in world.images():
                world.remove_image(digest)
        else:
            identity = identity_of(snapshot, address)
            thing = world.thing(identity)
            assert thing is not None, f"{address} is not there"
            if verb == "crash":
                world.put(replace(thing, power="off", status="crashed"))
            elif verb == "undefine":
                world.remove(identity)
            else:
                raise AssertionError(f"no hand knows how to {verb}")
        world.close()


def identity_of(stack: Path, address: str) -> str:
    from vwplan.state import LocalStore

    stored = LocalStore(stack.parents[1], stack.name).read()
    assert stored is not None
    return stored.state.records[address].identity


def lines_of(text: str) -> Iterator[str]:
    for line in text.splitlines():
        yield line.rstrip()


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_scenario(path: Path, stage: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scenario = Scenario.read(path)
    if scenario.sections.get("before"):
        spec(stage, scenario.sections["before"])
        done("apply", "--auto-approve")
    hands(stage, scenario.sections.get("hands", ""))
    spec(stage, scenario.sections.get("after") or scenario.sections["before"])
    capsys.readouterr()
    code = run(["plan", "--simulate", "--out=the.plan", *scenario.options])
    problems = capsys.readouterr().err
    told = problems
    if code == 0:
        done_show = run(["show", "the.plan"])
        assert done_show == 0
        told = capsys.readouterr().out
    found = nameless("\n".join(lines_of(told)).strip("\n") + "\n", stage)
    if os.environ.get("VW_ACCEPT"):
        replace(scenario, sections={**scenario.sections, "plan": found}).write(path)
    assert found == scenario.sections["plan"]
    if code == 0:
        carry_on(stage, scenario, capsys)


def carry_on(stage: Path, scenario: Scenario, capsys: pytest.CaptureFixture[str]) -> None:
    """Apply what was planned; planning again must find nothing to do."""
    if "incomplete" in scenario.sections["plan"]:
        return
    assert run(["apply", "the.plan"]) == 0, capsys.readouterr().err
    capsys.readouterr()
    if any(option.startswith(("--target", "--exclude", "--refresh-only", "--destroy")) for option in scenario.options):
        return
    assert run(["plan", "--simulate", "--json", "--detailed-exitcode"]) == 0, capsys.readouterr().out
    assert json.loads(capsys.readouterr().out)["empty"] is True


def test_every_scenario_says_what_it_is_about() -> None:
    titles = [Scenario.read(path).title for path in FILES]
    assert FILES and all(titles) and len(set(titles)) == len(titles)

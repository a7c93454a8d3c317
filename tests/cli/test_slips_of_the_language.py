"""Slips of those who know Terraform, in `slips.cases`: each told once, at its file, line and column, with what to do.

A case is `== NAME`, what stands behind a good spec, `-- FILE` before the text of each other file, and `-> COMMAND PLACE WORDS`.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import Shop, shop_in

GOOD = 'provider "simulated" {}\nimage "base" {\n  source = "base.raw"\n  format = "raw"\n}\n'


def cases() -> list[tuple[str, dict[str, str], str, str, str]]:
    """Name, files, command, place and words of each."""
    found = []
    for part in re.split(r"^== ", (Path(__file__).parent / "slips.cases").read_text(), flags=re.M)[1:]:
        name, _, rest = part.partition("\n")
        text, said = re.split(r"^-> ", rest, flags=re.M)
        main, *others = re.split(r"^-- ", text, flags=re.M)
        files = {"main.vw.hcl": GOOD + main}
        for other in others:
            path, _, files_text = other.partition("\n")
            files[path] = files_text
        command, place, words = said.strip().split(" ", 2)
        found.append((name, files, command, place, words))
    return found


@pytest.mark.parametrize(("name", "files", "command", "place", "words"), cases(), ids=[case[0] for case in cases()])
def test_a_slip_is_told_once_where_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    files: dict[str, str],
    command: str,
    place: str,
    words: str,
) -> None:
    shop: Shop = shop_in(tmp_path, monkeypatch, capsys, GOOD)
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    told = shop.run(command, *(["--simulate"] if command == "plan" else []))
    assert told.code == 1, name
    [problem] = told.err.split("Warning: ")[0].split("Error: ")[1:]
    where, _, detail = problem.partition("\n\n")
    assert re.search(rf"^  on {re.escape(place)}\b", where, re.M), told.err
    assert " ".join(detail.split()) == words

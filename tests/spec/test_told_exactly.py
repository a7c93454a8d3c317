"""Problems of specs as users write them: told at the exact place, once, with what was probably meant."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from spec_files import BASE, MAIN, places, problems_of, write


def told(directory: Path, text: str, **more: str) -> list[tuple[str, int, int]]:
    """Code, line and column of what is wrong; lines are counted from the text."""
    files = {name.replace("__", "/").replace("_vw_", ".vw."): content for name, content in more.items()}
    offset = BASE.count("\n")
    found = problems_of(write(directory, {MAIN: BASE + text, **files}))
    return [(code, line - offset, column) for code, line, column in places(found)]


def test_a_module_in_no_directory_that_can_be(tmp_path: Path) -> None:
    assert told(tmp_path, 'module "m" {\n  source = "./sub\\u0000"\n}\n') == [("invalid-source", 2, 12)]


@pytest.mark.parametrize("source", ["x" * 5000, "./" + "x" * 5000, "../" * 5000])
def test_a_module_in_a_directory_of_too_long_a_name(tmp_path: Path, source: str) -> None:
    found = told(tmp_path, f'module "m" {{\n  source = "{source}"\n}}\n')
    assert [(line, column) for _, line, column in found] == [(2, 12)]


def test_an_unknown_input_of_a_module_is_told_at_its_name(tmp_path: Path) -> None:
    text = 'module "m" {\n  source = "./m"\n  nme    = 1\n}\n'
    found = told(tmp_path, text, m__main_vw_hcl='variable "name" {\n  default = 1\n}\n')
    assert found == [("unknown-argument", 3, 3)]


def test_a_provider_that_is_not_declared_is_guessed_from_all_that_there_are(tmp_path: Path) -> None:
    told(tmp_path, 'network "n" {\n  provider = libvrt\n}\n')
    (problem,) = problems_of(tmp_path)
    assert (problem.code, 'Did you mean "libvirt"?' in problem.detail) == ("unknown-provider", True)


@pytest.mark.parametrize(
    "block", ['output "x" {\n  value = 1\n}', 'workspace "x" {\n  image = image.base\n}', "locals {\n}"]
)
def test_what_follows_a_brace_that_is_not_closed_is_not_told_as_well(tmp_path: Path, block: str) -> None:
    text = f'workspace "w" {{\n  image = image.base\n  nic {{\n    network = network.lan\n\n{block}\n'
    assert {code for code, _, _ in told(tmp_path, text)} == {"unclosed-block"}


def test_all_within_a_list_of_ignored_arguments_is_mended(tmp_path: Path) -> None:
    text = 'workspace "w" {\n  image = image.base\n  lifecycle {\n    ignore_changes = [all]\n  }\n}\n'
    assert told(tmp_path, text) == [("unknown-argument", 4, 23)]
    (problem,) = problems_of(tmp_path)
    assert "write ignore_changes = all" in problem.detail


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        pytest.param('workspace "w" {\n  image = image.base\n  ready { dhcp = true }\n}\n', "agent, tcp", id="dhcp"),
    ],
)
def test_what_is_not_there_yet_names_what_to_use(tmp_path: Path, text: str, instead: str) -> None:
    told(tmp_path, text)
    (problem,) = problems_of(tmp_path)
    assert (problem.code, instead in problem.detail) == ("not-yet", True)


def test_a_folder_of_terraform_is_told_how_files_are_named(tmp_path: Path) -> None:
    (problem,) = problems_of(write(tmp_path, {"main.tf": ""}))
    assert (problem.code, "main.tf" in problem.detail) == ("no-spec", True)

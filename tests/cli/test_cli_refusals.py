"""What cannot be done from the command line: exit 1, why, and what to do."""

from __future__ import annotations

import errno
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import WHOLE_SPEC, Shop, shop_in

from vwplan.cli.stack import Stack


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    monkeypatch.setenv("COLUMNS", "100")
    return shop_in(tmp_path, monkeypatch, capsys, WHOLE_SPEC)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["plan", "--outt=x"], "No such option '--outt'"),
        (["plann"], "No such command 'plann'"),
        (["state", "lst"], "No such command 'lst'"),
        (["plan", "--parallelism=-1"], "-1 is not in the range"),
        (["plan", "--parallelism=x"], "'x' is not a valid int"),
        (["plan", "--var", "size"], "write --var name=value"),
        (["plan", "--var", "sise=1"], 'The spec has no variable "sise". Did you mean "size"?'),
        (["plan", "--var-file=none.hcl"], "none.hcl cannot be read: there is no such file"),
        (["plan", "--target=workspace.lgin"], "--target=workspace.lgin matches nothing"),
        (["plan", "--replace=nothing.here"], "--replace=nothing.here matches nothing"),
        (["plan", "--stack=../up"], "names no stack"),
        (["plan", "--stack=up.simulated"], "Write --stack=up --simulate"),
        (["apply", "--auto-approve", "--lock-timeout=soon"], '"soon" is not a duration'),
        (["apply", "--input=false"], "With --input=false or --json, --auto-approve is needed."),
        (["apply", "--json"], "With --input=false or --json, --auto-approve is needed."),
        (["apply", "none.plan"], "Make one with plan --out=none.plan"),
        (["apply", "main.vw.hcl"], "it is not JSON"),
        (["apply", "."], "Is a directory. Give a file that plan --out has written."),
        (["show", "main.vw.hcl"], "it is not JSON"),
        (["output", "addres"], 'Did you mean "address"?'),
        (["output", "--raw"], "give the name of one output"),
        (["state", "show", "workspace.nobody"], "names nothing in the state"),
        (["plan", "--target=image"], "--target=image matches nothing"),
        (["destroy", "--auto-approve", "--target=workspace"], "--target=workspace matches nothing"),
        (["plan", "--exclude=module"], "--exclude=module matches nothing"),
        (["plan", "--lock-timeout=soon"], '"soon" is not a duration'),
        (["plan", "--out=none/the.plan"], "The plan cannot be saved none/the.plan: No such file or directory."),
        (["plan", "--out="], "The plan cannot be saved .: Is a directory."),
        (["plan", "--destroy", "--refresh-only"], "--refresh-only looks at the hosts and touches nothing on them"),
        (["apply", "--refresh-only", "--replace=volume.home"], "leave it out, or --replace"),
        (["plan", "--refresh=false", "--refresh-only"], "leave it out, or --refresh=false"),
        (["apply", "--destroy", "--replace=volume.home"], "--destroy makes nothing anew: leave it out, or --replace."),
        (["apply", "the.plan", "--target=volume.home", "--refresh=false"], "leave out --target, --refresh=false"),
        (["--stack=one", "plan"], "No such option '--stack'. Only -chdir=DIR comes before the command"),
        (["output", "--raw", "--json", "size"], "Give --raw or --json, not both."),
        (["graph", "--format=png"], "use dot or mermaid"),
        (["schema", "workspce"], 'Did you mean "workspace"?'),
        (["fmt", "none.vw.hcl"], "none.vw.hcl does not exist"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_done_is_an_error_that_says_why(shop: Shop, words: list[str], told: str) -> None:
    if words[0] == "output":
        shop.apply()
    found = shop.run(*words)
    assert found.code == 1
    assert told in " ".join(found.err.split())
    assert "Traceback" not in found.err


def test_what_the_system_does_not_let_us_use_is_named_with_what_it_is_for(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: Path) -> Any:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    for path, more in ((shop.folder / ".vwplan" / "keys", True), (shop.folder / "other", False)):
        monkeypatch.setattr(Stack, "propose", lambda *_, path=path: refused(path))
        told = shop.run("plan")
        assert told.code == 1
        words = " ".join(told.err.split())
        assert words.startswith(f"Error: A file or folder cannot be used {path}: Permission denied.")
        assert ("In .vwplan beside the spec, vwplan keeps state, keys and what it fetches" in words) is more


@pytest.mark.parametrize(
    ("words", "option"),
    [
        (["apply"], "--auto-approve"),
        (["destroy"], "--auto-approve"),
        (["rollback"], "--auto-approve"),
        (["state", "fork"], "--auto-approve"),
        (["state", "rekey"], "--auto-approve"),
        (["force-unlock", "x"], "--force"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_no_question_is_put_to_a_machine(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, words: list[str], option: str
) -> None:
    shop.apply("--exclude=workspace.other")
    shop.apply()
    shop.spec(WHOLE_SPEC, 'network "more" { mode = "isolated" }\n')
    before = shop.state()
    monkeypatch.setattr("sys.stdin", None)
    told = shop.run(*words, "--json")
    assert told.code == 1
    assert f"With --input=false or --json, {option} is needed." in told.err
    assert "Enter a value" not in told.out
    if words[0] in ("apply", "destroy", "rollback"):
        last = json.loads(told.out.splitlines()[-1])
        assert (last["type"], last["diagnostic"]["summary"]) == ("diagnostic", "Nobody may be asked")
    assert shop.state() == before


@pytest.mark.parametrize(
    ("words", "summary", "line"),
    [
        (["apply", "--auto-approve"], "Wrong type", 18),
        (["destroy", "--auto-approve"], "Wrong type", 18),
        (["apply", "none.plan"], "Cannot read the plan", None),
    ],
    ids=["a bad spec", "a bad spec to be destroyed", "no plan"],
)
def test_what_stops_a_command_at_once_is_told_to_a_machine_in_its_lines(
    shop: Shop, words: list[str], summary: str, line: int | None
) -> None:
    shop.spec(WHOLE_SPEC.replace("size = var.size", "size = []"))
    told = shop.run(*words, "--json")
    assert told.code == 1
    [problem] = [json.loads(line) for line in told.out.splitlines()]
    assert (problem["type"], problem["diagnostic"]["severity"]) == ("diagnostic", "error")
    assert problem["diagnostic"]["summary"] == summary
    where = problem["diagnostic"].get("range")
    assert (where["start"]["line"] if where else None) == line
    assert f"Error: {summary}" in told.err


def test_a_file_without_a_name_is_not_taken_for_the_present_folder(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(Stack, "propose", missing)
    told = shop.run("plan")
    assert told.code == 1
    assert "present folder" not in told.err and "This is a bug in vwplan" in told.err


def test_an_interrupt_that_comes_as_another_error_is_one(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise RuntimeError("Error calling __set_name__") from KeyboardInterrupt()  # As Python 3.11 tells it.

    monkeypatch.setattr(Stack, "propose", stop)
    told = shop.run("plan")
    assert (told.code, told.err) == (130, "")


def test_whoever_has_neither_a_name_nor_a_home_may_do_all_the_same(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a container under a number that nobody has given a name."""

    def unknown(number: int) -> None:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr("pwd.getpwuid", unknown)
    for name in ("HOME", "LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.delenv(name, raising=False)
    shop.apply()
    assert f"  {os.getuid()}@" in shop.do("state", "history").out
    shop.spec('output "home" { value = pathexpand("~/x") }\n')
    told = shop.run("plan")
    assert told.code == 1
    assert "whoever runs this has no home folder" in " ".join(told.err.split())


def test_a_key_in_the_home_of_nobody_is_told(shop: Shop) -> None:
    key = 'encryption {\n    key_file { path = "~nobody-of-that-name/key" }\n  }\n'
    shop.spec(f'provider "simulated" {{}}\nvwplan {{\n  {key}}}\nnetwork "n" {{ mode = "isolated" }}\n')
    told = shop.run("apply", "--auto-approve")
    assert told.code == 1
    assert "The key cannot be read" in told.err and "~nobody-of-that-name/key" in told.err


def test_a_full_disk_is_told_with_the_file_and_not_taken_for_the_output(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("vwplan.state.disk.Disk.write", full)
    told = shop.run("plan")
    assert told.code == 1
    assert "A file or folder cannot be used" in told.err and "keys/default.key" in told.err
    assert "output" not in told.err


def test_a_folder_that_is_gone_is_told_and_no_bug(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> None:
    gone = tmp_path_factory.mktemp("gone")
    os.chdir(gone)  # The shop's own fixture goes back.
    gone.rmdir()
    told = shop.run("plan")
    assert (told.code, told.out) == (1, "")
    assert "Error: No present folder" in told.err and "Traceback" not in told.err


def test_what_is_made_anew_is_one_machine_and_a_cluster_is_told_to_hold_several(shop: Shop) -> None:
    shop.spec(
        'provider "simulated" {}\nimage "base" {\n  source = "base.raw"\n  format = "raw"\n}\n'
        'cluster "c" {\n  image = image.base\n  head {}\n  workers "w" { count = 2 }\n}\n'
    )
    told = " ".join(shop.run("plan", "--replace=cluster.c").err.split())
    assert "cluster.c holds 3 of them: give each that is to be made anew, such as --replace=cluster.c.head." in told
    assert "--replace='cluster.c.workers.w[0]'" in " ".join(
        shop.run("plan", "--replace=cluster.c.workers.w").err.split()
    )
    assert shop.run("plan", "--replace=cluster.c.workers.w[0]").code == 0

"""Where a file is wanted and something else is: told at once with its name, never waited for, never a traceback."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import Shop, shop_in

import vwplan.spec  # noqa: F401 - whose loader is made to fail.


def make_pipe(path: Path) -> None:
    os.mkfifo(path)


def make_socket(path: Path) -> None:
    # The name of a socket has room for a hundred bytes, which the folders of tests have not.
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"/proc/self/fd/{descriptor}/{path.name}")
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    path.mkdir()


def make_loop(path: Path) -> None:
    path.symlink_to(path.name)


def make_link_to_nothing(path: Path) -> None:
    path.symlink_to("nowhere")


def make_link_to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


Maker = Callable[[Path], None]

ODD: dict[str, tuple[Maker, str]] = {
    "pipe": (make_pipe, "Is a pipe"),
    "socket": (make_socket, "Is a socket"),
    "device": (make_link_to_device, "Is a device"),
    "folder": (make_folder, "Is a directory"),
    "link to itself": (make_loop, "Too many levels of symbolic links"),
}

odd = pytest.mark.parametrize(("make", "says"), ODD.values(), ids=ODD)


@pytest.fixture(autouse=True)
def not_for_ever() -> Iterator[None]:
    """What would wait for ever fails after a while instead."""

    def heard(number: int, frame: object) -> None:
        raise AssertionError("it waits for something that never comes")

    before = signal.signal(signal.SIGALRM, heard)
    signal.alarm(90)  # A crowded machine may take its time.
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    made = shop_in(tmp_path, monkeypatch, capsys)
    monkeypatch.setattr("vwplan.regular.PATIENCE", 0.1)
    return made


def flat(text: str) -> str:
    return " ".join(text.replace("│", " ").split())


@odd
def test_a_spec_that_is_no_file_is_refused(shop: Shop, make: Maker, says: str) -> None:
    make(shop.folder / "b.vw.hcl")
    told = shop.run("validate")
    assert told.code == 1
    assert "b.vw.hcl" in told.err and says in flat(told.err)
    # A command that needs no spec as long as the spec chooses no database; here nobody can know.
    told = shop.run("state", "list")
    assert told.code == 1
    assert "b.vw.hcl" in told.err


@odd
@pytest.mark.parametrize("name", ["x.auto.vwvars.hcl", "x.auto.vwvars.json", "vwplan.vwvars.hcl"])
def test_a_file_of_values_that_is_no_file_is_refused(shop: Shop, make: Maker, says: str, name: str) -> None:
    make(shop.folder / name)
    told = shop.run("plan")
    assert told.code == 1
    assert name in told.err and says in flat(told.err)


@odd
def test_values_that_are_no_file_are_refused(shop: Shop, make: Maker, says: str) -> None:
    make(shop.folder / "values")
    told = shop.run("plan", "--var-file=values")
    assert told.code == 1
    assert "values" in told.err and says[3:] in flat(told.err)


@odd
def test_a_saved_plan_that_is_no_file_is_refused(shop: Shop, make: Maker, says: str) -> None:
    make(shop.folder / "saved")
    told = shop.run("apply", "saved")
    assert told.code == 1
    assert "Cannot read the plan" in told.err and says[3:] in flat(told.err)


@odd
def test_a_state_to_push_that_is_no_file_is_refused(shop: Shop, make: Maker, says: str) -> None:
    make(shop.folder / "pulled")
    told = shop.run("state", "push", "pulled")
    assert told.code == 1
    assert "pulled" in told.err and says[3:] in flat(told.err)


@odd
@pytest.mark.parametrize("place", ["known/default", "stacks/default/snapshot", "stacks/default/memory", "journal"])
def test_a_state_that_is_no_file_is_refused(shop: Shop, make: Maker, says: str, place: str) -> None:
    shop.apply()
    path = shop.folder / ".vwplan" / place
    if place == "journal":
        (path,) = (shop.folder / ".vwplan/stacks/default").glob("journal.*")
    path.unlink()
    make(path)
    told = shop.run("plan")
    assert told.code == 1
    assert path.name in told.err and says in flat(told.err)
    assert "Traceback" not in told.err


@odd
def test_a_lock_that_is_no_file_is_refused(shop: Shop, make: Maker, says: str) -> None:
    shop.apply()
    lock = shop.folder / ".vwplan/stacks/default/lock"
    lock.unlink()
    make(lock)
    told = shop.run("apply", "--auto-approve")
    assert told.code == 1
    assert "lock" in told.err and says in flat(told.err)


@odd
def test_a_stack_key_that_is_no_file_is_refused(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, make: Maker, says: str
) -> None:
    make(shop.folder / "my.key")
    monkeypatch.setenv("VW_KEY_FILE", str(shop.folder / "my.key"))
    told = shop.run("plan")
    assert told.code == 1
    assert "my.key" in told.err and says in flat(told.err)


@odd
def test_a_key_of_encryption_that_is_no_file_is_refused(shop: Shop, make: Maker, says: str) -> None:
    (shop.folder / "settings.vw.hcl").write_text(
        'vwplan {\n  encryption {\n    key_file { path = "seal.key" }\n  }\n}\n'
    )
    (shop.folder / "main.vw.hcl").write_text('provider "simulated" {}\n\nnetwork "lan" {}\n')
    make(shop.folder / "seal.key")
    if not (shop.folder / "seal.key").is_symlink():
        (shop.folder / "seal.key").chmod(0o600)
    told = shop.run("apply", "--auto-approve")
    assert told.code == 1
    assert "seal.key" in told.err
    assert says[3:] in flat(told.err) or "chmod 600" in told.err


@odd
def test_a_plan_is_not_saved_over_what_is_no_file(shop: Shop, make: Maker, says: str) -> None:
    place = shop.folder / "out"
    make(place)
    before = os.lstat(place)
    told = shop.run("plan", "--out=out")
    assert told.code == 1
    assert "The plan cannot be saved" in told.err and says in flat(told.err)
    assert os.lstat(place) == before


def test_a_plan_is_saved_where_a_link_leads(shop: Shop) -> None:
    (shop.folder / "kept").mkdir()
    (shop.folder / "kept" / "plan").write_text("old")
    (shop.folder / "out").symlink_to("kept/plan")
    shop.do("plan", "--out=out")
    assert (shop.folder / "out").is_symlink()
    assert (shop.folder / "kept" / "plan").read_text() != "old"
    assert (shop.folder / "kept" / "plan").stat().st_mode & 0o777 == 0o600


def test_a_file_that_may_not_be_read_is_told(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(path))  # Root, who may run this, may read everything.

    monkeypatch.setattr(sys.modules["vwplan.spec.load"], "read_regular", refuse)
    told = shop.run("validate")
    assert told.code == 1
    assert "main.vw.hcl: Permission denied" in flat(told.err)


def test_a_file_that_vanishes_after_it_was_listed_is_told(shop: Shop) -> None:
    make_link_to_nothing(shop.folder / "b.vw.hcl")
    make_link_to_nothing(shop.folder / "b.auto.vwvars.hcl")
    told = shop.run("validate")
    assert told.code == 1
    assert "b.vw.hcl: No such file or directory" in flat(told.err)
    (shop.folder / "b.vw.hcl").unlink()
    told = shop.run("plan")
    assert told.code == 1
    assert "b.auto.vwvars.hcl cannot be read: there is no such file" in flat(told.err)


def test_a_name_that_is_not_text_is_as_good_as_any(shop: Shop) -> None:
    path = shop.folder / os.fsdecode(b"b\xff.vw.hcl")
    path.write_text('network "other" {}\n')
    shop.do("validate")
    shop.apply()
    assert "network.other" in shop.do("state", "list").out
    path.write_text("network {\n")
    told = shop.run("validate")
    assert told.code == 1
    assert "Traceback" not in told.err


def test_a_folder_whose_name_is_not_text_is_as_good_as_any(shop: Shop) -> None:
    folder = shop.folder / os.fsdecode(b"dir\xff")
    folder.mkdir()
    (folder / os.fsdecode(b"main\xfe.vw.hcl")).write_text(
        'provider "simulated" {}\nnetwork "n" { mode = "isolated" }\noutput "cwd" { value = path.cwd }\n'
        'output "set" { value = fileset(path.module, "*.hcl") }\n'
    )
    commands = [
        "plan --out=saved",
        "apply saved",
        "plan --detailed-exitcode",
        "output --json",
        "show",
        "state pull",
        "graph",
    ]
    for words in commands:  # As a process of its own, which says for itself how it writes.
        program = [sys.executable, "-m", "vwplan", *words.split()]
        told = subprocess.run(program, cwd=folder, capture_output=True, timeout=60)
        assert told.returncode == 0, told.stderr
        assert b"Traceback" not in told.stderr


@pytest.mark.parametrize("given", ["option", "environment"])
def test_a_value_that_is_not_text_is_refused_and_not_shown(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, given: str
) -> None:
    value = os.fsdecode(b"se\xffcret")
    shop.spec('provider "simulated" {}\n\nvariable "name" {}\n\noutput "name" { value = var.name }\n')
    if given == "environment":
        monkeypatch.setenv("VW_VAR_name", value)
    told = shop.run("plan", *([f"--var=name={value}"] if given == "option" else []))
    assert told.code == 1
    place = "VW_VAR_name" if given == "environment" else "--var name"
    assert f'The value that is given to the variable "name" by {place} is not UTF-8.' in flat(told.err)
    assert "cret" not in told.err


def test_values_may_come_through_a_pipe_that_somebody_writes_to(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a shell makes it of `--var-file=<(program)`."""
    shop.spec('provider "simulated" {}\n\nvariable "name" {}\n\noutput "name" { value = var.name }\n')
    ours, theirs = os.pipe()
    later = threading.Timer(0.3, lambda: (os.write(theirs, b'name = "piped"\n'), os.close(theirs)))
    later.start()
    told = shop.run("plan", f"--var-file=/dev/fd/{ours}")
    later.join()
    os.close(ours)
    assert told.code == 0, told.err
    assert "piped" in told.out
    # A pipe with a name: its writer waits until somebody reads.
    os.mkfifo(shop.folder / "values")
    monkeypatch.setattr("vwplan.regular.PATIENCE", 15.0)
    with subprocess.Popen(["sh", "-c", "echo 'name = \"named\"' >values"]):
        told = shop.run("plan", "--var-file=values")
    assert "named" in told.out


def test_the_null_device_gives_no_values(shop: Shop) -> None:
    shop.do("plan", "--var-file=/dev/null")

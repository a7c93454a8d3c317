"""The program at a terminal, in a pipe and under signals: real processes, as people and scripts start them."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from vwplan.cli.main import run as program
from vwplan.state import LocalStore, State

PROGRAM = (sys.executable, "-c", "from vwplan.cli.main import main; main()")

SPEC = """\
provider "simulated" { delay = %s }

network "first" { mode = "isolated" }

network "second" {
  mode       = "isolated"
  depends_on = [network.first]
}

output "done" { value = "yes" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "main.vw.hcl").write_text(SPEC % 0)
    return tmp_path


def environment(**more: str) -> dict[str, str]:
    others = ("NO_COLOR", "VW_STACK", "VW_KEY_FILE", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if name not in others}
    return {**kept, "TERM": "xterm-256color", "COLUMNS": "100", **more}


def start(folder: Path, *words: str, **more: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [*PROGRAM, *words], cwd=folder, env=environment(**more), stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def run(folder: Path, *words: str, typed: str = "", **more: str) -> tuple[int, str, str]:
    process = start(folder, *words, **more)
    out, err = process.communicate(typed, timeout=240)
    return process.returncode, out, err


def at_terminal(folder: Path, *words: str, typed: Sequence[str] = (), code: int = 0, **more: str) -> str:
    """What a terminal is sent by a command, where this is typed in answer to its questions."""
    ours, theirs = pty.openpty()
    answers = list(typed)
    process = subprocess.Popen(
        [*PROGRAM, *words], cwd=folder, env=environment(**more), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    sent = b""
    try:
        while piece := os.read(ours, 65536):
            sent += piece
            if answers and sent.count(b"Enter a value: ") > len(typed) - len(answers):
                os.write(ours, answers.pop(0).encode() + b"\n")
    except OSError:
        pass  # All other ends are closed.
    finally:
        os.close(ours)
    assert process.wait(240) == code, sent.decode()
    return sent.decode()


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if words in line:
            return
    raise AssertionError(f"no line has {words!r}: {process.communicate()}")


def state(folder: Path) -> State:
    stored = LocalStore(folder / ".vwplan", "default").read()
    assert stored is not None
    return stored.state


# Colours


def test_a_terminal_gets_colours_and_nothing_else_does(folder: Path) -> None:
    assert "\x1b[32m" in at_terminal(folder, "plan")
    for told in (
        at_terminal(folder, "plan", "--no-color"),
        at_terminal(folder, "plan", NO_COLOR="1"),
        at_terminal(folder, "plan", TERM="dumb"),
        at_terminal(folder, "apply", "-no-color", "-auto-approve"),
        run(folder, "plan")[1],
    ):
        assert "\x1b" not in told
    assert "\x1b[32m" in at_terminal(folder, "plan", "--destroy", NO_COLOR="").replace("\x1b[31m", "\x1b[32m")


def test_a_terminal_sees_what_runs_and_then_what_became_of_it(folder: Path) -> None:
    (folder / "main.vw.hcl").write_text(SPEC % 0.5)
    told = at_terminal(folder, "apply", "--auto-approve")
    assert "network.first: Creating 0s" in told
    assert "0 of 2 steps done, 1 running" in told
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", told)
    assert "network.second: Created after 0.5s [2/2]" in plain
    assert "Apply complete! Resources: 2 added" in plain


# Questions


@pytest.mark.parametrize(("typed", "made"), [("yes\n", 2), ("y\n", 0), ("no\n", 0), ("\n", 0), ("", 0), (" yes \n", 2)])
def test_only_a_whole_yes_is_a_yes(
    folder: Path, typed: str, made: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(folder)
    monkeypatch.delenv("VW_STACK", raising=False)
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    code = program(["apply"])
    out = capsys.readouterr().out
    assert "Do you want to perform these actions?" in out
    assert (code, len(state(folder).records)) == (0 if made else 1, made), out
    assert ("Nothing was done." in out) is not bool(made)


def test_ctrl_c_at_the_question_does_nothing_and_lets_the_lock_go(folder: Path) -> None:
    process = start(folder, "apply")
    wait_for(process, "Do you want to perform")
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    err = process.communicate(timeout=240)[1]
    assert process.returncode == 130
    assert "Interrupted." in err and "Traceback" not in err
    assert run(folder, "apply", "--auto-approve")[0] == 0


INTERRUPTED = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == %r:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv[1:] = ["plan"]
from vwplan.__main__ import main
main()
"""


@pytest.mark.parametrize("module", ["typer", "vwplan.cli.main", "vwplan.cli.commands.plan", "vwplan.plan"])
def test_ctrl_c_while_the_program_is_still_being_read_is_no_bug(folder: Path, module: str) -> None:
    told = subprocess.run(
        [sys.executable, "-c", INTERRUPTED % module],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
    )
    before = module in ("typer", "vwplan.cli.main")
    assert (told.returncode, told.stderr) == ((-signal.SIGINT, "") if before else (130, "\nInterrupted.\n"))


# Signals


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_finishes_what_runs_and_begins_nothing_more(folder: Path, number: int) -> None:
    (folder / "main.vw.hcl").write_text(SPEC % 4)
    process = start(folder, "apply", "--auto-approve")
    wait_for(process, "network.first: Creating")
    process.send_signal(number)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 130
    assert "Interrupted: nothing more is begun. Waiting for 1 running step; a second Ctrl-C leaves at once." in out
    assert "network.first: Created" in out
    assert "network.second: create not begun" in out
    assert list(state(folder).records) == ["network.first"]
    (folder / "main.vw.hcl").write_text(SPEC % 0)
    code, out, err = run(folder, "apply", "--auto-approve")
    assert code == 0
    assert "cut short" not in err
    assert list(state(folder).records) == ["network.first", "network.second"]


def test_the_second_ctrl_c_leaves_at_once_and_the_next_apply_settles(folder: Path) -> None:
    (folder / "main.vw.hcl").write_text(SPEC % 200)
    process = start(folder, "apply", "--auto-approve")
    wait_for(process, "network.first: Creating")
    process.send_signal(signal.SIGINT)
    wait_for(process, "Waiting for 1 running step")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 130
    assert time.monotonic() - began < 100
    assert "Left at once." in err
    (folder / "main.vw.hcl").write_text(SPEC % 0)
    code, out, err = run(folder, "apply", "--auto-approve")
    assert code == 0, out + err
    assert "An earlier run was cut short." in err
    assert list(state(folder).records) == ["network.first", "network.second"]


def test_a_terminal_that_goes_away_is_one_signal_and_none_under_nohup(folder: Path) -> None:
    (folder / "main.vw.hcl").write_text(SPEC % 4)
    process = start(folder, "apply", "--auto-approve")
    wait_for(process, "network.first: Creating")
    process.send_signal(signal.SIGHUP)
    wait_for(process, "Waiting for 1 running step")
    process.send_signal(signal.SIGHUP)
    out, _ = process.communicate(timeout=240)
    assert (process.returncode, "network.first: Created" in out) == (130, True)
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        process = start(folder, "apply", "--auto-approve")
    finally:
        signal.signal(signal.SIGHUP, before)
    wait_for(process, "network.second: Creating")
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=240)
    assert process.returncode == 0


def test_what_runs_is_finished_and_recorded_when_its_terminal_goes_away(folder: Path) -> None:
    (folder / "main.vw.hcl").write_text(SPEC % 4)
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        ["setsid", "--ctty", *PROGRAM, "apply", "--auto-approve"],
        cwd=folder,
        env=environment(),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    sent = b""
    while b"0 of 2 steps done, 1 running" not in sent:
        sent += os.read(ours, 65536)
    os.close(ours)
    assert process.wait(240) != 0
    stored = LocalStore(folder / ".vwplan", "default").read()
    assert stored is not None
    assert (list(stored.state.records), stored.unfinished, stored.running) == (["network.first"], (), ())


# Pipes and files


def test_whoever_reads_may_go_away(folder: Path) -> None:
    (folder / "main.vw.hcl").write_text(
        'provider "simulated" {}\nnetwork "n" {\n  count = 300\n  mode  = "isolated"\n}\n'
    )
    process = start(folder, "plan")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(240) == 1


def test_an_apply_goes_on_when_nobody_reads_any_more(folder: Path) -> None:
    (folder / "main.vw.hcl").write_text(SPEC % 0.3)
    process = start(folder, "apply", "--auto-approve")
    wait_for(process, "network.first: Creating")
    assert process.stdout is not None and process.stderr is not None
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.wait(240)
    assert list(state(folder).records) == ["network.first", "network.second"]
    assert run(folder, "plan", "--detailed-exitcode")[0] == 0


def test_a_full_disk_and_a_closed_output_are_no_bugs(folder: Path) -> None:
    with Path("/dev/full").open("w") as full:
        found = subprocess.run([*PROGRAM, "schema"], stdout=full, stderr=subprocess.PIPE, text=True, env=environment())
    assert (found.returncode, found.stderr) == (1, "Error: The output cannot be written: No space left on device\n")
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" >&-', "sh", *PROGRAM, "version"], env=environment(), capture_output=True
    )
    assert (closed.returncode, closed.stderr) == (0, b"")


@pytest.mark.parametrize("words", [("apply",), ("console",)], ids=" ".join)
def test_where_nothing_can_be_typed_a_question_is_answered_by_nobody(folder: Path, words: tuple[str, ...]) -> None:
    closed = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *PROGRAM, *words],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
    )
    assert closed.returncode == (0 if words == ("console",) else 1)
    assert closed.stderr == ""
    assert ("Nothing was done." in closed.stdout) is (words != ("console",))


@pytest.mark.parametrize("words", [("plan",), ("graph",), ("plan", "--json")], ids=" ".join)
def test_names_of_any_alphabet_are_printed_in_any_locale(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "main.vw.hcl").write_text(SPEC.replace("first", "première") % 0)
    told = subprocess.run(
        [*PROGRAM, *words], cwd=folder, env=environment(PYTHONIOENCODING="ascii"), capture_output=True
    )
    assert (told.returncode, told.stderr) == (0, b"")
    assert "première".encode() in told.stdout


# Completion


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_installs_itself_for_a_shell(folder: Path, tmp_path: Path, shell: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    where: Mapping[str, str] = {
        "HOME": str(home),
        "SHELL": f"/bin/{shell}",
        "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1",
    }
    program = tmp_path / "vwplan"
    program.write_text(f"#!{sys.executable}\nfrom vwplan.cli.main import main\nmain()\n")
    program.chmod(0o755)
    done = subprocess.run(
        [program, "--install-completion", shell], env=environment(**where), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert any("_VWPLAN_COMPLETE" in path.read_text() for path in home.rglob("*") if path.is_file())


def test_completion_knows_commands_and_options(folder: Path) -> None:
    def completed(line: str) -> str:
        words = line.split(" ")
        return run(folder, _VWPLAN_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=str(len(words) - 1))[1]

    assert {"plan", "apply", "destroy", "state"} <= set(completed("vwplan ").split())
    assert completed("vwplan val").split() == ["validate"]
    assert "--detailed-exitcode" in completed("vwplan plan --det")


def test_the_version_is_told_quickly_and_as_json(folder: Path) -> None:
    assert re.fullmatch(r"vwplan \d+\.\d+\.\d+\n", run(folder, "--version")[1])
    assert set(json.loads(run(folder, "version", "-json")[1])) == {"vwplan_version", "python_version", "providers"}


# Values that nothing gives

VARIABLES = """\
variable "names" {
  type        = list(string)
  description = "Who is there."
}
variable "count_of" { type = number }
variable "key" { sensitive = true }
output "all" { value = [var.names, var.count_of, nonsensitive(length(var.key))] }
"""


def test_at_a_terminal_missing_values_are_asked_for_by_name(folder: Path) -> None:
    (folder / "main.vw.hcl").write_text(VARIABLES)
    typed = ("3", "hunter2", '["a", "b"]')
    sent = at_terminal(folder, "apply", "-auto-approve", "-no-color", typed=typed)
    asked = [sent.index(f"var.{name}") for name in ("count_of", "key", "names")]
    assert asked == sorted(asked) and "Who is there." in sent and "Enter a value:" in sent
    assert "hunter2" not in sent
    code, out, _ = run(folder, "output", "--json", "all")
    assert (code, json.loads(out)) == (0, [["a", "b"], 3, 7])


def test_a_value_that_is_typed_must_be_of_its_type(folder: Path) -> None:
    (folder / "main.vw.hcl").write_text('variable "n" { type = number }\n')
    sent = at_terminal(folder, "plan", "-no-color", typed=("many",), code=1)
    assert "does not take this value" in sent and "what was typed for n:1:1" in sent


@pytest.mark.parametrize("words", [("-input=false",), ("--json",), ("-input=false", "-detailed-exitcode")])
def test_nobody_is_asked_who_does_not_want_it(folder: Path, words: tuple[str, ...]) -> None:
    (folder / "main.vw.hcl").write_text(VARIABLES)
    sent = at_terminal(folder, "plan", *words, code=1)
    assert "Missing variable" in sent and "Enter a value" not in sent


def test_in_a_pipe_nobody_is_asked(folder: Path) -> None:
    (folder / "main.vw.hcl").write_text(VARIABLES)
    code, out, err = run(folder, "plan", typed="3\nx\n[]\n")
    assert (code, "Enter a value" in out + err) == (1, False)
    assert err.count("Missing variable") == 3

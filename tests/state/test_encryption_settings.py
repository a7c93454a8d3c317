"""The `encryption` block, from the spec to the files: what it takes, what it refuses, and plans saved under it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vwplan.diagnostics import DiagnosticError
from vwplan.spec import load
from vwplan.state.encryption import Encryption, KeyFile, Passphrase, Program

SENTENCE = "a sentence that nobody guesses"


def read(folder: Path, text: str) -> Encryption | None:
    (folder / "main.vw.hcl").write_text(text)
    return load(folder).settings.encryption


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("vwplan {\n}\n", None),
        ("vwplan {\n  encryption {\n    passphrase {}\n  }\n}\n", Encryption(Passphrase())),
        (
            'vwplan {\n  encryption {\n    passphrase { variable = "VW_NEW" }\n    enforced = true\n'
            '    fallback {\n      key_file { path = "old.key" }\n    }\n  }\n}\n',
            Encryption(Passphrase("VW_NEW"), KeyFile(Path("old.key")), True),
        ),
        (
            'vwplan {\n  encryption {\n    program { command = ["pass", "show", "it"] }\n  }\n}\n',
            Encryption(Program(("pass", "show", "it"))),
        ),
        (
            "vwplan {\n  encryption {\n    fallback {\n      passphrase {}\n    }\n  }\n}\n",
            Encryption(None, Passphrase()),
        ),
    ],
)
def test_a_block_says_where_the_key_comes_from(tmp_path: Path, text: str, expected: Encryption | None) -> None:
    assert read(tmp_path, text) == expected


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("", "one-key"),
        ('passphrase {}\nkey_file { path = "k" }', "one-key"),
        ("passphrase {}\npassphrase {}", "duplicate"),
        ("passphrase {}\nfallback {\n}", "one-key"),
        ("key_file {\n}", "missing-argument"),
        ("program { command = [] }", "missing-argument"),
        ("passphrase {}\nenforce = true", "unknown-argument"),
        ("passfrase {}", "unknown-block"),
        ("key_file { path = var.x }", "not-constant"),
        ("fallback {\n  passphrase {}\n}\nenforced = true", "no-key"),
    ],
)
def test_what_makes_no_sense_is_told_at_its_place(tmp_path: Path, inside: str, code: str) -> None:
    with pytest.raises(DiagnosticError) as refused:
        read(tmp_path, f"vwplan {{\n  encryption {{\n{inside}\n  }}\n}}\n")
    assert any(code in problem.code for problem in refused.value.diagnostics), refused.value.diagnostics
    assert all(problem.subject is not None for problem in refused.value.diagnostics)


def test_a_module_that_is_called_takes_none(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "main.vw.hcl").write_text("vwplan {\n  encryption {\n    passphrase {}\n  }\n}\n")
    with pytest.raises(DiagnosticError, match="belong to the root module"):
        read(tmp_path, 'module "m" {\n  source = "./inner"\n}\n')


def vwplan(folder: Path, *words: str, **environment: str) -> tuple[int, str]:
    command = [sys.executable, "-c", "from vwplan.cli.main import main; main()", *words]
    given = {name: value for name, value in os.environ.items() if not name.startswith("VW_")}
    given["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = subprocess.run(
        command, cwd=folder, env={**given, **environment}, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    return done.returncode, done.stdout + done.stderr


def test_a_plan_is_saved_shown_and_applied_under_a_passphrase_and_nothing_lies_in_the_clear(tmp_path: Path) -> None:
    spec = "vwplan {\n  encryption {\n    passphrase {}\n    enforced = true\n  }\n}\n"
    (tmp_path / "main.vw.hcl").write_text(spec)
    (tmp_path / "more.vw.hcl").write_text('network "needle" {\n  cidr = "10.0.0.0/24"\n}\n')
    assert vwplan(tmp_path, "plan", "--simulate", "--out=saved", VW_PASSPHRASE=SENTENCE)[0] == 0
    assert b"needle" not in (tmp_path / "saved").read_bytes()
    code, said = vwplan(tmp_path, "show", "saved")
    assert code == 1 and "VW_PASSPHRASE" in said
    code, said = vwplan(tmp_path, "apply", "saved", VW_PASSPHRASE=SENTENCE[::-1])
    assert code == 1 and "another one" in said
    code, said = vwplan(tmp_path, "apply", "saved", VW_PASSPHRASE=SENTENCE)
    assert code == 0, said
    stack = tmp_path / ".vwplan" / "stacks" / "default.simulated"
    assert not [path for path in stack.rglob("*") if path.is_file() and b"needle" in path.read_bytes()]
    (tmp_path / "main.vw.hcl").unlink()
    code, said = vwplan(tmp_path, "plan", "--simulate")
    assert code == 1 and "It is encrypted" in said

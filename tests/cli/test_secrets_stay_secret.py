"""A sensitive value through the whole program: used by the machine, and told nowhere."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SECRET = "hunter2-and-nobody-else"

SPEC = """
variable "pw" {
  type      = string
  sensitive = true
}

image "base" { source = "base.raw" }
workspace "other" { image = image.base }

workspace "w" {
  image     = image.base
  user_data = "#!/bin/sh\\necho ${var.pw} ${workspace.other.status}\\n"
}

output "pw" {
  value     = var.pw
  sensitive = true
}

output "ready" { value = "${workspace.w.is_ready}" }
"""


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    program = [sys.executable, "-c", "from vwplan.cli.main import main; main()"]
    return subprocess.run([*program, *words], cwd=folder, capture_output=True, text=True, timeout=120)


def test_a_secret_that_is_late_in_part_reaches_the_machine_and_no_file_of_ours(tmp_path: Path) -> None:
    (tmp_path / "base.raw").write_bytes(b"\0" * 4096)
    (tmp_path / "main.vw.hcl").write_text(SPEC)
    given = ("--simulate", "--var", f"pw={SECRET}")

    done = run(tmp_path, "apply", "--auto-approve", *given)
    assert done.returncode == 0, done.stdout + done.stderr
    again = run(tmp_path, "plan", "--detailed-exitcode", *given)
    assert again.returncode == 0, again.stdout
    changed = run(tmp_path, "plan", "--simulate", "--var", "pw=another-secret", "--out", "p.plan")
    told = [
        run(tmp_path, *words)
        for words in (("show", "--simulate"), ("output", "--simulate", "--json"), ("show", "p.plan"))
    ]

    for result in (done, again, changed, *told):
        assert SECRET not in result.stdout + result.stderr
        assert "another-secret" not in result.stdout + result.stderr
    holders = [path for path in tmp_path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    # Only the pretended machine itself has it, as a real one has it in its seed.
    assert {path.parent.name for path in holders} <= {"hosts"}
    assert holders
    assert "(sensitive value)" in changed.stdout

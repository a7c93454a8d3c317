"""A sensitive value through the whole program: used by the machine, and told nowhere."""

from __future__ import annotations

import base64
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


LATE = """
variable "pw" {
  type      = string
  sensitive = true
}

locals {
  half = { known = "x-${var.pw}-x", late = "${var.pw}+${workspace.other.status}" }
}

image "base" { source = "base.raw" }
workspace "other" { image = image.base }

workspace "w" {
  image     = image.base
  user_data = "#!/bin/sh\\necho ${var.pw}, ${workspace.other.status}, ${sensitive(file("word"))}, ${local.half.late}, ${local.half.known}\\n"
}

output "both" {
  value     = "${var.pw} ${workspace.other.status}"
  sensitive = true
}
"""


def test_a_saved_plan_computes_what_is_late_from_secrets_that_are_given_again(tmp_path: Path) -> None:
    (tmp_path / "base.raw").write_bytes(b"\0" * 4096)
    (tmp_path / "word").write_text("a-word-in-a-file")
    (tmp_path / "main.vw.hcl").write_text(LATE)
    saved = run(tmp_path, "plan", "--simulate", "--var", f"pw={SECRET}", "--out", "p.plan")
    assert saved.returncode == 0, saved.stderr
    text = (tmp_path / "p.plan").read_text()
    assert SECRET not in text
    for form in (b"a-word-in-a-file", SECRET.encode()):
        assert base64.b64encode(form).decode().rstrip("=")[:-1] not in text

    for given, why in (((), "Missing variable"), (("--var", "pw=wrong"), "not the one that was planned")):
        refused = run(tmp_path, "apply", "--simulate", "p.plan", *given)
        assert refused.returncode == 1 and why in refused.stderr, refused.stderr
        assert "begins" not in refused.stdout
    (tmp_path / "word").write_text("another")
    other = run(tmp_path, "apply", "--simulate", "p.plan", "--var", f"pw={SECRET}")
    assert other.returncode == 1
    assert "workspace.w, and what the variables and files give now" in " ".join(other.stderr.split())
    assert not (tmp_path / ".vwplan" / "stacks" / "default.simulated" / "history").exists()

    (tmp_path / "word").write_text("a-word-in-a-file")
    done = run(tmp_path, "apply", "--simulate", "p.plan", "--var", f"pw={SECRET}")
    assert done.returncode == 0, done.stdout + done.stderr
    wanted = f"echo {SECRET}, running, a-word-in-a-file, {SECRET}+running, x-{SECRET}-x"
    hosts = tmp_path / ".vwplan" / "hosts"
    assert any(wanted.encode() in path.read_bytes() for path in hosts.iterdir())
    again = run(tmp_path, "plan", "--simulate", "--var", f"pw={SECRET}", "--detailed-exitcode")
    assert again.returncode == 0, again.stdout

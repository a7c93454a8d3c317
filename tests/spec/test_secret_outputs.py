"""A root output made from something sensitive is refused when the spec is read, wherever that is known then, as Terraform does.

Each case was laid before `terraform validate` 1.11 too, which agrees but for modules: it looks at those only when it plans.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from spec_files import problems_of, write

from vwplan.diagnostics import Severity
from vwplan.spec import load

SECRET = 'variable "s" {\n  type = string\n  sensitive = true\n}\nvariable "p" {\n  type = string\n}\n'
CHILD = (
    'variable "x" {\n  type = string\n}\nvariable "y" {\n  type = string\n  default = ""\n}\n'
    'locals {\n  greeting = "hello ${var.x}"\n}\n'
    'output "greeting" {\n  value = local.greeting\n}\noutput "y" {\n  value = var.y\n}\n'
    'output "told" {\n  value = nonsensitive(var.x)\n}\noutput "own" {\n  value = "a"\n  sensitive = true\n}\n'
)

REFUSED = {
    "a sensitive variable": "var.s",
    "a text with one": '"a${var.s}"',
    "an object with one": "{ a = { b = var.s } }",
    "a list with one": "[1, [var.s]]",
    "what is computed from one": "upper(var.s)",
    "a condition over one": 'var.s == "x" ? 1 : 2',
    "the function": 'sensitive("x")',
    "a local value": "local.secret",
    "a local value of a local value": "local.more",
    "each element": "[for x in [1, 2] : var.s]",
    "a key": "{ for x in [1] : var.s => 1 }",
    "the length of one": "length(var.s)",
    "an output of a module that says so": "module.c.own",
    "a module that has one": "module.c",
    "an output made from a sensitive input": "module.c.greeting",
    "one of many": "[for x in toset([var.s]) : 1]",
}
KNOWN = {
    "a plain variable": "var.p",
    "what may be told": "nonsensitive(var.s)",
    "whether it is sensitive": "issensitive(var.s)",
    "an output that tells what may be told": "module.c.told",
    "an output made from a plain input": "module.c.y",
    "a part that is none": "{ a = var.s, b = 1 }.b",
    "an element that is none": "[var.s, 1][1]",
    "what fails is told as that": "can(var.s)",
}
AROUND = (
    'locals {\n  secret = "x${var.s}"\n  more = [local.secret]\n}\n'
    'module "c" {\n  source = "./c"\n  x = local.secret\n  y = var.p\n}\n'
)


def spec(directory: Path, main: str, **modules: str) -> Path:
    """A root module, and the modules beside it."""
    return write(directory, {"main.vw.hcl": main, **{f"{name}/main.vw.hcl": text for name, text in modules.items()}})


def spec_with(tmp_path: Path, expression: str, more: str = "") -> Path:
    return spec(tmp_path, SECRET + AROUND + f'output "o" {{\n  value = {expression}\n{more}}}\n', c=CHILD)


@pytest.mark.parametrize("expression", REFUSED.values(), ids=REFUSED)
def test_what_is_known_to_be_sensitive_is_refused_at_its_place(tmp_path: Path, expression: str) -> None:
    (problem,) = problems_of(spec_with(tmp_path, expression))
    assert (problem.code, problem.severity) == ("sensitive-output", Severity.ERROR)
    assert problem.subject is not None and (problem.subject.line, problem.subject.column) == (18, 11)
    assert "sensitive = true" in problem.detail and "nonsensitive" in problem.detail


@pytest.mark.parametrize("expression", REFUSED.values(), ids=REFUSED)
def test_it_is_taken_where_the_output_says_so(tmp_path: Path, expression: str) -> None:
    load(spec_with(tmp_path, expression, "  sensitive = true\n"))


@pytest.mark.parametrize("expression", KNOWN.values(), ids=KNOWN)
def test_what_is_not_sensitive_is_taken(tmp_path: Path, expression: str) -> None:
    load(spec_with(tmp_path, expression))


def test_it_is_seen_through_modules_in_modules(tmp_path: Path) -> None:
    middle = 'variable "x" {\n  type = string\n}\nmodule "d" {\n  source = "../c"\n  x = var.x\n}\noutput "z" {\n  value = module.d.greeting\n}\n'
    main = SECRET + 'module "m" {\n  source = "./m"\n  x = var.s\n}\noutput "o" {\n  value = module.m.z\n}\n'
    (problem,) = problems_of(spec(tmp_path, main, m=middle, c=CHILD))
    assert problem.code == "sensitive-output"


def test_one_call_with_a_secret_taints_no_other(tmp_path: Path) -> None:
    calls = "".join(
        f'module "{name}" {{\n  source = "./c"\n  x = {given}\n}}\n' for name, given in (("a", "var.s"), ("b", "var.p"))
    )
    load(spec(tmp_path, SECRET + calls + 'output "o" {\n  value = module.b.greeting\n}\n', c=CHILD))

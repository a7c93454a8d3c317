"""The console: what it answers, at a prompt, from a pipe and line by line, in folders with a spec and without."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vwplan.cli.main import run
from vwplan.values import DYNAMIC, EPHEMERAL, SENSITIVE, STRING, ListType, Null, ObjectType, TupleValue, Unknown, mark

ORACLE = [json.loads(line) for line in (Path(__file__).parents[1] / "hcl" / "oracle.jsonl").read_text().splitlines()]

ON_PURPOSE = {
    "e0104": "there is no negative zero",
    "e0946": "element counts from the end with a negative index, as in versions after 1.11",
    "e1550": "|| looks no further where the left operand decides, as in versions after 1.11",
    "e1564": "|| looks no further where the left operand decides, as in versions after 1.11",
}
"""Rows that differ, and why."""


class Told:
    """What a run of the console told: its exit code, and both streams."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code = code
        self.out = out
        self.err = err

    @property
    def objects(self) -> list[dict[str, Any]]:
        """The lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]


class Console:
    """The console of one folder."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._patch = monkeypatch
        self._capsys = capsys
        monkeypatch.chdir(folder)

    def __call__(self, text: str | bytes, *options: str) -> Told:
        """Pipe a text through it."""
        given = text.encode() if isinstance(text, str) else text
        self._patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), encoding="utf-8"))
        code = run(["console", *options])
        caught = self._capsys.readouterr()
        return Told(code, caught.out, caught.err)

    def line(self, expression: str, *options: str) -> dict[str, Any]:
        """The answer to one line of JSON."""
        return self(json.dumps(expression) + "\n", "--json-lines", *options).objects[0]


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(tmp_path, monkeypatch, capsys)


SPEC = """\
variable "amount" { type = number }
variable "site" { default = "a" }
variable "password" {
  default   = "hunter2"
  sensitive = true
}
locals {
  both  = [var.site, var.amount]
  wrong = ["one"][length(var.site)]
  more  = local.wrong
}
image "base" { source = "disk.img" }
network "fabric" {}
environment "small" { image = image.base }
workspace "login" {
  environment = environment.small
  resources { memory = "1 GiB" }
  nic { network = network.fabric }
}
workspace "many" {
  count       = var.amount
  environment = environment.small
  resources { memory = "1 GiB" }
}
cluster "lab" {
  environment = environment.small
  resources { memory = "1 GiB" }
  nic { network = network.fabric }
  head {}
  workers "compute" { count = 2 }
}
module "inner" {
  source = "./inner"
  given  = var.site
}
"""
INNER = """\
variable "given" {}
network "own" {}
output "told" { value = upper(var.given) }
output "late" { value = network.own.id }
"""


@pytest.fixture
def spec(console: Console) -> Console:
    """A console in a folder with a spec."""
    (console.folder / "main.vw.hcl").write_text(SPEC)
    (console.folder / "inner").mkdir()
    (console.folder / "inner" / "inner.vw.hcl").write_text(INNER)
    (console.folder / "disk.img").write_bytes(b"not really an image")
    return console


# What Terraform gives.


def test_every_measured_expression_comes_out_of_the_pipe_as_measured(console: Console) -> None:
    told = console("".join(json.dumps(row["expr"]) + "\n" for row in ORACLE), "--json-lines")
    assert told.code == 0 and told.err == ""
    wrong = []
    for row, found in zip(ORACLE, told.objects, strict=True):
        if row["ok"]:
            same = found == {"ok": True, "json": row["json"], "type": row["type"]}
        else:
            same = not found["ok"] and bool(found["diagnostics"])
        if same == (row["id"] in ON_PURPOSE):
            wrong.append(f"{row['id']}: {row['expr']!r}: {found}")
    assert not wrong, "\n".join(wrong)


SHOWN = [
    ("a string is quoted, as Go quotes it", r'"\u0001\u200bé😀\u007f\"\\\t"', r'"\x01\u200bé😀\x7f\"\\\t"'),
    ("a template that is escaped is shown as the text that it is", '"$${a}%%{b}"', '"${a}%{b}"'),
    ("a text of lines is a heredoc", r'"a\n  b\n"', "<<EOT\na\n  b\n\nEOT"),
    ("its marker is none of its lines", r'"a\n EOT \nb"', "<<EOT_\na\n EOT \nb\nEOT_"),
    ("within something it is indented, empty lines too", r'["a\n\nb"]', "[\n  <<-EOT\n  a\n  \n  b\n  EOT,\n]"),
    ("so it is as a key", r'{ "a\nb" = 5 }', "{\n  <<-EOT\n  a\n  b\n  EOT = 5\n}"),
    ("a number has all its digits", "1e30 / 8", "125000000000000000000000000000"),
    ("a tiny one too", "-1e-20", "-0.00000000000000000001"),
    ("a tuple needs no name", "[1, []]", "[\n  1,\n  [],\n]"),
    ("nor does an object, whose keys are quoted", '{ a = true, "b c" = {} }', '{\n  "a" = true\n  "b c" = {}\n}'),
    ("nothing is null", "null", "null"),
    ("nothing of some type tells the type", "tostring(null)", "tostring(null)"),
    ("so it does for a collection", "tolist(null)", "tolist(null) /* of dynamic */"),
    ("and for an object, which has no conversion", "true ? null : { a = 1 }", "null /* object */"),
    ("a list says so", 'tolist(["a"])', 'tolist([\n  "a",\n])'),
    ("a set says so", "toset([2, 1])", "toset([\n  1,\n  2,\n])"),
    ("a map says so", "tomap({ a = 1 })", 'tomap({\n  "a" = 1\n})'),
    (
        "empty ones are on one line",
        "[tolist([]), tomap({}), {}, []]",
        "[\n  tolist([]),\n  tomap({}),\n  {},\n  [],\n]",
    ),
    ("elements that are nothing tell their type", "tolist([null, 1])", "tolist([\n  tonumber(null),\n  1,\n])"),
    ("what is secret is not shown", "sensitive([1])", "(sensitive value)"),
    ("nor within something", '{ a = sensitive("x") }', '{\n  "a" = (sensitive value)\n}'),
]


@pytest.mark.parametrize(("asked", "wanted"), [case[1:] for case in SHOWN], ids=[case[0] for case in SHOWN])
def test_shows(console: Console, asked: str, wanted: str) -> None:
    told = console(asked)
    assert (told.code, told.out, told.err) == (0, wanted + "\n", "")


def test_shows_values_that_no_expression_of_an_empty_folder_has() -> None:
    from vwplan.render.value_text import console_text

    assert console_text(Unknown(STRING)) == "(known after apply)"
    assert console_text(mark("x", frozenset({EPHEMERAL}))) == "(ephemeral value)"
    assert console_text(TupleValue([mark(Unknown(STRING), frozenset({SENSITIVE}))])) == "[\n  (known after apply),\n]"
    assert console_text(Null(ListType(ListType(STRING)))) == "tolist(null) /* of list of string */"
    assert console_text(TupleValue([Null(DYNAMIC), Null(ObjectType({}))])) == "[\n  null,\n  null /* object */,\n]"
    assert console_text("a\n\x1b[2J", safe=True) == "<<EOT\na\n\\u001b[2J\nEOT"


TYPES = [
    (
        "it tells a type over several lines",
        "type([1, { a = null }])",
        "tuple([\n    number,\n    object({\n        a: dynamic,\n    }),\n])",
    ),
    ("brackets around it change nothing", '(type("a"))', "string"),
    ("nor does a template that is nothing else", '"${type(1)}"', "number"),
    ("a type has a type", "type(type(1))", "type"),
    ("a secret has one that is none", "type(sensitive(1))", "number"),
]


@pytest.mark.parametrize(("asked", "wanted"), [case[1:] for case in TYPES], ids=[case[0] for case in TYPES])
def test_type(console: Console, asked: str, wanted: str) -> None:
    assert console(asked).out == wanted + "\n"
    assert console.line(asked) == {"ok": True, "json": json.dumps(wanted), "type": "type"}


@pytest.mark.parametrize(
    "asked",
    [
        "[type(1)]",
        'type(1) == "number"',
        "length(type(1))",
        "jsonencode(type(1))",
        "type()",
        "type(1, 2)",
        "type(nope)",
        "type(type())",
    ],
)
def test_type_is_no_part_of_an_expression(console: Console, asked: str) -> None:
    told = console(asked)
    assert told.code == 1 and told.out == ""
    assert not console.line(asked)["ok"]


# From a pipe.


def test_an_expression_goes_on_while_brackets_or_heredocs_are_open(console: Console) -> None:
    told = console("[1,\n2 # two ]\n]\n\n# alone\n{\n  a = <<-E\n    x }\n  E\n}\n1 + 1")
    assert told.out == '[\n  1,\n  2,\n]\n{\n  "a" = <<-EOT\n  x }\n  \n  EOT\n}\n2\n'
    assert told.code == 0


def test_what_fails_is_told_and_the_rest_is_answered(console: Console) -> None:
    told = console('1\nlenght("a")\n2\n[3\n')
    assert told.out == "1\n2\n"
    assert 'Did you mean "length"?' in told.err and "Unclosed bracket" in told.err
    assert told.code == 1


def test_comments_ask_nothing(console: Console) -> None:
    told = console("# a (\n// b\n/* c */ # d\n/* e [\n*/\n \r\n1 # f\n")
    assert (told.code, told.out, told.err) == (0, "1\n", "")


def test_exit_ends_it(console: Console) -> None:
    told = console("1\n exit \nnope\n")
    assert (told.code, told.out, told.err) == (0, "1\n", "")


def test_lines_that_are_no_text_are_told(console: Console) -> None:
    told = console(b'"\xff"\n1\r\n')
    assert told.code == 1 and told.out == "1\n" and "Invalid encoding" in told.err


# Line by line.


def test_what_cannot_be_told_is_left_out_and_said_why(console: Console) -> None:
    assert console.line("[sensitive(1)]") == {"ok": True, "sensitive": True, "type": "tuple([\n    number,\n])"}
    assert console.line('upper(sensitive("hunter2"))') == {"ok": True, "sensitive": True, "type": "string"}


def test_a_line_that_is_no_json_string_has_an_answer_too(console: Console) -> None:
    told = console(b'1\n\nnope\n"1"\n"\xff"\n"2', "--json-lines")
    assert [found["ok"] for found in told.objects] == [False, False, False, True, False, False]
    assert {each["code"] for found in told.objects if not found["ok"] for each in found["diagnostics"]} == {"bad-line"}
    assert told.code == 0


def test_a_problem_has_the_shape_that_validate_gives_it(console: Console) -> None:
    (problem,) = console.line("[1 +\n [][0]]")["diagnostics"]
    assert problem["severity"] == "error" and problem["summary"] == "Invalid index"
    assert problem["range"]["filename"] == "console"
    assert problem["range"]["start"] == {"line": 2, "column": 4, "byte": 8}
    assert problem["snippet"]["code"] == " [][0]]"


def test_what_is_too_deep_or_too_large_is_told(console: Console) -> None:
    deep = 'jsondecode("' + "[" * 900 + "]" * 900 + '")'
    wide = '[for a in range(3000) : join("", [for b in range(1000) : "0123456789"])]'
    for asked in ("[" * 10_000, deep, wide):
        found = console.line(asked)
        assert found["ok"] or found["diagnostics"][0]["code"] in (
            "nested-too-deeply",
            "too-large",
            "too-deep",
            "function-failed",
        ), found


def test_each_answer_comes_before_the_next_question(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "from vwplan.cli.main import main; main()", "console", "-json-lines"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        for number in range(3):
            process.stdin.write(json.dumps(f"{number} * 2") + "\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["json"] == str(number * 2)
        process.stdin.close()
    assert process.returncode == 0


# What it sees.


def test_without_a_spec_there_are_functions_and_places(console: Console) -> None:
    (console.folder / "a.txt").write_text("text")
    told = console('file("a.txt")\nfileset(".", "*.txt")\npath.cwd\npath.module\nvwplan.stack\n')
    assert told.out.splitlines() == [
        '"text"',
        "toset([",
        '  "a.txt",',
        "])",
        json.dumps(str(console.folder)),
        '"."',
        '"default"',
    ]
    told = console("var.a\nlocal.b\nmodule.c\nworkspace.d\ne\neach.key\nself\n")
    assert told.out == "" and told.err.count("Error: Reference to something undeclared") == 7
    assert list(console.folder.iterdir()) == [console.folder / "a.txt"]


def test_time_and_chance_are_known_as_nothing_is_planned(console: Console) -> None:
    found = console.line('[timestamp(), uuid(), plantimestamp(), bcrypt("x")]')
    assert len(json.loads(found["json"])) == 4


def test_variables_without_a_value_are_unknown_and_the_others_have_theirs(spec: Console) -> None:
    told = spec("local.both\nvar.password\ntype(var.amount)\nlength(workspace.many)\nmodule.inner.told\n")
    assert told.out == '[\n  "a",\n  (known after apply),\n]\n(sensitive value)\nnumber\n(known after apply)\n"A"\n'
    assert (told.code, told.err) == (0, "")
    assert spec.line("var.amount") == {"ok": True, "unknown": True, "type": "number"}
    assert spec.line("var.password") == {"ok": True, "sensitive": True, "type": "string"}
    assert spec.line("local.both", "--var", "amount=2", "--var", "site=b")["json"] == '["b",2]'


def test_a_value_that_does_not_fit_is_told_before_anything_is_asked(spec: Console) -> None:
    told = spec("1", "--var", "amount=many")
    assert told.code == 1 and told.out == "" and '"amount" does not take this value' in told.err


def test_a_validation_that_does_not_hold_is_told_and_questions_are_answered(spec: Console) -> None:
    (spec.folder / "more.vw.hcl").write_text(
        'variable "size" {\n  default = 1\n  validation {\n    condition     = var.size > 5\n    error_message = "too small"\n  }\n}\n'
    )
    told = spec("var.size")
    assert "too small" in told.err and told.out == "1\n" and told.code == 0


def test_a_broken_spec_is_told(spec: Console) -> None:
    (spec.folder / "more.vw.hcl").write_text("locals {\n  a = [1\n}\n")
    told = spec("1")
    assert told.code == 1 and told.out == "" and "more.vw.hcl" in told.err


def test_what_a_value_needs_and_is_wrong_is_told_each_time(spec: Console) -> None:
    told = spec("local.wrong\nlocal.more\ntry(local.more, 1)\n")
    assert told.err.count("Invalid index") == 3 and told.out == ""


def test_what_is_not_made_yet_is_as_the_spec_says_and_what_would_be_chosen_is_unknown(spec: Console) -> None:
    asked = {
        "workspace.login.resources.memory": "1024",
        "workspace.login.hostname": '"login"',
        "workspace.login.id": "(known after apply)",
        "workspace.login.address": "(known after apply)",
        "workspace.login.nic[0].mac": "(known after apply)",
        "workspace.login.nic[0].network": "(known after apply)",
        "network.fabric.cidr": "(known after apply)",
        "network.fabric.bridge_name": "(known after apply)",
        "length(workspace.many)": "2",
        "environment.small.image == image.base.id": "true",
        "cluster.lab.workers.compute[1].hostname": '"lab-compute-1"',
        "cluster.lab.roster[0].address": "(known after apply)",
        "module.inner.late": "(known after apply)",
    }
    told = spec("\n".join(asked), "--var", "amount=2")
    assert told.err == ""
    assert dict(zip(asked, told.out.splitlines(), strict=True)) == asked
    assert not (spec.folder / ".vwplan" / "stacks").exists()


def test_what_is_recorded_is_seen_without_the_lock_and_without_the_image(
    spec: Console, capsys: pytest.CaptureFixture[str]
) -> None:
    (spec.folder / "main.vw.hcl").write_text(SPEC.replace("wrong =", "wrong = 1 #"))
    assert run(["apply", "--simulate", "--auto-approve", "--var", "amount=1"]) == 0
    capsys.readouterr()
    (spec.folder / "disk.img").unlink()
    asked = "workspace.login.address\nworkspace.many[*].id\ncluster.lab.head.address\nimage.base.size\n"
    told = spec(asked, "--simulate", "--var", "amount=2")
    lines = told.out.splitlines()
    assert lines[0].startswith('"10.') and lines[-2].startswith('"10.')
    assert lines[2].startswith('  "') and lines[3] == "  (known after apply),", "the second one is not made yet"
    assert told.err == ""
    other = spec(asked, "--var", "amount=2")
    assert "10." not in other.out, "another stack has another state"


@pytest.mark.parametrize(
    "asked",
    [
        "[for x in [] : var.nothing]",
        "try(1, nothing.at_all)",
        '"%{ for x in [] }${local.nothing}%{ endfor }"',
        "[][*].a[path.b]",
    ],
)
def test_an_undeclared_name_is_told_where_nothing_would_look_at_it(spec: Console, asked: str) -> None:
    told = spec(asked)
    assert (told.code, told.out) == (1, "")
    assert "undeclared" in told.err


def test_an_undeclared_name_is_told_with_the_nearest(spec: Console) -> None:
    told = spec("var.sitee\nworkspace.logn\nworkspace.login.adress\nmodule.inner.tolt\n")
    for near in ("site", "login", "address", "told"):
        assert f'Did you mean "{near}"?' in told.err


# By hand.


def converse(keys: str, names: list[str], folder: Path | None) -> None:
    """Type keys at the prompt."""
    from prompt_toolkit.application import create_app_session
    from prompt_toolkit.input import create_pipe_input
    from prompt_toolkit.output import DummyOutput

    from vwplan.cli.console.prompt import converse as talk
    from vwplan.cli.console.session import Session
    from vwplan.cli.terminal import Terminal
    from vwplan.hcl.evaluate import MappingScope

    with create_pipe_input() as given, create_app_session(input=given, output=DummyOutput()):
        given.send_text(keys)
        talk(Session(MappingScope({"var": TupleValue(["x"])})), Terminal(False, 80, True), names, folder)


def test_enter_ends_a_line_of_an_open_expression_and_else_the_expression(capsys: pytest.CaptureFixture[str]) -> None:
    converse("[1,\r2]\rnope\rvar[0]\rhelp\rexit\r", [], None)
    told = capsys.readouterr()
    assert told.out.startswith('[\n  1,\n  2,\n]\n"x"\nType an expression') and "Reference to something" in told.err


def test_lines_that_are_pasted_are_answered_one_by_one(capsys: pytest.CaptureFixture[str]) -> None:
    converse("\x1b[200~1 + 1\n# a comment\n[\n  2,\n]\n\nnope(\n3)\n4 * 2\nexit\n5\x1b[201~\r", [], None)
    told = capsys.readouterr()
    assert told.out == "2\n[\n  2,\n]\n8\n"
    assert 'There is no function "nope"' in told.err


def test_a_comment_alone_asks_nothing_at_the_prompt_either(capsys: pytest.CaptureFixture[str]) -> None:
    converse("# a\r/* b\r*/\r1 + 1\rexit\r", [], None)
    told = capsys.readouterr()
    assert (told.out, told.err) == ("2\n", "")


def test_ctrl_c_drops_the_line_and_ctrl_d_leaves(capsys: pytest.CaptureFixture[str]) -> None:
    converse("[1,\r\x031 + 1\r\x04", [], None)
    assert capsys.readouterr().out == "2\n"


def test_tab_completes_a_name_step_by_step(capsys: pytest.CaptureFixture[str]) -> None:
    from prompt_toolkit.completion import CompleteEvent
    from prompt_toolkit.document import Document

    from vwplan.cli.console.prompt import _Names

    def offered(text: str) -> list[str]:
        found = names.get_completions(Document(text), CompleteEvent())
        return [text + each.text for each in found]

    names = _Names(
        sorted(["length(", "local.a", "var.site", "workspace.w.address", "workspace.w.addresses", "workspace.w"])
    )
    assert offered("1 + l") == ["1 + length(", "1 + local"]
    assert offered("workspace.w[0].ad") == ["workspace.w[0].address", "workspace.w[0].addresses"]
    assert offered("workspace.") == ["workspace.w"]
    assert offered('"x') == [] and offered("1 + ") == []


def test_names_are_those_of_the_spec(spec: Console) -> None:
    from vwplan.cli.console.names import names
    from vwplan.spec import load

    found = names(load(spec.folder))
    wanted = {
        "upper(",
        "try(",
        "var.site",
        "local.both",
        "module.inner.told",
        "workspace.login.resources.cpus",
        "cluster.lab.workers.compute.address",
    }
    assert wanted <= set(found)
    assert "upper(" in names(None) and "path.cwd" in names(None)


def test_history_is_kept_for_its_owner_alone_and_without_secrets(tmp_path: Path) -> None:
    folder = tmp_path / ".vwplan"
    converse('1 + 1\r 2 + 2\rsensitive("hunter2")\rnonsensitive(4)\rexit\r', [], folder)
    kept = folder / "console.history"
    assert kept.stat().st_mode & 0o777 == 0o600
    lines = [line[1:] for line in kept.read_text().splitlines() if line.startswith("+")]
    assert lines == ["1 + 1", "nonsensitive(4)", "exit"]


def test_history_stays_in_memory_where_it_cannot_be_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("")
    (tmp_path / ".vwplan").mkdir()
    os.symlink(elsewhere, tmp_path / ".vwplan" / "console.history")
    converse("1\rexit\r", [], tmp_path / ".vwplan")
    assert elsewhere.read_text() == "" and capsys.readouterr().out == "1\n"

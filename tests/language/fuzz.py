"""Mutated texts for the parser, the evaluator, the formatter, values of variables, and whole specs in both syntaxes, in search of
what must never happen; run by hand.

python tests/language/fuzz.py --minutes 60            # each target in turn, an hour in all
python tests/language/fuzz.py --target specs --seed 3

What must never happen: an exception that is no diagnostic, a diagnostic outside its text, ten seconds of CPU or three gigabytes
for one text, a text that is valid no longer when it has been laid out, an expression whose value is not what was said of it
while something in it was unknown. Each find is printed with its text.
"""

from __future__ import annotations

import argparse
import random
import re
import resource
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from dialects import Files, planned, read_cases
from mutations import FILE, TESTS, either, expressions, grown, mutated
from twins import files_in_json

from vwplan.diagnostics import Diagnostic, DiagnosticError, Source
from vwplan.hcl import parse_expression, parse_file
from vwplan.hcl.evaluate import EvaluationError, MappingScope, compile_expression
from vwplan.hcl.format import format_text
from vwplan.hcl.functions.json_text import json_text
from vwplan.hcl.jsonsyntax import parse_json
from vwplan.spec import Module, load, read_inputs
from vwplan.spec.jsonshape import FileShape
from vwplan.values import (
    DYNAMIC,
    SENSITIVE,
    STRING,
    ListValue,
    MapValue,
    Null,
    ObjectValue,
    SetValue,
    TupleValue,
    Unknown,
    Value,
    convert,
    from_plain,
    mark,
    same,
    type_of,
    unmark_deep,
)
from vwplan.values.equality import could_conform, may_become

SECONDS, BYTES = 10, 3 << 30
VARIABLES: dict[str, Value] = {
    "u": Unknown(STRING),
    "d": Unknown(DYNAMIC),
    "s": mark(from_plain("secret"), frozenset({SENSITIVE})),
    "l": from_plain([1, "a", None]),
    "m": from_plain({"a": {"b": [True]}}),
}
DECLARED = """
variable "text" { type = string }
variable "number" { type = number }
variable "flags" { type = list(bool) }
variable "names" { type = set(string) }
variable "sizes" { type = map(number) }
variable "pair" { type = tuple([string, any]) }
variable "any" { type = any }
variable "untyped" {}
variable "secret" {
  type      = object({ a = string, b = optional(number, 1) })
  sensitive = true
}
variable "deep" {
  type     = map(object({ a = optional(list(object({ b = optional(string, "x") })), []), c = any }))
  nullable = false
  default  = {}
}
"""
"""Variables of many types, for values of all kinds."""


@cache
def files() -> list[str]:
    """Files of specs, as seeds: the examples, and those of the modules that are compared with Terraform's verdict."""
    examples = [path.read_text(encoding="utf-8") for path in sorted(TESTS.parent.glob("examples/**/*.vw.hcl"))]
    return examples + [text for case in cases() for text in case.values()]


def cases() -> list[Files]:
    """The modules that are compared with Terraform's verdict."""
    return [case for path in sorted(TESTS.glob("language/cases/*.cases")) for case in read_cases(path).values()]


@cache
def specs() -> list[str]:
    """Whole specs, as seeds: all files in one text, each after a line `-- NAME`."""
    return ["".join(f"-- {name}\n{text}" for name, text in case.items()) for case in cases()]


def checked(problems: Iterable[Diagnostic]) -> None:
    """Every problem has words, and a place within its text."""
    for problem in problems:
        assert problem.summary, problem
        at = problem.subject
        assert at is None or 0 <= at.start <= at.end <= len(at.source.text), (problem, at)


def expression(text: str) -> None:
    """One expression, evaluated with values that are known, late and secret."""
    source = Source("fuzz", text)
    parsed, problems = parse_expression(source)
    checked(problems)
    if parsed is not None and not problems:
        try:
            compile_expression(parsed, source).evaluate(MappingScope(VARIABLES))
        except EvaluationError as error:
            checked(error.diagnostics)


def layout(text: str) -> None:
    """A file, in the native syntax and in JSON, and laid out."""
    checked(parse_json(Source("fuzz.vw.json", text), FileShape())[1])
    try:
        neat = format_text(text)
    except DiagnosticError as error:
        checked(error.diagnostics)
        return
    # `a.1 .0` becomes `a.1.0` in `terraform fmt` too, which is then refused.
    spoilt = [problem for problem in parse_file(Source("fuzz.vw.hcl", neat))[1] if problem.code != "legacy-index"]
    assert not spoilt, f"invalid when laid out: {neat!r}"


def spec(text: str) -> None:
    """A spec of some modules, as far as the graph of what it wants."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            wanted = planned(Path(folder), dict(FILE.findall(text.encode("utf-8", "replace").decode())))
        except DiagnosticError as error:
            checked(error.diagnostics)
        else:
            checked(wanted.warnings)


def late(text: str) -> None:
    """One expression in which `u` stands for something, with that known, late and secret: what was said before stays true."""
    known: list[tuple[Value, Value | None]] = [(value, evaluated(text, value)) for value in LATE]
    for value, after in known:
        hidden = evaluated(text, mark(value, frozenset({SENSITIVE})))
        assert hidden is None or after is None or same(unmark_deep(hidden)[0], unmark_deep(after)[0]), (
            value,
            after,
            hidden,
        )
        before = evaluated(text, Unknown(type_of(value)))
        typed = OPEN.search(text) is None
        assert before is None or after is None or allows(before, after, typed=typed), (value, before, after)
    before = evaluated(text, Unknown(DYNAMIC))
    if not TYPED_LATE.search(text):
        for value, after in known:
            assert before is None or after is None or allows(before, after, typed=False), (value, before, after)


def evaluated(text: str, value: Value) -> Value | None:
    """The value of an expression over `u`; None where there is none, which is told."""
    source = Source("fuzz", text)
    parsed, problems = parse_expression(source)
    checked(problems)
    if parsed is None or problems:
        return None
    try:
        return compile_expression(parsed, source).evaluate(MappingScope({"u": value}))
    except EvaluationError as error:
        checked(error.diagnostics)
        return None


def allows(before: Value, after: Value, *, typed: bool = True) -> bool:
    """Whether a value that was told with unknown parts may have become this one.

    Where not even a type was known, as in Terraform, what stands beside it was not yet converted to a type in common.
    """
    before, after = unmark_deep(before)[0], unmark_deep(after)[0]
    match before, after:
        case Unknown(), Null():
            return not before.refinement.not_null
        case Unknown(), _:
            fits = not typed or could_conform(type_of(after), before.type)
            return fits and (not typed or isinstance(after, Unknown) or may_become(before, after))
        case SetValue(), SetValue():
            return True
        case ((ListValue() | TupleValue()), (ListValue() | TupleValue())):
            pairs = zip(before.items, after.items, strict=False)
            return len(before.items) == len(after.items) and all(allows(*pair, typed=typed) for pair in pairs)
        case ((MapValue() | ObjectValue()), (MapValue() | ObjectValue())):
            alike = before.items.keys() == after.items.keys()
            return alike and all(allows(item, after.items[key], typed=typed) for key, item in before.items.items())
        case _ if not typed:
            return isinstance(before, Null) == isinstance(after, Null) and (
                isinstance(before, Null) or json_text(convert(before, STRING)) == json_text(convert(after, STRING))
            )
    return same(before, after)


@cache
def late_seeds() -> list[str]:
    """Expressions with `u` in the place of something in them, once for each place."""
    places = re.compile(r'(?<![\w.$"])(?:\d+(?:\.\d+)?|"[^"$%\\]*"|\[[^\[\]]*\]|\btrue\b|\bfalse\b)(?!\w)')
    return [
        f"{text[: place.start()]}u{text[place.end() :]}"
        for text in expressions()
        for place in places.finditer(text)
        if not SHIFTING.search(text)
    ]


@cache
def module() -> Module:
    """The variables that values are given to."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "main.vw.hcl").write_text(DECLARED, encoding="utf-8")
        return load(Path(folder)).root


def given(text: str) -> None:
    """Values of variables: in a file of each syntax, in the environment, and in the arguments."""
    text = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    with tempfile.TemporaryDirectory() as folder:
        for name in ("x.vwvars.hcl", "x.vwvars.json"):
            path = Path(folder, name)
            path.write_text(text, encoding="utf-8")
            told(lambda: read_inputs(module(), given=[path], directory=Path(folder)))  # noqa: B023 - called at once.
        each = {f"VW_VAR_{name}": text for name in module().variables}
        told(lambda: read_inputs(module(), environment=each, directory=Path(folder)))
        for name in module().variables:
            told(lambda: read_inputs(module(), given=[(name, text)], directory=Path(folder)))  # noqa: B023


def told(work: Callable[[], object]) -> None:
    """Do something that may end in diagnostics."""
    try:
        work()
    except DiagnosticError as error:
        checked(error.diagnostics)


@cache
def values() -> list[str]:
    """Values of variables, as seeds: files in both syntaxes, and values alone."""
    pairs = [(name, value) for name in module().variables for value in expressions()[:200]]
    chance = random.Random(0)
    some = [chance.sample(pairs, 6) for _ in range(200)]
    native = ["".join(f"{name} = {value}\n" for name, value in each) for each in some]
    texts_ = [text for case in cases() for name, text in case.items() if "vars" in name]
    return [*native, *texts_, *(value for _, value in pairs[:200])]


@cache
def json_specs() -> list[str]:
    """Whole specs in the JSON syntax, as seeds."""
    made = []
    for case in cases():
        try:
            files = files_in_json(case.items())
        except ValueError:
            continue
        made.append("".join(f"-- {name}\n{text.rstrip()}\n" for name, text in files.items()))
    return made


LATE: tuple[Value, ...] = tuple(
    from_plain(plain)
    for plain in ("", "a", "10.0.0.0/8", "é", 0, 1, -2, 0.5, True, [], ["b", "a"], {}, {"a": "x"}, [1, [None]])
)
"""What `u` stands for in the end."""
SHIFTING = re.compile(r"timestamp|uuid\(|bcrypt|sensitive|type\(")
"""What is another each time, or asks for marks and types."""
OPEN = re.compile(r"try|decode")
"""What has no type yet when what it is given has one, but no value."""
TYPED_LATE = re.compile(r"tolist|toset|tomap")
"""As in Terraform, these take what has no type yet for what stands beside it, which may turn out wrong."""
Grow = Callable[[str, list[str], random.Random], str]
TARGETS: dict[str, tuple[Callable[[str], None], Callable[[], list[str]], Grow]] = {
    "expressions": (expression, expressions, grown),
    "layouts": (layout, files, grown),
    "specs": (spec, specs, grown),
    "json": (spec, json_specs, either),
    "values": (given, values, mutated),
    "late": (late, late_seeds, grown),
}


class TooSlow(Exception):
    """A text took longer than any may."""


@contextmanager
def bounded() -> Iterator[None]:
    """No text takes longer, nor more memory, than any may."""

    def stop(number: int, frame: object) -> None:
        raise TooSlow(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGPROF, stop)
    # Of the processor's time, because a machine with much else to do keeps anything waiting.
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def texts(target: str, seed: int) -> Iterator[str]:
    """The texts for a target, without end, the same for the same seed."""
    chance = random.Random(f"{target} {seed}")
    _, make, grow = TARGETS[target]
    seeds = make()
    while True:
        yield grow(chance.choice(seeds), seeds, chance)


def finds(target: str, seed: int, *, until: float = float("inf"), most: int | None = None) -> Iterator[tuple[int, str]]:
    """How many texts were tried, with what was found: an empty text at the end."""
    tried = 0
    for text in texts(target, seed):
        if time.monotonic() >= until or tried == most:
            break
        tried += 1
        try:
            with bounded():
                TARGETS[target][0](text)
        except (Exception, RecursionError, MemoryError):
            yield tried, f"{text!r}\n{traceback.format_exc(limit=-4)}"
    yield tried, ""


def main() -> int:
    """Try texts for as long as asked, and print what was found."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--minutes", type=float, default=1.0, help="for all targets together")
    asked.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    asked.add_argument("--target", choices=TARGETS, action="append")
    chosen = asked.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    targets = chosen.target or list(TARGETS)
    found = 0
    for target in targets:
        began = time.process_time()
        for tried, find in finds(target, chosen.seed, until=time.monotonic() + chosen.minutes * 60 / len(targets)):
            if find:
                found += 1
                print(f"{target}, seed {chosen.seed}, text {tried}: {find}", flush=True)
        print(f"{target}, seed {chosen.seed}: {tried} texts, {time.process_time() - began:.0f} s CPU", flush=True)
    print(f"{found} found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

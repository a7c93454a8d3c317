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
import json
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
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from dialects import Files, planned, read_cases
from twins import files_in_json

from vwplan.diagnostics import Diagnostic, DiagnosticError, Source
from vwplan.hcl import parse_expression, parse_file
from vwplan.hcl.evaluate import EvaluationError, MappingScope, compile_expression
from vwplan.hcl.format import format_text
from vwplan.hcl.functions.json_text import json_text
from vwplan.hcl.functions.table import FUNCTIONS
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

TESTS = Path(__file__).parents[1]
SECONDS, BYTES = 10, 3 << 30
VARIABLES: dict[str, Value] = {
    "u": Unknown(STRING),
    "d": Unknown(DYNAMIC),
    "s": mark(from_plain("secret"), frozenset({SENSITIVE})),
    "l": from_plain([1, "a", None]),
    "m": from_plain({"a": {"b": [True]}}),
}
WORDS = r"""
    { } [ ] ( ) , . : = == != < > <= >= && || ! ? + - * / % ... => ${ %{ } ~} " \ # // /* */ <<E <<-E E
    for in if else endif endfor true false null each self count var local module data path u d s l m
    0 -1 1e400 1e-400 0.1 9007199254740993 [*] .* format("%[2]*d", regex("(a+)+$",
"""
FILE = re.compile(r"^-- ([a-z][\w.]{0,40}(?:/[a-z][\w.]{0,40})*)\n((?:(?!-- ).*\n)*)", re.MULTILINE)
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
PIECES = [
    *WORDS.split(),
    *("\0", "\n", "\r\n", "\ufeff", "\u202e", "\U0001f468\u200d\U0001f469", "e\u0301", "\ud800"),
]


@cache
def expressions() -> list[str]:
    """Expressions with Terraform's verdict, as seeds."""
    lines = (TESTS / "hcl" / "oracle.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["expr"] for line in lines]


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


def grafted(text: str, chance: random.Random) -> str:
    """The text with a whole expression where another one was, so that it mostly stays valid."""
    one, other = (chance.choice(expressions()) for _ in range(2))
    function = chance.choice(sorted(FUNCTIONS))
    operator = chance.choice(("+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||"))
    made = chance.choice(
        (
            one,
            f"{function}({one})",
            f"{function}({one}, {other})",
            f"({one}) {operator} ({other})",
            f"[for k, v in ({one}) : v if k != ({other})]",
            f"{{for k, v in ({one}) : k => ({other})...}}",
            f"({one}) ? u : ({other})",
            f'"a${{({one})}}%{{ for x in ({other}) ~}} ${{x}} %{{ endfor }}"',
            f"({one})[{other}]",
            f"try(({one}).a[*].b, {other})",
        )
    )
    places = [*re.finditer(r'(?<=[=(,?:\[])(?: (?:[^\s{}][^\n{}]*(?=\n)|\d+|"\w*"|[uldms]\b)|\d+|"\w*")', text)]
    if "\n" in text and chance.randrange(2):
        return f'{text}\noutput "fuzz{len(text)}" {{\n  value = {made}\n}}\n'
    if not places:
        return made
    place = chance.choice(places)
    return text[: place.start()] + " " + made + text[place.end() :]


def mutated(text: str, seeds: list[str], chance: random.Random) -> str:
    """The text with some pieces cut, doubled, moved, replaced, nested, or spliced in from another."""
    pieces = re.findall(r"\w+|\s+|.", text, re.DOTALL)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(pieces) + 1)
        end = min(len(pieces), at + chance.choice((1, 1, 2, 5, 20)))
        piece = pieces[at:end]
        match chance.randrange(7):
            case 0:
                pieces[at:end] = []
            case 1:
                pieces[at:at] = piece * chance.choice((1, 1, 2, 30))
            case 2:
                pieces[at:end] = []
                back = chance.randrange(len(pieces) + 1)
                pieces[back:back] = piece
            case 3 | 4:
                pieces[at : at + chance.randrange(2)] = [chance.choice(PIECES)]
            case 5:
                other = re.findall(r"\w+|\s+|.", chance.choice(seeds), re.DOTALL)
                start = chance.randrange(len(other) + 1)
                pieces[at:end] = other[start : start + chance.randrange(20)]
            case _:
                left, right = chance.choice((("(", ")"), ("[", "]"), ("{a=", "}"), ('"${', '}"'), ("-", ""), ("!", "")))
                depth = chance.choice((1, 2, 40, 2000))
                pieces[at:end] = [left * depth, *piece, right * depth]
    return "".join(pieces)


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


def reshaped(text: str, seeds: list[str], chance: random.Random) -> str:
    """A spec in JSON with some values cut, doubled, wrapped, or put elsewhere, here or from another, so that it stays JSON."""
    body = chance.choice(FILE.findall(text) or [("", "{}")])[1]
    other = chance.choice(FILE.findall(chance.choice(seeds)) or [("", "{}")])[1]
    try:
        whole, spare = json.loads(body), json.loads(other)
    except ValueError:
        return mutated(text, seeds, chance)
    for _ in range(chance.choice((1, 1, 2, 4))):
        places, spares = list(places_in(whole)), list(places_in(spare))
        if not (places and spares):
            break
        (holder, key), (from_, at) = chance.choice(places), chance.choice(chance.choice((places, spares)))
        found = json.loads(json.dumps(from_[at]))
        match chance.randrange(7):
            case 0 | 1:
                holder[key] = found
            case 2:
                holder[key] = [holder[key], found]
            case 3:
                holder[key] = {chance.choice((str(at), "", "//", "dynamic", "é")): holder[key]}
            case 4:
                holder[key] = chance.choice((None, True, 0, -1, 1.5, 1e300, "", "${", "%{ if true }", [], {}, "\ud800"))
            case 5:
                holder[key] = f"${{{chance.choice(expressions())}}}"
            case _ if isinstance(holder, dict):
                holder[chance.choice((str(at), f"{key} ", "x"))] = found
    return text.replace(body, json.dumps(whole, indent=chance.choice((None, 1))) + "\n")


def places_in(node: Any) -> Iterator[tuple[Any, Any]]:
    """Each place in a JSON document, as what holds it and its key there."""
    for key in range(len(node)) if isinstance(node, list) else list(node) if isinstance(node, dict) else ():
        yield node, key
        yield from places_in(node[key])


def grown(text: str, seeds: list[str], chance: random.Random) -> str:
    """A text with some expressions in it exchanged, and half the time spoilt."""
    for _ in range(chance.randrange(3)):
        text = grafted(text, chance)
    return text if chance.randrange(2) else mutated(text, seeds, chance)


def either(text: str, seeds: list[str], chance: random.Random) -> str:
    """A spec in JSON, mostly reshaped, sometimes spoilt as text."""
    return reshaped(text, seeds, chance) if chance.randrange(4) else mutated(text, seeds, chance)


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

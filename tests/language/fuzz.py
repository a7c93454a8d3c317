"""Mutated texts for the parser, the evaluator, the formatter and whole specs, in search of what must never happen; run by hand.

python tests/language/fuzz.py --minutes 60            # each target in turn, an hour in all
python tests/language/fuzz.py --target specs --seed 3

What must never happen: an exception that is no diagnostic, a diagnostic outside its text, ten seconds or three gigabytes
for one text, a text that is valid no longer when it has been laid out. Each find is printed with its text.
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

sys.path.insert(0, str(Path(__file__).parent))

from dialects import Files, planned, read_cases

from vwplan.diagnostics import Diagnostic, DiagnosticError, Source
from vwplan.hcl import parse_expression, parse_file
from vwplan.hcl.evaluate import EvaluationError, MappingScope, compile_expression
from vwplan.hcl.format import format_text
from vwplan.hcl.functions.table import FUNCTIONS
from vwplan.hcl.jsonsyntax import parse_json
from vwplan.spec.jsonshape import FileShape
from vwplan.values import DYNAMIC, SENSITIVE, STRING, Unknown, Value, from_plain, mark

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


TARGETS: dict[str, tuple[Callable[[str], None], Callable[[], list[str]]]] = {
    "expressions": (expression, expressions),
    "layouts": (layout, files),
    "specs": (spec, specs),
}


class TooSlow(Exception):
    """A text took longer than any may."""


@contextmanager
def bounded() -> Iterator[None]:
    """No text takes longer, nor more memory, than any may."""

    def stop(number: int, frame: object) -> None:
        raise TooSlow(f"more than {SECONDS} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(SECONDS)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def texts(target: str, seed: int) -> Iterator[str]:
    """The texts for a target, without end, the same for the same seed."""
    chance = random.Random(f"{target} {seed}")
    seeds = TARGETS[target][1]()
    while True:
        text = chance.choice(seeds)
        for _ in range(chance.randrange(3)):
            text = grafted(text, chance)
        yield text if chance.randrange(2) else mutated(text, seeds, chance)


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
    given = asked.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (BYTES, BYTES))
    targets = given.target or list(TARGETS)
    found = 0
    for target in targets:
        began = time.process_time()
        for tried, find in finds(target, given.seed, until=time.monotonic() + given.minutes * 60 / len(targets)):
            if find:
                found += 1
                print(f"{target}, seed {given.seed}, text {tried}: {find}", flush=True)
        print(f"{target}, seed {given.seed}: {tried} texts, {time.process_time() - began:.0f} s CPU", flush=True)
    print(f"{found} found")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

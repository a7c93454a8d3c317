"""Random expressions, evaluated here and by `terraform console`: run by hand where Terraform is installed.

    python tests/hcl/differential.py [COUNT] [SEED]     # random expressions
    python tests/hcl/differential.py - < FILE           # expressions, one a line

Prints every expression whose value, type or failure differs, as small as it was generated. Differences on purpose are passed
over: infinities, negative zero, what `&&` and `||` need not look at.
"""

from __future__ import annotations

import base64
import itertools
import os
import random
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl.evaluate import MappingScope, compile_expression
from vwplan.hcl.functions.json_text import json_text
from vwplan.hcl.functions.table import FUNCTIONS
from vwplan.hcl.parser import parse_expression
from vwplan.values import (
    BOOL,
    DYNAMIC,
    NUMBER,
    STRING,
    ListType,
    MapType,
    SetType,
    Type,
    is_whole,
    type_of,
    type_text,
    unmark_deep,
)

Verdict = tuple[str, ...]
"""`("value", JSON, type)`, `("unknown",)` or `("fails", reason)`."""

_LOCAL = threading.local()
_COUNTER = itertools.count()
_ENVIRONMENT = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}


def _console(expression: str) -> subprocess.CompletedProcess[str]:
    if not hasattr(_LOCAL, "folder"):
        _LOCAL.folder = tempfile.mkdtemp(prefix=f"differential{next(_COUNTER)}-")
    return subprocess.run(
        ["terraform", "console", "-no-color"],
        input=expression + "\n",
        capture_output=True,
        text=True,
        cwd=_LOCAL.folder,
        env=_ENVIRONMENT,
        check=False,
    )


def theirs(expression: str) -> Verdict:
    """What Terraform says."""
    done = _console(f"base64encode(nonsensitive(jsonencode(({expression}))))")
    if done.returncode or not done.stdout.startswith('"'):
        if not done.returncode and "known after apply" in done.stdout:
            return ("unknown",)
        return ("fails", " ".join((done.stderr or done.stdout).split())[:240])
    value = base64.b64decode(done.stdout.strip().strip('"')).decode()
    return ("value", value, _console(f"type(({expression}))").stdout.strip())


def ours(expression: str) -> Verdict:
    """What we say."""
    source = Source("test", expression)
    try:
        tree, problems = parse_expression(source)
        if tree is None or problems:
            return ("fails", "; ".join(problem.summary for problem in problems))
        value, _ = unmark_deep(compile_expression(tree, source).evaluate(MappingScope()))
        if not is_whole(value):
            return ("unknown",)
        return ("value", json_text(value), type_text(type_of(value)))
    except DiagnosticError as error:
        return ("fails", "; ".join(f"{each.summary}: {each.detail}" for each in error.diagnostics))


def on_purpose(expression: str, them: Verdict, us: Verdict) -> bool:
    """Whether a difference is one that is meant."""
    if "division by zero" in us[-1] or "finite number" in us[-1] or "Inf" in them[-1] or "infinity" in them[-1]:
        return True
    if us[0] == "value" and them[0] == "value" and "-0" in them[1]:
        return True
    if us[0] == "value" and them[0] == "fails" and ("&&" in expression or "||" in expression or "panic" in them[1]):
        return True
    return them[0] == "unknown" and "null" in expression


def compare(expressions: Iterable[str]) -> int:
    """Compare, print, and count what differs."""
    found = list(dict.fromkeys(expressions))
    wrong = 0
    with ThreadPoolExecutor(2) as pool:
        for expression, them in zip(found, pool.map(theirs, found), strict=True):
            us = ours(expression)
            same = them == us if them[0] == "value" else them[0] == us[0]
            if not same and not on_purpose(expression, them, us):
                wrong += 1
                print(f"{expression}\n    theirs {them}\n    ours   {us}", flush=True)
    print(f"{len(found)} expressions, {wrong} differ")
    return wrong


# Generating

_STRINGS = [
    '""',
    '"a"',
    '"b"',
    '"1"',
    '"true"',
    '"x y"',
    '"é"',
    '"10.0.0.0/8"',
    '"a,b"',
    '"2020-01-02T03:04:05Z"',
    '"-1.5"',
]
_NUMBERS = ["0", "1", "2", "3", "-1", "1.5", "10", "100", "0.1", "1e3"]
_BOOLS = ["true", "false"]


def _options(pool: list[str]) -> st.SearchStrategy[str]:
    return st.sampled_from(pool)


def _leaf() -> st.SearchStrategy[str]:
    return st.one_of(_options(_STRINGS), _options(_NUMBERS), _options(_BOOLS), st.just("null"))


def _of_type(type: Type, any_value: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Mostly a literal of a type, sometimes anything."""
    if type == STRING:
        likely = _options(_STRINGS)
    elif type == NUMBER:
        likely = _options(_NUMBERS)
    elif type == BOOL:
        likely = _options(_BOOLS)
    elif isinstance(type, ListType | SetType):
        inner = _of_type(type.element, any_value) if type.element is not DYNAMIC else any_value
        likely = st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    elif isinstance(type, MapType):
        likely = _object(_of_type(type.element, any_value))
    else:
        return any_value
    return st.integers(0, 7).flatmap(lambda dice: any_value if dice == 0 else likely)


def _object(values: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(st.sampled_from(["a", "b", '"c d"', '"1"']), values), max_size=3)
    return pairs.map(lambda found: "{" + ", ".join(f"{key} = {value}" for key, value in found) + "}")


_SKIPPED = {
    "timestamp",
    "plantimestamp",
    "uuid",
    "bcrypt",
    "abspath",
    "pathexpand",
    "templatestring",
    "base64gzip",
    "rsadecrypt",
}
_CALLED = sorted(name for name in FUNCTIONS if name not in _SKIPPED and not name.startswith(("file", "templatefile")))


def _call(any_value: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def arguments(name: str) -> st.SearchStrategy[str]:
        function = FUNCTIONS[name]
        fixed = [_of_type(parameter.type, any_value) for parameter in function.parameters]
        if function.variadic is None:
            return st.tuples(*fixed).map(lambda found: f"{name}({', '.join(found)})")
        rest = st.lists(_of_type(function.variadic.type, any_value), max_size=3)
        return st.tuples(st.tuples(*fixed), rest).map(lambda found: f"{name}({', '.join([*found[0], *found[1]])})")

    return st.sampled_from(_CALLED).flatmap(arguments)


def _compound(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["+", "-", "*", "/", "%", "==", "!=", "<", ">", "<=", ">=", "&&", "||"])
    two, three = st.tuples(inner, inner), st.tuples(inner, inner, inner)

    def wrap(pattern: str) -> Callable[[tuple[str, ...]], str]:
        return lambda found: pattern.format(*found)

    listed = st.lists(inner, max_size=4).map(lambda items: f"[{', '.join(items)}]")
    return st.one_of(
        listed,
        listed,
        _object(inner),
        _object(inner),
        _call(inner),
        _call(inner),
        _call(inner),
        st.tuples(inner, operators, inner).map(lambda found: f"({found[0]} {found[1]} {found[2]})"),
        three.map(wrap("({} ? {} : {})")),
        two.map(wrap("{}[{}]")),
        inner.map(lambda found: f"({found}).a"),
        inner.map(lambda found: f"({found})[*]"),
        inner.map(lambda found: f"({found})[*].a"),
        two.map(wrap("[for k, v in {} : {}]")),
        inner.map(lambda found: f"[for k, v in {found} : v]"),
        inner.map(lambda found: f"[for k, v in {found} : k]"),
        inner.map(lambda found: "{for k, v in " + found + " : k => v}"),
        inner.map(lambda found: "{for k, v in " + found + " : v => k...}"),
        two.map(wrap("[for v in {} : v if {}]")),
        two.map(lambda found: f'"x${{{found[0]}}}${{{found[1]}}}"'),
        inner.map(lambda found: f'"${{{found}}}"'),
        inner.map(lambda found: f'"%{{ for v in {found} }}${{v}},%{{ endfor }}"'),
        two.map(lambda found: f'"%{{ if {found[0]} }}${{{found[1]}}}%{{ else }}n%{{ endif }}"'),
        two.map(wrap("try({}, {})")),
        inner.map(lambda found: f"can({found})"),
        inner.map(lambda found: f"tolist({found})"),
        inner.map(lambda found: f"toset({found})"),
        inner.map(lambda found: f"tomap({found})"),
        inner.map(lambda found: f"sensitive({found})"),
        inner.map(lambda found: f"({found})..."),
    )


def generate(count: int, start: int) -> list[str]:
    """So many random expressions."""
    made: list[str] = []

    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.recursive(_leaf(), _compound, max_leaves=6))
    def collect(expression: str) -> None:
        if len(expression) < 400:
            made.append(expression)

    collect()
    return made


def main() -> None:
    """Compare what is asked for, and exit with 1 if anything differs."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["-"]:
        expressions = [line.rstrip("\n") for line in sys.stdin if line.strip() and not line.startswith("##")]
    else:
        start = int(arguments[1]) if len(arguments) > 1 else random.randrange(1 << 30)
        print(f"seed {start}")
        expressions = generate(int(arguments[0]) if arguments else 1000, start)
    sys.exit(bool(compare(expressions)))


if __name__ == "__main__":
    main()

"""Expressions over values that are known only after apply, here and by `terraform console -plan`: run by hand.

    python tests/hcl/late_values.py FILE > measured_late.jsonl   # measure expressions, one a line; tells differences
    python tests/hcl/late_values.py COUNT SEED                   # random expressions; tells differences

`VARIABLES` are the values of which both know the same: `local.dyn` of no known type, `local.s` a string that may be null, …
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl.evaluate import MappingScope, compile_expression
from vwplan.hcl.parser import parse_expression
from vwplan.render.value_text import console_text
from vwplan.values import ObjectValue, Value, type_of, type_text
from vwplan.values.value import UNKNOWN_STRING

Verdict = tuple[str, str] | None
"""A value's text at the console and its type; None for a failure."""

VARIABLES = {
    "z": "id",
    "s": "tostring(id)",
    "n": "tonumber(id)",
    "b": "tobool(id)",
    "l": 'split(",", id)',
    "r": '"pre-${id}"',
    "dyn": "jsondecode(id)",
    "st": 'toset(split(",", id))',
    "mp": 'zipmap(split(",", id), split(",", id))',
    "ob": "{ a = id, k = 1 }",
    "tu": '["q", id]',
}
"""By name under `local`, an expression over a string that is known after apply and not null."""


def _value(text: str, variables: dict[str, Value]) -> Value:
    source = Source("test", text)
    tree, problems = parse_expression(source)
    if tree is None or problems:
        raise DiagnosticError(problems)
    return compile_expression(tree, source).evaluate(MappingScope(variables))


_SCOPE: dict[str, Value] = {
    "local": ObjectValue({name: _value(text, {"id": UNKNOWN_STRING}) for name, text in VARIABLES.items()})
}


def ours(expression: str) -> Verdict:
    """What we say."""
    try:
        value = _value(expression, _SCOPE)
    except DiagnosticError:
        return None
    return console_text(value), type_text(type_of(value))


_LOCAL = threading.local()
_ENVIRONMENT = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}


def _run(*words: str, text: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["terraform", *words, "-no-color"],
        input=text,
        capture_output=True,
        text=True,
        cwd=_LOCAL.folder,
        env=_ENVIRONMENT,
        check=False,
    )


def theirs(expression: str) -> Verdict:
    """What Terraform says."""
    if not hasattr(_LOCAL, "folder"):
        _LOCAL.folder = tempfile.mkdtemp(prefix="late-values-")
        lines = [f"  {name} = {text.replace('id', 'terraform_data.x.id')}\n" for name, text in VARIABLES.items()]
        main = 'resource "terraform_data" "x" {}\nlocals {\n' + "".join(lines) + "}\n"
        Path(_LOCAL.folder, "main.tf").write_text(main, encoding="utf-8")
        _run("init").check_returncode()
    done = _run("console", "-plan", text=expression + "\n")
    if done.returncode or "Error:" in done.stderr:
        return None
    return done.stdout.rstrip("\n"), _run("console", "-plan", text=f"type({expression})\n").stdout.strip()


def compare(expressions: Iterable[str], *, write: bool) -> int:
    """Compare, tell what differs, and write what was measured if asked to."""
    found = list(dict.fromkeys(expressions))
    wrong = 0
    with ThreadPoolExecutor(2) as pool:
        for expression, them in zip(found, pool.map(theirs, found), strict=True):
            us = ours(expression)
            if us != them:
                wrong += 1
                print(f"{expression}\n    theirs {them}\n    ours   {us}", file=sys.stderr, flush=True)
            if write:
                measured = {"text": them[0], "type": them[1]} if them else {}
                print(json.dumps({"expr": expression, **measured}, ensure_ascii=False), flush=True)
    print(f"{len(found)} expressions, {wrong} differ", file=sys.stderr)
    return wrong


def generate(count: int, start: int) -> list[str]:
    """So many random expressions."""
    sys.path.insert(0, str(Path(__file__).parent))
    from differential import _compound, _leaf
    from hypothesis import HealthCheck, Phase, given, seed, settings
    from hypothesis import strategies as st

    late = st.sampled_from([f"local.{name}" for name in VARIABLES])
    made: list[str] = []

    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.recursive(st.one_of(_leaf(), late, late), _compound, max_leaves=5))
    def collect(expression: str) -> None:
        if "local." in expression and len(expression) < 300:
            made.append(expression)

    collect()
    return made


if __name__ == "__main__":
    if len(sys.argv) == 3:
        sys.exit(bool(compare(generate(int(sys.argv[1]), int(sys.argv[2])), write=False)))
    sys.exit(bool(compare(Path(sys.argv[1]).read_text(encoding="utf-8").splitlines(), write=True)))

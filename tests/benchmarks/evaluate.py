"""Evaluation: compiled expressions, one for_each over many, console-like use; beside Terraform's console where it is installed.

    python tests/benchmarks/evaluate.py [--sizes 1000,10000,100000]

Figures are processor seconds. The bars: ten small expressions evaluated 10,000 times each well under 1 s; one expression over
10,000 elements under 1 s; all linear.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable

from vwplan.diagnostics import Source
from vwplan.hcl.evaluate import Compiled, MappingScope, compile_expression
from vwplan.hcl.functions.json_text import json_text
from vwplan.hcl.parser import parse_expression
from vwplan.values import Value, from_plain, type_of, type_text

SMALL = [
    "var.n + 1",
    '"node-${var.n}"',
    "[var.n, 2]",
    '{ name = var.name, size = "large" }',
    'var.n > 2 ? "many" : "few"',
    'var.map["k"]',
    "upper(var.name)",
    'format("%s-%02d", var.name, var.n)',
    "var.n == 3 && true",
    'cidrhost("10.0.0.0/16", var.n)',
]
LARGE = {
    "objects by for": '{ for i in var.list : "w${i}" => { ip = cidrhost("10.0.0.0/8", i), cpus = i % 4 + 1 } }',
    "filter and count": "length([for x in var.list : x if x % 3 == 0])",
    "merge of all": 'merge([for i in var.list : { "k${i}" = i }]...)',
    "flatten": "flatten([for i in var.list : [i, i]])",
    "tolist, toset, tomap": "[tolist(var.list), toset(var.list), tomap({ for i in var.list : i => i })]",
    "json there and back": "length(jsondecode(jsonencode(var.list)))",
    "yaml": "length(yamlencode(var.list))",
    "sort, distinct, join": 'length(join(",", sort(distinct([for i in var.list : "x${i % 1000}"]))))',
    "template": 'length("%{ for i in var.list }line ${i}\\n%{ endfor }")',
    "splat of objects": "[for i in var.list : { a = { b = i } }][*].a.b",
}


def compiled(text: str) -> Compiled:
    source = Source("benchmark", text)
    tree, problems = parse_expression(source)
    assert tree is not None and not problems, text
    return compile_expression(tree, source)


def timed(work: Callable[[], object]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


def small() -> None:
    scope = MappingScope({"var": from_plain({"n": 3, "name": "a", "map": {"k": "v"}})})
    total = 0.0
    print("10,000 evaluations each:")
    for text in SMALL:
        one = compiled(text)

        def work(one: Compiled = one) -> None:
            for _ in range(10_000):
                one.evaluate(scope)

        spent = timed(work)
        total += spent
        print(f"  {spent:6.3f}  {text}")
    print(f"  {total:6.3f}  in all")


def large(sizes: list[int]) -> None:
    print("one evaluation over so many elements: " + ", ".join(f"{size:,}" for size in sizes))
    for name, text in LARGE.items():
        one = compiled(text)
        figures = []
        for size in sizes:
            scope = MappingScope({"var": from_plain({"list": list(range(size))})})
            figures.append(timed(lambda one=one, scope=scope: one.evaluate(scope)))  # type: ignore[misc]
        print("  " + "  ".join(f"{figure:7.3f}" for figure in figures) + f"  {name}")


def console(count: int) -> None:
    """Parse, compile, evaluate and print, each expression once."""
    scope = MappingScope()

    def answer(text: str) -> tuple[str, str]:
        value: Value = compiled(text).evaluate(scope)
        return json_text(value), type_text(type_of(value))

    def work() -> None:
        for number in range(count):
            answer(f'[for i in range({number % 20}) : {{ n = i * {number}, s = "x${{i}}-{number}" }}]')

    print(f"{count:,} console expressions: {timed(work):.3f}")
    if shutil.which("terraform"):
        with tempfile.TemporaryDirectory() as folder:
            lines = "".join(f"[for i in range({number % 20}) : i * {number}]\n" for number in range(count))
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
            subprocess.run(
                ["terraform", "console"],
                input=lines,
                text=True,
                capture_output=True,
                cwd=folder,
                env=environment,
                check=False,
            )
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            print(f"  terraform console, simpler ones: {after.ru_utime - before.ru_utime:.3f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="1000,10000,100000")
    sizes = [int(size) for size in parser.parse_args().sizes.split(",")]
    small()
    large(sizes)
    console(10_000)
    print(f"peak memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()

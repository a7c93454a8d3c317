"""Broken modules, told of by `validate --json` here and by Terraform: run by hand where Terraform is installed.

    python tests/language/validated.py [WORD...] [--show=N] [--record=FILE] [--cache=FILE]

Compares the documents field by field: how many problems, and of each its severity, its range, and its snippet with the values
and the function in it. Summaries and details are our own words. With words, only modules whose names hold one. A cache keeps what Terraform said.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from broken_modules import modules

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.render.diagnostics_json import validation_json
from vwplan.spec import load

Document = list[dict[str, Any]]
"""The problems of a module, in the order of their places."""

CHILD = 'variable "x" {\n  type = string\n}\noutput "y" {\n  value = var.x\n}\n'


def normal(document: dict[str, Any], ending: str) -> Document:
    """What is compared of a document: problems by place, without words."""
    found = []
    for one in document["diagnostics"]:
        kept: dict[str, Any] = {"severity": one["severity"]}
        if "range" in one:
            place = {**one["range"], "filename": one["range"]["filename"].replace(ending, "")}
            kept |= {"range": place, **{name: one.get("snippet", {}).get(name) for name in SNIPPET}}
        found.append((kept, one["summary"], one["detail"]))
    found.sort(key=lambda each: (_where(each[0])[:3], json.dumps(each[0])))
    once: dict[str, dict[str, Any]] = {}
    for kept, summary, detail in found:
        # What Terraform tells of each element of a collection again, at the same place, counts once.
        once.setdefault(json.dumps(_where(kept)[:3]), {**kept, "told": f"{summary}: {detail}"})
    return list(once.values())


SNIPPET = ("context", "code", "start_line", "highlight_start_offset", "highlight_end_offset", "values", "function_call")


def _where(one: dict[str, Any]) -> list[Any]:
    if "range" not in one:
        return ["", 0, 0]
    place = one["range"]
    return [place["filename"], place["start"]["byte"], place["end"]["byte"], one["values"]]


def ours(directory: Path, text: bytes) -> Document:
    """What we tell of a module."""
    (directory / "main.vw.hcl").write_bytes(text)
    (directory / "c").mkdir()
    (directory / "c" / "main.vw.hcl").write_text(CHILD)
    before = Path.cwd()
    os.chdir(directory)
    found: tuple[Diagnostic, ...]
    try:
        found = load(directory).warnings
    except DiagnosticError as problem:
        found = problem.diagnostics
    finally:
        os.chdir(before)
    return normal(json.loads(json.dumps(validation_json(found))), ".vw.hcl")


def theirs(directory: Path, text: bytes) -> Document:
    """What Terraform tells of it."""
    (directory / "main.tf").write_bytes(text)
    (directory / "c").mkdir()
    (directory / "c" / "main.tf").write_text(CHILD)
    environment = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull}
    if b"module" in text:
        known = {"Modules": [{"Key": "", "Source": "", "Dir": "."}, {"Key": "c", "Source": "./c", "Dir": "c"}]}
        (directory / ".terraform" / "modules").mkdir(parents=True)
        (directory / ".terraform" / "modules" / "modules.json").write_text(json.dumps(known))
    done = subprocess.run(
        ["terraform", "validate", "-json"], cwd=directory, env=environment, capture_output=True, check=False
    )
    return normal(json.loads(done.stdout), ".tf")


def on_purpose(us: Document, them: Document) -> str:
    """Why two documents that differ are meant to; empty where they are not."""
    named = [
        {**one, "values": [each for each in one.get("values") or () if each["traversal"].startswith(ROOTS)]}
        for one in us
    ]
    if not differences(named, them):
        return "the element of a for where it fails is told"
    unsigned = [{**one, "function_call": _bare(one["function_call"])} for one in named if "range" in one]
    if not differences(unsigned, them):
        return "the signature of a function within a for is told too"
    if len(us) == len(them) and all(
        one == other or (_marked(other).endswith("(") and _inside(one, other))
        for one, other in zip(us, them, strict=True)
    ):
        return "the argument is pointed at, and not the whole call"
    said = " ".join(one["told"] for one in us)
    if "division by zero" in said or "the cost must be" in said:
        return "Terraform learns it only when it runs"
    if len(us) > len(them) and all("Unknown function" in one["told"] for one in us):
        return "each unknown function is told, also within the arguments of another"
    if any(one["range"]["start"]["line"] == 0 for one in them if "range" in one):
        return "Terraform tells the same again, at no place"
    return ""


ROOTS = ("var.", "local.", "module.", "data.", "each.", "count.", "path.", "terraform.")


def _bare(call: dict[str, Any] | None) -> dict[str, Any] | None:
    return call and {"called_as": call["called_as"]}


def _marked(one: dict[str, Any]) -> str:
    code = (one.get("code") or "").encode()
    return code[one["highlight_start_offset"] : one["highlight_end_offset"]].decode(errors="replace") if code else ""


def _inside(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return "range" in one and one["range"]["start"]["byte"] > other["range"]["start"]["byte"]


def differences(us: Document, them: Document) -> list[str]:
    """The fields that differ."""
    if len(us) != len(them):
        return ["count"]
    found = []
    for mine, other in zip(us, them, strict=True):
        for name in ("severity", "range", *SNIPPET):
            if mine.get(name) != other.get(name):
                if name == "range" and mine.get(name) and other.get(name):
                    for end in ("start", "end"):
                        for field in ("line", "column", "byte"):
                            if mine[name][end][field] != other[name][end][field]:
                                found.append(f"range.{end}.{field}")
                    continue
                found.append(name)
    return sorted(set(found))


def in_brief(one: dict[str, Any]) -> str:
    """One problem on one line: where, what is marked, what is around it, and what is said."""
    if "range" not in one:
        return one["told"]
    start, end = one["range"]["start"], one["range"]["end"]
    code = (one["code"] or "").encode()[one["highlight_start_offset"] or 0 : one["highlight_end_offset"]]
    values = "; ".join(f"{each['traversal']} {each['statement']}" for each in one["values"] or ())
    call = one["function_call"] and one["function_call"]["called_as"]
    place = f"{start['line']}:{start['column']}-{end['line']}:{end['column']}"
    return f"{place} «{code.decode(errors='replace')}» in {one['context']} [{values}] {call} {one['told']}"


def brief(one: dict[str, Any]) -> list[Any]:
    """One problem as it is recorded: severity, range, context, line and length of the code, highlight, values, function."""
    if "range" not in one:
        return [one["severity"]]
    ends = [one["range"][end][name] for end in ("start", "end") for name in ("line", "column", "byte")]
    marked = [one["start_line"], len(one["code"]), one["highlight_start_offset"], one["highlight_end_offset"]]
    values = [[each["traversal"], each["statement"]] for each in one["values"]]
    call = one["function_call"] and one["function_call"]["called_as"]
    return [one["severity"], ends, one["context"], marked, values, call]


def main() -> None:
    """Compare them all."""
    words = [each for each in sys.argv[1:] if not each.startswith("--")]
    options = dict(each[2:].partition("=")[::2] for each in sys.argv[1:] if each.startswith("--"))
    shown, total, agreed, problems = int(options.get("show", "0")), 0, {}, 0
    kinds: Counter[str] = Counter()
    purposes: Counter[str] = Counter()
    cache = Path(options["cache"]) if "cache" in options else None
    said: dict[str, Document] = json.loads(cache.read_text()) if cache is not None and cache.exists() else {}
    for name, text in modules():
        if words and not any(word in name for word in words):
            continue
        raw = text.encode("utf-8", "surrogateescape")
        with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
            us = ours(Path(here), raw)
            if text not in said:
                said[text] = theirs(Path(there), raw)
            them = said[text]
        total += 1
        problems += len(them)
        found = differences(us, them)
        meant = on_purpose(us, them) if found else ""
        if meant:
            purposes[meant] += 1
            continue
        kinds.update(found)
        if not found:
            agreed[name] = [{key: value for key, value in one.items() if key != "told"} for one in them]
            continue
        print(f"{name}: {', '.join(found)}")
        if shown > 0:
            shown -= 1
            for who, told in (("ours", us), ("theirs", them)):
                for one in told:
                    print(f"  {who}: {in_brief(one)}")
    print(f"{len(agreed)} of {total} documents agree ({problems} problems in all)")
    for kind, count in [*purposes.most_common(), *kinds.most_common()]:
        print(f"  {count:5} {kind}{', on purpose' if kind in purposes else ''}")
    if cache is not None:
        cache.write_text(json.dumps(said))
    if "record" in options:
        kept = [name for at, name in enumerate(agreed) if ", " not in name or at % 3 == 0]
        lines = (f"{json.dumps(name)}: {json.dumps([*map(brief, agreed[name])], ensure_ascii=False)}" for name in kept)
        Path(options["record"]).write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()

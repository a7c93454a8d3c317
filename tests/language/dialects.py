"""One module in two dialects: evaluated here, and by Terraform. Only outputs are compared, so no provider is needed.

The text of a module is the same for both; only the names of its files differ (`main.tf` and `main.vw.hcl`).
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from vwplan.diagnostics import DiagnosticError, Severity
from vwplan.graph import Wanted, build, hosts
from vwplan.hcl.functions.json_text import json_text
from vwplan.spec import LocalFiles, load, read_variables
from vwplan.state.records import State
from vwplan.values import Sensitive, from_plain

LINEAGE = "5b1c0d9e-0000-4000-8000-00000000000a"

Files = Mapping[str, str]
"""By path without the ending of a dialect (`main`, `child/main`, `vars`), the text of each file; what has an ending keeps it."""

Verdict = dict[str, Any]
"""`{"outputs": {name: {"value", "type", "sensitive"}}}`, or `{"fails": reasons}`."""

_CLEAN = {
    "PATH": os.environ.get("PATH", ""),
    "HOME": "/nonexistent",
    "CHECKPOINT_DISABLE": "1",
    "TF_IN_AUTOMATION": "1",
}


def write(directory: Path, files: Files, code: str, values: str) -> None:
    """Write the files with the endings of a dialect: `code` for modules, `values` for the values of variables."""
    for name, text in files.items():
        if name in ("environment", "arguments"):
            continue
        ending = "" if "." in Path(name).name else values if name.endswith("vars") else code
        stem = {"vars": values.lstrip("."), "vars.json": f"{values.lstrip('.')}.json"}.get(name, "")
        if stem:
            path = directory / (("terraform." if values == ".tfvars" else "vwplan.") + stem)
            if values != ".tfvars" and name == "vars.json":
                path = directory / "vwplan.vwvars.json"
        elif name.endswith((".auto.vars", ".auto.vars.json")):
            head, _, in_json = name.partition(".auto.vars")
            path = directory / f"{head}.auto{values.removesuffix('.hcl') if in_json else values}{in_json}"
        elif name.endswith(".code.json"):
            path = directory / name.replace(".code.json", ".tf.json" if code == ".tf" else ".vw.json")
        else:
            path = directory / (name + ending)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def environment_of(files: Files, prefix: str) -> dict[str, str]:
    """The variables given in the environment, one `name=value` a line."""
    lines = files.get("environment", "").splitlines()
    return {prefix + name: value for name, _, value in (line.partition("=") for line in lines if line)}


def arguments_of(files: Files) -> list[str]:
    """What the command line gives, `-var=NAME=VALUE` or `-var-file=FILE` a line."""
    return [line for line in files.get("arguments", "").splitlines() if line]


def _given(line: str, directory: Path) -> Path | tuple[str, str]:
    option, _, rest = line.partition("=")
    name, _, value = rest.partition("=")
    return directory / rest if option == "-var-file" else (name, value)


def planned(directory: Path, files: Files, *, simulate: bool = True, **more: Any) -> Wanted:
    """What a module wants, with that folder as the working directory. Raises `DiagnosticError`."""
    write(directory, files, ".vw.hcl", ".vwvars.hcl")
    before = Path.cwd()
    os.chdir(directory)
    try:
        configuration = load(directory)
        variables = read_variables(
            configuration.root,
            given=[_given(line, directory) for line in arguments_of(files)],
            environment=environment_of(files, "VW_VAR_"),
            directory=directory,
        )
        there = hosts(configuration, variables, directory=str(directory / "world"), simulate=simulate)
        more.setdefault("state", State(LINEAGE))
        return build(configuration, variables, hosts=there, files=LocalFiles(), directory=str(directory), **more)
    finally:
        os.chdir(before)


def ours(directory: Path, files: Files) -> Verdict:
    """What we say of a module."""
    try:
        wanted = planned(directory, files)
    except DiagnosticError as error:
        told = [d for d in error.diagnostics if d.severity is Severity.ERROR]
        return {"fails": [f"{d.code}: {d.detail}" for d in told] or ["nothing was told"]}
    outputs = {}
    for output in wanted.outputs:
        value = output.value.value if isinstance(output.value, Sensitive) else output.value
        text = json_text(from_plain(value))
        outputs[output.name] = {"value": text, "type": output.type, "sensitive": output.sensitive}
    return {"outputs": normal(outputs)}


def theirs(directory: Path, files: Files) -> Verdict:
    """What Terraform says of it."""
    write(directory, files, ".tf", ".tfvars")
    environment = {**_CLEAN, "TF_CLI_CONFIG_FILE": os.devnull, **environment_of(files, "TF_VAR_")}

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = ["terraform", *words]
        return subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)

    plain = ["-no-color", "-input=false"]
    for words in (["init", *plain], ["apply", "-auto-approve", *plain, *arguments_of(files)]):
        done = run(*words)
        if done.returncode:
            found = re.findall(r"^[│ ]*Error: (.*(?:\n.*){0,12})", done.stderr, re.M)
            return {"fails": [" ".join(each.replace("│", " ").split())[:300] for each in found] or [done.stderr[:300]]}
    told = json.loads(run("output", "-json").stdout, parse_float=Decimal, parse_int=Decimal)
    outputs = {name: {**each, "value": exact(each["value"])} for name, each in told.items()}
    return {"outputs": normal(outputs)}


def exact(value: Any) -> str:
    """A value read with exact numbers, as JSON text."""
    match value:
        case Decimal():
            return str(value)
        case dict():
            return "{" + ",".join(f"{json.dumps(key)}:{exact(item)}" for key, item in value.items()) + "}"
        case list():
            return "[" + ",".join(map(exact, value)) + "]"
    return json.dumps(value)


def normal(outputs: Mapping[str, Any]) -> dict[str, Any]:
    """Outputs in a form that can be compared: numbers as plain decimals, sorted names."""
    plain = {name: {**each, "value": _plain(each["value"])} for name, each in sorted(outputs.items())}
    # Terraform keeps no output that is null.
    return {name: each for name, each in plain.items() if each["value"] is not None}


def _plain(text: str) -> Any:
    return json.loads(text, parse_float=_number, parse_int=_number)


def _number(text: str) -> str:
    """Numbers as `terraform output` tells them, which is not every digit: whole ones up to 2^53, else as a double."""
    number = Decimal(text)
    return f"#{number:.0f}" if number == number.to_integral_value() and abs(number) < 2**53 else f"#{float(number)!r}"


def read_cases(path: Path) -> dict[str, Files]:
    """The cases in a file: `== NAME`, then `-- FILE` before the text of each of its files (the first is `main`)."""
    cases: dict[str, dict[str, str]] = {}
    files: dict[str, str] = {}
    file = "main"
    for line in path.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("== "):
            files = cases[line[3:].strip()] = {}
            file = "main"
        elif line.startswith("-- "):
            file = line[3:].strip()
            files[file] = ""
        elif file in files or line.strip():
            files[file] = files.get(file, "") + line
    return cases

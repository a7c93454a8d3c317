"""Values of the root module's variables: from files, from the command line, from the environment, in Terraform's order.

Later ones win: `VW_VAR_name`; `vwplan.vwvars.hcl`, then `vwplan.vwvars.json`; `*.auto.vwvars.hcl` and `.json` by name; `--var-file`
and `--var`, in the order of the command line.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, Problems, Range, Severity, Source, did_you_mean
from vwplan.hcl import parse_expression, parse_file
from vwplan.hcl.evaluate import EvaluationError, MappingScope, compile_expression
from vwplan.hcl.syntax import Body, Expression
from vwplan.kinds.check import reason_of
from vwplan.regular import read_named, read_regular
from vwplan.spec.model import Module, VariableBlock
from vwplan.values import EPHEMERAL, SENSITIVE, ConversionError, Null, Value, convert, from_plain, mark

PREFIX = "VW_VAR_"
_NOWHERE = MappingScope()


@dataclass(frozen=True, slots=True)
class Inputs:
    """The values of all variables of the root module, and what is to be warned of."""

    values: Mapping[str, Value]
    warnings: tuple[Diagnostic, ...]


@dataclass(frozen=True, slots=True)
class _Found:
    """A value that was given, and where; None for one that cannot be read, which has been told then."""

    value: Value | None
    range: Range


def read_variables(
    root: Module,
    *,
    given: Sequence[Path | tuple[str, str]] = (),
    environment: Mapping[str, str] | None = None,
    directory: Path,
    known: Mapping[str, object] | None = None,
) -> Mapping[str, Value]:
    """The values of the root module's variables: `read_inputs` without the warnings."""
    return read_inputs(root, given=given, environment=environment, directory=directory, known=known).values


def read_inputs(
    root: Module,
    *,
    given: Sequence[Path | tuple[str, str]] = (),
    environment: Mapping[str, str] | None = None,
    directory: Path,
    known: Mapping[str, object] | None = None,
    ask: Callable[[VariableBlock], str | None] | None = None,
) -> Inputs:
    """The values of the root module's variables, converted, with defaults, and marked as sensitive or ephemeral.

    `given` is what the command line gives, in its order: the files of `--var-file`, and name and text of each `--var`.
    `directory` is where the files that are read by themselves are. `known` has plain values that a plan has kept, which win over
    all but `given`. `ask` is asked for the text of each variable that has no value then, and says None where it cannot be had.
    Validations are not looked at: they may refer to anything, so planning evaluates them. Raises `DiagnosticError` with every
    problem: missing, undeclared (in `--var`), of the wrong type.
    """
    problems = Problems()
    found: dict[str, _Found] = {}
    _from_environment(root, environment or {}, found, problems)
    for path in _automatic(directory):
        _from_file(root, path, read_regular, found, problems)
    for name, plain in (known or {}).items():
        if name in root.variables:
            found[name] = _Found(from_plain(plain), root.variables[name].range)
    for each in given:
        if isinstance(each, Path):
            _from_file(root, each, read_named, found, problems)
            continue
        name, text = each
        variable = root.variables.get(name)
        source = Source(f"--var {name}", text)
        if variable is None:
            near = did_you_mean(name, root.variables)
            detail = f'The spec has no variable "{name}".{near} Leave it out, or declare it: variable "{name}" {{}}.'
            problems.add(Diagnostic("undeclared-variable", "Undeclared variable", detail, Range(source, 0, 0)))
        else:
            _from_text(variable, source, found, problems)
    if ask is not None and not problems.errors:
        for name in sorted(root.variables.keys() - found.keys()):
            variable = root.variables[name]
            typed = None if variable.has_default else ask(variable)
            if typed is not None:
                _from_text(variable, Source(f"what was typed for {name}", typed), found, problems)
    values = {}
    for name, variable in root.variables.items():
        value = _finished(variable, found.get(name), problems)
        if value is not None:
            values[name] = value
    if any(each.code == "missing-variable" for each in problems.found):
        hint = _foreign(directory)
        problems.found = [
            replace(each, detail=each.detail + hint) if each.code == "missing-variable" else each
            for each in problems.found
        ]
    problems.raise_errors()
    return Inputs(values, tuple(problems.found))


def _foreign(directory: Path) -> str:
    """A sentence on a file that Terraform would have read values from; empty where there is none."""
    with suppress(OSError):
        for name in sorted(os.listdir(directory)):  # noqa: PTH208
            if name == "terraform.tfvars" or name.endswith(".auto.tfvars"):
                ours = "vwplan" if name == "terraform.tfvars" else name.removesuffix(".tfvars")
                return f" {name} is for Terraform, and not read: rename it {ours}.vwvars.hcl."
    return ""


def _automatic(directory: Path) -> Iterator[Path]:
    """The files of values that are read by themselves, in order."""
    for name in ("vwplan.vwvars.hcl", "vwplan.vwvars.json"):
        if os.path.lexists(directory / name):
            yield directory / name
    try:
        names = sorted(os.listdir(directory))  # noqa: PTH208
    except OSError:
        return
    for name in names:
        if name.endswith((".auto.vwvars.hcl", ".auto.vwvars.json")) and not name.startswith("."):
            yield directory / name


def _from_environment(
    root: Module, environment: Mapping[str, str], found: dict[str, _Found], problems: Problems
) -> None:
    for name, variable in root.variables.items():
        text = environment.get(PREFIX + name)
        if text is not None:
            _from_text(variable, Source(PREFIX + name, text), found, problems)


def _from_text(variable: VariableBlock, source: Source, found: dict[str, _Found], problems: Problems) -> None:
    """A value given as text: itself for a primitive type, an expression for any other."""
    whole = Range(source, 0, len(source.text))
    if not _is_text(source.text):
        # It is not shown: bytes that are no text are likely a key, or come from one.
        detail = f'The value that is given to the variable "{variable.name}" by {source.name} is not UTF-8.'
        problems.add(Diagnostic("not-text", "Unreadable value of a variable", detail, variable.range))
        found[variable.name] = _Found(None, whole)
        return
    if variable.literal:
        found[variable.name] = _Found(source.text, whole)
        return
    expression, wrong = parse_expression(source)
    mine = Problems()
    mine.extend(wrong)
    value = _constant(expression, source, mine) if expression is not None else None
    _tell(variable, whole, mine, problems)
    found[variable.name] = _Found(value, whole)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _tell(variable: VariableBlock, at: Range, mine: Problems, problems: Problems) -> None:
    """Tell what is wrong with a value at a place; of a secret one, neither the value nor the line on which it is."""
    if not (mine.found and _is_secret(variable)):
        problems.extend(mine.found)
        return
    detail = (
        f'The value that is given to the variable "{variable.name}" at {at} is no constant that can be read. It is '
        "sensitive, so it is not shown."
    )
    problems.add(Diagnostic(mine.found[0].code, "Unreadable value of a variable", detail, variable.range))


def _is_secret(variable: VariableBlock) -> bool:
    return variable.sensitive or variable.ephemeral


def _from_file(
    root: Module, path: Path, read: Callable[[Path], bytes], found: dict[str, _Found], problems: Problems
) -> None:
    shown = str(path) if os.path.relpath(path).startswith("..") else os.path.relpath(path)
    try:
        text = read(path).decode("utf-8", "surrogateescape")
    except OSError as error:
        detail = f"{shown} cannot be read: {'there is no such file' if isinstance(error, FileNotFoundError) else error.strerror}."
        problems.add(Diagnostic("unreadable", "File that cannot be read", detail))
        return
    source = Source(shown, text)
    body, wrong = _parsed_json(source) if path.suffix == ".json" else parse_file(source)
    problems.extend(wrong)
    for block in body.blocks:
        detail = f"A file of values holds name = value only, not the block {block.kind}."
        problems.add(Diagnostic("unknown-block", "Unknown block", detail, Range(source, block.start, block.header_end)))
    for name, attribute in body.attributes.items():
        expression = attribute.expression
        at, mine = Range(source, expression.start, expression.end), Problems()
        value = _constant(expression, source, mine)
        if name not in root.variables:
            problems.extend(mine.found)
            _warn(root, name, Range(source, attribute.start, attribute.name_end), problems)
        else:
            _tell(root.variables[name], at, mine, problems)
            found[name] = _Found(value, at)


def _parsed_json(source: Source) -> tuple[Body, tuple[Diagnostic, ...]]:
    from vwplan.hcl.jsonsyntax import parse_json_values

    return parse_json_values(source)


def _warn(root: Module, name: str, at: Range, problems: Problems) -> None:
    near = did_you_mean(name, root.variables)
    detail = f'The spec has no variable "{name}", so this value is not used.{near}'
    problems.add(Diagnostic("undeclared-variable", "Undeclared variable", detail, at, severity=Severity.WARNING))


def _constant(expression: Expression, source: Source, problems: Problems) -> Value | None:
    """The value of an expression that refers to nothing and calls nothing."""
    try:
        compiled = compile_expression(expression, source)
        if not compiled.references and not compiled.functions:
            return compiled.evaluate(_NOWHERE)
        if compiled.references:
            first = compiled.references[0]
            hint = " Text needs quotes." if not first.steps else ""
            detail = f"A value of a variable refers to nothing, not to {first.text} either.{hint}"
            problems.add(Diagnostic("not-constant", "Not a constant", detail, first.range))
        else:
            detail = f"A value of a variable calls no functions, not {compiled.functions[0]} either."
            problems.add(Diagnostic("not-constant", "Not a constant", detail, compiled.range))
    except EvaluationError as error:
        problems.extend(error.diagnostics)
    return None


def _finished(variable: VariableBlock, found: _Found | None, problems: Problems) -> Value | None:
    """The value converted, defaulted and marked; None where there is none, which is told."""
    if found is not None and found.value is None:
        return None
    value = found.value if found is not None else None
    if found is not None and isinstance(value, Null) and not variable.nullable:
        if not variable.has_default:
            detail = f'The variable "{variable.name}" is not nullable, so it cannot be null.'
            problems.add(Diagnostic("null-variable", "Null given", detail, found.range))
            return None
        value = None
    if found is None or value is None:
        if not variable.has_default:
            problems.add(missing(variable))
        return None if variable.default is None else _marked(variable, variable.default)
    try:
        if variable.type_defaults is not None:
            value = variable.type_defaults.apply(value)
        return _marked(variable, convert(value, variable.type))
    except ConversionError as error:
        reason, at = reason_of(error, variable.name), found.range
        detail = (
            f'The variable "{variable.name}" does not take this value: {reason}. It is declared at {variable.range}.'
        )
        if _is_secret(variable):
            # The line of the value would show it.
            detail = f'The variable "{variable.name}" does not take the value that is given at {at}, which is sensitive: {reason}.'
            at = variable.range
        problems.add(Diagnostic("wrong-type", "Wrong type of a value", detail, at))
        return None


def _marked(variable: VariableBlock, value: Value) -> Value:
    marks = {name for name, told in ((SENSITIVE, variable.sensitive), (EPHEMERAL, variable.ephemeral)) if told}
    return mark(value, frozenset(marks)) if marks else value


def missing(variable: VariableBlock) -> Diagnostic:
    """What is said of a variable that must be given and is not."""
    name = variable.name
    about = f" ({variable.description})" if variable.description else ""
    value = "'[…]'" if not variable.literal else "…"
    detail = (
        f'The variable "{name}"{about} has no default, and no value was given. Give one by --var {name}={value}, in '
        f"vwplan.vwvars.hcl or another file by --var-file, or in the environment as {PREFIX}{name}."
    )
    return Diagnostic("missing-variable", "Missing variable", detail, variable.range)

"""Values of modules: variables, locals, outputs, and the conditions that are laid on them."""

from __future__ import annotations

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, Severity
from vwplan.graph.conditions import broken, flattened, later
from vwplan.graph.model import CheckResult, WantedOutput
from vwplan.graph.order import Node
from vwplan.graph.parts import problem
from vwplan.graph.scope import InstanceScope
from vwplan.graph.waiting import waited_for
from vwplan.graph.world import FAILED, ModuleInstance, Slot, World
from vwplan.hcl.evaluate import Scope
from vwplan.hcl.late import anchored
from vwplan.spec.model import Condition, OutputBlock, VariableBlock
from vwplan.spec.static import secret_output
from vwplan.values import (
    BOOL,
    EPHEMERAL,
    SENSITIVE,
    STRING,
    ConversionError,
    Null,
    Unknown,
    Value,
    convert,
    has_marks,
    mark,
    marks_of,
    to_plain,
    type_of,
    type_to_json,
    unmark_deep,
)


def evaluate_variable(world: World, node: Node, given: dict[str, Value]) -> None:
    """A variable's value in every instance of its module; `given` are those of the root module."""
    variable = node.module.variables[node.name]
    for module in world.instances(node.path):
        world.tracker.drop()
        try:
            value = _finished(variable, *_given(world, module, variable, given))
        except DiagnosticError as error:
            world.tell(error)
            module.variables[variable.name] = FAILED
        else:
            uses = world.groups.compact(world.tracker.take(), f"{module.prefix}var.{variable.name}")
            module.variables[variable.name] = Slot(value, uses)


def _given(
    world: World, module: ModuleInstance, variable: VariableBlock, given: dict[str, Value]
) -> tuple[Value | None, Range]:
    """The value from outside, None where there is none, and where it was said."""
    if module.call is None or module.around is None:
        return given.get(variable.name), variable.range
    compiled = module.call.inputs.get(variable.name)
    if compiled is None:
        return None, module.call.range
    scope = call_scope(world, module)
    value = compiled.evaluate(scope)
    if has_marks(value) and EPHEMERAL in marks_of(value) and not variable.ephemeral:
        detail = (
            f'The variable "{variable.name}" of the module is not ephemeral, so it cannot take an ephemeral value. Say '
            "ephemeral = true where it is declared."
        )
        raise problem("ephemeral-input", "Ephemeral value", detail, compiled.range)
    return anchored(value, compiled, scope), compiled.range


def call_scope(world: World, module: ModuleInstance) -> InstanceScope:
    """The scope of the expressions in the call that made a module instance."""
    assert module.around is not None
    scope = InstanceScope(world, module.around)
    if module.each is None:
        return scope
    return scope.of("count" if isinstance(module.key, int) else "each", module.key, module.each)


def _finished(variable: VariableBlock, value: Value | None, at: Range) -> Value:
    """The value converted, defaulted and marked."""
    if value is not None and not variable.nullable and variable.has_default and _is_null(value):
        value = None
    if value is None:
        if not variable.has_default or variable.default is None:
            raise problem(
                "missing-variable",
                "Missing variable",
                f'The variable "{variable.name}" has no default, and no value was given. '
                f"Give it one, such as with --var {variable.name}=…",
                at,
            )
        value = variable.default
    else:
        if variable.type_defaults is not None:
            value = variable.type_defaults.apply(value)
        try:
            value = convert(value, variable.type)
        except ConversionError as error:
            raise problem(
                "invalid-variable",
                "Invalid value of a variable",
                f'The variable "{variable.name}" does not take this value: {error}.',
                at,
            ) from None
        if not variable.nullable and _is_null(value):
            detail = f'The variable "{variable.name}" must not be null.'
            raise problem("invalid-variable", "Invalid value of a variable", detail, at)
    marks = {SENSITIVE} if variable.sensitive else set()
    if variable.ephemeral:
        marks.add(EPHEMERAL)
    return mark(value, frozenset(marks))


def _is_null(value: Value) -> bool:
    return isinstance(unmark_deep(value)[0], Null)


def evaluate_validation(world: World, node: Node, checks: list[CheckResult]) -> None:
    """The validations of a variable, in every instance of its module. One that is not valid has no value for others."""
    variable = node.module.variables[node.name]
    for module in world.instances(node.path):
        if module.variables[variable.name].value is None:
            continue
        scope, address = InstanceScope(world, module), f"{module.prefix}var.{variable.name}"
        found = [judge(world, condition, scope, address, "validation") for condition in variable.validations]
        if any(result is None or result.passed is False for result in found):
            module.variables[variable.name] = FAILED
        checks += [result for result in found if result is not None and result.passed is None]


def judge(world: World, condition: Condition, scope: Scope, address: str, what: str) -> CheckResult | None:
    """Look at a condition and tell where it fails. None where it could not be looked at.

    Of a `check` only the failure is a mere warning: what cannot be evaluated is a slip in the spec, as in Terraform.
    """
    try:
        value = convert(unmark_deep(condition.condition.evaluate(scope))[0], BOOL)
        if isinstance(value, Null):
            detail = "A condition must be true or false, and this one is null."
            raise problem("invalid-condition", "Invalid condition", detail, condition.condition.range)
    except ConversionError as error:
        detail = f"A condition must be true or false: {error}."
        world.tell(problem("invalid-condition", "Invalid condition", detail, condition.condition.range), address)
        return None
    except DiagnosticError as error:
        world.tell(error, address)
        return None
    finally:
        world.tracker.drop()
    passed = None if isinstance(value, Unknown) else value is True
    message, late = "", False
    try:
        if not passed:
            message, late = _message(condition, scope)
    except DiagnosticError as error:
        world.tell(error, address)
        message = "The condition does not hold, and its message could not be made."
    values = condition.condition.used(scope) if passed is False else ()
    world.tracker.drop()
    unknown = later(world, condition, scope, what, message, late) if passed is None else None
    result = CheckResult(address, passed, message, condition.range, unknown)
    if passed is False:
        at = condition.condition.range
        world.tell(DiagnosticError(broken(what, CheckResult(address, passed, message, at), values)))
    return result


def softened(error: DiagnosticError, severity: Severity) -> DiagnosticError:
    """The error with its problems no graver than a severity."""
    if severity is Severity.ERROR:
        return error
    return DiagnosticError(
        [
            Diagnostic(d.code, d.summary, d.detail, d.subject, d.context, d.values, d.address, severity)
            for d in error.diagnostics
        ]
    )


def _message(condition: Condition, scope: Scope) -> tuple[str, bool]:
    """The message of a condition, and whether it is only known later."""
    try:
        value = condition.error_message.evaluate(scope)
        for hidden, word in ((SENSITIVE, "sensitive"), (EPHEMERAL, "ephemeral")):
            if hidden in marks_of(value):
                return f"The message is not shown, because it is made from {word} values.", False
        text = convert(value, STRING)
    except ConversionError as error:
        detail = f"The message of a condition must be a string: {error}."
        raise problem("invalid-message", "Invalid message", detail, condition.error_message.range) from error
    if isinstance(text, str):
        return text, False
    return "The condition does not hold; its message is known only after apply.", isinstance(text, Unknown)


def evaluate_local(world: World, node: Node) -> None:
    """A local value, in every instance of its module."""
    local = node.module.locals[node.name]
    for module in world.instances(node.path):
        world.tracker.drop()
        try:
            scope = InstanceScope(world, module)
            value = anchored(local.value.evaluate(scope), local.value, scope)
        except DiagnosticError as error:
            world.tell(error)
            module.locals[local.name] = FAILED
        else:
            uses = world.groups.compact(world.tracker.take(), f"{module.prefix}local.{local.name}")
            module.locals[local.name] = Slot(value, uses)


def evaluate_output(world: World, node: Node, checks: list[CheckResult]) -> None:
    """An output, in every instance of its module."""
    output = node.module.outputs[node.name]
    for module in world.instances(node.path):
        scope = InstanceScope(world, module)
        key = f"{module.prefix}output.{output.name}"
        results = [judge(world, condition, scope, key, "precondition") for condition in output.preconditions]
        checks += [result for result in results if result is not None and result.passed is not True]
        if any(result is None or result.passed is False for result in results):
            module.outputs[output.name] = FAILED
            continue
        try:
            module.outputs[output.name] = _output(world, module, output, scope, key)
        except DiagnosticError as error:
            world.tell(error)
            module.outputs[output.name] = FAILED


def _output(world: World, module: ModuleInstance, output: OutputBlock, scope: InstanceScope, key: str) -> Slot:
    world.tracker.drop()
    value = anchored(output.value.evaluate(scope), output.value, scope)
    uses = world.tracker.take()
    if output.depends_on:
        uses = world.groups.join([uses, *(waited_for(scope, reference) for reference in output.depends_on)])
    marks = marks_of(value)
    if SENSITIVE in marks and not output.sensitive and module.call is None:
        raise DiagnosticError(secret_output(output))
    if EPHEMERAL in marks and not output.ephemeral:
        detail = (
            f'The output "{output.name}" keeps an ephemeral value. Say so with ephemeral = true (not in a root module).'
        )
        raise problem("ephemeral-output", "Output of an ephemeral value", detail, output.value.range)
    told = frozenset(m for m, said in ((SENSITIVE, output.sensitive), (EPHEMERAL, output.ephemeral)) if said)
    value = mark(value, told)
    return Slot(value, world.groups.compact(uses, key))


def wanted_outputs(world: World) -> tuple[WantedOutput, ...]:
    """The outputs of the root module."""
    found: list[WantedOutput] = []
    for output in world.root.module.outputs.values():
        slot = world.root.outputs.get(output.name, FAILED)
        if slot.value is not None:
            # Of a sensitive output the whole is secret, so the parts need not say it again.
            value = unmark_deep(slot.value)[0] if output.sensitive else slot.value
            plain, kind = to_plain(value), type_to_json(type_of(value))
            keys = flattened(world, slot.uses)
            found.append(WantedOutput(output.name, plain, kind, output.sensitive, keys, output.range))
    return tuple(found)

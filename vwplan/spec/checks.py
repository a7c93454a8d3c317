"""What a module must hold to as a whole: inputs of calls, providers, images taken for networks, and moves."""

from __future__ import annotations

from vwplan.diagnostics import Diagnostic
from vwplan.hcl.evaluate import Reference
from vwplan.hcl.syntax import GetAttribute, Variable
from vwplan.kinds import KINDS
from vwplan.kinds.check import article
from vwplan.provider.registry import is_installed, names
from vwplan.spec.draft import Call, Draft, Use
from vwplan.spec.mistakes import meant_of
from vwplan.spec.settings import DEFAULT_PROVIDER


def check_module(draft: Draft) -> None:
    """Tell what is wrong with a module whose blocks, and those of the modules that it calls, have all been read."""
    for use in draft.uses:
        if use.argument is not None and use.argument.refers:
            _one_object(draft, use)
    for name, call in draft.calls.items():
        child = draft.children.get(name)
        if child is not None:
            _inputs(draft, call, child)
    _providers(draft)
    _moves(draft)


def _one_object(draft: Draft, use: Use) -> None:
    """An argument that takes one object, given the block of another kind, or a whole list."""
    argument, expression = use.argument, use.value.expression
    if argument is None or not use.value.references:
        return
    reference = use.value.references[0]
    if not isinstance(expression, GetAttribute) or reference.root not in KINDS:
        return
    block = draft.resources.get(f"{reference.root}.{reference.steps[0].key}") if reference.steps else None
    if block is None or not isinstance(expression.object, Variable):
        return
    if reference.root != argument.refers:
        kind = argument.refers
        given = f"{article(reference.root)} {reference.root}"
        detail = f'"{argument.name}" takes {article(kind)} {kind}, and {reference.text} is {given}.'
        draft.add(Diagnostic("wrong-kind", "Wrong kind of object", detail, reference.range))
    elif block.meta.count is not None or block.meta.for_each is not None:
        word, key = ("count", "[0]") if block.meta.count is not None else ("for_each", '["a key"]')
        detail = (
            f'"{argument.name}" takes one {argument.refers}, and {reference.text} has {word}, so it is several. '
            f"Pick one: write {reference.text}{key}."
        )
        draft.add(Diagnostic("whole-list", "One object is wanted", detail, reference.range))


def _inputs(draft: Draft, call: Call, child: Draft) -> None:
    for name, value in call.inputs.items():
        if name not in child.variables:
            detail = f'The module has no variable "{name}".{draft.near(name, child.variables)}'
            draft.add(
                Diagnostic("unknown-argument", "Unknown argument", detail, call.input_places.get(name, value.range))
            )
    if child.broken:
        return
    told = meant_of(call.inputs, child.variables)
    for name, variable in child.variables.items():
        if not variable.has_default and name not in call.inputs and name not in told:
            about = f" ({variable.description})" if variable.description else ""
            detail = f'The module needs the variable "{name}"{about}, declared at {variable.range}.'
            draft.add(Diagnostic("missing-argument", "Missing argument", detail, call.range))


def _providers(draft: Draft) -> None:
    """Every provider configuration that is named must be declared, or handed in by each call of the module."""
    for reference, computed in draft.provider_uses:
        name, keyed = reference.text, computed
        if reference.steps and not reference.steps[-1].attribute and not computed:
            name, keyed = reference.text_of(len(reference.steps) - 1), True
        block = draft.providers.get(name)
        if block is not None and (block.for_each is not None) != keyed:
            detail = f"{name} has no for_each, so there is only one. Leave the key out."
            if block.for_each is not None:
                detail = (
                    f'{name} has for_each, so there are several. Pick one, such as {name}["a key"] or {name}[each.key].'
                )
            draft.add(Diagnostic("wrong-key", "Wrong sort of key", detail, reference.range))
        elif block is None and (keyed or not _is_provider(draft, reference)):
            near = draft.near(name, {*draft.providers, *names()} if not reference.steps else draft.providers)
            detail = f'There is no provider configuration "{name}".{near or _declare(reference)}'
            draft.add(Diagnostic("unknown-provider", "Unknown provider", detail, reference.range))


def _declare(reference: Reference) -> str:
    alias = f' with alias = "{reference.steps[0].key}"' if reference.steps else ""
    return f' Declare it: provider "{reference.root}"{alias}.'


def _is_provider(draft: Draft, reference: Reference) -> bool:
    if reference.text in draft.providers or reference.text in (draft.handed or ()):
        return True
    return not reference.steps and (reference.root == DEFAULT_PROVIDER or is_installed(reference.root))


def _moves(draft: Draft) -> None:
    for moved in draft.moved:
        source, target = moved.source, moved.target
        key = f"{source.root}.{source.steps[0].key}"
        if len(source.steps) == 1 and _declared(draft, source) and key != f"{target.root}.{target.steps[0].key}":
            detail = (
                f"{source.text} is still declared, so it cannot have moved to {target.text}. Take one of the two out."
            )
            draft.add(Diagnostic("invalid-move", "Moved from what is still there", detail, source.range))
    for removed in draft.removed:
        if len(removed.source.steps) == 1 and _declared(draft, removed.source):
            detail = f"{removed.source.text} is still declared. Take its block out, or this one."
            draft.add(Diagnostic("invalid-removal", "Removed and still there", detail, removed.source.range))
    for each in draft.imports:
        if each.target.root in KINDS and not _declared(draft, each.target):
            name = str(each.target.steps[0].key)
            near = draft.near(
                name, [key.partition(".")[2] for key in draft.resources if key.startswith(f"{each.target.root}.")]
            )
            detail = f"There is no block {each.target.root}.{name} to import into.{near or ' Write one.'}"
            draft.add(
                Diagnostic("undeclared-reference", "Reference to something undeclared", detail, each.target.range)
            )


def _declared(draft: Draft, address: Reference) -> bool:
    name = str(address.steps[0].key)
    return name in draft.calls if address.root == "module" else f"{address.root}.{name}" in draft.resources

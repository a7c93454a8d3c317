"""What expressions refer to: whether it exists, whether it may be referred to there, and of which type it is."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from vwplan.diagnostics import Diagnostic, did_you_mean
from vwplan.hcl.evaluate import Reference, Step
from vwplan.kinds import KINDS
from vwplan.kinds.check import article
from vwplan.kinds.model import BlockType, Kind
from vwplan.kinds.sources import SOURCES
from vwplan.spec.draft import Draft, Place
from vwplan.spec.model import Meta, ResourceBlock
from vwplan.values import DYNAMIC, NUMBER, STRING, MapType, Type

_TEMPLATE = re.compile(r"\$\{~?\s*$")
"""The opening of an interpolation, right before what is in it."""

Found = Diagnostic | Type
"""What is wrong with a reference, or the type of what it leads to, `DYNAMIC` where that is not known."""

ROOTS = ("var", "local", "module", "data", "each", "count", "self", "parent", "path", "vwplan", "terraform")


def follow(draft: Draft, reference: Reference, place: Place) -> Found:
    """Where a reference at a place leads to."""
    root = reference.root
    if root in place.iterators:
        return _one_of(reference, ("key", "value"), f'"{root}" is the iterator of a dynamic block')
    if place.roots is not None and root not in place.roots and (root in ROOTS or root in KINDS):
        allowed = ", ".join(sorted(place.roots))
        detail = f"In {place.words} only {allowed} can be referred to, not {reference.text}."
        return _problem("reference-not-allowed", "Reference that is not allowed here", detail, reference, 0)
    if root in KINDS:
        return _block(draft, reference)
    look = _LOOKS.get(root)
    if look is not None:
        return look(draft, reference, place)
    return _unknown_root(draft, reference, place)


def _problem(code: str, summary: str, detail: str, reference: Reference, steps: int) -> Diagnostic:
    return Diagnostic(code, summary, detail, reference.range_of(steps))


def _undeclared(detail: str, reference: Reference, steps: int) -> Diagnostic:
    return _problem("undeclared-reference", "Reference to something undeclared", detail, reference, steps)


def _unknown_root(draft: Draft, reference: Reference, place: Place) -> Diagnostic:
    root = reference.root
    if root == "resource" and reference.steps:
        detail = f"Blocks are named without resource: write {reference.text.removeprefix('resource.')}."
    elif not reference.steps and root in draft.variables:
        detail = f"There is nothing named {root} by itself. Write var.{root}."
    elif not reference.steps and root in draft.locals:
        detail = f"There is nothing named {root} by itself. Write local.{root}."
    else:
        near = did_you_mean(root, [*KINDS, *ROOTS, *place.iterators])
        detail = f'There is nothing named "{root}".{near}'
        if not near and _TEMPLATE.search(reference.source.text, max(0, reference.start - 8), reference.start):
            detail += " To write ${ itself, as for a shell, double the dollar: $${."
        elif not near and not reference.steps:
            detail += " Text needs quotes."
    return _undeclared(detail, reference, 0)


def _name(reference: Reference, index: int) -> str:
    """The name at a step; empty where there is none."""
    if index >= len(reference.steps):
        return ""
    key = reference.steps[index].key
    return key if isinstance(key, str) else ""


def _one_of(reference: Reference, names: Sequence[str], what: str) -> Found:
    name = _name(reference, 0)
    if name in names:
        return STRING if name == "key" else DYNAMIC
    choices = " and ".join(f"{reference.root}.{each}" for each in names)
    verb = "is" if len(names) == 1 else "are"
    detail = f"{what}; there {verb} {choices}.{did_you_mean(name, names) if name else ''}"
    return _problem(
        "undeclared-reference", "Reference to something undeclared", detail, reference, min(1, len(reference.steps))
    )


def _variable(draft: Draft, reference: Reference, place: Place) -> Found:
    name = _name(reference, 0)
    found = draft.variables.get(name)
    if found is None:
        hint = draft.near(name, draft.variables) or f' Declare it: variable "{name or "NAME"}" {{}}.'
        return _undeclared(f'There is no variable "{name}".{hint}', reference, min(1, len(reference.steps)))
    return found.type if len(reference.steps) == 1 else DYNAMIC


def _local(draft: Draft, reference: Reference, place: Place) -> Found:
    name = _name(reference, 0)
    if name not in draft.locals:
        detail = f'There is no local value "{name}".{draft.near(name, draft.locals)}'
        return _undeclared(detail, reference, min(1, len(reference.steps)))
    return DYNAMIC


def _path(draft: Draft, reference: Reference, place: Place) -> Found:
    found = _one_of(reference, ("module", "root", "cwd"), '"path" tells where files are')
    return found if isinstance(found, Diagnostic) else STRING


def _settings(draft: Draft, reference: Reference, place: Place) -> Found:
    found = _one_of(reference, ("stack",), '"vwplan" tells what is planned')
    return found if isinstance(found, Diagnostic) else STRING


def _terraform(draft: Draft, reference: Reference, place: Place) -> Found:
    found = _one_of(reference, ("workspace",), '"terraform" tells only the name of the stack, as vwplan.stack does')
    return found if isinstance(found, Diagnostic) else STRING


def _each(draft: Draft, reference: Reference, place: Place) -> Found:
    if not place.each:
        detail = '"each" means something only in a block with for_each.'
        if len(place.iterators) == 1:
            (iterator,) = place.iterators
            detail += f" In the dynamic block around write {iterator}.key or {iterator}.value."
        return _problem("reference-not-allowed", "Reference that is not allowed here", detail, reference, 0)
    return _one_of(reference, ("key", "value"), '"each" is one of for_each')


def _count(draft: Draft, reference: Reference, place: Place) -> Found:
    if not place.count:
        detail = '"count" means something only in a block with count.'
        return _problem("reference-not-allowed", "Reference that is not allowed here", detail, reference, 0)
    found = _one_of(reference, ("index",), '"count" is one of several alike')
    return found if isinstance(found, Diagnostic) else NUMBER


def _self(draft: Draft, reference: Reference, place: Place) -> Found:
    if not place.itself:
        detail = '"self" means something only in a postcondition: there it is the object of the block.'
        return _problem("reference-not-allowed", "Reference that is not allowed here", detail, reference, 0)
    return DYNAMIC


def _data(draft: Draft, reference: Reference, place: Place) -> Found:
    kind, name = _name(reference, 0), _name(reference, 1)
    if kind not in SOURCES:
        detail = f'There is no data of kind "{kind}".{did_you_mean(kind, SOURCES)} Write data.KIND.NAME.'
        return _undeclared(detail, reference, min(1, len(reference.steps)))
    key, known = f"{kind}.{name}", dict(draft.data)
    if place.check and place.check in draft.checks:
        known.update({each.key: each for each in draft.checks[place.check].data})
    block = known.get(key)
    if block is None:
        near = draft.near(key, known) or f' Declare it: data "{kind}" "{name or "NAME"}" {{ … }}.'
        return _undeclared(f"There is no data.{key}.{near}", reference, min(2, len(reference.steps)))
    at, fault = _instance(reference, 2, block.meta, f"data.{key}")
    if fault is not None:
        return fault
    types = {argument.name: argument.type for argument in block.kind.arguments}
    types.update({fact.name: fact.type for fact in block.kind.facts})
    attribute = _name(reference, at)
    if at >= len(reference.steps) or not reference.steps[at].attribute:
        return DYNAMIC
    if attribute not in types:
        detail = f'Data of kind "{kind}" has no "{attribute}".{did_you_mean(attribute, types)}'
        return _problem("unknown-attribute", "Unknown attribute", detail, reference, at + 1)
    return types[attribute] if at + 1 == len(reference.steps) else DYNAMIC


def _module(draft: Draft, reference: Reference, place: Place) -> Found:
    name = _name(reference, 0)
    call = draft.calls.get(name)
    if call is None:
        detail = f'There is no module "{name}".{draft.near(name, draft.calls)}'
        return _undeclared(detail, reference, min(1, len(reference.steps)))
    at, fault = _instance(reference, 1, call.meta, f"module.{name}")
    if fault is not None:
        return fault
    child = draft.children.get(name)
    output = _name(reference, at)
    if at >= len(reference.steps) or child is None or child.broken:
        return DYNAMIC
    if output not in child.outputs:
        hint = draft.near(output, child.outputs)
        if not hint:
            hint = " From outside only the outputs of a module are seen: declare one in it."
            hint += f" It has {', '.join(sorted(child.outputs)[:9])}." if child.outputs else ""
        detail = f'Module "{name}" has no output "{output}".{hint}'
        return _undeclared(detail, reference, at + 1)
    return DYNAMIC


def _instance(reference: Reference, at: int, meta: Meta, name: str) -> tuple[int, Diagnostic | None]:
    """The step behind the key of an instance, and what is wrong with that key."""
    step = reference.steps[at] if at < len(reference.steps) else None
    if step is None:
        return at, None
    if meta.count is None and meta.for_each is None:
        if step.attribute:
            return at, None
        detail = f"{name} has neither count nor for_each, so there is only one. Leave {_key(step)} out."
        return at, _problem("unexpected-key", "Key where there is one object", detail, reference, at + 1)
    if step.attribute:
        word, example = ("count", "[0]") if meta.count is not None else ("for_each", '["a key"]')
        own = "[count.index]" if meta.count is not None else "[each.key]"
        detail = f"{name} has {word}, so there are several. Pick one, such as {name}{example} or {name}{own}; or all: {name}[*]."
        if meta.for_each is not None:
            detail = f"{name} has {word}, so there are several. Pick one, such as {name}{example} or {name}{own}."
        return at, _problem("missing-key", "One object is wanted", detail, reference, at + 1)
    if meta.count is not None and not (isinstance(step.key, int) or step.key.isdigit()):
        detail = f"{name} has count, so its keys are numbers, not {_key(step)}."
        return at, _problem("wrong-key", "Wrong sort of key", detail, reference, at + 1)
    return at + 1, None


def _key(step: Step) -> str:
    return f'["{step.key}"]' if isinstance(step.key, str) else f"[{step.key}]"


def _block(draft: Draft, reference: Reference) -> Found:
    kind, name = reference.root, _name(reference, 0)
    if not name:
        detail = f"{kind} is a kind: write {kind}.NAME for one that is declared."
        return _undeclared(detail, reference, 0)
    block = draft.resources.get(f"{kind}.{name}")
    if block is None:
        return _undeclared(_no_block(draft, kind, name), reference, 1)
    at, fault = _instance(reference, 1, block.meta, block.key)
    if fault is not None:
        return fault
    if at >= len(reference.steps):
        return DYNAMIC
    if block.members:
        return _cluster(block, reference, at)
    return _attribute(block.kind, reference, at, block.key)


def _no_block(draft: Draft, kind: str, name: str) -> str:
    """What is said of a block that is not there: the nearest name of its kind, or the same name of another."""
    other = next((each for each in KINDS if f"{each}.{name}" in draft.resources), "")
    if f"{kind}.{name}" in draft.data:
        other = f"data.{kind}"
    near = f" Did you mean {other}.{name}?" if other else ""
    if not near:
        start = f"{kind}."
        near = draft.near(name, [key[len(start) :] for key in draft.resources if key.startswith(start)])
    return f'There is no {kind} "{name}" in this module.{near}'


def _cluster(block: ResourceBlock, reference: Reference, at: int) -> Found:
    """An attribute of a cluster: its head, workers or roster, or an argument."""
    name = _name(reference, at)
    if name == "head":
        if at + 1 >= len(reference.steps):
            return DYNAMIC
        return _attribute(KINDS["workspace"], reference, at + 1, f"{block.key}.head", member=True)
    if name != "workers":
        return _attribute(block.kind, reference, at, block.key)
    if at + 1 >= len(reference.steps):
        return DYNAMIC
    role, roles = _name(reference, at + 1), {member.role: member for member in block.members if member.role != "head"}
    if role not in roles:
        there = f" It has {', '.join(roles)}." if roles else " It has no workers."
        detail = f'{block.key} has no workers "{role}".{did_you_mean(role, roles) or there}'
        return _undeclared(detail, reference, at + 2)
    meta, path = roles[role].meta, f"{block.key}.workers.{role}"
    if (
        meta.count is None
        and meta.for_each is None
        and at + 2 < len(reference.steps)
        and reference.steps[at + 2].attribute
    ):
        detail = f"{path} is a list, of one: write {path}[0]."
        return _problem("missing-key", "One object is wanted", detail, reference, at + 3)
    if at + 2 >= len(reference.steps):
        return DYNAMIC
    if meta.count is None and meta.for_each is None:
        return _attribute(KINDS["workspace"], reference, at + 3, path, member=True)
    behind, fault = _instance(reference, at + 2, meta, path)
    return fault if fault is not None else _attribute(KINDS["workspace"], reference, behind, path, member=True)


def _attribute(kind: Kind, reference: Reference, at: int, owner: str, member: bool = False) -> Found:
    """An argument, block or fact of a kind, and what is within it as far as that is declared."""
    if at >= len(reference.steps):
        return DYNAMIC
    name = _name(reference, at)
    types = _TYPES[kind.name]
    found = types.get(name)
    if found is None and member and name in _MEMBER_NAMES:
        return DYNAMIC
    if found is None:
        detail = f'{article(kind.name).capitalize()} {kind.name} has no argument or fact "{name}".'
        if kind.name == "cluster" and name in _TYPES["workspace"]:
            detail += f" Its members have: write {owner}.head.{name}, or pick one of {owner}.workers.ROLE."
        else:
            detail += did_you_mean(name, types) or f" vwplan schema {kind.name} lists all."
        return _problem("unknown-attribute", "Unknown attribute", detail, reference, at + 1)
    if isinstance(found, BlockType):
        return _inside(found, reference, at + 1)
    if at + 1 < len(reference.steps):
        step = reference.steps[at + 1]
        if found in (STRING, NUMBER) and step.attribute and name not in _REFERRING[kind.name]:
            detail = f"{owner}.{name} is a {found.friendly}, which has no attributes."
            return _problem("unknown-attribute", "Unknown attribute", detail, reference, at + 2)
        return found.element if isinstance(found, MapType) and at + 2 == len(reference.steps) else DYNAMIC
    return DYNAMIC if name in _REFERRING[kind.name] else found


_MEMBER_NAMES = frozenset({"after", "provides", "requires"})
_TYPES: dict[str, dict[str, Type | BlockType]] = {
    name: {
        **{argument.name: argument.type for argument in kind.arguments},
        **{block.name: block for block in kind.blocks if block.name not in ("head", "workers")},
        **{fact.name: fact.type for fact in kind.facts},
    }
    for name, kind in KINDS.items()
}
_REFERRING = {name: {each.name for each in kind.arguments if each.refers} for name, kind in KINDS.items()}


def _inside(block: BlockType, reference: Reference, at: int) -> Found:
    """An argument of a nested block."""
    if block.repeated or block.label:
        at += 1
    if at >= len(reference.steps):
        return DYNAMIC
    name, step = _name(reference, at), reference.steps[at]
    names = [*(each.name for each in block.arguments), *(each.name for each in block.blocks)]
    if step.attribute and name not in names:
        detail = f'The block {block.name} has no argument "{name}".{did_you_mean(name, names)}'
        return _problem("unknown-attribute", "Unknown attribute", detail, reference, at + 1)
    return DYNAMIC


def _parent(draft: Draft, reference: Reference, place: Place) -> Found:
    if not place.cluster:
        detail = '"parent" means something only in a cluster: there it is the instance around.'
        return _problem("reference-not-allowed", "Reference that is not allowed here", detail, reference, 0)
    block = draft.resources.get(f"cluster.{place.cluster}")
    if block is None or not reference.steps:
        return DYNAMIC
    name = _name(reference, 0)
    if name == "key" or name == "index":
        word, given = ("for_each", block.meta.for_each) if name == "key" else ("count", block.meta.count)
        if given is None:
            detail = f"{block.key} has no {word}, so there is no parent.{name}."
            return _undeclared(detail, reference, 1)
        return STRING if name == "key" else NUMBER
    if name == "provides":
        return DYNAMIC
    names = ("key", "index", "provides", "head", "workers", "roster", *_TYPES["cluster"])
    if name not in names:
        detail = f'A cluster has no "{name}".{did_you_mean(name, names)}'
        return _problem("unknown-attribute", "Unknown attribute", detail, reference, 1)
    return _cluster(block, reference, 0)


_LOOKS: dict[str, Callable[[Draft, Reference, Place], Found]] = {
    "var": _variable,
    "local": _local,
    "module": _module,
    "data": _data,
    "each": _each,
    "count": _count,
    "self": _self,
    "parent": _parent,
    "path": _path,
    "vwplan": _settings,
    "terraform": _terraform,
}

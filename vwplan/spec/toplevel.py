"""The blocks of a file that are no kinds: locals, outputs, modules, checks, and what was moved, removed or is to be imported."""

from __future__ import annotations

from dataclasses import replace

from vwplan.diagnostics import Diagnostic, Range, Source, did_you_mean
from vwplan.hcl.evaluate import Compiled, Reference
from vwplan.hcl.lexer import is_name
from vwplan.hcl.syntax import Attribute, Block, Body, Expression, GetAttribute, Index, Literal, ObjectItems, Variable
from vwplan.kinds import KINDS, LATER_KINDS
from vwplan.kinds.language import ELSEWHERE, RESERVED, TOP
from vwplan.spec import mistakes
from vwplan.spec.constants import constant_flag, constant_text, keyed_reference, reference, reference_list
from vwplan.spec.datablock import decode_data
from vwplan.spec.draft import Call, Draft, Place
from vwplan.spec.metaarguments import PROVIDER_KEY_ROOTS, conditions, decode_meta
from vwplan.spec.model import (
    CheckBlock,
    Condition,
    DataBlock,
    ImportBlock,
    LocalValue,
    Meta,
    MovedBlock,
    OutputBlock,
    RemovedBlock,
)
from vwplan.spec.resources import decode_resource, named
from vwplan.spec.settings import decode_provider, decode_settings
from vwplan.spec.shapes import CALL_SHAPE, TOP_SHAPES
from vwplan.spec.variableblock import decode_variable


def decode_file(draft: Draft, body: Body) -> None:
    """Read the blocks of a file into the draft of its module."""
    source = body.source
    for attribute in body.attributes.values():
        near = did_you_mean(attribute.name, [*KINDS, *(each.name for each in TOP)])
        detail = f'A file holds blocks only, and there are none of type "{attribute.name}".{near}'
        if not near:
            detail = f'A file holds blocks only. Put "{attribute.name}" into one: locals {{ {attribute.name} = … }}, perhaps.'
        draft.add(
            Diagnostic("argument-at-top", "Argument outside of blocks", detail, mistakes.name_of(attribute, source))
        )
    for block in body.blocks:
        decode = _DECODERS.get(block.kind)
        if decode is not None:
            decode(draft, block, source)
        else:
            draft.add(_refused(block, source))


def _refused(block: Block, source: Source) -> Diagnostic:
    """What is said of a block that no file may have."""
    kind, subject = block.kind, mistakes.header(block, source)
    if kind in ELSEWHERE:
        detail = f'vwplan has no "{kind}" blocks. {ELSEWHERE[kind]}'
        return Diagnostic("not-here", "Not taken here", detail, subject)
    if kind in RESERVED:
        return Diagnostic("reserved", "Reserved word", RESERVED[kind], subject)
    if kind in LATER_KINDS:
        detail = f"{LATER_KINDS[kind]}. It is not there in this version yet. Leave it out."
        return Diagnostic("not-yet", "Not in this version", detail, subject)
    known = [*KINDS, *(each.name for each in TOP)]
    detail = f'There are no blocks of type "{kind}".{did_you_mean(kind, known)}'
    return Diagnostic("unknown-block", "Unknown block", detail, subject)


def _locals(draft: Draft, block: Block, source: Source) -> None:
    if block.labels:
        draft.add(mistakes.wrong_labels(block, "", source))
    if block.body.start < len(source.text) and source.name.endswith(".json") and source.text[block.body.start] != "{":
        where = Range(source, block.body.start, block.body.end)
        draft.add(Diagnostic("invalid-json", "Object required", "A block locals is one object, by name.", where))
    for inner in block.body.blocks:
        draft.add(mistakes.unknown_block(TOP_SHAPES["locals"], inner, source))
    for name, attribute in block.body.attributes.items():
        where = Range(source, attribute.start, attribute.name_end)
        first = draft.locals.get(name)
        if first is not None:
            draft.add(mistakes.duplicate(f"local.{name}", where, first.range))
            continue
        if not is_name(name):  # JSON has room for any
            draft.add(mistakes.bad_name(name, where))
            continue
        place = Place(f"local.{name}")
        draft.locals[name] = LocalValue(name, draft.compile(attribute.expression, source, place), where)


def _output(draft: Draft, block: Block, source: Source) -> None:
    name, where, shape = named(draft, block, source), mistakes.header(block, source), TOP_SHAPES["output"]
    if name is None:
        return
    attributes, place = block.body.attributes, Place(f"output.{name}")
    for attribute in attributes.values():
        if attribute.name not in shape.arguments:
            draft.add(mistakes.unknown_argument(shape, attribute, source))
    before: list[Condition] = []
    for inner in block.body.blocks:
        if inner.kind == "precondition":
            before += conditions(draft, inner, place, source)
        else:
            draft.add(mistakes.unknown_block(shape, inner, source))
    value, depends_on = attributes.get("value"), attributes.get("depends_on")
    if value is None and id(source) not in draft.broken and "value" not in mistakes.meant(shape, block.body):
        draft.add(mistakes.missing_argument(shape, "value", where))
    expression: Expression = value.expression if value else Literal(None, block.start, block.header_end)
    after = reference_list(draft, depends_on, source) if depends_on else ()
    draft.depends += [(place, each) for each in after]
    made = OutputBlock(
        name,
        draft.compile(expression, source, place),
        constant_text(draft, attributes.get("description"), source),
        constant_flag(draft, attributes.get("sensitive"), source, False),
        constant_flag(draft, attributes.get("ephemeral"), source, False),
        after,
        tuple(before),
        where,
    )
    first = draft.outputs.setdefault(name, made)
    if first is not made:
        draft.add(mistakes.duplicate(f'output "{name}"', where, first.range))


def _module(draft: Draft, block: Block, source: Source) -> None:
    name, where, shape = named(draft, block, source), mistakes.header(block, source), TOP_SHAPES["module"]
    if name is None:
        return
    attributes, node = block.body.attributes, f"module.{name}"
    outside = Place(node)
    place = replace(outside, count="count" in attributes, each="for_each" in attributes)
    for inner in block.body.blocks:
        draft.add(mistakes.unknown_block(shape, inner, source))
    inputs = {}
    for attribute in attributes.values():
        if attribute.name in shape.absent:
            draft.add(mistakes.unknown_argument(shape, attribute, source))
        elif attribute.name not in shape.arguments:
            at = replace(place, node=f"{node}.{attribute.name}")
            inputs[attribute.name] = draft.compile(attribute.expression, source, at)
    where_from = attributes.get("source")
    if where_from is None and id(source) not in draft.broken:
        draft.add(mistakes.missing_argument(shape, "source", where))
    meta = decode_meta(draft, block.body, CALL_SHAPE, place, outside, "")
    providers, keys = _providers(draft, attributes.get("providers"), source, place)
    made = Call(
        name,
        constant_text(draft, where_from, source),
        inputs,
        Meta(meta.count, meta.for_each, meta.depends_on),
        providers,
        keys,
        where if where_from is None else Range(source, where_from.expression.start, where_from.expression.end),
        where,
        {name: mistakes.name_of(attributes[name], source) for name in inputs},
    )
    first = draft.calls.setdefault(name, made)
    if first is not made:
        draft.add(mistakes.duplicate(f'module "{name}"', where, first.range))


def _providers(
    draft: Draft, attribute: Attribute | None, source: Source, place: Place
) -> tuple[dict[str, Reference], dict[str, Compiled]]:
    """`providers = { inside = outside.alias }`, by the name inside, and the keys that are expressions."""
    if attribute is None:
        return {}, {}
    expression = attribute.expression
    if not isinstance(expression, ObjectItems):
        detail = '"providers" takes provider configurations by name: { libvirt = libvirt.site }.'
        subject = Range(source, expression.start, expression.end)
        draft.add(Diagnostic("wrong-type", "Wrong type", detail, subject))
        return {}, {}
    found: dict[str, Reference] = {}
    keys: dict[str, Compiled] = {}
    within = replace(place, roots=PROVIDER_KEY_ROOTS, words="the key of a provider")
    for key, value in expression.items:
        inside = key.name if isinstance(key, Variable) else source.text[key.start : key.end].strip('"')
        outside, chosen = keyed_reference(draft, value, source, '"providers"', within)
        if outside is not None:
            found[inside] = outside
            draft.provider_uses.append((outside, chosen is not None))
        if chosen is not None:
            keys[inside] = chosen
    return found, keys


def _data(draft: Draft, block: Block, source: Source) -> None:
    made = decode_data(draft, block, source)
    if made is not None:
        _keep(draft, made, draft.data)


def _keep(draft: Draft, made: DataBlock, among: dict[str, DataBlock]) -> None:
    """Keep a data block, unless there is one of its name already."""
    first = among.setdefault(made.key, made)
    if first is not made:
        draft.add(mistakes.duplicate(f'data "{made.kind.name}" "{made.name}"', made.range, first.range))


def _address(draft: Draft, block: Block, name: str, source: Source, *, keys: bool = True) -> Reference | None:
    """The address that an argument of `moved`, `removed` or `import` names."""
    attribute = block.body.attributes.get(name)
    if attribute is None:
        if id(source) not in draft.broken:
            draft.add(mistakes.missing_argument(TOP_SHAPES[block.kind], name, mistakes.header(block, source)))
        return None
    found = reference(draft, attribute.expression, source, f'"{name}"')
    if found is None:
        return None
    fault = _address_fault(found)
    if not fault and not keys and any(not step.attribute for step in found.steps):
        fault = "It takes an address without keys: all instances of a block are removed together."
    if fault:
        draft.add(Diagnostic("invalid-address", "Not an address", f'"{name}": {fault}', found.range))
        return None
    return found


def _address_fault(found: Reference) -> str:
    """What is wrong with an address: of a kind's block, a member of a cluster, or a call of a module."""
    names = [found.root] + [str(step.key) for step in found.steps if step.attribute]
    while len(names) > 2 and names[0] == "module":
        names = names[2:]
    kind = names[0]
    if len(names) < 2 or found.steps[0].attribute is False:
        return f"{found.text} names no block. Write {kind}.NAME."
    if kind == "module":
        return ""
    if kind not in KINDS:
        return f"{kind} is no kind.{did_you_mean(kind, [*KINDS, 'module'])}"
    rest = names[2:]
    if not rest or (kind == "cluster" and (rest == ["head"] or (rest[0] == "workers" and len(rest) == 2))):
        return ""
    return f"{found.text} leads into a block. An address ends with its name or key."


def _kind_of(address: Reference) -> str:
    """The kind of what an address names, past the modules around it: `member` of a cluster's, `module` of a call."""
    names = [address.root] + [str(step.key) for step in address.steps if step.attribute]
    while len(names) > 2 and names[0] == "module":
        names = names[2:]
    return "member" if names[0] == "cluster" and len(names) > 2 else names[0]


def _only(draft: Draft, block: Block, source: Source, *blocks: str) -> None:
    """Tell of labels, arguments and blocks that a block does not take."""
    shape = TOP_SHAPES[block.kind]
    if block.labels:
        draft.add(mistakes.wrong_labels(block, "", source))
    for attribute in block.body.attributes.values():
        if attribute.name not in shape.arguments:
            draft.add(mistakes.unknown_argument(shape, attribute, source))
    for inner in block.body.blocks:
        if inner.kind not in blocks:
            draft.add(mistakes.unknown_block(shape, inner, source))


def _moved(draft: Draft, block: Block, source: Source) -> None:
    _only(draft, block, source)
    before, after = _address(draft, block, "from", source), _address(draft, block, "to", source)
    if before is None or after is None:
        return
    where = mistakes.header(block, source)
    kinds = {_kind_of(before), _kind_of(after)}
    if len(kinds) > 1 and kinds != {"workspace", "member"}:
        detail = f"{before.text} cannot become {after.text}: they are of different kinds."
        if kinds == {"workspace", "cluster"}:
            whole = before if _kind_of(before) == "cluster" else after
            detail = f"A whole cluster is no workspace, but a member is: write {whole.text}.head or {whole.text}.workers.ROLE[0]."
        draft.add(Diagnostic("invalid-move", "Invalid move", detail, after.range))
    elif before.text == after.text:
        detail = f"{before.text} is both where it was and where it is. Leave the block out."
        draft.add(Diagnostic("invalid-move", "Invalid move", detail, after.range))
    else:
        draft.moved.append(MovedBlock(before, after, where))


def _removed(draft: Draft, block: Block, source: Source) -> None:
    _only(draft, block, source, "lifecycle")
    found, destroy = _address(draft, block, "from", source, keys=False), True
    for inner in block.body.blocks:
        if inner.kind != "lifecycle":
            continue
        shape = TOP_SHAPES["removed"].inner["lifecycle"]
        for attribute in inner.body.attributes.values():
            if attribute.name not in shape.arguments:
                draft.add(mistakes.unknown_argument(shape, attribute, source))
        told = inner.body.attributes.get("destroy")
        if told is None and "destroy" not in mistakes.meant(shape, inner.body):
            draft.add(mistakes.missing_argument(shape, "destroy", mistakes.header(inner, source)))
        destroy = constant_flag(draft, told, source, True)
    if found is not None:
        draft.removed.append(RemovedBlock(found, destroy, mistakes.header(block, source)))


def _import(draft: Draft, block: Block, source: Source) -> None:
    _only(draft, block, source)
    where, shape, attributes = mistakes.header(block, source), TOP_SHAPES["import"], block.body.attributes
    identifier, for_each = attributes.get("id"), attributes.get("for_each")
    to = attributes.get("to")
    key: Expression | None = None
    last = to.expression if for_each is not None and to is not None else None
    if to is not None and isinstance(last, Index) and not isinstance(last.key, Literal):
        # The last key may be an expression of each.
        key = last.key
        to = to._replace(expression=last.collection)
    open_keys: dict[str, Expression] = {}
    if for_each is not None and to is not None:
        to = to._replace(expression=_without_keys(to.expression, source, open_keys))
        block = block._replace(body=block.body._replace(attributes={**attributes, "to": to}))
    target = _address(draft, block, "to", source)
    if identifier is None:
        if id(source) not in draft.broken:
            draft.add(mistakes.missing_argument(shape, "id", where))
        return
    place = Place(each=for_each is not None)
    compiled = draft.compile(identifier.expression, source, place, shape.arguments["id"])
    collection = draft.compile(for_each.expression, source, Place()) if for_each is not None else None
    if target is not None:
        target_key = draft.compile(key, source, place) if key is not None else None
        on_the_way = {text: draft.compile(each, source, place) for text, each in open_keys.items()}
        draft.imports.append(ImportBlock(target, compiled, collection, where, target_key, on_the_way))


def _without_keys(address: Expression, source: Source, found: dict[str, Expression]) -> Expression:
    """An address in which keys that are expressions are texts that stand for them, which no key that is written out can be."""
    match address:
        case GetAttribute():
            return address._replace(object=_without_keys(address.object, source, found))
        case Index():
            key = address.key
            if not isinstance(key, Literal):
                text = f"{source.text[key.start : key.end]}\0"
                found[text] = key
                key = Literal(text, key.start, key.end)
            return address._replace(collection=_without_keys(address.collection, source, found), key=key)
    return address


def _check(draft: Draft, block: Block, source: Source) -> None:
    name = named(draft, block, source)
    if name is None:
        return
    where, shape = mistakes.header(block, source), TOP_SHAPES["check"]
    place = Place(words="a check", check=name)
    for attribute in block.body.attributes.values():
        draft.add(mistakes.unknown_argument(shape, attribute, source))
    asserts: list[Condition] = []
    read: dict[str, DataBlock] = {}
    for inner in block.body.blocks:
        if inner.kind == "assert":
            asserts += conditions(draft, inner, place, source)
        elif inner.kind == "data":
            found = decode_data(draft, inner, source, name)
            if found is not None:
                _keep(draft, found, read)
        else:
            draft.add(mistakes.unknown_block(shape, inner, source))
    if not any(inner.kind == "assert" for inner in block.body.blocks) and "assert" not in mistakes.meant(
        shape, block.body
    ):
        draft.add(mistakes.missing_block(shape, "assert", where))
    made = CheckBlock(name, tuple(asserts), tuple(read.values()), where)
    first = draft.checks.setdefault(name, made)
    if first is not made:
        draft.add(mistakes.duplicate(f'check "{name}"', where, first.range))


_DECODERS = {
    **dict.fromkeys(KINDS, decode_resource),
    "vwplan": decode_settings,
    "provider": decode_provider,
    "variable": decode_variable,
    "locals": _locals,
    "output": _output,
    "module": _module,
    "data": _data,
    "moved": _moved,
    "removed": _removed,
    "import": _import,
    "check": _check,
}

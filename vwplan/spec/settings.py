"""Settings: the `vwplan` block and the `provider` blocks."""

from __future__ import annotations

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, Source, did_you_mean
from vwplan.hcl.evaluate import Compiled
from vwplan.hcl.lexer import is_name
from vwplan.hcl.syntax import Block
from vwplan.provider import find
from vwplan.spec import mistakes
from vwplan.spec.constants import constant_text, reference
from vwplan.spec.decode import decode_part
from vwplan.spec.draft import Draft, Place, SettingsBlock
from vwplan.spec.model import ProviderBlock
from vwplan.spec.shapes import TOP_SHAPES, Shape
from vwplan.spec.versions import ConstraintError, satisfies

DEFAULT_PROVIDER = "libvirt"
STATES_LATER = ("postgres",)

_BEFORE_ALL = frozenset({"var", "local", "path", "vwplan"})
"""What provider blocks may refer to: hosts must be known before anything is planned."""


def decode_settings(draft: Draft, block: Block, source: Source) -> None:
    """Read the `vwplan` block into the draft."""
    where, shape, attributes = mistakes.header(block, source), TOP_SHAPES["vwplan"], block.body.attributes
    if block.labels:
        draft.add(mistakes.wrong_labels(block, "", source))
    if draft.settings is not None:
        draft.add(mistakes.duplicate("The vwplan block", where, draft.settings.range))
        return
    for attribute in attributes.values():
        if attribute.name not in shape.arguments:
            draft.add(mistakes.unknown_argument(shape, attribute, source))
    version = attributes.get("required_version")
    constraint = constant_text(draft, version, source)
    if version is not None and constraint:
        at = Range(source, version.expression.start, version.expression.end)
        _look_at_version(draft, constraint, at)
    provider, at_provider = "", None
    chosen = attributes.get("provider")
    if chosen is not None:
        found = reference(draft, chosen.expression, source, '"provider"')
        if found is not None:
            provider, at_provider = found.text, found.range
    draft.settings = SettingsBlock(constraint, provider, at_provider, _state(draft, block, source), where)


def _look_at_version(draft: Draft, constraint: str, at: Range) -> None:
    from vwplan import __version__

    try:
        if satisfies(__version__, constraint):
            return
        detail = f'This is vwplan {__version__}, and the spec wants "{constraint}". Use another version, or change the constraint.'
        draft.add(Diagnostic("wrong-version", "Wrong version of vwplan", detail, at))
    except ConstraintError as error:
        draft.add(Diagnostic("invalid-version", "Invalid version constraint", str(error), at))


def _state(draft: Draft, block: Block, source: Source) -> bool:
    """Whether a `state` block says where state is kept; it is looked at."""
    found: Range | None = None
    for inner in block.body.blocks:
        where = mistakes.header(inner, source)
        if inner.kind != "state":
            draft.add(mistakes.unknown_block(TOP_SHAPES["vwplan"], inner, source))
        elif found is not None:
            draft.add(mistakes.duplicate("The state block", where, found))
        elif len(inner.labels) != 1:
            draft.add(mistakes.wrong_labels(inner, "STORE", source))
        else:
            found = where
            _look_at_state(draft, inner, source)
    return found is not None


def _look_at_state(draft: Draft, block: Block, source: Source) -> None:
    label = block.labels[0]
    subject = Range(source, label.start, label.end)
    if label.text in STATES_LATER:
        detail = f'state "{label.text}" is not there in this version yet. Leave it out: state is kept in files beside the spec.'
        draft.add(Diagnostic("not-yet", "Not in this version", detail, subject))
        return
    if label.text != "local":
        near = did_you_mean(label.text, ("local", *STATES_LATER))
        detail = f'There is no store "{label.text}" for state.{near} There is "local".'
        draft.add(Diagnostic("unknown-block", "Unknown store", detail, subject))
        return
    for attribute in block.body.attributes.values():
        detail = f'state "local" takes no arguments, so not "{attribute.name}" either.'
        draft.add(Diagnostic("unknown-argument", "Unknown argument", detail, mistakes.name_of(attribute, source)))
    for inner in block.body.blocks:
        draft.add(Diagnostic("unknown-block", "Unknown block", "It takes no blocks.", mistakes.header(inner, source)))


def decode_provider(draft: Draft, block: Block, source: Source) -> None:
    """Read a `provider` block into the draft."""
    where, shape = mistakes.header(block, source), TOP_SHAPES["provider"]
    if len(block.labels) != 1:
        draft.add(mistakes.wrong_labels(block, "TYPE", source))
        return
    label, attributes = block.labels[0], block.body.attributes
    alias_attribute = attributes.get("alias")
    alias = constant_text(draft, alias_attribute, source)
    if alias_attribute is not None and alias and not is_name(alias):
        expression = alias_attribute.expression
        draft.add(mistakes.bad_name(alias, Range(source, expression.start, expression.end)))
    try:
        settings = find(label.text, Range(source, label.start, label.end)).settings
    except DiagnosticError as error:
        draft.problems.extend(error.diagnostics)
        return
    own = Shape(settings)
    arguments: dict[str, Compiled] = {}
    rest = block.body._replace(
        attributes={name: each for name, each in attributes.items() if name != "alias" and name not in shape.absent},
        blocks=tuple(inner for inner in block.body.blocks if inner.kind not in shape.absent),
    )
    for attribute in attributes.values():
        if attribute.name in shape.absent:
            draft.add(mistakes.unknown_argument(shape, attribute, source))
    for inner in block.body.blocks:
        if inner.kind in shape.absent:
            draft.add(mistakes.unknown_block(shape, inner, source))
    place = Place(roots=_BEFORE_ALL, words="a provider block")
    part = decode_part(draft, rest, own, place, where)
    arguments = {name: each.value for name, each in part.arguments.items()}
    made = ProviderBlock(label.text, alias, arguments, (), where)
    first = draft.providers.setdefault(made.key, made)
    if first is not made:
        what = f'provider "{label.text}"' + (f' with alias "{alias}"' if alias else " without an alias")
        draft.add(mistakes.duplicate(what, where, first.range))


def default_provider(draft: Draft) -> str:
    """The key of the provider configuration that is used where a block names none."""
    bare = [key for key, each in draft.providers.items() if not each.alias]
    settings = draft.settings
    if settings is not None and settings.provider:
        if settings.provider not in draft.providers and settings.provider != DEFAULT_PROVIDER:
            near = did_you_mean(settings.provider, draft.providers)
            detail = f'There is no provider configuration "{settings.provider}".{near}'
            draft.add(Diagnostic("unknown-provider", "Unknown provider", detail, settings.provider_range))
        return settings.provider
    if len(bare) > 1:
        first, second = (draft.providers[key] for key in bare[:2])
        detail = (
            f'Both provider "{first.type}" ({first.range}) and provider "{second.type}" have no alias. Give one an alias, or '
            f"say which is the default: vwplan {{ provider = {first.type} }}."
        )
        draft.add(Diagnostic("ambiguous-provider", "More than one default provider", detail, second.range))
    return bare[0] if bare else DEFAULT_PROVIDER

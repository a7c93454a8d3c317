"""Settings: the `vwplan` block and the `provider` blocks."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, Source, did_you_mean
from vwplan.hcl.evaluate import Compiled
from vwplan.hcl.lexer import is_name
from vwplan.hcl.syntax import Block
from vwplan.kinds.hosts import with_hosts
from vwplan.provider import find
from vwplan.spec import mistakes
from vwplan.spec.constants import constant_text, reference
from vwplan.spec.decode import decode_part
from vwplan.spec.draft import Draft, Place, SettingsBlock
from vwplan.spec.model import ProviderBlock
from vwplan.spec.shapes import TOP_SHAPES, Shape
from vwplan.spec.versions import ConstraintError, satisfies

if TYPE_CHECKING:
    from vwplan.state.encryption import Encryption

DEFAULT_PROVIDER = "libvirt"
STORES = ("local", "postgres")

_OURS = frozenset({"alias", "for_each"})
"""Arguments of a provider block that are the language's, not the provider's."""

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
    stores, state, arguments = _state(draft, block, source)
    encryption, encrypts = _encryption(draft, block, source)
    draft.settings = SettingsBlock(
        constraint, provider, at_provider, stores, where, state, arguments, encryption, encrypts
    )


def _encryption(draft: Draft, block: Block, source: Source) -> tuple[Encryption | None, bool]:
    """What an `encryption` block says, and whether there is one."""
    found = [inner for inner in block.body.blocks if inner.kind == "encryption"]
    for second in found[1:]:
        first = mistakes.header(found[0], source)
        draft.add(mistakes.duplicate("The encryption block", mistakes.header(second, source), first))
    if not found:
        return None, False
    from vwplan.spec.encryption import decode_encryption

    return decode_encryption(draft, found[0], source), True


def _look_at_version(draft: Draft, constraint: str, at: Range) -> None:
    from vwplan import __version__

    try:
        if satisfies(__version__, constraint):
            return
        detail = f'This is vwplan {__version__}, and the spec wants "{constraint}". Use another version, or change the constraint.'
        draft.add(Diagnostic("wrong-version", "Wrong version of vwplan", detail, at))
    except ConstraintError as error:
        draft.add(Diagnostic("invalid-version", "Invalid version constraint", str(error), at))


def _state(draft: Draft, block: Block, source: Source) -> tuple[bool, str, dict[str, object]]:
    """Whether a `state` block says where state is kept, in which store, and with what arguments."""
    found: Range | None = None
    store, arguments = "local", dict[str, object]()
    for inner in block.body.blocks:
        where = mistakes.header(inner, source)
        if inner.kind == "encryption":
            continue
        if inner.kind != "state":
            draft.add(mistakes.unknown_block(TOP_SHAPES["vwplan"], inner, source))
        elif found is not None:
            draft.add(mistakes.duplicate("The state block", where, found))
        elif len(inner.labels) != 1:
            draft.add(mistakes.wrong_labels(inner, "STORE", source))
        else:
            found = where
            store, arguments = _store(draft, inner, source)
    return found is not None, store, arguments


def _store(draft: Draft, block: Block, source: Source) -> tuple[str, dict[str, object]]:
    label = block.labels[0]
    if label.text not in STORES:
        near = did_you_mean(label.text, STORES)
        detail = f'There is no store "{label.text}" for state.{near} There are "local" and "postgres".'
        draft.add(Diagnostic("unknown-block", "Unknown store", detail, Range(source, label.start, label.end)))
        return "local", {}
    for inner in block.body.blocks:
        draft.add(Diagnostic("unknown-block", "Unknown block", "It takes no blocks.", mistakes.header(inner, source)))
    known = ("conninfo",) if label.text == "postgres" else ()
    for attribute in block.body.attributes.values():
        if attribute.name not in known:
            takes = f"takes {known[0]}, and not" if known else "takes no arguments, so not"
            detail = f'state "{label.text}" {takes} "{attribute.name}"{"" if known else " either"}.'
            draft.add(Diagnostic("unknown-argument", "Unknown argument", detail, mistakes.name_of(attribute, source)))
    return label.text, _conninfo(draft, block, source) if known else {}


_PASSWORD = re.compile(r"(?:^|[\s?&])(?:ssl)?password\s*=|^[a-z]+://[^/?@]*:[^/?@]+@", re.IGNORECASE)
"""Where libpq takes a password, in a list of settings and in a URI."""


def _conninfo(draft: Draft, block: Block, source: Source) -> dict[str, object]:
    """libpq's connection string: said outright, without a password, because specs are kept where others read them."""
    attribute = block.body.attributes.get("conninfo")
    if attribute is None:
        detail = 'state "postgres" needs conninfo: host=… dbname=…, a URI, or service=….'
        draft.add(Diagnostic("missing-argument", "Missing argument", detail, mistakes.header(block, source)))
        return {}
    conninfo = constant_text(draft, attribute, source)
    if _PASSWORD.search(conninfo):
        expression = attribute.expression
        detail = (
            "A password does not belong in a spec. Take it out, and give it by PGPASSFILE (a file that only its owner reads) or "
            "by a service that PGSERVICE names."
        )
        where = Range(source, expression.start, expression.end)
        draft.add(Diagnostic("password-in-spec", "A password in the spec", detail, where))
    return {"conninfo": conninfo}


def decode_provider(draft: Draft, block: Block, source: Source) -> None:
    """Read a `provider` block into the draft."""
    where = mistakes.header(block, source)
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
    rest = block.body._replace(attributes={name: each for name, each in attributes.items() if name not in _OURS})
    place = Place(roots=_BEFORE_ALL, words="a provider block")
    for_each = attributes.get("for_each")
    collection: Compiled | None = None
    if for_each is not None:
        collection = draft.compile(for_each.expression, source, place)
        place = replace(place, each=True, roots=_BEFORE_ALL | {"each"})
        if alias_attribute is None:
            detail = "A provider with for_each needs an alias, so that each can be named: provider.alias[each.key]."
            draft.add(Diagnostic("missing-argument", "Missing argument", detail, where))
    part = decode_part(draft, rest, Shape(with_hosts(settings)), place, where)
    made = ProviderBlock(label.text, alias, part, where, collection)
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

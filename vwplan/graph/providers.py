"""Hosts: what the provider blocks come to, and on which host a block's resources are."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vwplan.address import key_text
from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError, Problems
from vwplan.graph.expand import expand
from vwplan.graph.parts import ABSENT, problem, read_part
from vwplan.graph.scope import InstanceScope
from vwplan.hcl.evaluate import Compiled, Reference, Scope
from vwplan.kinds import with_defaults
from vwplan.kinds.hosts import with_hosts
from vwplan.provider import find
from vwplan.provider.api import HostConfiguration, Limits
from vwplan.spec.model import Configuration, Meta, Module, ProviderBlock
from vwplan.state.records import State
from vwplan.values import STRING, ConversionError, Sensitive, Unknown, convert, has_marks

Plain = Any

DEFAULT = "libvirt"
"""The provider that is used where none is configured."""

SIMULATED = "simulated"
HOST = "default"
"""The label of a provider's only host."""


def default_key(configuration: Configuration) -> str:
    """The provider configuration that blocks use which name none."""
    if configuration.settings.provider:
        return configuration.settings.provider
    bare = [key for key, block in configuration.root.providers.items() if not block.alias]
    return bare[0] if bare else DEFAULT


def pretended(key: str) -> str:
    """The key of the simulated provider in the place of another: its alias stays."""
    _, dot, alias = key.partition(".")
    return SIMULATED + dot + alias


def configured(
    configuration: Configuration, scope: InstanceScope, *, directory: str, simulate: bool
) -> dict[str, HostConfiguration]:
    """The hosts by key (`libvirt.site/default`). `scope` answers variables and locals. `DiagnosticError` tells all problems."""
    problems = Problems()
    found: dict[str, HostConfiguration] = {}
    blocks = dict(configuration.root.providers)
    for block in blocks.values():
        try:
            for key, inner in _each(block, scope):
                for host in _hosts(block, pretended(key) if simulate else key, inner, directory):
                    found.setdefault(host.key, host)
        except DiagnosticError as error:
            problems.extend(error.diagnostics)
    problems.raise_errors()
    default = default_key(configuration)
    if default not in blocks:
        host = _plain_host(pretended(default) if simulate else default, directory)
        found.setdefault(host.key, host)
    return found


def _each(block: ProviderBlock, scope: InstanceScope) -> Iterator[tuple[str, InstanceScope]]:
    """The keys of what a provider block configures, each with the scope of its arguments."""
    if block.for_each is None:
        yield block.key, scope
        return
    for key, value in expand(Meta(for_each=block.for_each), scope).keys.items():
        if not isinstance(key, str) or _KEY.fullmatch(key) is None:
            detail = f"{key_text(key)} is a key of for_each, and names a host: letters, digits, dots, dashes and underscores."
            raise problem("invalid-for-each", "Invalid for_each", detail, block.for_each.range)
        yield block.key + key_text(key), scope.of("each", key, value)


_KEY = re.compile(r"[\w.-]+")


def chosen_key(compiled: Compiled | None, scope: Scope) -> str:
    """Which of several provider configurations is meant, as it stands behind their name: `["a"]`; empty for a name alone."""
    if compiled is None:
        return ""
    value = compiled.evaluate(scope)
    if has_marks(value):
        detail = "The key of a provider is told by the plan, so it cannot be made from a sensitive or ephemeral value."
        raise problem("sensitive-argument", "Sensitive value", detail, compiled.range)
    if isinstance(value, Unknown):
        detail = "The key of a provider must be known when planning."
        raise problem("late-argument", "Known only after apply", detail, compiled.range)
    try:
        text = convert(value, STRING)
    except ConversionError as error:
        raise problem(
            "wrong-type", "Wrong type", f"The key of a provider is a string: {error}.", compiled.range
        ) from None
    if not isinstance(text, str):
        raise problem("wrong-type", "Wrong type", "The key of a provider cannot be null.", compiled.range)
    return key_text(text)


def _plain_host(key: str, directory: str) -> HostConfiguration:
    """The host of a provider about which nothing is said."""
    settings = with_defaults(find(key.partition(".")[0]).settings, {})
    if key.partition(".")[0] == DEFAULT:
        settings.setdefault("uri", "qemu:///system")
    return HostConfiguration(key, HOST, settings, directory)


def _hosts(block: ProviderBlock, key: str, scope: Scope, directory: str) -> Iterator[HostConfiguration]:
    """The hosts of a provider block under a key, which may be that of a simulated provider in its place."""
    own = find(block.type, block.range).settings
    said = read_part(block.part, with_hosts(own), scope, block.range)
    labels, limits = said.pop("labels", {}), _given(said.pop("limits", ABSENT))
    given = said.pop("host", {HOST: {}})
    if given is ABSENT:
        detail = "This provider has no host: nothing is left of its host blocks. Give it one at least."
        raise problem("empty-pool", "Pool without hosts", detail, block.range)
    used = key.partition(".")[0]
    for label, over in given.items():
        over = dict(over)
        marked = {**labels, **over.pop("labels", {})}
        bounds = Limits(**{**limits, **_given(over.pop("limits", ABSENT))})
        settings = {name: _bare(each) for name, each in {**said, **over}.items()} if used == block.type else {}
        settings = with_defaults(find(used).settings, settings)
        yield HostConfiguration(key, label, settings, directory, marked, bounds)


def _given(block: Plain) -> Mapping[str, Plain]:
    return {} if block is ABSENT else block


def _bare(plain: Plain) -> Plain:
    return plain.value if isinstance(plain, Sensitive) else plain


def needed_hosts(configuration: Configuration, state: State, hosts: Mapping[str, HostConfiguration]) -> frozenset[str]:
    """The keys of the hosts that the spec's blocks or the state's objects are on: others need not be asked anything."""
    placement = Placement.of(configuration, hosts)
    used: set[str] = set()
    todo: list[tuple[Module, Mapping[str, str]]] = [(configuration.root, {})]
    while todo:
        module, names = todo.pop()
        metas = [meta for block in module.resources.values() for meta in (block.meta, *(m.meta for m in block.members))]
        for meta in (*metas, *(block.meta for block in module.data.values() if block.kind.name != "stack")):
            key = names.get("", placement.default) if meta.provider is None else meta.provider.text
            used.add(names.get(key, key))
        for call in module.calls.values():
            # Which one of several a call passes on is not known here, so all of them count.
            used.update(call.providers[name].text for name in call.provider_keys)
            todo.append((call.module, passed_on(names, call.providers, {})))
    found = {f"{record.provider}/{record.host}" for record in (*state.records.values(), *state.deposed.values())}
    named = {place.provider for key, place in placement.table.items() if key in used or key.partition("[")[0] in used}
    found.update(key for key, host in hosts.items() if host.provider in named)
    return frozenset(found & hosts.keys())


@dataclass(frozen=True, slots=True)
class Place:
    """Where a resource is: the provider's key and the host's label, empty while it is open which host of a pool it is."""

    provider: str
    host: str

    @property
    def key(self) -> str:
        """The host's key."""
        return f"{self.provider}/{self.host}"

    @property
    def is_open(self) -> bool:
        """Whether the host is still to be chosen."""
        return not self.host

    def agrees(self, other: Place) -> bool:
        """Whether both are one host, or may still become one."""
        return self.provider == other.provider and (self.host == other.host or self.is_open or other.is_open)


@dataclass(frozen=True, slots=True)
class Placement:
    """The place of each provider configuration, by its key in the spec; open where there are several hosts. `pools` has them all."""

    table: Mapping[str, Place]
    default: str
    pools: Mapping[str, tuple[HostConfiguration, ...]]

    @staticmethod
    def of(configuration: Configuration, hosts: Mapping[str, HostConfiguration]) -> Placement:
        """The places among the hosts that there are; a simulated one stands in where the one that is named is not there."""
        pools: dict[str, tuple[HostConfiguration, ...]] = {}
        for host in hosts.values():
            pools[host.provider] = (*pools.get(host.provider, ()), host)
        by_provider = {key: Place(key, those[0].label if len(those) == 1 else "") for key, those in pools.items()}
        default = default_key(configuration)
        table: dict[str, Place] = dict(by_provider)
        names = [key for key, block in configuration.root.providers.items() if block.for_each is None]
        for key, block in configuration.root.providers.items():
            if block.for_each is not None:
                tails = (name.removeprefix(stem) for stem in {key, pretended(key)} for name in by_provider)
                names += [key + tail for tail in tails if tail.startswith("[")]
        for key in (*names, default):
            place = by_provider.get(key) or by_provider.get(pretended(key))
            if place is not None:
                table[key] = place
        return Placement(table, default, pools)

    def find(self, reference: Reference | None, names: Mapping[str, str], chosen: str = "") -> Place:
        """The place that a block's `provider` argument names in a module; `names` are the module's own.

        `chosen` is the key behind the name, where it is computed.
        """
        if reference is None:
            key = names.get("", self.default)
        else:
            key = names.get(reference.text, reference.text) + chosen
        place = self.table.get(key)
        if place is None:
            at = None if reference is None else reference.range
            there = ", ".join(sorted(self.table))
            detail = f'There is no provider configuration "{key}". There is {there or "none"}.'
            raise DiagnosticError(Diagnostic("unknown-provider", "Unknown provider", detail, at))
        return place


def passed_on(names: Mapping[str, str], given: Mapping[str, Reference], chosen: Mapping[str, str]) -> Mapping[str, str]:
    """The provider names of a called module: those around it, and over them those that the call passes.

    `chosen` are the keys behind those names, where they are computed.

    A call that passes a default of some sort (`providers = { libvirt = libvirt.site }`) makes it the default inside.
    """
    if not given:
        return names
    inner = dict(names)
    for name, outer in given.items():
        key = names.get(outer.text, outer.text) + chosen.get(name, "")
        inner[name] = key
        if "." not in name:
            inner[""] = key
    return inner

"""Placement: which host of a pool each resource is on.

What is somewhere stays there as long as it may be there. What shares a network of one host, or uses a volume, is on one host with
it. The rest goes where there is room, the fullest last.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError, Range, did_you_mean
from vwplan.graph.parts import problem
from vwplan.provider.api import HostConfiguration

Plain = Any

SPREAD_OVER_HOSTS = "host"
"""What `spread` says to spread over hosts; anything else is a label."""

RUNNING = ("running", "paused")
"""The power states in which a machine takes processors and memory."""


@dataclass(frozen=True, slots=True)
class Load:
    """How much of a host is in use, or asked of it: processors and memory (MiB) of running machines, and workspaces."""

    cpus: int = 0
    memory: int = 0
    workspaces: int = 0

    def __add__(self, other: Load) -> Load:
        return Load(self.cpus + other.cpus, self.memory + other.memory, self.workspaces + other.workspaces)


def total(loads: Iterable[Load]) -> Load:
    """All of them together."""
    there = list(loads)
    return Load(sum(one.cpus for one in there), sum(one.memory for one in there), sum(one.workspaces for one in there))


def load_of(arguments: Mapping[str, Plain], power: Plain = None) -> Load:
    """What a machine takes of its host."""
    resources = arguments.get("resources")
    if (power or arguments.get("power")) not in RUNNING or not isinstance(resources, Mapping):
        return Load(0, 0, 1)
    cpus, memory = (resources.get(name) for name in ("cpus", "memory"))
    return Load(cpus if isinstance(cpus, int) else 0, memory if isinstance(memory, int) else 0, 1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A host of a pool, as far as choosing among them needs it.

    `memory` is how much it has in MiB (0: unknown), `load` what is in use there by all that is not placed here, `images` the digests
    of the bases there. `is_seen` is false where it did not answer: nothing new goes there if another can be had.
    """

    host: HostConfiguration
    memory: int = 0
    load: Load = Load()
    images: frozenset[str] = frozenset()
    is_seen: bool = True

    @property
    def label(self) -> str:
        """The host's label."""
        return self.host.label

    def overfull(self, load: Load) -> bool:
        """Whether that load is more than its owner allows, or than it has."""
        limits = self.host.limits
        bounds = ((limits.cpus, load.cpus), (limits.memory, load.memory), (limits.workspaces, load.workspaces))
        return any(bound is not None and used > bound for bound, used in bounds) or 0 < self.memory < load.memory

    def share(self, load: Load) -> float:
        """How full the host is with that load, from 0 on."""
        limits = self.host.limits
        bounds = (
            (load.memory, min(filter(None, (limits.memory, self.memory)), default=0)),
            (load.cpus, limits.cpus or 0),
            (load.workspaces, limits.workspaces or 0),
        )
        return max((used / bound for used, bound in bounds if bound), default=float(load.workspaces))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a `placement` block says."""

    host: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    spread: str = ""
    near: bool = False

    @staticmethod
    def of(block: Plain) -> Wish:
        """The wish of a block as evaluated; of none, none."""
        said = block or {}
        return Wish(said.get("host") or "", said.get("labels") or {}, said.get("spread") or "", bool(said.get("near")))

    def admits(self, host: HostConfiguration) -> bool:
        """Whether a host is one of those that it names."""
        return self.host in ("", host.label) and all(
            host.labels.get(name) == value for name, value in self.labels.items()
        )


ANYWHERE = Wish()
"""The wish of who has none."""


def look_at_wish(wish: Wish, provider: str, hosts: Sequence[HostConfiguration], at: Mapping[str, Range]) -> None:
    """Refuse a wish that no host of its provider fulfils. `at` is where each argument of the block stands."""
    labels = [host.label for host in hosts]
    if wish.host and wish.host not in labels:
        near = did_you_mean(wish.host, labels)
        detail = f'{provider} has no host "{wish.host}".{near} It has {_listed(labels)}.'
        raise problem("unknown-host", "Unknown host", detail, at["host"])
    known = {name for host in hosts for name in host.labels}
    for name in (*wish.labels, *([wish.spread] if wish.spread not in ("", SPREAD_OVER_HOSTS) else ())):
        if name not in known:
            where = "labels" if name in wish.labels else "spread"
            near = did_you_mean(name, known)
            detail = f'No host of {provider} has a label "{name}".{near} Give the host blocks labels, or name another.'
            raise problem("unknown-label", "Unknown label of hosts", detail, at[where])
    if not any(wish.admits(host) for host in hosts):
        there = "; ".join(f"{each.label} has {_said(each.labels)}" for each in hosts if wish.host in ("", each.label))
        detail = f"No host of {provider} that it may be on has the labels {_said(wish.labels)}: {there}."
        raise problem("no-such-host", "No host has these labels", detail, at["labels"])


def _said(labels: Mapping[str, str]) -> str:
    return ", ".join(f'{name} = "{value}"' for name, value in sorted(labels.items())) or "none"


@dataclass(frozen=True, slots=True)
class Claim:
    """One resource of a pool that is to be on a host of it.

    `identity` is its own, `ties` are those of what it must share a host with, `home` is the host that it is on already (empty
    without). `group` names those alike, for spreading. `image` is the digest of the base that it starts from.
    """

    key: str
    provider: str
    kind: str
    identity: str
    home: str
    wish: Wish
    load: Load
    ties: tuple[str, ...]
    group: str
    image: str
    range: Range | None = field(default=None, compare=False)


def assign(
    claims: Iterable[Claim], pools: Mapping[str, Sequence[Candidate]], located: Mapping[str, str]
) -> tuple[dict[str, str], list[DiagnosticError]]:
    """The label of the host of each claim by its key, and what stands against placing some.

    `pools` are the hosts by provider; `located` is on which host, by its label, an object is that is tied to and not claimed.
    """
    found: dict[str, str] = {}
    problems: list[DiagnosticError] = []
    by_provider: dict[str, list[Claim]] = {}
    for claim in claims:
        by_provider.setdefault(claim.provider, []).append(claim)
    for provider, those in by_provider.items():
        machines = _Assignment(provider, pools[provider], located)
        machines.run([claim for claim in those if claim.kind != "image"])
        found |= machines.found
        problems += machines.problems
        users = [(claim.image, machines.found[claim.key]) for claim in those if claim.key in machines.found]
        for claim in those:
            if claim.kind == "image":
                found[claim.key] = machines.home_of_image(claim, users)
    return found, problems


class _Assignment:
    """The placing of all claims on the hosts of one pool."""

    def __init__(self, provider: str, hosts: Sequence[Candidate], located: Mapping[str, str]) -> None:
        self.provider = provider
        self.hosts = {host.label: host for host in hosts}
        self.located = located
        self.loads = {host.label: host.load for host in hosts}
        self.fills: dict[str, dict[Load, tuple[bool, bool, float]]] = {host.label: {} for host in hosts}
        self.spread: Counter[tuple[str, str, str]] = Counter()
        self.claimed: set[str] = set()
        self.found: dict[str, str] = {}
        self.problems: list[DiagnosticError] = []

    def run(self, claims: Sequence[Claim]) -> None:
        """Place what is somewhere first, and of the rest the largest first."""
        self.claimed = {claim.identity for claim in claims}
        waiting: list[tuple[list[Claim], list[str]]] = []
        for company in _companies(claims):
            try:
                allowed = self._allowed(company)
            except DiagnosticError as error:
                self.problems.append(error)
                continue
            home = self._home(company, allowed)
            if home:
                self._put(company, home)
            else:
                waiting.append((company, allowed))
        waiting.sort(key=lambda each: -sum(claim.load.memory for claim in each[0]))
        for company, allowed in waiting:
            self._put(company, self._best(company, allowed))

    def home_of_image(self, claim: Claim, users: Iterable[tuple[str, str]]) -> str:
        """The host that an image is staged on as its own: where it is recorded, else where the first of its users is."""
        home = self.hosts.get(claim.home)
        if home is not None and home.is_seen:
            return claim.home
        theirs = [label for image, label in users if image == claim.image]
        return next((label for label in (*theirs, *self.hosts) if self.hosts[label].is_seen), next(iter(self.hosts)))

    def _allowed(self, company: Sequence[Claim]) -> list[str]:
        """The hosts that all of a company may be on. Raises `DiagnosticError` when there is none."""
        allowed = list(self.hosts)
        narrowed: tuple[str, list[str]] = ("", allowed)
        for who, its, at in self._bounds(company):
            left = [label for label in allowed if label in its]
            if not left:
                other, theirs = narrowed
                raise DiagnosticError(
                    Diagnostic(
                        "torn-apart",
                        "No host for what belongs together",
                        f"{who} is to be on {_listed(its, 'or')}, and {other}, which it has to share a host with, on "
                        f"{_listed(theirs, 'or')}: what is on one network of one host, or uses one volume, is on one host of "
                        f"{self.provider}. Give them one placement, or a network and volumes of their own.",
                        at,
                    )
                )
            if len(left) < len(allowed):
                narrowed = (who, its)
            allowed = left
        return allowed

    def _bounds(self, company: Sequence[Claim]) -> Iterator[tuple[str, list[str], Range | None]]:
        """Who of a company may be on which hosts only: what has bytes stays where they are, the rest as it is asked for."""
        for claim in company:
            if claim.kind == "volume" and claim.home in self.hosts:
                yield claim.key, [claim.home], claim.range
        for claim in company:
            for tie in claim.ties:
                label = self.located.get(tie, "")
                if tie not in self.claimed and label in self.hosts:
                    yield f"what it uses ({tie})", [label], claim.range
            if claim.wish.host or claim.wish.labels:
                yield (
                    claim.key,
                    [label for label, host in self.hosts.items() if claim.wish.admits(host.host)],
                    claim.range,
                )

    def _home(self, company: Sequence[Claim], allowed: Sequence[str]) -> str:
        """The host where most of a company are already, of those allowed; empty when none of it is on one."""
        homes = Counter(claim.home for claim in company if claim.home in allowed)
        return max(allowed, key=lambda label: homes[label]) if homes else ""

    def _best(self, company: Sequence[Claim], allowed: Sequence[str]) -> str:
        """The host that suits a company best: room before distance, distance before nearness, then the emptiest."""
        asked = total(claim.load for claim in company)
        if not any(claim.wish.spread or claim.wish.near for claim in company):
            return min(allowed, key=lambda label: self._fill(label, asked))

        def cost(label: str) -> tuple[bool, bool, int, int, float]:
            is_out, is_full, share = self._fill(label, asked)
            crowd = sum(self.spread[self._seat(claim, label)] for claim in company if claim.wish.spread)
            images = {claim.image for claim in company if claim.wish.near and claim.image}
            return is_out, is_full, crowd, len(images - self.hosts[label].images), share

        return min(allowed, key=cost)

    def _fill(self, label: str, asked: Load) -> tuple[bool, bool, float]:
        """Whether a host is out of sight, whether it would be too full, and how full, with a load more; kept until it gets one."""
        known = self.fills[label]
        found = known.get(asked)
        if found is None:
            host, load = self.hosts[label], self.loads[label] + asked
            found = known[asked] = (not host.is_seen, host.overfull(load), host.share(load))
        return found

    def _put(self, company: Iterable[Claim], label: str) -> None:
        self.fills[label].clear()
        for claim in company:
            self.found[claim.key] = label
            self.loads[label] += claim.load
            if claim.wish.spread:
                self.spread[self._seat(claim, label)] += 1

    def _seat(self, claim: Claim, label: str) -> tuple[str, str, str]:
        """What a claim shares with those of its group that are not spread from it."""
        over = claim.wish.spread
        value = label if over == SPREAD_OVER_HOSTS else self.hosts[label].host.labels.get(over, "")
        return claim.group, over, value


def _companies(claims: Sequence[Claim]) -> list[list[Claim]]:
    """The claims that must share a host, each company in their order."""
    leader: dict[str, str] = {}

    def find(name: str) -> str:
        while (above := leader.setdefault(name, name)) != name:
            leader[name] = name = leader[above]
        return name

    for claim in claims:
        for tie in claim.ties:
            one, other = find(claim.identity), find(tie)
            if one != other:
                leader[one] = other
    companies: dict[str, list[Claim]] = {}
    for claim in claims:
        companies.setdefault(find(claim.identity), []).append(claim)
    return list(companies.values())


def _listed(labels: Sequence[str], word: str = "and") -> str:
    shown = list(labels[:6]) + ([f"{len(labels) - 6} more"] if len(labels) > 6 else [])
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} {word} {shown[-1]}" if shown else "none"

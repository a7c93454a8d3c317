"""What a plan is about when it is not about everything: targets with what they need, and all but what is excluded."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping

from vwplan.address import Address
from vwplan.diagnostics import Diagnostic, Problems, did_you_mean
from vwplan.plan.model import PlanOptions
from vwplan.plan.planning import without_key

Depends = Mapping[str, tuple[str, ...]]
"""What each address depends on."""


def pick(options: PlanOptions, wanted: Depends, recorded: Depends, problems: Problems) -> frozenset[str] | None:
    """The addresses that the plan is about; None for all.

    A target brings in what it depends on, and one that is to be destroyed what depends on it. An excluded one takes what
    depends on it with it. What matches nothing is a problem. In `wanted` a name with a star is that of a group; what is
    `recorded` may depend on a block, and so on all its instances.
    """
    known = [address for address in (*wanted, *(a for a in recorded if a not in wanted)) if address[0] != "*"]
    for address in options.replace:
        if address not in wanted:
            _no_single(address, wanted, problems)
    if not options.targets and not options.excludes:
        return None
    recorded = _spelled_out(recorded)
    chosen = set(known)
    if options.targets:
        chosen = _closed(_matches("--target", options.targets, known, problems), wanted)
        going = {address for address in chosen if options.destroy or address not in wanted}
        going |= _matching(
            options.targets, (address for address in recorded if options.destroy or address not in wanted)
        )
        chosen |= _closed(going, _reversed({a: d for a, d in recorded.items() if options.destroy or a not in wanted}))
    if options.excludes:
        excluded = _matches("--exclude", options.excludes, known, problems)
        if options.destroy:
            chosen -= _closed(excluded, recorded)
        else:
            chosen -= _closed(excluded, _reversed(wanted))
            chosen -= _closed(excluded - wanted.keys(), recorded)
    return frozenset(chosen)


def _spelled_out(recorded: Depends) -> Depends:
    blocks: dict[str, list[str]] = {}
    for address in recorded:
        blocks.setdefault(without_key(address), []).append(address)
    return {
        address: tuple(one for name in depends for one in ((name,) if name in recorded else blocks.get(name, ())))
        for address, depends in recorded.items()
    }


def _matches(option: str, patterns: Iterable[str], known: list[str], problems: Problems) -> set[str]:
    found: set[str] = set()
    for pattern in patterns:
        # A word alone is no address, but would be the beginning of all of a kind.
        those = _matching((pattern,), known) if "." in pattern else set()
        if not those:
            _unknown(option, pattern, known, problems)
        found |= those
    return found


def _matching(patterns: Iterable[str], addresses: Iterable[str]) -> set[str]:
    wanted = [_plain(pattern) for pattern in patterns]
    return {
        address
        for address in addresses
        for pattern in wanted
        if address == pattern or address.startswith((f"{pattern}.", f"{pattern}["))
    }


def _plain(pattern: str) -> str:
    """A pattern as addresses are written; as given where it is no address, such as `module.lab`."""
    try:
        return str(Address.parse(pattern))
    except ValueError:
        return pattern.strip()


def _no_single(address: str, wanted: Iterable[str], problems: Problems) -> None:
    within = sorted(_matching((address,), wanted)) if "." in address else []
    if not within:
        _unknown("--replace", address, wanted, problems)
        return
    detail = f"{address} holds {len(within)} of them: give each that is to be made anew, such as --replace={shlex.quote(within[0])}."
    problems.add(Diagnostic("not-one-resource", "Not a single resource", detail))


def _unknown(option: str, pattern: str, known: Iterable[str], problems: Problems) -> None:
    words = set(known)
    for address in list(words):
        try:
            parsed = Address.parse(address)
        except ValueError:
            continue
        words.update((str(parsed.block), str(parsed.cluster)))
    problems.add(
        Diagnostic(
            "unknown-address",
            "No such resource",
            f"{option}={pattern} matches nothing in the spec or in the state.{did_you_mean(pattern, words)}",
        )
    )


def _closed(start: Iterable[str], edges: Mapping[str, Iterable[str]]) -> set[str]:
    found = set(start)
    work = list(found)
    while work:
        for address in edges.get(work.pop(), ()):
            if address not in found:
                found.add(address)
                work.append(address)
    return found


def _reversed(edges: Depends) -> Mapping[str, list[str]]:
    turned: dict[str, list[str]] = {}
    for address, needed in edges.items():
        for other in needed:
            turned.setdefault(other, []).append(address)
    return turned

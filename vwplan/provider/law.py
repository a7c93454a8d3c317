"""The laws that every provider keeps, in one place, so that all keep the same ones."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from vwplan.provider.api import Action, Changed, Foreign, Observed, Refused, Verb


def arguments_digest(arguments: Mapping[str, Any]) -> str:
    """The digest of a mapping of plain arguments, `power` left out: 32 hexadecimal digits.

    Power is left out because it is watched apart: a machine that was switched off is the same machine.
    """
    kept = {name: value for name, value in arguments.items() if name != "power"}
    return hashlib.sha256(_canonical(kept).encode()).hexdigest()[:32]


_canonical = json.JSONEncoder(sort_keys=True, separators=(",", ":"), check_circular=False, default=str).encode


def image_digest(digests: Mapping[str, str], cmdline: str = "") -> str:
    """The digest that names an image: that of its disk alone, or one over the digests of all its files and its command line.

    `digests` is by argument: `source`, and where they are given `kernel` and `initrd`. Of several things it is the SHA-256 over
    canonical JSON of them, as hexadecimal digits. Planning chooses it, staging verifies it.
    """
    if len(digests) == 1 and not cmdline:
        return digests["source"]
    parts = {**digests, "cmdline": cmdline} if cmdline else dict(digests)
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def check_expectation(action: Action, observed: Observed | None) -> None:
    """Refuse an action whose object is not as the action expects.

    Raises `Foreign` for an object with no mark or another lineage's, `Refused` for a create whose identity exists
    with another digest, `Changed` for anything that differs from what the plan was made on. A create that finds its own
    object with the same digest passes: it is a repeat. A delete of nothing passes.
    """
    if observed is None:
        if action.expects is not None and action.expects.exists and action.verb is not Verb.DELETE:
            raise Changed("Changed since the plan", f"{action.kind} {action.name} is not there any more. Plan again.")
        return
    mark = observed.mark
    if mark is None and action.verb is Verb.ADOPT and observed.complete:
        _check_digest(action, observed)
        return
    if mark is None:
        # Parts alone carry no mark: their names, which derive from the identity, say whose they are.
        if observed.complete:
            raise Foreign(
                "Not ours",
                f"{action.kind} {action.name} exists on the host but bears no mark of vwplan. It is left alone.",
            )
        return
    lineages = {action.mark.lineage} if action.expects is None else {action.mark.lineage, action.expects.lineage}
    if mark.lineage not in lineages or mark.identity != action.identity:
        raise Foreign(
            "Not ours",
            f"{action.kind} {action.name} bears the mark of another state (lineage {mark.lineage}). It is left alone.",
        )
    if action.verb is Verb.CREATE:
        if mark.digest != action.mark.digest:
            raise Refused(
                "Already exists, but made differently",
                f"{action.kind} {action.name} was made from other arguments. Plan again to see what differs.",
            )
        return
    expects = action.expects
    if expects is None:
        return
    if not expects.exists:
        raise Changed("Changed since the plan", f"{action.kind} {action.name} has come to exist. Plan again.")
    if expects.writers and mark.writer not in expects.writers and mark.writer != action.mark.writer:
        raise Changed(
            "Changed since the plan",
            f"{action.kind} {action.name} was written by another run since. Plan again.",
        )
    _check_digest(action, observed)


def _check_digest(action: Action, observed: Observed) -> None:
    expects = action.expects
    if expects is not None and expects.digest and observed.digest != expects.digest:
        raise Changed("Changed since the plan", f"{action.kind} {action.name} is not as it was. Plan again.")

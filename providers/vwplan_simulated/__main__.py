"""A hand in the pretended world: `python -m vwplan_simulated WORLD-FILE-FOLDER HOST-KEY list|crash|undefine|online|offline [NAME]`.

With `define KIND NAME ARGUMENTS` something comes to be that vwplan did not make: ARGUMENTS are a JSON object. For trying
what a plan says when something was changed outside vwplan.
"""

from __future__ import annotations

import dataclasses
import json
import sys
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vwplan_simulated.shape import claims_of, parts_of, uses_of
from vwplan_simulated.world import Thing, World


def define(world: World, kind: str, name: str, arguments: Mapping[str, Any], identity: str = "") -> str:
    """Make an object that bears no mark, whole, with what it claims and uses; gives its identity."""
    identity = identity or str(uuid.uuid4())
    power = str(arguments.get("power") or "running") if kind == "workspace" else ""
    rest = {argument: value for argument, value in arguments.items() if argument != "power"}
    with world.transaction():
        world.hold(identity, claims_of(kind, rest), uses_of(kind, rest))
        boots = 1 if power == "running" else 0
        world.put(Thing(identity, kind, name, None, rest, parts_of(kind), power, power or "present", boots, {}))
    return identity


def main(arguments: list[str]) -> int:
    """Carry one change out and say what the host has; 2 for a wrong call."""
    if len(arguments) < 3:
        sys.stderr.write(__doc__ or "")
        return 2
    world = World(Path(arguments[0]), arguments[1])
    verb, names = arguments[2], arguments[3:]
    if verb in ("online", "offline"):
        world.switch(offline=verb == "offline")
    if verb == "define":
        sys.stdout.write(define(world, names[0], names[1], json.loads(names[2]) if len(names) > 2 else {}) + "\n")
    for thing in world.things():
        if thing.name in names and verb == "crash":
            world.put(dataclasses.replace(thing, power="off", status="crashed"))
        elif thing.name in names and verb == "undefine":
            world.remove(thing.identity)
        elif verb == "list":
            sys.stdout.write(f"{thing.kind:10} {thing.name:40} {thing.status:10} {','.join(thing.parts)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

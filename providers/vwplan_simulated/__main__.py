"""A hand in the pretended world: `python -m vwplan_simulated WORLD-FILE-FOLDER HOST-KEY list|crash|undefine|online|offline [NAME]`.

For trying what a plan says when something was changed outside vwplan.
"""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

from vwplan_simulated.world import World


def main(arguments: list[str]) -> int:
    """Carry one change out and say what the host has; 2 for a wrong call."""
    if len(arguments) < 3:
        sys.stderr.write(__doc__ or "")
        return 2
    world = World(Path(arguments[0]), arguments[1])
    verb, names = arguments[2], arguments[3:]
    if verb in ("online", "offline"):
        world.switch(offline=verb == "offline")
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

"""Seeds for runs of chance, the same each time unless a longer or another run is asked for by hand.

    VWPLAN_FAULTS_RUNS=1000 VWPLAN_FAULTS_SEED=7 python -m pytest tests/faults -q -s

`VWPLAN_FAULTS_RUNS` says how many times each test of chance is tried, in place of the few of an ordinary run;
`VWPLAN_FAULTS_SEED` the first seed (1). A test that fails prints its seed: to see it fail again, give that seed and one run.
"""

from __future__ import annotations

import os


def how_many(ordinarily: int) -> int:
    """How many times to try: what the environment asks for, else the ordinary number."""
    return int(os.environ.get("VWPLAN_FAULTS_RUNS") or ordinarily)


def first_seed() -> int:
    """The seed that a run of chance begins with."""
    return int(os.environ.get("VWPLAN_FAULTS_SEED") or 1)


def seeds(ordinarily: int) -> list[int]:
    """The seeds of a run."""
    return list(range(first_seed(), first_seed() + how_many(ordinarily)))

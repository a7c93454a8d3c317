"""Random modules, evaluated here and by Terraform: run by hand where Terraform is installed.

    python tests/language/differential.py [SECONDS] [SEED]

Prints every module whose outputs, types or failure differ, as small as hypothesis made it, and how many agreed. Only values are
compared, so nothing is made: no provider is needed.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))

from dialects import Files, Verdict, ours, theirs
from random_modules import random_module


def generate(count: int, start: int) -> list[Files]:
    """So many random modules."""
    made: list[Files] = []

    @seed(start)
    @settings(
        max_examples=count,
        database=None,
        phases=[Phase.generate],
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, 1 << 40))
    def collect(number: int) -> None:
        made.append(random_module(Random(number)))

    collect()
    return made


def verdicts(files: Files) -> tuple[Verdict, Verdict]:
    """What we say, and what Terraform says."""
    with tempfile.TemporaryDirectory() as folder:
        them = theirs(Path(folder), files)
    with tempfile.TemporaryDirectory() as folder:
        try:
            us = ours(Path(folder), files)
        except Exception as problem:  # a traceback is the worst difference
            us = {"crashes": repr(problem)}
    return us, them


def agree(us: Verdict, them: Verdict) -> bool:
    """Whether both say the same."""
    return ("fails" in us) == ("fails" in them) and us.get("outputs") == them.get("outputs") and "crashes" not in us


def on_purpose(files: Files, us: Verdict, them: Verdict) -> bool:
    """Whether a difference is one that is meant: see the cases, and the differences of expressions."""
    said, theirs_said = " ".join(us.get("fails", ())), " ".join(them.get("fails", ()))
    if "sensitive-output" in said and any("sensitive = true" in text for text in files.values()):
        return True
    return "panic" in theirs_said or "division by zero" in said


def show(files: Files, us: Verdict, them: Verdict) -> None:
    """Print a difference."""
    print("=" * 100)
    for name, text in files.items():
        print(f"-- {name}\n{text}")
    if "outputs" in us and "outputs" in them:
        names = [n for n in {**us["outputs"], **them["outputs"]} if us["outputs"].get(n) != them["outputs"].get(n)]
        for name in names:
            print(f"{name}\n  here:      {us['outputs'].get(name)}\n  Terraform: {them['outputs'].get(name)}")
    else:
        print(f"  here:      {us}\n  Terraform: {them}", flush=True)


def main(arguments: list[str]) -> int:
    """Compare for some time."""
    seconds = float(arguments[0]) if arguments else 60.0
    start = int(arguments[1]) if len(arguments) > 1 else random.randrange(1 << 30)
    print(f"seed {start}")
    until, tally = time.monotonic() + seconds, Counter[str]()
    while time.monotonic() < until:
        start += 1
        for files in generate(50, start):
            us, them = verdicts(files)
            same = agree(us, them)
            meant = not same and on_purpose(files, us, them)
            tally["differ on purpose" if meant else "agree" if same else "differ"] += 1
            tally["Terraform fails"] += "fails" in them
            if not same and not meant:
                show(files, us, them)
            if time.monotonic() > until:
                break
    print(", ".join(f"{count} {name}" for name, count in tally.items()))
    return 1 if tally["differ"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

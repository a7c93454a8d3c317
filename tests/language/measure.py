"""Measures the cases with Terraform, where it is installed, and writes down what it said beside them; run by hand.

python tests/language/measure.py            # every case; prints what differs here
python tests/language/measure.py --write    # and writes cases/*.json
"""

from __future__ import annotations

import json
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from dialects import Files, Verdict, ours, read_cases, theirs

CASES = Path(__file__).parent / "cases"


def judged(path: Path) -> dict[str, Verdict]:
    """What Terraform says of each case in a file."""
    cases = read_cases(path)

    def one(files: Files) -> Verdict:
        with tempfile.TemporaryDirectory() as folder:
            return theirs(Path(folder), files)

    with ThreadPoolExecutor(3) as pool:
        return dict(zip(cases, pool.map(one, cases.values()), strict=True))


def main(arguments: list[str]) -> int:
    """Measure, compare, and write if asked to."""
    different = 0
    for path in sorted(
        CASES.glob(
            (arguments or ["*"])[-1] + ".cases" if arguments and not arguments[-1].startswith("-") else "*.cases"
        )
    ):
        verdicts = judged(path)
        for name, files in read_cases(path).items():
            with tempfile.TemporaryDirectory() as folder:
                mine = ours(Path(folder), files)
            said = verdicts[name]
            if ("fails" in mine) != ("fails" in said) or mine.get("outputs") != said.get("outputs"):
                different += 1
                print(f"{path.stem}: {name}\n  here:      {mine}\n  Terraform: {said}")
            elif "-v" in arguments and "fails" in mine:
                print(f"{path.stem}: {name}\n  here:      {mine}\n  Terraform: {said}")
        if "--write" in arguments:
            text = json.dumps(verdicts, indent=1, ensure_ascii=False, sort_keys=True)
            path.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    print(f"{different} differ")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Regular expressions in the code: what all supported versions of Python understand in the same way."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
POSSESSIVE_GROUP = re.compile(r"\)[?*+]\+")


def test_no_group_is_possessive_because_python_3_11_2_matches_half_of_it() -> None:
    # Python 3.11.2, Debian 12's own: fullmatch(r"\d+(?:e\d)?+", "1e") finds a match. Atomic groups are right there.
    files = [*ROOT.glob("vwplan/**/*.py"), *ROOT.glob("providers/**/*.py")]
    assert files
    found = [
        f"{path.relative_to(ROOT)}:{number}: write (?>(?:…)*) for (?:…)*+"
        for path in files
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if POSSESSIVE_GROUP.search(line)
    ]
    assert found == []

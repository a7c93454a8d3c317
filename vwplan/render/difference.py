"""Two texts into what differs between them, line by line, as `diff -u` shows it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

_Step = tuple[str, int, int, int, int]

_CONTEXT = 3
_FARTHEST = 40
"""How many lines are looked at for the next one that both texts have."""
_COMMON = 5
"""A line that a short text has more often than this, such as an empty one, hardly tells two places apart."""
_RUN = re.compile("g(?:[gc]*g)?")


def difference(name: str, before: str, after: str) -> str:
    """The unified diff of two layouts of one text, `old/name` and `new/name`; empty where they are alike."""
    old, new = _lines(before), _lines(after)
    parts: list[str] = []
    for hunk in _hunks(_steps(old, new)):
        if not parts:
            parts.append(f"--- old/{name}\n+++ new/{name}\n")
        first, last = hunk[0], hunk[-1]
        parts.append(f"@@ -{_extent(first[1], last[2])} +{_extent(first[3], last[4])} @@\n")
        for kind, old_start, old_end, new_start, new_end in hunk:
            if kind == "equal":
                parts += _marked(" ", old[old_start:old_end])
            else:
                parts += _marked("-", old[old_start:old_end])
                parts += _marked("+", new[new_start:new_end])
    return "".join(parts)


def _lines(text: str) -> list[str]:
    """The lines with their ends. Only a line feed ends one: the other separators of Unicode are text."""
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]


def _steps(old: Sequence[str], new: Sequence[str]) -> list[_Step]:
    """The way from one to the other: runs of lines that are alike, and runs in whose place others stand."""
    steps: list[_Step] = []
    here = there = 0
    lost_old, lost_new = _lost(old, new)
    for alike, left, right in _strides(old, new):
        kind = "equal" if alike and not (here in lost_old or there in lost_new) else "replace"
        if steps and steps[-1][0] == kind:
            steps[-1] = (kind, steps[-1][1], here + left, steps[-1][3], there + right)
        else:
            steps.append((kind, here, here + left, there, there + right))
        here, there = here + left, there + right
    return steps


def _lost(old: Sequence[str], new: Sequence[str]) -> tuple[set[int], set[int]]:
    """Lines on either side that are shown as changed though they are not: common ones, alone among many that did change."""
    start, least = 0, min(len(old), len(new))
    while start < least and old[start] == new[start]:
        start += 1
    end = 0
    while end < least - start and old[-1 - end] == new[-1 - end]:
        end += 1
    start, end = max(0, start - _CONTEXT), max(0, end - _CONTEXT)
    ours, theirs = old[start : len(old) - end], new[start : len(new) - end]
    return _common(ours, theirs, start), _common(theirs, ours, start)


def _common(lines: Sequence[str], others: Sequence[str], start: int) -> set[int]:
    """The places of common lines amid lines that are gone: those that `diff` makes nothing of."""
    counts, many = Counter(others), _COMMON << _halved(len(lines) // 64)
    # What is gone from the other side, what is common there, and what else is kept.
    sorts = "".join("g" if not counts[line] else "c" if counts[line] > many else "k" for line in lines)
    found: set[int] = set()
    for run in _RUN.finditer(sorts):
        text = run[0]
        if "c" not in text or text.count("c") * 4 > len(text):
            continue
        several = 1 + (1 << _halved(len(text) // 4))
        text = re.sub(f"c{{{several},}}", lambda found: "k" * len(found[0]), text)
        text = _edged(_edged(text)[::-1])[::-1]
        found.update(start + run.start() + place for place, sort in enumerate(text) if sort == "c")
    return found


def _edged(run: str) -> str:
    """A run whose common lines are kept near its beginning: until three in a row are gone, or the first behind eight."""
    places = (place for place, sort in enumerate(run) if sort == "g")
    cut = next((place for place in places if place >= 8 or run[max(0, place - 2) : place + 1] == "ggg"), len(run))
    return run[:cut].replace("c", "k") + run[cut:]


def _halved(number: int) -> int:
    """Half of the binary logarithm, rounded down; 0 for nothing."""
    return max(0, number.bit_length() - 1) // 2


def _strides(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[bool, int, int]]:
    """How many lines on either side stand for each other next, and whether they are alike. One that differs in space does."""
    here = there = 0
    bare_old, bare_new = [_bare(line) for line in old], [_bare(line) for line in new]
    while here < len(old) or there < len(new):
        if here < len(old) and there < len(new) and bare_old[here] == bare_new[there]:
            stride = (old[here] == new[there], 1, 1)
        else:
            near = _FARTHEST + 1
            stride = (False, *_apart(bare_old[here : here + near], bare_new[there : there + near]))
        yield stride
        here, there = here + stride[1], there + stride[2]


def _apart(old: Sequence[str], new: Sequence[str]) -> tuple[int, int]:
    """How many lines there are on either side before two that stand for each other.

    A layout moves no lines and makes few new ones, so the next two that do are near; searching all of the text for the
    longest run, as `difflib` does, takes time by the square of its length.
    """
    for distance in range(1, _FARTHEST):
        pairs = [(distance, distance)]
        for less in range(distance - 1, -1, -1):
            pairs += ((less, distance), (distance, less))
        for left, right in pairs:
            if left <= len(old) and right <= len(new) and old[left : left + 2] == new[right : right + 2]:
                return left, right
    return min(len(old), 1), min(len(new), 1)


def _bare(line: str) -> str:
    return "".join(line.split())


def _hunks(steps: Sequence[_Step]) -> Iterator[list[_Step]]:
    """The steps in groups, each with up to three lines around it that are alike."""
    hunk: list[_Step] = []
    for index, (kind, old_start, old_end, new_start, new_end) in enumerate(steps):
        if kind != "equal":
            hunk.append((kind, old_start, old_end, new_start, new_end))
            continue
        length = old_end - old_start
        lead = 0 if index == 0 else min(length, _CONTEXT)
        trail = 0 if index == len(steps) - 1 else min(length, _CONTEXT)
        if lead and trail and lead + trail >= length:
            hunk.append((kind, old_start, old_end, new_start, new_end))
            continue
        if lead:
            hunk.append((kind, old_start, old_start + lead, new_start, new_start + lead))
            yield hunk
        hunk = [(kind, old_end - trail, old_end, new_end - trail, new_end)] if trail else []
    if any(kind != "equal" for kind, *_ in hunk):
        yield hunk


def _extent(start: int, end: int) -> str:
    length = end - start
    if length == 1:
        return str(start + 1)
    return f"{start + 1 if length else start},{length}"


def _marked(mark: str, lines: Sequence[str]) -> Iterator[str]:
    for line in lines:
        yield mark + line if line.endswith("\n") else f"{mark}{line}\n\\ No newline at end of file\n"

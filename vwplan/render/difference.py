"""Two texts into what differs between them, line by line, as `diff -u` shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_Step = tuple[str, int, int, int, int]

_CONTEXT = 3
_FARTHEST = 40
"""How many lines are looked at for the next one that both texts have."""


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
    for alike, left, right in _strides(old, new):
        kind = "equal" if alike else "replace"
        if steps and steps[-1][0] == kind:
            steps[-1] = (kind, steps[-1][1], here + left, steps[-1][3], there + right)
        else:
            steps.append((kind, here, here + left, there, there + right))
        here, there = here + left, there + right
    return steps


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

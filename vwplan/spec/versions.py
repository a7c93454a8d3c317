"""Version constraints as in `required_version = ">= 0.1, < 2"`."""

from __future__ import annotations

import re

Version = tuple[int, ...]

_CONSTRAINT = r"\s*+(=|!=|>=|<=|>|<|~>)?\s*+v?([0-9]{1,9}(?:\.[0-9]{1,9}){0,3})\s*+"


class ConstraintError(ValueError):
    """A constraint that cannot be read, as a sentence for users."""


def parse_version(text: str) -> Version:
    """The numbers of a version, as far as they are numbers: `0.2.0.dev1` is (0, 2, 0)."""
    return tuple(int(part) for part in re.findall(r"^[0-9]+|(?<=\.)[0-9]+(?=\.|$|[a-z+-])", text)[:3])


def satisfies(version: str, constraints: str) -> bool:
    """Whether a version meets all constraints, which commas divide. `ConstraintError` for what is none."""
    have = _padded(parse_version(version))
    return all(_meets(have, *_parse(constraint)) for constraint in constraints.split(","))


def _parse(constraint: str) -> tuple[str, Version]:
    found = re.fullmatch(_CONSTRAINT, constraint)
    if found is None:
        raise ConstraintError(
            f'"{constraint.strip()}" is not a version constraint. Write one such as ">= 0.1" or "~> 1.2".'
        )
    return found[1] or "=", tuple(int(part) for part in found[2].split("."))


def _padded(version: Version) -> Version:
    return (*version, 0, 0, 0, 0)[:4]


def _meets(have: Version, operator: str, wanted: Version) -> bool:
    bound = _padded(wanted)
    match operator:
        case "=":
            return have == bound
        case "!=":
            return have != bound
        case ">=":
            return have >= bound
        case "<=":
            return have <= bound
        case ">":
            return have > bound
        case "<":
            return have < bound
    # ~> 1.2.3: at least that, and all but its last number the same.
    fixed = max(len(wanted) - 1, 1)
    return have >= bound and have[:fixed] == bound[:fixed]

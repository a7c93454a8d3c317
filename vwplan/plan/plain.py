"""Plain values as a plan holds them: with leaves that are late or secret, walked, replaced and laid over each other."""

from __future__ import annotations

import marshal
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from vwplan.values import Sensitive, Unknown

Plain = Any

Seal = Callable[[Plain], str]
"""Turns a secret value into its HMAC under the stack's key, as hexadecimal digits."""

SECRET = "$sensitive"  # noqa: S105
"""The only key of what stands for a secret where it must not be told."""


def is_late(value: Plain) -> bool:
    """Whether a leaf is known only after a step."""
    return isinstance(value, Unknown)


def is_secret(value: Plain) -> bool:
    """Whether a leaf is a secret, open or sealed."""
    return isinstance(value, Sensitive) or (isinstance(value, dict) and len(value) == 1 and SECRET in value)


def has_late(value: Plain) -> bool:
    """Whether anything within is known only after a step."""
    kind = value.__class__
    if kind is str or kind is int or kind is bool or value is None:
        return False
    if kind is dict:
        return any(has_late(item) for item in value.values())
    if kind is list or kind is tuple:
        return any(has_late(item) for item in value)
    if isinstance(value, Sensitive):
        return has_late(value.value)
    return is_late(value)


def is_settled(*values: Plain) -> bool:
    """Whether nothing within is late or secret, so that there is nothing to compute, open or seal. A no may be too careful.

    Nearly all arguments are so. That `marshal` knows plain values only, and fails at any other, tells it at once, where walking
    each leaf time and again was a third of preparing a step.
    """
    try:
        return _SECRET not in marshal.dumps(values, _WITHOUT_REFERENCES)
    except ValueError:
        return False


_SECRET = SECRET.encode()

_WITHOUT_REFERENCES = 2
"""The format of `marshal` that looks for no value that was there before, which takes longer than to write it again."""


def sealed(value: Plain, seal: Seal) -> Plain:
    """The value with each secret in it sealed; the very same object where there is none."""
    kind = value.__class__
    if kind is str or kind is int or kind is bool or value is None:
        return value
    if kind is dict:
        made: dict[str, Plain] | None = None
        for key, item in value.items():
            new = sealed(item, seal)
            if new is not item:
                if made is None:
                    made = dict(value)
                made[key] = new
        return value if made is None else made
    if kind is list or kind is tuple:
        items = [sealed(item, seal) for item in value]
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if isinstance(value, Sensitive):
        return value if has_late(value.value) else {SECRET: seal(value.value)}
    if isinstance(value, Mapping):
        return sealed(dict(value), seal)
    return value


def substituted(value: Plain, names: Mapping[str, str]) -> Plain:
    """The value with each string that is or holds an old name given the new one; the very same object where none does."""
    kind = value.__class__
    if kind is str:
        new = names.get(value)
        if new is not None:
            return new
        return renamed_within(value, names) if len(value) > 9 else value
    if kind is int or kind is bool or value is None:
        return value
    if isinstance(value, Mapping):
        made = {key: substituted(item, names) for key, item in value.items()}
        return value if all(made[key] is item for key, item in value.items()) else made
    if kind is list or kind is tuple:
        items = [substituted(item, names) for item in value]
        return value if all(a is b for a, b in zip(items, value, strict=True)) else items
    if isinstance(value, Sensitive):
        inner = substituted(value.value, names)
        return value if inner is value.value else Sensitive(inner, value.marks)
    if isinstance(value, Unknown):
        from vwplan.plan.late import renamed

        return renamed(value, names)
    return value


def renamed_within(text: str, names: Mapping[str, str]) -> str:
    """A text with the old names in it given the new ones."""
    if isinstance(names, ManyNames):
        names = {old: names[old] for old in names.within(text)}
    for old, new in names.items():
        if old in text:
            text = text.replace(old, new)
    return text


class ManyNames(Mapping[str, str]):
    """New names by old ones, of which there may be thousands: those that a text holds are found without trying each."""

    __slots__ = ("_lengths", "_names")

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        self._lengths = {len(old) for old in names}

    def within(self, text: str) -> dict[str, None]:
        """The old names that a text holds."""
        names = self._names
        # Identities, their beginnings and public keys: three lengths in all.
        return {
            piece: None
            for length in self._lengths
            for start in range(len(text) - length + 1)
            if (piece := text[start : start + length]) in names
        }

    def __getitem__(self, old: str) -> str:
        return self._names[old]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def overlaid(recorded: Plain, observed: Plain) -> Plain:
    """What is recorded, with what was observed laid over it: keys joined, lists by position and as long as observed."""
    if isinstance(observed, Mapping) and isinstance(recorded, Mapping):
        if SECRET in recorded:
            return recorded
        made = dict(recorded)
        for key, item in observed.items():
            made[key] = overlaid(recorded[key], item) if key in recorded else item
        return made
    if isinstance(observed, list | tuple) and isinstance(recorded, list | tuple):
        joined = [overlaid(a, b) for a, b in zip(recorded, observed, strict=False)]
        return joined + list(observed[len(joined) :])
    return observed


def strings(value: Plain) -> Iterator[str]:
    """All strings within, at any depth, keys left out."""
    if value.__class__ is str:
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            if item.__class__ is str:
                yield item
            elif item.__class__ is not int:
                yield from strings(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from strings(item)


def at(value: Plain, path: str) -> Plain:
    """What stands at a path (`resources.memory`, `nic[0].address`, `user["bob"].shell`); None where nothing does."""
    for key in parts(path):
        if isinstance(value, Mapping):
            value = value.get(str(key))
        elif isinstance(value, list | tuple) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def placed(value: Plain, path: str, item: Plain) -> Plain:
    """A copy with `item` at a path, sharing what lies beside; None takes an item that is the last of a list away."""
    return _placed(value, parts(path), item)


def _placed(value: Plain, keys: list[str | int], item: Plain) -> Plain:
    if not keys:
        return item
    key, rest = keys[0], keys[1:]
    if isinstance(key, int):
        items = list(value or ())
        if key >= len(items):
            items.extend([None] * (key + 1 - len(items)))
        items[key] = _placed(items[key], rest, item)
        while items and items[-1] is None:
            items.pop()
        return items
    made = dict(value or {})
    made[key] = _placed(made.get(key), rest, item)
    return made


def parts(path: str) -> list[str | int]:
    """The names, labels and indexes of a path."""
    found: list[str | int] = []
    at = 0
    while at < len(path):
        if path[at] == ".":
            at += 1
        elif path.startswith('["', at):
            end = path.index('"]', at)
            found.append(path[at + 2 : end])
            at = end + 2
        elif path[at] == "[":
            end = path.index("]", at)
            found.append(int(path[at + 1 : end]))
            at = end + 1
        else:
            end = min((i for i in (path.find(".", at), path.find("[", at)) if i >= 0), default=len(path))
            found.append(path[at:end])
            at = end
    return found


def within(path: str, outer: str) -> bool:
    """Whether a path is `outer` or lies under it; an outer path without indexes holds for all of them."""
    if path.startswith(outer) and (len(path) == len(outer) or path[len(outer)] in ".["):
        return True
    if "[" in path and "[" not in outer:
        bare = ".".join(str(part) for part in parts(path) if isinstance(part, str))
        return bare != path and within(bare, outer)
    return False

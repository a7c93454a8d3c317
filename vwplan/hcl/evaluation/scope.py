"""What an expression is evaluated in: the references it makes, and the scope that answers them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple, Protocol

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Range, Source, did_you_mean
from vwplan.hcl.evaluation.errors import UndeclaredReference
from vwplan.values import STRING, Unknown, Value
from vwplan.values.value import NOT_NULL


class Step(NamedTuple):
    """One step behind the root of a reference: `.name` (`attribute`), or `["key"]` and `[0]` with a literal key."""

    key: str | int
    attribute: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Reference:
    """A name that is not bound by a `for`, with the steps behind it as far as they are literal.

    `start` and `end` span root and steps in the source. Of `workspace.login[0].address`, the root is `workspace`
    and the steps are `login`, `0` and `address`. `followed` tells that a key comes next that is not literal.
    """

    root: str
    steps: tuple[Step, ...]
    source: Source
    start: int
    end: int
    followed: bool = False

    @property
    def range(self) -> Range:
        """Where the reference stands."""
        return Range(self.source, self.start, self.end)

    @property
    def keys(self) -> tuple[str | int, ...]:
        """The steps without their places."""
        return tuple(step.key for step in self.steps)

    @property
    def text(self) -> str:
        """The reference as written, but for space."""
        return self.text_of(len(self.steps))

    def text_of(self, count: int) -> str:
        """The root and the first `count` steps as written."""
        out = [self.root]
        for step in self.steps[:count]:
            if step.attribute:
                out.append(f".{step.key}")
            else:
                out.append(f"[{json.dumps(step.key, ensure_ascii=False)}]")
        return "".join(out)

    def range_of(self, count: int) -> Range:
        """Where the root and the first `count` steps stand."""
        end = self.steps[count - 1].end if count else self.start + len(self.root)
        return Range(self.source, self.start, end)


class FileProblem(Exception):
    """A file that cannot be had: the message says why, without naming it."""


class Files(Protocol):
    """The files that functions may read. Relative paths start at the working directory, as in Terraform."""

    def read(self, path: str) -> bytes:
        """The whole content; `FileProblem` if there is none."""

    def exists(self, path: str) -> bool:
        """Whether a regular file is there; `FileProblem` if something else is."""

    def below(self, directory: str) -> Iterable[str]:
        """Paths of all regular files at any depth below a directory, relative to it, with slashes."""

    def absolute(self, path: str) -> str:
        """The absolute path, cleaned of `.` and `..`, with slashes."""

    def expand(self, path: str) -> str:
        """The path with a leading `~` replaced by the home directory."""


class Chance(Protocol):
    """What differs from run to run: the time and what is random. While planning most of it is unknown."""

    def timestamp(self) -> Value:
        """The time of the apply, in RFC 3339."""

    def plan_timestamp(self) -> Value:
        """The time of the plan, in RFC 3339."""

    def uuid(self) -> Value:
        """A random UUID."""

    def salt(self) -> bytes | None:
        """16 random bytes, or None while planning."""


class Scope(Protocol):
    """What answers references, and gives functions what they need from outside."""

    @property
    def files(self) -> Files:
        """The files that functions may read."""

    @property
    def chance(self) -> Chance:
        """The time and what is random."""

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        """The value of a reference and how many of its steps that took; the rest is done to the value.

        `UndeclaredReference` if there is no such thing: no `try` or `can` catches that.
        """


class NoFiles:
    """No files at all: every one is refused."""

    def read(self, path: str) -> bytes:
        raise FileProblem("files cannot be read here")

    def exists(self, path: str) -> bool:
        raise FileProblem("files cannot be read here")

    def below(self, directory: str) -> Iterable[str]:
        raise FileProblem("files cannot be read here")

    def absolute(self, path: str) -> str:
        raise FileProblem("files cannot be read here")

    def expand(self, path: str) -> str:
        raise FileProblem("files cannot be read here")


class Planning:
    """What is known of time and chance while planning: nothing but the time of the plan, where that is given."""

    __slots__ = ("time",)

    def __init__(self, time: str = "") -> None:
        self.time = time

    def timestamp(self) -> Value:
        return Unknown(STRING, NOT_NULL)

    def plan_timestamp(self) -> Value:
        return self.time or Unknown(STRING, NOT_NULL)

    def uuid(self) -> Value:
        return Unknown(STRING, NOT_NULL)

    def salt(self) -> bytes | None:
        return None


class MappingScope:
    """A scope of plain variables: the root names and their values, as templates, tests and the console have them."""

    __slots__ = ("chance", "files", "in_template", "variables")

    def __init__(
        self,
        variables: Mapping[str, Value] | None = None,
        files: Files | None = None,
        chance: Chance | None = None,
        in_template: int = 0,
    ) -> None:
        self.variables: Mapping[str, Value] = variables or {}
        self.files: Files = files or NoFiles()
        self.chance: Chance = chance or Planning()
        self.in_template = in_template
        """How many templates this is the inside of: they may not call one another for ever."""

    def resolve(self, reference: Reference) -> tuple[Value, int]:
        value = self.variables.get(reference.root)
        if value is None:
            raise UndeclaredReference(
                "undeclared-reference",
                "Reference to something undeclared",
                f'There is nothing named "{reference.root}" here.{did_you_mean(reference.root, self.variables)}',
                reference.range_of(0),
            )
        return value, 0

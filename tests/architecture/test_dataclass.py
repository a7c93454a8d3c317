"""Our data classes do what the standard library's do; only when their methods are compiled differs."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar

import pytest

import vwplan.dataclass

T = TypeVar("T")
Decorator = Callable[..., Callable[[type], type]]


def _point(decorator: Decorator) -> Any:
    @decorator(frozen=True, slots=True)
    class Point:
        """A point."""

        x: int
        y: int = 2
        tags: list[str] = dataclasses.field(default_factory=list, compare=False)
        missing: str = dataclasses.field(default="none", repr=False)
        count: ClassVar[int] = 7

        def moved(self, by: int) -> Any:
            return dataclasses.replace(self, x=self.x + by)

    return Point


THEIRS = _point(dataclasses.dataclass)

QUESTIONS: dict[str, Callable[[Any], object]] = {
    "defaults are filled in": lambda of: dataclasses.astuple(of(1)),
    "positions and names mix": lambda of: dataclasses.astuple(of(1, missing="m", y=3)),
    "a default that is made is made anew each time": lambda of: of(1).tags is of(1).tags,
    "an unknown argument is refused": lambda of: of(1, z=2),
    "a missing argument is refused": lambda of: of(),
    "too many are refused": lambda of: of(1, 2, [], "", 5),
    "equal by fields": lambda of: of(1) == of(1),
    "not equal": lambda of: of(1) != of(1, 3),
    "what is not compared does not count": lambda of: of(1, tags=["a"]) == of(1),
    "nor in the hash": lambda of: hash(of(1, tags=["a"])) == hash(of(1)),
    "the hash is the tuple's": lambda of: hash(of(1)) == hash((1, 2, "none")),
    "another class is never equal": lambda of: of(1) == (1, 2),
    "what cannot be equalled is handed on": lambda of: of(1).__eq__(3),
    "what is shown": lambda of: repr(of(1)).rpartition(".")[2],
    "frozen against setting": lambda of: setattr(of(1), "x", 3),
    "frozen against deleting": lambda of: delattr(of(1), "x"),
    "no room for more": lambda of: hasattr(of(1), "__dict__"),
    "replaced": lambda of: dataclasses.astuple(of(1).moved(4)),
    "as a mapping": lambda of: dataclasses.asdict(of(1)),
    "patterns": lambda of: of.__match_args__,
    "variables of the class stay": lambda of: (of.count, of(1).count, "count" in of.__slots__),
    "copied": lambda of: copy.copy(of(1)) == of(1),
    "copied deeply": lambda of: copy.deepcopy(of(1, tags=["a"])).tags,
    "its documentation stays": lambda of: of.__doc__,
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_the_answer_is_the_standard_librarys(question: Callable[[Any], object]) -> None:
    def answer(of: Any) -> object:
        try:
            return question(of)
        except Exception as problem:
            return type(problem), str(problem).partition("init__()")[2]

    fresh, worn = _point(vwplan.dataclass.dataclass), _point(vwplan.dataclass.dataclass)
    for _ in range(10):
        worn(1)
    assert answer(fresh) == answer(THEIRS)
    assert answer(worn) == answer(THEIRS), "once its methods are compiled"


@vwplan.dataclass.dataclass(frozen=True, slots=True)
class Pair(Generic[T]):
    """Two of a kind."""

    left: T
    right: T


@vwplan.dataclass.dataclass(frozen=True, slots=True)
class Named(Pair[int]):
    """Two of a kind with a name."""

    name: str = ""


@vwplan.dataclass.dataclass(slots=True)
class Counter:
    """What may change."""

    count: int = 0


@vwplan.dataclass.dataclass(slots=True, eq=False)
class Node:
    """What is compared by what it is."""

    next: Node | None = None


def test_fields_are_inherited_without_a_second_slot() -> None:
    named = Named(1, 2, "n")
    assert (named.left, named.right, named.name) == (1, 2, "n")
    assert Named.__slots__ == ("name",)  # type: ignore[attr-defined]
    assert Named.__match_args__ == ("left", "right", "name")  # type: ignore[attr-defined]
    assert [field.name for field in dataclasses.fields(named)] == ["left", "right", "name"]
    assert named != Pair(1, 2)


def test_what_is_pickled_comes_back_whole() -> None:
    assert pickle.loads(pickle.dumps(Named(1, 2, "n"))) == Named(1, 2, "n")


def test_what_is_frozen_takes_no_new_names_either() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError, match="'z'"):
        _point(vwplan.dataclass.dataclass)(1).z = 3


def test_what_is_not_frozen_changes_and_has_no_hash() -> None:
    counter = Counter()
    counter.count += 1
    assert counter == Counter(1)
    with pytest.raises(TypeError, match="unhashable"):
        hash(counter)


def test_without_comparison_each_is_itself() -> None:
    node = Node()
    assert node != Node()
    assert node in {node}


def test_what_holds_itself_can_be_shown() -> None:
    node = Node()
    node.next = node
    assert repr(node) == "Node(next=...)"


def test_a_class_without_slots_is_refused() -> None:
    with pytest.raises(TypeError, match="slots"):
        vwplan.dataclass.dataclass(slots=False)


def test_nothing_is_compiled_for_a_class_that_makes_few_objects() -> None:
    program = (
        "import builtins, dataclasses\n"
        "import vwplan.dataclass\n"
        # From 3.13 on, dataclasses compiles an empty list of methods for each class.
        "def refuse(text, *more, real=exec):\n"
        "    if '__init__' in text: raise SystemExit('compiled')\n"
        "    real(text, *more)\n"
        "builtins.exec = refuse\n"
        "@vwplan.dataclass.dataclass(frozen=True, slots=True)\n"
        "class A:\n"
        "    x: int\n"
    )
    few, many = (
        subprocess.run(
            [sys.executable, "-c", f"{program}for n in range({count}): assert A(n).x == n\n"],
            check=False,
            capture_output=True,
            text=True,
        )
        for count in (8, 9)
    )
    assert (few.returncode, few.stderr) == (0, "")
    assert many.stderr.strip() == "compiled"

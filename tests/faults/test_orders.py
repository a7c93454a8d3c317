"""States copied, restored, rolled back, resources moved, renamed, removed and declared again, in every order.

Whatever the order: no identity is ever given to two births, and no machine of the other copy is touched. An ordinary run takes a
few of the orders, by seed; `VWPLAN_FAULTS_RUNS=720` takes as many as there are.
"""

from __future__ import annotations

import itertools
import random
import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from dice import seeds
from field import Field, Want, box, image, network, volume

from vwplan.diagnostics import DiagnosticError

STEPS = ("move", "remove", "declare again", "roll back", "copy", "restore a backup")


class Story:
    """One stack, the wants that it has, what it ever made, and copies of its state elsewhere."""

    def __init__(self, root: Path) -> None:
        self.field = Field(root / "one")
        self.field.root.mkdir(parents=True)
        self.root = root
        self.labels = ["a", "b"]
        self.backup = root / "backup"
        self.made: dict[str, str] = {}
        self.theirs: set[str] = set()
        self.number = itertools.count()
        self.removed = ["a"]
        self.field.around = self._watch  # type: ignore[assignment]

    def _watch(self, connection: object) -> object:
        """Note each create: its identity must be new, or that of the same birth tried again."""
        story = self

        class Watching:
            def perform(self, action, reporter):  # type: ignore[no-untyped-def]
                if action.verb.value == "create" and action.kind != "image":
                    mark = f"{action.mark.birth} {action.name}"
                    before = story.made.setdefault(action.identity, mark)
                    assert before == mark, f"{action.identity} was given to {before} and to {mark}"
                if action.verb.value == "delete":
                    assert action.identity not in story.theirs, f"{action.name} belongs to the other copy"
                return connection.perform(action, reporter)  # type: ignore[attr-defined]

            def __getattr__(self, name: str) -> object:
                return getattr(connection, name)

        return Watching()

    def wants(self, labels: list[str] | None = None) -> list[Want]:
        boxes = [volume(label) for label in (self.labels if labels is None else labels)]
        return [image(), network("a"), box("w0", 10, "a"), *boxes]

    def apply(self, field: Field | None = None, labels: list[str] | None = None, **rest: object) -> bool:
        """Whether it was done; a refusal is fine where another copy has written, and nothing may be touched then."""
        field = field or self.field
        before = set(field.things())
        try:
            result = field.run(*self.wants(labels), **rest)
        except DiagnosticError as refused:
            assert refused.diagnostics[0].code in ("another-copy", "state-older", "state-copied"), refused
            assert set(field.things()) == before
            return False
        assert result.ok, result.diagnostics
        return True

    def step(self, what: str) -> None:
        fresh = f"n{next(self.number)}"
        if what == "move":
            old = self.labels[0] if self.labels else None
            if old is not None and self.apply():
                self.labels = [fresh, *self.labels[1:]]
                self.apply(moved=((f"volume.{old}", f"volume.{fresh}"),))
        elif what == "remove":
            gone, self.labels = self.labels[:1], self.labels[1:]
            self.apply()
            self.removed = gone
        elif what == "declare again":
            self.labels = sorted({*self.labels, *self.removed})
            self.apply()
        elif what == "roll back":
            store = self.field.store()
            serials = [version.serial for version in store.history() if version.run]
            if serials and self._mine():
                serial = serials[len(serials) // 2]
                earlier = {record.identity for record in store.version(serial).records.values()}
                younger = set(self.field.things()) - earlier
                store.restore(self.field.holder(), serial)
                # What was made since is recorded, and the plan that follows takes nothing of it away.
                assert self.unknown() == set()
                self.apply()
                assert younger <= set(self.field.things())
        elif what == "copy":
            self._copy(fresh)
        elif what == "restore a backup":
            self._restore()

    def _mine(self) -> bool:
        try:
            self.field.store().read()
        except DiagnosticError:
            return False
        return True

    def _copy(self, fresh: str) -> None:
        """The state copied to another machine and forked there: it makes machines of its own, and leaves the others."""
        root = self.root / fresh
        shutil.copytree(self.field.root / ".vwplan", root / ".vwplan")
        copy = Field(root)
        copy.worlds, copy.machine, copy.around = self.field.worlds, f"machine of {fresh}", self._watch
        before = set(self.field.things())
        # The copy wants nothing: were it taken for the original, it would delete all.
        copy.store().fork(copy.holder(), f"6f6f3c9e-0000-4000-8000-{int(fresh[1:]):012x}")
        result = copy.run()
        assert result.ok and set(copy.things()) == before

    def _restore(self) -> None:
        """The whole folder from an old backup, taken the first time this comes up."""
        folder = self.field.root / ".vwplan"
        if self.backup.exists() and random.Random(len(self.made)).random() < 0.8:
            shutil.rmtree(folder)
            shutil.copytree(self.backup, folder)
            before = set(self.field.things())
            if not self.apply(labels=[]):
                # It was noticed. The newest state is put back, as one would.
                shutil.rmtree(folder)
                shutil.copytree(self.newest, folder)
                assert set(self.field.things()) == before
            else:
                self.labels = []
        else:
            shutil.rmtree(self.backup, ignore_errors=True)
            shutil.copytree(folder, self.backup)

    @property
    def newest(self) -> Path:
        return self.root / "newest"

    def tell(self, order: tuple[str, ...]) -> None:
        assert self.apply()
        for what in order:
            shutil.rmtree(self.newest, ignore_errors=True)
            shutil.copytree(self.field.root / ".vwplan", self.newest)
            self.step(what)
            assert self.unknown() == set(), (what, order)
        assert self.apply(), order
        state = self.field.look()
        assert set(state.records) == {want.key for want in self.wants()} and not state.deposed, order
        assert self.unknown() == set(), order
        self.field.state = state
        assert self.field.plan_of(self.field.wanted(*self.wants())).empty, order

    def unknown(self) -> set[str]:
        """What exists and was neither recorded nor let go of."""
        state = self.field.look()
        known = {record.identity for record in [*state.records.values(), *state.deposed.values()]}
        return set(self.field.things()) - known - self.theirs


ORDERS = list(itertools.permutations(STEPS))


@pytest.mark.parametrize("seed", seeds(6))
def test_in_no_order_is_an_identity_given_twice_or_a_machine_of_another_copy_touched(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    first, second = dice.choice(ORDERS), dice.choice(ORDERS)
    Story(tmp_path / "told").tell(first + second)

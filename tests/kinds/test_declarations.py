"""The declarations of the kinds keep their own rules, and paths into them lead where they should."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vwplan.kinds import KINDS, BlockType, Effect, Kind, Phase, argument_of, block_of, effect_of
from vwplan.kinds.forms import FORMS
from vwplan.kinds.language import ELSEWHERE, RESERVED, TOP
from vwplan.kinds.meta import META_ARGUMENTS, META_BLOCKS


def shapes(shape: Kind | BlockType) -> Iterator[Kind | BlockType]:
    yield shape
    for block in shape.blocks:
        yield from shapes(block)


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_no_name_means_two_things(kind: Kind) -> None:
    for shape in shapes(kind):
        names = [each.name for each in (*shape.arguments, *shape.blocks, *shape.absent)]
        assert len(names) == len(set(names)), shape.name
    own = {argument.name for argument in kind.arguments} | {argument.name for argument in META_ARGUMENTS}
    assert not own & {fact.name for fact in kind.facts}
    assert not own & {block.name for block in META_BLOCKS}


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_every_declaration_says_what_it_is_and_holds_together(kind: Kind) -> None:
    for shape in shapes(kind):
        assert shape.doc.strip().endswith("."), shape.name
        assert not isinstance(shape, BlockType) or not shape.label_form or shape.label_form in FORMS
        for argument in shape.arguments:
            assert argument.doc.strip().endswith("."), argument.name
            assert not argument.form or argument.form in FORMS
            assert not argument.refers or argument.refers in KINDS
            assert not (argument.required and argument.default is not None), argument.name
            assert not argument.choices or argument.default is None or argument.default in argument.choices
    for claim in kind.claims:
        assert argument_of(kind.name, claim) is not None, claim


def test_what_must_be_known_when_planning_is_marked_so() -> None:
    for kind, path in (
        ("workspace", "resources.cpus"),
        ("workspace", "resources.memory"),
        ("workspace", "nic.address"),
        ("workspace", "nic.mac"),
        ("workspace", "power"),
        ("network", "cidr"),
        ("network", "mode"),
    ):
        argument = argument_of(kind, path)
        assert argument is not None and argument.planned, path


def test_facts_that_are_known_when_planning_are_told_from_those_that_are_not() -> None:
    phases = {fact.name: fact.phase for fact in KINDS["workspace"].facts}
    assert phases["address"] is Phase.CHOSEN
    assert phases["status"] is Phase.SEEN
    assert phases["is_ready"] is Phase.ASKED


@pytest.mark.parametrize(
    ("kind", "path", "effect"),
    [
        ("workspace", "resources.memory", Effect.RESTART),
        ("workspace", "resources.disk", Effect.LIVE),
        ("workspace", "nic[0].address", Effect.RESTART),
        ("workspace", "nic.address", Effect.RESTART),
        ("workspace", "nic[1]", Effect.RESTART),
        ("workspace", 'file["/etc/motd"].content', Effect.CREATE),
        ("workspace", 'user["a.b"].shell', Effect.CREATE),
        ("workspace", "tags.role", Effect.RECORD),
        ("workspace", 'tags["a.b"]', Effect.RECORD),
        ("workspace", "image", Effect.REPLACE),
        ("workspace", "user_data", Effect.CREATE),
        ("workspace", "power", Effect.LIVE),
        ("network", "dns.forwarders", Effect.REPLACE),
        ("volume", "size", Effect.LIVE),
        ("cluster", "workers.compute.resources.memory", Effect.RESTART),
    ],
)
def test_the_effect_of_an_edit_is_found_by_path(kind: str, path: str, effect: Effect) -> None:
    assert effect_of(kind, path) is effect


def test_a_path_that_leads_nowhere_is_no_argument() -> None:
    assert argument_of("workspace", "resources.gpus") is None
    assert argument_of("workspace", "nic") is None
    assert block_of("workspace", "nic") is not None
    with pytest.raises(KeyError):
        effect_of("workspace", "colour")


def test_no_word_of_the_top_level_means_two_things() -> None:
    words = [*KINDS, *(block.name for block in TOP), *RESERVED, *ELSEWHERE]
    assert len(words) == len(set(words))

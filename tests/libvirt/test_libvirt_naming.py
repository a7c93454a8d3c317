"""Names of parts: each can be read back, and tells whose part it is."""

from __future__ import annotations

import uuid
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwplan.provider import Mark
from vwplan_libvirt import naming

IDENTITY = "0a1b2c3d-4e5f-5a6b-8c7d-0123456789ab"
DIGEST = "ab" * 32
MARK = Mark("6f6f3c9e-0000-4000-8000-00000000c0de", IDENTITY, 'volume.home["a/b"]', 7, "d" * 32, "run-1")


@pytest.mark.parametrize(
    ("name", "sort"),
    [
        (naming.disk_name(IDENTITY), "disk"),
        (naming.seed_name(IDENTITY), "seed"),
        (naming.console_name(IDENTITY), "console"),
        (naming.volume_name(IDENTITY, "qcow2"), "volume"),
        (naming.volume_name(IDENTITY, "raw"), "volume"),
        (naming.mark_name(MARK, 3), "mark"),
    ],
)
def test_a_part_says_whose_it_is(name: str, sort: str) -> None:
    assert naming.part_of(name) == naming.Part(IDENTITY, sort, name)


@pytest.mark.parametrize(
    "name",
    [
        "vw-home.qcow2",
        "debian.qcow2",
        f"vw-{IDENTITY}",
        f"vw-{IDENTITY}.qcow2.bak",
        f"vw-{IDENTITY.upper()}.qcow2",
        f"x-vw-{IDENTITY}.qcow2",
        f"vw-{IDENTITY}.volume.vmdk",
    ],
)
def test_names_that_others_gave_are_not_ours(name: str) -> None:
    assert naming.part_of(name) is None


def test_the_parts_of_a_base_share_its_digest_and_token() -> None:
    for sort in ("", "vmlinuz", "initrd", "info", "complete"):
        name = naming.base_name(DIGEST, "1a2b-7-8-9", sort)
        assert naming.base_part_of(name) == naming.BasePart(DIGEST, "1a2b-7-8-9", sort, name)
    assert naming.base_part_of(f"vwplan-{DIGEST}") is None
    assert naming.base_part_of(f"vwplan-{DIGEST}.t.other") is None


def test_an_image_is_known_by_its_id_and_by_its_bases_name() -> None:
    assert naming.digest_of(f"sha256:{DIGEST}") == naming.digest_of(f"vwplan-{DIGEST}") == DIGEST


@given(
    st.text(max_size=40),
    st.text(max_size=20),
    st.text(max_size=20),
    st.text(max_size=12),
    st.integers(-1, 10**12),
    st.integers(0, 999),
)
def test_a_volumes_mark_survives_being_a_name(
    address: str, lineage: str, digest: str, writer: str, birth: int, turn: int
) -> None:
    mark = Mark(lineage, IDENTITY, address, birth, digest, writer)
    name = naming.mark_name(mark, turn)
    assert "/" not in name
    found = naming.mark_in(name)
    if len(name) <= 255 and found is not None and found[1].address:
        assert found == (turn, mark)
    elif found is not None:
        assert found == (turn, replace(mark, address=""))


def test_a_long_address_is_left_out_of_a_mark_rather_than_the_mark_cut() -> None:
    mark = replace(MARK, address="module.a." * 30 + "volume.v")
    name = naming.mark_name(mark, 0)
    assert len(name) <= 255
    assert naming.mark_in(name) == (0, replace(mark, address=""))


def test_a_usual_mark_keeps_its_address() -> None:
    mark = replace(MARK, lineage=str(uuid.uuid4()), digest="f" * 32, writer="e" * 32)
    assert naming.mark_in(naming.mark_name(mark, 12)) == (12, mark)


@pytest.mark.parametrize("tail", ["", "1", "1.a.b.c.d", "x.lineage.0.d.w.a", "1.lineage.zero.d.w.a"])
def test_a_mark_that_cannot_be_read_is_none(tail: str) -> None:
    assert naming.mark_in(f"vw-{IDENTITY}.mark.{tail}") is None


def test_a_bridge_has_a_name_that_linux_takes() -> None:
    assert naming.bridge_of(IDENTITY) == "vw0a1b2c3d4e"

"""What is chosen once: identities, names, MACs, ranges, addresses."""

from __future__ import annotations

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vwplan.address import Address
from vwplan.graph.identity import Identities, default_name, label, slug
from vwplan.graph.ranges import AddressBook, RangeChooser, RangeError, Subnet
from vwplan.provider.law import image_digest

LINEAGE = "5b1c0d9e-0000-4000-8000-000000000001"


@given(st.text(max_size=60), st.integers(0, 10**9))
def test_identity_is_the_uuid_of_lineage_address_and_birth(address: str, birth: int) -> None:
    address = address.encode("utf-8", "ignore").decode()
    expected = uuid.uuid5(uuid.UUID(LINEAGE), f"{address}#{birth}")
    assert Identities(LINEAGE).identity(address, birth) == str(expected)


def test_another_birth_is_another_identity() -> None:
    identities = Identities(LINEAGE)
    assert identities.identity("workspace.a", 1) != identities.identity("workspace.a", 2)


def test_macs_are_unicast_and_local_and_probe_past_what_is_taken() -> None:
    identities, used = Identities(LINEAGE), set[str]()
    for _ in range(50):
        mac = identities.mac("workspace.a", 0, used)
        assert mac not in used
        assert int(mac[:2], 16) & 0b11 == 0b10
        used.add(mac)
    assert identities.mac("workspace.a", 0, ()) == Identities(LINEAGE).mac("workspace.a", 0, ())


@given(st.text(max_size=200), st.integers(12, 63))
def test_a_slug_fits_a_host_name(text: str, longest: int) -> None:
    made = slug(text, longest)
    assert 0 < len(made) <= longest
    assert made.isascii() and made[0] != "-" and made[-1] != "-"
    assert made == made.lower() and all(c.isalnum() or c == "-" for c in made)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("workspace.login", "login"),
        ('workspace.login["a"]', "login-a"),
        ("workspace.login[3]", "login-3"),
        ("cluster.physics.head", "physics-head"),
        ("cluster.physics.workers.compute[2]", "physics-compute-2"),
        ('module.x["q"].cluster.physics["k"].workers.compute["n1"]', "physics-k-compute-n1"),
    ],
)
def test_a_host_name_tells_block_and_keys(address: str, expected: str) -> None:
    assert slug(label(Address.parse(address))) == expected


def test_the_default_name_has_stack_words_and_ten_digits_of_the_identity() -> None:
    name = default_name("default", "login-a", "0f9d1c2e-3344-5566-8899-aabbccddeeff")
    assert name == "default-login-a-0f9d1c2e33"


def test_an_image_of_one_file_is_named_by_that_file() -> None:
    assert image_digest({"source": "ab"}) == "ab"


def test_kernel_and_command_line_are_part_of_an_images_name() -> None:
    names = {
        image_digest({"source": "ab", "kernel": "cd"}),
        image_digest({"source": "ab", "kernel": "ce"}),
        image_digest({"source": "ab", "kernel": "cd"}, "quiet"),
        image_digest({"source": "ab"}, "quiet"),
    }
    assert len(names) == 4


@pytest.mark.parametrize("text", ["10.1.2.0", "10.1.2.0/40", "10.1.2.9/24", "x/24", "", "10.1.2.0/", "fe80::1/64"])
def test_what_is_no_range_is_told_as_a_sentence(text: str) -> None:
    with pytest.raises(RangeError, match=r"\.$"):
        Subnet.parse(text)


def test_an_ipv6_range_is_a_range_too() -> None:
    subnet = Subnet.parse("fd00:1::/64")
    assert subnet.text(subnet.number("fd00:1::5")) == "fd00:1::5"
    assert str(subnet) == "fd00:1::/64"


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("10.1.2.1", "gateway"),
        ("10.1.2.0", "first"),
        ("10.1.2.255", "last"),
        ("10.1.3.4", "outside"),
        ("ten", "not an address"),
    ],
)
def test_an_address_that_no_machine_can_have_is_refused_with_the_reason(address: str, why: str) -> None:
    with pytest.raises(RangeError, match=why):
        Subnet.parse("10.1.2.0/24").number(address)


@given(st.sets(st.integers(2, 254)), st.lists(st.integers(2, 254), unique=True))
def test_the_lowest_address_is_free_in_both_worlds(old: set[int], given_: list[int]) -> None:
    subnet = Subnet.parse("10.1.2.0/24")
    book = AddressBook(subnet, {subnet.first + number for number in old})
    for number in given_:
        book.claim(subnet.first + number, "other")
    free = sorted(set(range(2, 255)) - old - set(given_))
    if free:
        assert book.lowest("me") == subnet.first + free[0]
    else:
        with pytest.raises(RangeError, match="No address is left"):
            book.lowest("me")


def test_a_full_network_says_what_to_do() -> None:
    book = AddressBook(Subnet.parse("10.0.0.0/30"))
    book.lowest("a")
    with pytest.raises(RangeError, match="larger range"):
        book.lowest("b")


def test_an_address_has_one_owner() -> None:
    book, owner = AddressBook(Subnet.parse("10.1.2.0/24")), "workspace.a"
    number = book.subnet.number("10.1.2.9")
    assert book.claim(number, owner) == ""
    assert book.claim(number, "workspace.b") == owner


@given(
    st.lists(
        st.sampled_from(
            ["10.64.0.0/24", "10.64.2.0/23", "10.64.4.128/25", "10.64.0.0/20", "10.0.0.0/8", "192.168.0.0/16"]
        ),
        max_size=4,
    )
)
def test_free_ranges_overlap_nothing(used: list[str]) -> None:
    taken = [Subnet.parse(text) for text in used]
    chooser = RangeChooser(taken)
    for _ in range(20):
        found = chooser.free()
        assert not any(found.overlaps(other) for other in taken)
        taken.append(found)


def test_when_all_private_ranges_are_used_it_says_so() -> None:
    chooser = RangeChooser(map(Subnet.parse, ("10.0.0.0/8", "172.16.0.0/12")))
    with pytest.raises(RangeError, match="Give the network a cidr"):
        chooser.free()

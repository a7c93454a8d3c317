"""Seeds: what a machine is told, packed as a disk and read back."""

from __future__ import annotations

import json
from email import message_from_string
from email.message import Message
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("libvirt")

from vwplan_libvirt.cloud_config import cloud_config, public_key_of, user_data
from vwplan_libvirt.iso import DESCRIPTORS, pack, unpack
from vwplan_libvirt.seed import BEGIN, END, Seed, SeedNic, hosts_block, network_config, seed_files, with_hosts
from vwplan_libvirt.seeding import room_for

IDENTITY = "0a1b2c3d-4e5f-5a6b-8c7d-0123456789ab"
CONTEXT = {
    "cluster": "physics",
    "members": [
        {"name": "head", "hostname": "physics-head", "role": "head", "key": None, "address": "10.20.0.2"},
        {"name": "compute-0", "hostname": "physics-compute-0", "role": "compute", "key": 0, "address": "10.20.0.3"},
        {"name": "late", "hostname": "physics-late", "role": "late", "key": None, "address": None},
    ],
}
NIC = SeedNic("d6:00:00:00:00:01", "10.20.0.2", 24, "10.20.0.1", "10.20.0.1", "lab.internal")


def private_key() -> str:
    form = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    return Ed25519PrivateKey.generate().private_bytes(*form).decode()


def parts(text: str) -> list[Message]:
    """The parts of a message with several, in their order, without those that only hold others."""
    return [part for part in message_from_string(text).walk() if not part.is_multipart()]


def body(part: Message) -> str:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content.decode()


def config_of(text: str) -> dict[str, Any]:
    """Our own part of user data."""
    [ours] = [part for part in parts(text) if part["Merge-Type"]]
    assert body(ours).startswith("#cloud-config\n")
    found = json.loads(body(ours).partition("\n")[2])
    assert isinstance(found, dict)
    return found


def test_a_seed_says_who_the_machine_is_and_whom_it_knows() -> None:
    key = private_key()
    files = seed_files(Seed(IDENTITY, "physics-head", {"ssh_keys": ["ssh-ed25519 AAAA a@b\n"]}, (NIC,), CONTEXT, key))
    assert json.loads(files["meta-data"]) == {"instance-id": IDENTITY, "local-hostname": "physics-head"}
    assert json.loads(files["vw/context.json"]) == CONTEXT
    assert files["vw/authorized_keys"] == b"ssh-ed25519 AAAA a@b\n"
    assert files["vw/ssh_host_ed25519_key"].decode() == key
    assert files["vw/hosts"].decode().splitlines() == [
        BEGIN,
        "10.20.0.2 physics-head head",
        "10.20.0.3 physics-compute-0 compute-0",
        END,
    ]


def test_what_was_not_asked_for_is_not_in_the_seed() -> None:
    files = seed_files(Seed(IDENTITY, "m", {}))
    assert sorted(files) == ["meta-data", "network-config", "user-data", "vw/authorized_keys", "vw/hosts"]
    assert config_of(files["user-data"].decode()) == {
        "hostname": "m",
        "preserve_hostname": False,
        "locale": "C.UTF-8",
    }


def test_the_same_arguments_give_the_same_bytes() -> None:
    key = private_key()
    seed = Seed(IDENTITY, "m", {"user_data": "#!/bin/sh\ntrue\n", "packages": ["vim"]}, (NIC,), CONTEXT, key)
    assert seed_files(seed) == seed_files(seed)


def test_files_go_in_by_number_with_path_mode_and_owner() -> None:
    given = {
        "/etc/motd": {"content": "hello ☺\n", "mode": "0640", "owner": "root:adm"},
        "/etc/bytes": {"content": b"\x00\xff"},
    }
    files = seed_files(Seed(IDENTITY, "m", {"file": given}))
    table = [line.split("\t") for line in files["vw/files.tsv"].decode().splitlines()]
    assert table == [["/etc/bytes", "0644", "root:root", "0"], ["/etc/motd", "0640", "root:adm", "1"]]
    assert files["vw/files/0.content"] == b"\x00\xff"
    assert files["vw/files/1.content"].decode() == "hello ☺\n"


def test_each_card_is_found_by_its_mac_and_only_the_first_leads_out() -> None:
    second = SeedNic("d6:00:00:00:00:02", "10.30.0.2", 16, "10.30.0.1")
    found = network_config((NIC, second, SeedNic("d6:00:00:00:00:03")))
    assert found["ethernets"]["eth0"] == {
        "match": {"macaddress": "d6:00:00:00:00:01"},
        "set-name": "eth0",
        "dhcp4": False,
        "addresses": ["10.20.0.2/24"],
        "routes": [{"to": "0.0.0.0/0", "via": "10.20.0.1"}],
        "nameservers": {"addresses": ["10.20.0.1"], "search": ["lab.internal"]},
    }
    assert "routes" not in found["ethernets"]["eth1"]
    assert found["ethernets"]["eth2"]["dhcp4"] is True


def test_an_address_on_a_network_of_unknown_size_is_left_to_dhcp() -> None:
    assert network_config((SeedNic("d6:00:00:00:00:01", "10.20.0.2"),))["ethernets"]["eth0"]["dhcp4"] is True


def test_cloud_init_is_told_what_the_arguments_say() -> None:
    config = cloud_config(
        "login",
        {
            "packages": ["nfs-common"],
            "ssh_keys": ["ssh-ed25519 AAAA a@b"],
            "user": {"alice": {"groups": ["wheel"], "shell": "/bin/zsh", "ssh_keys": ["k"], "sudo": True}, "bob": {}},
            "file": {"/etc/a": {"content": "x"}, "/home/alice/b": {"content": "y", "owner": "alice:alice"}},
            "service": {"nfs": {"unit": "nfs-server.service"}, "old": {"enabled": False}},
        },
    )
    assert config["packages"] == ["nfs-common"] and config["package_update"] is True
    assert config["users"] == [
        "default",
        {
            "name": "alice",
            "lock_passwd": True,
            "groups": ["wheel"],
            "shell": "/bin/zsh",
            "ssh_authorized_keys": ["k"],
            "sudo": "ALL=(ALL) NOPASSWD:ALL",
        },
        {"name": "bob", "lock_passwd": True},
    ]
    assert [file.get("defer", False) for file in config["write_files"]] == [False, True]
    assert config["runcmd"] == [
        ["systemctl", "enable", "--now", "nfs-server.service"],
        ["systemctl", "disable", "--now", "old"],
    ]


def test_the_machines_own_ssh_key_comes_with_its_public_half() -> None:
    key = private_key()
    keys = cloud_config("m", {}, key)["ssh_keys"]
    assert keys["ed25519_private"] == key
    assert keys["ed25519_public"] == public_key_of(key)
    assert keys["ed25519_public"].startswith("ssh-ed25519 AAAA")


@pytest.mark.parametrize(
    ("own", "kind"),
    [
        ("#!/bin/sh\necho hé\n", "text/x-shellscript"),
        ("#cloud-config\nruncmd: [true]\n", "text/cloud-config"),
        ("#include\nhttps://a.example/\n", "text/x-include-url"),
        ("whatever\n", "text/plain"),
    ],
)
def test_the_users_own_data_comes_first_and_untouched(own: str, kind: str) -> None:
    found = parts(user_data("m", {"user_data": own}))
    assert [part.get_content_type() for part in found] == [kind, "text/cloud-config", "text/cloud-boothook"]
    assert body(found[0]) == own


def test_user_data_of_several_parts_stays_so() -> None:
    own = user_data("inner", {"user_data": "#!/bin/sh\ntrue\n"})
    found = parts(user_data("m", {"user_data": own}))
    assert found[0].get_content_type() == "text/x-shellscript"
    assert len(found) == 5


def test_ours_only_adds_to_what_the_user_says() -> None:
    [ours] = [part for part in parts(user_data("m", {})) if part["Merge-Type"]]
    assert ours["Merge-Type"] == "list(append)+dict(no_replace,recurse_list)+str()"


def test_the_part_for_every_boot_is_a_script() -> None:
    hook = body(parts(user_data("m", {}))[-1])
    assert hook.startswith("#cloud-boothook\n#!/bin/sh\n")
    assert BEGIN in hook and END in hook


def test_names_of_members_replace_those_of_before_and_nothing_else() -> None:
    before = f"127.0.0.1 localhost\n{BEGIN}\n10.20.0.9 gone\n{END}\n10.0.0.1 mine\n"
    block = hosts_block(CONTEXT)
    after = with_hosts(before, block)
    assert after == "127.0.0.1 localhost\n10.0.0.1 mine\n" + block
    assert with_hosts(after, block) == after


def test_a_guest_that_lost_its_end_marker_is_mended() -> None:
    assert with_hosts(f"127.0.0.1 localhost\n{BEGIN}\n10.20.0.9 gone\n", hosts_block(None)) == (
        f"127.0.0.1 localhost\n{BEGIN}\n{END}\n"
    )


def test_a_disk_gives_back_the_files_that_were_packed() -> None:
    files = seed_files(Seed(IDENTITY, "m", {"file": {"/a": {"content": "x"}}}, (NIC,), CONTEXT, private_key()))
    packed = pack(files, frozenset({"vw/ssh_host_ed25519_key"}))
    assert unpack(packed) == files
    assert packed[0x8000 + 40 : 0x8000 + 46] == b"cidata"


def test_bytes_that_are_no_disk_hold_no_files() -> None:
    assert unpack(b"") == {}
    assert unpack(b"\0" * 100_000) == {}


def test_a_seed_cut_off_while_it_is_written_where_it_lies_holds_nothing_or_all() -> None:
    old, new = ({"meta-data": b"{}", "vw/context.json": b"m" * 300 * count} for count in (2, 9))
    now = bytearray(pack(old).ljust(room_for(1), b"\0"))
    content = pack(new)
    first, last = DESCRIPTORS.start, DESCRIPTORS.stop
    assert unpack(bytes(now)) == old
    now[first:last] = bytes(len(DESCRIPTORS))
    for cut in range(0, len(content), 1024):
        if not first <= cut < last:
            now[cut : cut + 1024] = content[cut : cut + 1024].ljust(1024, b"\0")
        assert unpack(bytes(now)) == {}
    now[first:last] = content[first:last]
    assert unpack(bytes(now)) == new


def test_a_seed_damaged_by_others_never_fails_a_start() -> None:
    one, other = (pack({"meta-data": b"{}", "vw/a": b"a" * size, "vw/b/c": b"c" * size}) for size in (10, 9000))
    for cut in range(0, len(one), 512):
        assert isinstance(unpack(other[:cut] + one[cut:]), dict)


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789_-", min_size=1, max_size=40)


@settings(max_examples=25, deadline=None)
@given(st.dictionaries(NAMES.map(lambda name: f"vw/files/{name}.content"), st.binary(max_size=3000), max_size=12))
def test_any_files_survive_being_a_disk(files: dict[str, bytes]) -> None:
    assert unpack(pack(files)) == files


def test_a_seed_has_room_for_its_roster_to_double() -> None:
    for length in (70_000, 131_072, 131_073, 3_000_000):
        assert 2 * length <= room_for(length) <= max(256 << 10, 4 * length)


def test_what_lies_after_the_image_on_its_disk_is_of_no_matter() -> None:
    files = {"meta-data": b"{}\n", "vw/context.json": b'{"members": []}\n'}
    assert unpack(pack(files).ljust(room_for(1), b"\0")) == files

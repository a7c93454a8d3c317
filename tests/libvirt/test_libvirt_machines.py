"""The libvirt provider with real machines: the tiny guest of examples/guest, started, told, changed, killed and deleted."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libvirt")

sys.path.insert(0, str(Path(__file__).parent.parent / "conformance"))
sys.path.insert(0, str(Path(__file__).parent))
from libvirt_hosts import POOL, URI, host, small_image
from suite import Play, Stage, action, reporter

from vwplan.provider import Action, NotReady, Observed, Refused, Verb, arguments_digest, image_digest
from vwplan_libvirt.accel import bios_rate
from vwplan_libvirt.agent import Agent
from vwplan_libvirt.bases import base_parts
from vwplan_libvirt.naming import bridge_of, console_name
from vwplan_libvirt.settings import Settings
from vwplan_libvirt.tenancy import new_token

GUEST = Path(os.environ.get("VWPLAN_TEST_GUEST") or Path(__file__).parents[2] / ".cache" / "guest")
CMDLINE = "console=ttyS0 quiet root=LABEL=root"

pytestmark = [
    pytest.mark.vm,
    pytest.mark.skipif(not URI, reason="VWPLAN_TEST_LIBVIRT_URI is not set"),
    pytest.mark.skipif(not (GUEST / "root.qcow2").exists(), reason="examples/guest/build was not run"),
]


def private_key() -> str:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    form = serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
    return Ed25519PrivateKey.generate().private_bytes(*form).decode()


def guest_image() -> tuple[dict[str, Any], str]:
    """The arguments of the tiny guest's image, and its digest."""
    files = {"source": GUEST / "root.qcow2", "kernel": GUEST / "vmlinuz", "initrd": GUEST / "initrd.gz"}
    digests = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}
    arguments = {**{name: str(path) for name, path in files.items()}, "cmdline": CMDLINE}
    return arguments, image_digest(digests, CMDLINE)


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    arguments, digest = guest_image()
    number = os.getpid() % 200
    stage = Stage(
        host(URI, tmp_path, accel="tcg", pool=POOL),
        arguments,
        f"sha256:{digest}",
        {"resources": {"cpus": 1, "memory": 128}, "ready": {"agent": True, "timeout": 600}},
        cidr=f"10.232.{number}.0/24",
    )
    play = Play(stage)
    play.do(play.base())
    yield play
    play.clear()


def agent_of(play: Play, machine: Action) -> Agent:
    return Agent(play.connection._host.domain(machine.identity))  # type: ignore[attr-defined]


def member(name: str, address: str) -> dict[str, Any]:
    return {"name": name, "hostname": f"lab-{name}", "role": name, "key": None, "address": address, "addresses": []}


def seen(outcome: Any) -> Observed:
    assert outcome.observed is not None
    found: Observed = outcome.observed
    return found


def test_the_life_of_a_machine(play: Play) -> None:
    network = play.network(mode="nat", domain="lab.test")
    play.do(network)
    plain = play.machine(
        network,
        hostname="lab-head",
        file={"/etc/motd": {"content": "hello\n", "mode": "0640", "owner": "root:root"}},
        user_data="#!/bin/sh\necho ran >>/root/ran\n",
        ready={"agent": True, "tcp": 22, "ssh": True, "console": r"READY lab-\w+", "timeout": 600},
    )
    address = plain.arguments["nic"][0]["address"]
    head = member("head", address)
    machine = replace(plain, context={"cluster": "lab", "members": [head]}, secrets={"ssh_host_key": private_key()})
    play.do(machine)

    running = play.power(machine, "running")
    assert running.ready_at > 0
    guest = agent_of(play, machine)
    assert json.loads(guest.read("/run/vw/context.json"))["members"] == [head]
    assert f"{address} lab-head head" in guest.read("/etc/hosts").decode()
    assert guest.read("/etc/motd") == b"hello\n"
    assert guest.read("/root/ran") == b"ran\n"
    assert "search lab.test" in guest.read("/etc/resolv.conf").decode()

    worker = member("worker", "10.232.0.77")
    told = {"cluster": "lab", "members": [head, worker]}
    play.do(replace(machine, verb=Verb.DELIVER, context=told, secrets={}))
    assert json.loads(guest.read("/run/vw/context.json")) == told
    hosts = guest.read("/etc/hosts").decode()
    assert hosts.count("lab-head head") == 1 and "10.232.0.77 lab-worker worker" in hosts

    boot = seen(running).boot
    play.power(machine, "off")
    arguments = {**machine.arguments, "resources": {"cpus": 2, "memory": 192}}
    changed = replace(
        machine,
        verb=Verb.UPDATE,
        arguments=arguments,
        before=machine.arguments,
        changes=("resources.cpus", "resources.memory"),
        mark=replace(machine.mark, digest=arguments_digest(arguments)),
    )
    assert seen(play.do(changed)).arguments["resources"]["memory"] == 192
    later = replace(changed, context=None, secrets={}, changes=())
    again = seen(play.power(later, "running"))
    assert again.boot not in ("", boot)
    assert again.arguments["nic"] == seen(running).arguments["nic"]
    assert "lab-worker" in guest.read("/etc/hosts").decode(), "what was delivered is in the seed"
    assert guest.read("/root/ran") == b"ran\n", "user data runs once"
    assert int(guest.read("/proc/meminfo").split()[1]) > 140_000

    kill(machine.name)
    crashed = wait_for(play, machine, "crashed")
    assert crashed.arguments["power"] == "off"
    assert seen(play.power(later, "running")).status == "running"

    assert play.delete(machine).observed is None
    assert play.seen(machine) is None
    play.delete(network)
    left = [name for name in play.connection._host.pool.names() if machine.identity in name]  # type: ignore[attr-defined]
    assert left == []


def kill(name: str) -> None:
    """End the emulator of a machine as `kill -9` does."""
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                words = (process / "cmdline").read_bytes()
            except OSError:
                continue
            if f"guest={name},".encode() in words:
                os.kill(int(process.name), signal.SIGKILL)


def wait_for(play: Play, machine: Action, status: str, seconds: float = 120) -> Observed:
    deadline = time.monotonic() + seconds
    while True:
        found = play.seen(machine)
        assert found is not None
        if found.status == status:
            return found
        assert time.monotonic() < deadline, f"it is {found.status}"
        time.sleep(0.2)


def test_devices_come_and_go_while_a_machine_runs(play: Play) -> None:
    network, other, volume = play.network(), play.network(cidr="10.232.201.0/24"), play.volume()
    for what in (network, other, volume):
        play.do(what)
    machine = play.machine(network, disk=[{"volume": volume.identity}])
    play.do(machine)
    play.power(machine, "running")
    guest = agent_of(play, machine)
    assert guest.read("/sys/block/vdb/size") == b"32768\n"
    assert guest.read("/sys/block/vdb/serial").decode().startswith(volume.identity[:8])

    grown = {**volume.arguments, "size": 32}
    play.do(replace(volume, verb=Verb.UPDATE, arguments=grown, changes=("size",)))
    assert guest.read("/sys/block/vdb/size") == b"65536\n"
    larger = {**machine.arguments, "resources": {"cpus": 1, "memory": 128, "disk": 600}}
    play.do(replace(machine, verb=Verb.UPDATE, arguments=larger, changes=("resources.disk",)))
    assert guest.read("/sys/block/vda/size") == b"1228800\n"

    bare = {**machine.arguments, "nic": [], "disk": []}
    released = seen(play.do(replace(machine, verb=Verb.RELEASE, arguments=bare, before=machine.arguments)))
    assert (released.arguments["nic"], released.arguments["disk"]) == ([], [])
    assert guest.run("test", "-e", "/sys/block/vdb") == 1
    play.delete(network)

    nic = {"network": other.identity, "mac": machine.arguments["nic"][0]["mac"], "address": "10.232.201.9"}
    back = {**machine.arguments, "nic": [nic]}
    attached = seen(play.do(replace(machine, verb=Verb.ATTACH, arguments=back, before=bare)))
    assert attached.arguments["nic"] == [{"network": other.identity, "mac": nic["mac"]}]
    assert attached.arguments["disk"] == [{"volume": volume.identity}]

    smaller = {**machine.arguments, "resources": {"cpus": 1, "memory": 128, "disk": 500}}
    with pytest.raises(Refused, match="Shrinking"):
        play.do(replace(machine, verb=Verb.UPDATE, arguments=smaller, changes=("resources.disk",)))


def test_a_machine_is_saved_with_its_memory_and_goes_on(play: Play) -> None:
    machine = play.machine()
    play.do(machine)
    play.power(machine, "running")
    agent_of(play, machine).run("touch", "/run/mine")
    assert seen(play.power(machine, "saved")).status == "saved"
    play.power(machine, "running")
    assert agent_of(play, machine).run("test", "-e", "/run/mine") == 0
    play.power(machine, "paused")
    assert seen(play.power(machine, "running")).status == "running"


def test_a_machine_that_never_answers_says_what_was_missing_and_shows_its_console(play: Play) -> None:
    machine = play.machine()
    play.do(machine)
    play.power(machine, "running")
    never = replace(machine, arguments={**machine.arguments, "ready": {"console": "NEVER SAID", "timeout": 1}})
    with pytest.raises(NotReady) as caught:
        play.power(never, "running")
    assert "the console" in caught.value.detail
    assert "The end of its console:" in caught.value.detail


def test_what_cannot_be_delivered_says_so(play: Play, tmp_path: Path) -> None:
    path, digest = small_image(tmp_path)
    play.do(action(Verb.STAGE, "image", f"vwplan-{digest}", {"source": str(path)}, str(uuid.uuid4())))
    machine = play.machine(image=f"sha256:{digest}", ready=None)
    play.do(machine)
    context = {"cluster": "lab", "members": []}
    with pytest.raises(Refused, match="not running"):
        play.do(replace(machine, verb=Verb.DELIVER, context=context))
    play.power(machine, "running")
    with pytest.raises(Refused, match="agent does not answer"):
        play.do(replace(machine, verb=Verb.DELIVER, context=context))


def test_a_file_on_the_host_is_copied_there_and_verified(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Settings, "is_local", property(lambda settings: False))
    path = tmp_path / "on-host.qcow2"
    shutil.copy(GUEST / "root.qcow2", path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    stage = action(Verb.STAGE, "image", f"vwplan-{digest}", {"source": str(path), "on_host": True}, str(uuid.uuid4()))
    play.do(stage)
    assert digest in play.connection.observe().images
    with pytest.raises(Refused, match="changed since"):
        play.do(replace(stage, name="vwplan-" + "0" * 64))
    with pytest.raises(Refused, match="no file"):
        play.do(replace(stage, name="vwplan-" + "1" * 64, arguments={"source": f"{path}.not", "on_host": True}))
    pools = [pool.name() for pool in play.connection._host.connection.listAllStoragePools()]  # type: ignore[attr-defined]
    assert not [name for name in pools if name.startswith("vwplan-once")]


def test_an_image_is_a_difference_over_another(play: Play, tmp_path: Path) -> None:
    base, top = tmp_path / "base.raw", tmp_path / "top.qcow2"
    base.write_bytes(b"base".ljust(1 << 20, b"\0"))
    make = ["qemu-img", "create", "-q", "-f", "qcow2", "-b", str(base), "-F", "raw", str(top)]
    subprocess.run(make, check=True)
    digests = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (base, top)]
    under, over = (
        action(Verb.STAGE, "image", f"vwplan-{digest}", {"source": str(path)}, str(uuid.uuid4()))
        for digest, path in zip(digests, (base, top), strict=True)
    )
    with pytest.raises(Refused, match="lies over another"):
        play.do(over)
    over = replace(over, arguments={"source": str(top), "base": f"sha256:{digests[0]}"})
    with pytest.raises(Refused, match="not on the host"):
        play.do(over)
    play.do(under)
    play.do(over)
    assert "left" in play.delete(under).note
    pool = play.connection._host.pool  # type: ignore[attr-defined]
    [name] = [part.name for part in base_parts(pool.names(), digests[1]) if not part.sort]
    told = subprocess.run(
        ["qemu-img", "info", "-U", "--output=json", pool.seen(name).path], capture_output=True, check=True
    )
    assert digests[0] in json.loads(told.stdout)["full-backing-filename"]


def test_the_emulator_passes_its_own_proof(play: Play) -> None:
    assert bios_rate(play.connection._host.connection, "qemu", 120) > 1  # type: ignore[attr-defined]
    assert bios_rate(play.connection._host.connection, "no-such-type") == 0  # type: ignore[attr-defined]


def test_the_console_is_a_volume_that_can_be_read(play: Play) -> None:
    machine = play.machine()
    play.do(machine)
    play.power(machine, "running")
    text = (play.connection._host.pool.read(console_name(machine.identity)) or b"").decode()  # type: ignore[attr-defined]
    assert f"READY {machine.arguments['hostname']}" in text


def test_a_range_or_a_bridge_that_is_in_use_is_refused_and_leaves_nothing(play: Play) -> None:
    network = play.network()
    play.do(network)
    same_range = play.network()
    same_bridge = play.network(cidr="10.232.202.0/24", bridge=network.arguments["bridge"])
    for what in (same_range, same_bridge):
        with pytest.raises(Refused, match="lready in use"):
            play.do(what)
        assert play.seen(what) is None


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a bridge")
def test_a_bridge_that_a_dead_libvirtd_left_is_no_obstacle_and_does_not_stay(play: Play) -> None:
    network = play.network()
    bridge = Path("/sys/class/net") / bridge_of(network.identity)
    network = replace(network, arguments={**network.arguments, "bridge": bridge.name})

    def leave() -> None:
        subprocess.run(["ip", "link", "add", bridge.name, "type", "bridge"], check=True)

    leave()
    assert seen(play.do(network)).status == "active"
    play.connection._host.network(network.identity).destroy()  # type: ignore[attr-defined]
    assert not bridge.exists()
    leave()
    play.delete(network)
    assert not bridge.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a bridge")
@pytest.mark.skipif(not shutil.which("dnsmasq"), reason="there is no dnsmasq")
@pytest.mark.parametrize("bridge_too", [True, False], ids=["with its bridge", "its bridge gone"])
def test_a_dnsmasq_that_a_dead_libvirtd_left_is_no_obstacle_and_does_not_stay(
    play: Play, tmp_path: Path, bridge_too: bool
) -> None:
    network = play.network()
    bridge, gateway = bridge_of(network.identity), f"{network.arguments['cidr'].rpartition('.')[0]}.1"
    network = replace(network, arguments={**network.arguments, "bridge": bridge})
    conf = tmp_path / "left.conf"
    conf.write_text(f"strict-order\nexcept-interface=lo\nbind-dynamic\ninterface={bridge}\n")
    subprocess.run(["ip", "link", "add", bridge, "type", "bridge"], check=True)
    subprocess.run(["ip", "address", "add", f"{gateway}/24", "dev", bridge], check=True)
    left = subprocess.Popen(
        [
            "dnsmasq",
            "--keep-in-foreground",
            "--user=root",
            "--no-resolv",
            f"--conf-file={conf}",
            f"--pid-file={tmp_path / 'pid'}",
        ],
        env={**os.environ, "VIR_BRIDGE_NAME": bridge},
    )
    try:
        while not (tmp_path / "pid").exists():
            assert left.poll() is None
            time.sleep(0.05)
        if not bridge_too:
            subprocess.run(["ip", "link", "delete", bridge], check=True)
        assert seen(play.do(network)).status == "active"
        assert left.wait(60) == 0
    finally:
        left.kill()
        left.wait()
    play.delete(network)


def test_files_of_one_folder_on_the_host_are_copied_at_once(
    play: Play, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libvirt lets no two pools have one folder, be it that one was left by somebody who was killed."""
    monkeypatch.setattr(Settings, "is_local", property(lambda settings: False))
    folder = tmp_path / "images"
    folder.mkdir()
    connection = play.connection._host.connection  # type: ignore[attr-defined]
    dead = f"vwplan-once-{new_token().replace(f'-{os.getpid()}-', '-4194303-')}"
    connection.storagePoolCreateXML(
        f"<pool type='dir'><name>{dead}</name><target><path>{folder}</path></target></pool>"
    )
    stages = []
    for number in range(6):
        path = folder / f"{number}.raw"
        path.write_bytes(os.urandom(1 << 20))
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        arguments = {"source": str(path), "on_host": True}
        stages.append(action(Verb.STAGE, "image", f"vwplan-{digest}", arguments, str(uuid.uuid4())))

    def stage(what: Action) -> None:
        one = play.stage.open()
        one.perform(what, reporter())
        one.close()

    play.made += stages
    with ThreadPoolExecutor(3) as others:
        list(others.map(stage, stages))
    assert {what.name.removeprefix("vwplan-") for what in stages} <= play.connection.observe().images
    assert not [one.name() for one in connection.listAllStoragePools() if one.name().startswith("vwplan-once")]

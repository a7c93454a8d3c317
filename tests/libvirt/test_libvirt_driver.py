"""The provider on libvirt's test driver, in this process: what goes wrong, and what it says then."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libvirt")

sys.path.insert(0, str(Path(__file__).parent.parent / "conformance"))
import libvirt
from suite import Play, Stage, reporter

from vwplan.provider import (
    HostConfiguration,
    Interrupted,
    ProviderError,
    Refused,
    Reporter,
    Unreachable,
    Verb,
    find,
    image_digest,
)
from vwplan_libvirt import errors, naming, tenancy
from vwplan_libvirt.bases import base_parts
from vwplan_libvirt.left_bridge import start_network
from vwplan_libvirt.settings import Settings


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    image = tmp_path / "empty.raw"
    image.write_bytes(bytes(1 << 20))
    digest = hashlib.sha256(image.read_bytes()).hexdigest()
    configuration = HostConfiguration("libvirt", "default", {"uri": "test:///default"}, str(tmp_path))
    play = Play(Stage(lambda: find("libvirt").open(configuration), {"source": str(image)}, f"sha256:{digest}"))
    yield play
    play.clear()


def pool_of(play: Play) -> Any:
    return play.connection._host.pool  # type: ignore[attr-defined]


def test_importing_the_provider_imports_no_libvirt() -> None:
    code = "import sys, vwplan_libvirt; vwplan_libvirt.provider.settings; sys.exit('libvirt' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize(
    ("uri", "advice"),
    [
        ("qemu+unix:///system?socket=/nowhere/libvirt-sock", "No libvirtd runs there"),
        ("qemu+tcp://127.0.0.1:9/system", "No libvirtd runs there"),
        ("qemu+tcp://no-such-host.invalid/system", "cannot be found"),
        ("qemo:///system", "not the URI of a QEMU host"),
        ("xen:///", "not the URI of a QEMU host"),
    ],
)
def test_a_host_that_cannot_be_reached_says_what_to_do(uri: str, advice: str, tmp_path: Path) -> None:
    with pytest.raises(Unreachable) as caught:
        find("libvirt").open(HostConfiguration("libvirt", "default", {"uri": uri}, str(tmp_path)))
    assert advice in caught.value.detail


@pytest.mark.parametrize(
    ("told", "summary"), [("remote", "Connection to the host was lost"), ("Xen", "Not a QEMU host")]
)
def test_a_host_that_goes_away_while_greeted_is_no_strange_hypervisor(
    told: str, summary: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Greeted:
        def getType(self) -> str:
            return told

    monkeypatch.setattr(libvirt, "open", lambda uri: Greeted())
    with pytest.raises(Unreachable) as caught:
        find("libvirt").open(HostConfiguration("libvirt", "default", {"uri": "qemu:///system"}, str(tmp_path)))
    assert caught.value.summary == summary


def test_settings_that_are_left_out_have_defaults() -> None:
    assert Settings.of({"uri": None, "accel": None}) == Settings("qemu:///system", "auto", "vwplan", "", 60)
    assert Settings.of({"shutdown_timeout": 0}).patience == 0
    assert Settings("qemu:///system").is_local
    assert Settings("qemu+unix:///system?socket=/s").is_local
    assert not Settings("qemu+ssh://ops@a/system").is_local


@pytest.mark.parametrize(
    ("code", "message", "kind"),
    [
        (libvirt.VIR_ERR_NO_DOMAIN, "Domain not found", "Changed"),
        (libvirt.VIR_ERR_OPERATION_FAILED, "domain 'x' already exists with uuid y", "Refused"),
        (libvirt.VIR_ERR_SYSTEM_ERROR, "cannot write: No space left on device", "Refused"),
        (libvirt.VIR_ERR_SYSTEM_ERROR, "End of file while reading data: Input/output error", "Unreachable"),
        (libvirt.VIR_ERR_INTERNAL_ERROR, "internal error: client socket is closed", "Unreachable"),
        (libvirt.VIR_ERR_INTERNAL_ERROR, "Network is already in use by interface virbr0", "Refused"),
        (libvirt.VIR_ERR_AUTH_DENIED if hasattr(libvirt, "VIR_ERR_AUTH_DENIED") else 88, "access denied", "Refused"),
        (libvirt.VIR_ERR_NO_SUPPORT, "this function is not supported", "Refused"),
        (libvirt.VIR_ERR_INTERNAL_ERROR, "cannot set up guest memory 'pc.ram': Cannot allocate memory", "Refused"),
        (libvirt.VIR_ERR_SYSTEM_ERROR, "Cannot get interface MTU on 'br9': No such device", "Refused"),
        (libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "Maximum CPUs greater than specified machine type limit 288", "Refused"),
        (libvirt.VIR_ERR_INTERNAL_ERROR, "something odd", "ProviderError"),
    ],
)
def test_libvirts_errors_become_ours(code: int, message: str, kind: str) -> None:
    error = libvirt.libvirtError("call failed")
    error.err = (code, 0, message, 2, "", "", "", 0, 0)
    found = errors.explained(error, "starting the machine Lab")
    assert type(found).__name__ == kind
    assert message in found.detail


def test_an_image_with_other_bytes_is_refused_and_leaves_nothing(play: Play) -> None:
    wrong = replace(play.base(), name="vwplan-" + "0" * 64)
    with pytest.raises(Refused, match="changed since the plan"):
        play.do(wrong)
    asked = replace(play.base(), arguments={**play.stage.image, "sha256": "1" * 64})
    with pytest.raises(Refused, match="other bytes"):
        play.do(asked)
    assert base_parts(pool_of(play).names()) == []


def test_an_image_that_is_not_there_is_refused(play: Play) -> None:
    with pytest.raises(Refused, match="is no file"):
        play.do(replace(play.base(), arguments={"source": "/nowhere/disk.qcow2"}))


def test_an_image_of_several_files_is_staged_under_their_common_name(play: Play, tmp_path: Path) -> None:
    kernel, initrd = tmp_path / "k", tmp_path / "i"
    kernel.write_bytes(b"kernel")
    initrd.write_bytes(b"initrd")
    digests = {
        "source": play.stage.digest.removeprefix("sha256:"),
        "kernel": hashlib.sha256(b"kernel").hexdigest(),
        "initrd": hashlib.sha256(b"initrd").hexdigest(),
    }
    arguments = {**play.stage.image, "kernel": str(kernel), "initrd": str(initrd), "cmdline": "quiet"}
    digest = image_digest(digests, "quiet")
    play.do(replace(play.base(), name=f"vwplan-{digest}", arguments=arguments))
    assert play.connection.observe().images == {digest}
    sorts = {part.sort for part in base_parts(pool_of(play).names())}
    assert sorts == {"", "vmlinuz", "initrd", "complete"}


def test_an_image_is_fetched_from_the_web(play: Play, tmp_path: Path) -> None:
    content = Path(play.stage.image["source"]).read_bytes()

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = self.path == "/disk.raw"
            self.send_response(200 if found else 404)
            self.end_headers()
            self.wfile.write(content if found else b"")

        def log_message(self, *words: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Answer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        at = f"http://127.0.0.1:{server.server_port}"
        with pytest.raises(Refused, match="cannot be downloaded"):
            play.do(replace(play.base(), arguments={"source": f"{at}/missing.raw"}))
        play.do(replace(play.base(), arguments={"source": f"{at}/disk.raw"}))
    finally:
        server.shutdown()
    assert play.stage.digest.removeprefix("sha256:") in play.connection.observe().images
    assert list((tmp_path / "downloads").iterdir()) == []


def test_staging_stops_when_the_caller_has_given_up(play: Play) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted):
        play.connection.perform(play.base(), Reporter(lambda words: None, stop))
    assert base_parts(pool_of(play).names()) == []


def test_what_a_dead_stager_left_is_cleaned_and_what_a_living_one_writes_is_not(play: Play) -> None:
    digest = play.stage.digest.removeprefix("sha256:")
    alive = tenancy.new_token()
    machine, process, _, rest = alive.split("-")
    dead = f"{machine}-{process}-1-{rest}"
    pool = pool_of(play)
    for token in (alive, dead):
        pool.make(naming.base_name(digest, token), 1, "raw")
    play.do(play.base())
    tokens = {part.token for part in base_parts(pool.names())}
    assert alive in tokens and dead not in tokens
    play.delete(play.base())
    assert {part.token for part in base_parts(pool.names())} == {alive}


def test_a_token_from_elsewhere_is_dead_only_after_an_hour_of_silence() -> None:
    assert not tenancy.is_dead("00000000-1-2-3", time.time() - 60)
    assert tenancy.is_dead("00000000-1-2-3", time.time() - 7200)
    assert not tenancy.is_dead(tenancy.new_token(), 0)


def test_two_stagers_at_once_leave_one_base(play: Play) -> None:
    base = play.base()
    play.made.append(base)
    others = [play.stage.open() for _ in range(4)]
    threads = [threading.Thread(target=other.perform, args=(base, reporter())) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for other in others:
        other.close()
    complete = [part for part in base_parts(pool_of(play).names()) if part.sort == "complete"]
    assert complete
    seen = play.connection.inspect("image", base.identity, base.name)
    assert seen is not None and seen.complete


def test_a_base_without_its_marker_does_not_count(play: Play) -> None:
    play.do(play.base())
    pool = pool_of(play)
    [marker] = [part.name for part in base_parts(pool.names()) if part.sort == "complete"]
    pool.delete(marker)
    assert play.connection.observe().images == frozenset()
    assert play.connection.inspect("image", "", f"vwplan-{play.stage.digest.removeprefix('sha256:')}") is None
    with pytest.raises(Refused, match="not staged"):
        play.do(play.machine())


def test_a_volume_is_marked_by_a_name_beside_it(play: Play) -> None:
    volume = play.volume()
    play.do(volume)
    [seen] = [one for one in play.connection.observe().objects if one.identity == volume.identity]
    assert seen.mark == volume.mark
    assert seen.facts["path"].endswith(naming.volume_name(volume.identity, "qcow2"))
    again = replace(volume, mark=replace(volume.mark, writer="run-2"))
    assert play.do(again).observed.mark == again.mark  # type: ignore[union-attr]
    marks = [name for name in pool_of(play).names() if ".mark." in name]
    assert len(marks) == 1


def test_of_two_marks_that_a_crash_left_the_later_counts(play: Play) -> None:
    volume = play.volume()
    play.do(volume)
    later = replace(volume.mark, writer="run-9")
    pool_of(play).make(naming.mark_name(later, 1), 0, "raw")
    seen = play.seen(volume)
    assert seen is not None and seen.mark == later
    play.delete(volume)
    assert play.seen(volume) is None


def test_a_volume_without_a_mark_is_half_made_and_made_whole_by_the_next_try(play: Play) -> None:
    volume = play.volume()
    play.made.append(volume)
    pool_of(play).make(naming.volume_name(volume.identity, "qcow2"), 16 << 20, "qcow2")
    seen = play.seen(volume)
    assert seen is not None
    assert (seen.parts, seen.complete, seen.mark) == (("volume",), False, None)
    made = play.do(volume).observed
    assert made is not None and made.complete


@pytest.mark.parametrize("left", [("disk",), ("disk", "seed")])
def test_parts_of_a_machine_that_a_crash_left_are_seen_finished_and_deleted(play: Play, left: tuple[str, ...]) -> None:
    play.do(play.base())
    machine = play.machine()
    names = {"disk": naming.disk_name, "seed": naming.seed_name}
    for part in left:
        pool_of(play).make(names[part](machine.identity), 1 << 20, "raw")
    for seen in (play.seen(machine), *play.connection.observe().objects):
        assert seen is not None
        assert (seen.identity, seen.parts, seen.complete) == (machine.identity, left, False)
    assert play.delete(machine).observed is None
    assert play.seen(machine) is None
    for part in left:
        pool_of(play).make(names[part](machine.identity), 1 << 20, "raw")
    made = play.do(machine).observed
    assert made is not None and made.complete


def test_a_machine_without_its_disk_is_not_whole(play: Play) -> None:
    play.do(play.base())
    machine = play.machine()
    play.do(machine)
    pool_of(play).delete(naming.disk_name(machine.identity))
    seen = play.seen(machine)
    assert seen is not None
    assert (seen.parts, seen.complete) == (("seed", "domain"), False)


def test_a_machine_without_its_seed_gets_one_when_it_is_started(play: Play) -> None:
    play.do(play.base())
    machine = play.machine()
    play.do(machine)
    pool_of(play).delete(naming.seed_name(machine.identity))
    seen = play.seen(machine)
    assert seen is not None
    assert (seen.parts, seen.complete) == (("disk", "domain"), True)
    started = play.power(machine, "running").observed
    assert started is not None and started.parts == ("disk", "seed", "domain")


def test_a_disk_smaller_than_its_image_is_refused(play: Play, tmp_path: Path) -> None:
    large = tmp_path / "large.raw"
    large.write_bytes(bytes(3 << 20))
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    play.do(replace(play.base(), name=f"vwplan-{digest}", arguments={"source": str(large)}))
    with pytest.raises(Refused, match="smaller than its image"):
        play.do(play.machine(image=f"sha256:{digest}", resources={"cpus": 1, "memory": 64, "disk": 2}))


def test_running_machines_change_their_processors_only_when_off(play: Play) -> None:
    play.do(play.base())
    machine = play.machine()
    play.do(machine)
    play.power(machine, "running")
    arguments = {**machine.arguments, "resources": {"cpus": 2, "memory": 128, "disk": 64}}
    change = replace(machine, verb=Verb.UPDATE, arguments=arguments, changes=("resources.cpus",))
    with pytest.raises(Refused, match="through a restart"):
        play.do(change)
    play.power(machine, "off")
    seen = play.do(change).observed
    assert seen is not None and seen.arguments["resources"]["cpus"] == 2


def test_a_machine_is_saved_and_goes_on(play: Play) -> None:
    play.do(play.base())
    machine = play.machine()
    play.do(machine)
    for state in ("running", "saved", "saved", "running", "saved", "off", "paused", "off"):
        seen = play.power(machine, state).observed
        assert seen is not None
        assert seen.arguments["power"] == state


def test_the_digest_of_a_machine_is_the_same_on_and_off(play: Play) -> None:
    play.do(play.base())
    machine = play.machine()
    made = play.do(machine).observed
    running = play.power(machine, "running").observed
    assert made is not None and running is not None
    assert made.digest == running.digest


def test_disks_and_nics_are_taken_off_and_put_back_while_off(play: Play) -> None:
    network, other = play.network(), play.network(cidr="10.231.8.0/24")
    volume = play.volume()
    for what in (play.base(), network, other, volume):
        play.do(what)
    machine = play.machine(network, disk=[{"volume": volume.identity}])
    made = play.do(machine).observed
    bare = {**machine.arguments, "nic": [], "disk": []}
    released = play.do(replace(machine, verb=Verb.RELEASE, arguments=bare, before=machine.arguments)).observed
    assert released is not None
    assert (released.arguments["nic"], released.arguments["disk"]) == ([], [])
    nic = {**machine.arguments["nic"][0], "network": other.identity, "address": "10.231.8.9"}
    back = {**machine.arguments, "nic": [nic]}
    attached = play.do(replace(machine, verb=Verb.ATTACH, arguments=back, before=bare)).observed
    assert made is not None and attached is not None
    assert attached.arguments["nic"] == [{"network": other.identity, "mac": nic["mac"]}]
    assert attached.arguments["disk"] == made.arguments["disk"]
    play.delete(network)
    assert play.seen(network) is None


def test_an_address_is_kept_for_its_machine_and_free_when_it_is_gone(play: Play) -> None:
    network = play.network()
    for what in (play.base(), network):
        play.do(what)
    machine = play.machine(network)
    play.do(machine)
    nic = machine.arguments["nic"][0]
    with pytest.raises(Refused, match="belongs to"):
        play.do(play.machine(nic=[{**nic, "mac": "52:54:00:aa:bb:cc"}]))
    play.delete(machine)
    play.do(play.machine(nic=[{**nic, "mac": "52:54:00:aa:bb:cc"}]))


def test_the_addresses_that_were_planned_come_with_the_network(play: Play) -> None:
    planned = {"mac": "52:54:00:01:02:03", "address": "10.231.7.20", "hostname": "login"}
    network = replace(play.network(), reservations=(planned, {"mac": "52:54:00:01:02:04", "address": None}))
    play.do(network)
    text = play.connection._host.network(network.identity).XMLDesc(0)  # type: ignore[attr-defined]
    assert text.count("<host ") == 1
    assert "mac='52:54:00:01:02:03' name='login' ip='10.231.7.20'" in text


def test_a_network_that_stopped_is_started_for_a_machine(play: Play) -> None:
    network = play.network()
    for what in (play.base(), network):
        play.do(what)
    machine = play.machine(network)
    play.do(machine)
    handle = play.connection._host.network(network.identity)  # type: ignore[attr-defined]
    handle.destroy()
    seen = play.seen(network)
    assert seen is not None and seen.status == "inactive"
    play.power(machine, "running")
    assert handle.isActive()


def test_a_network_that_stopped_is_started_and_it_is_said_who_lost_it(play: Play) -> None:
    network = play.network()
    for what in (play.base(), network):
        play.do(what)
    machine = play.machine(network)
    play.do(machine)
    play.power(machine, "running")
    play.connection._host.network(network.identity).destroy()  # type: ignore[attr-defined]
    outcome = play.do(replace(network, verb=Verb.UPDATE, changes=("status",)))
    assert outcome.observed is not None and outcome.observed.status == "active"
    assert outcome.note == f"{machine.name} must be restarted to be on it again"


def test_a_bridge_that_a_dead_libvirtd_left_is_told_of_where_it_cannot_be_removed(play: Play) -> None:
    network = play.network()
    play.do(network)
    there = play.connection._host  # type: ignore[attr-defined]
    bridge = naming.bridge_of(network.identity)

    class Blocked:
        def __getattr__(self, name: str) -> Any:
            return getattr(there.network(network.identity), name)

        def isActive(self) -> bool:
            return False

        def create(self) -> None:
            raise libvirt.libvirtError(f"Network is already in use by interface {bridge}")

    with pytest.raises(Refused, match=f"ip link delete {bridge}"):
        start_network(there, Blocked())


def test_what_this_provider_does_not_know_is_refused(play: Play) -> None:
    with pytest.raises(ProviderError):
        play.do(replace(play.volume(), verb=Verb.POWER, kind="pool", identity=str(uuid.uuid4())))
    network = play.network()
    play.do(network)
    with pytest.raises(Refused, match="making it anew"):
        play.do(replace(network, verb=Verb.UPDATE, changes=("domain",)))

"""A host with real machines in the hands of the tests: libvirt itself, and the tiny guest of examples/guest."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import time
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libvirt")

import libvirt
from workshop import PATIENCE, Workshop

URI = os.environ.get("VWPLAN_TEST_LIBVIRT_URI", "")
GUEST = Path(os.environ.get("VWPLAN_TEST_GUEST") or "/nonexistent")

needs_a_host = [pytest.mark.vm, pytest.mark.skipif(not URI, reason="VWPLAN_TEST_LIBVIRT_URI is not set")]
needs_machines = [
    *needs_a_host,
    pytest.mark.skipif(not (GUEST / "root.qcow2").exists(), reason="VWPLAN_TEST_GUEST is not set"),
]


def pool_name(stack: str) -> str:
    """The storage pool that the tests of a stack have for themselves."""
    return f"vwplan-{stack}"


def site(stack: str, uri: str = URI, more: str = "") -> str:
    """The part of a spec that says where; the host's address goes by the variable `uri`."""
    return f"""
variable "uri" {{
  type    = string
  default = "{uri}"
}}

provider "libvirt" {{
  uri   = var.uri
  accel = "tcg"
  pool  = "{pool_name(stack)}"
  {more}
}}
"""


def refresh(pool: Any) -> None:
    """Have a pool read anew. What somebody who was killed had begun there goes on for a moment, and keeps it from that."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            pool.refresh()
            return
        except libvirt.libvirtError as error:
            assert "asynchronous jobs" in str(error) and time.monotonic() < deadline, error
            time.sleep(0.05)


GUEST_IMAGE = f"""
image "tiny" {{
  source  = "{GUEST}/root.qcow2"
  kernel  = "{GUEST}/vmlinuz"
  initrd  = "{GUEST}/initrd.gz"
  cmdline = "console=ttyS0 quiet root=LABEL=root"
}}
"""


class LibvirtHands:
    """Somebody with virsh, who sees of a host only what bears a stack's name, and the pool that is made for it."""

    def __init__(self, stack: str, uri: str = URI) -> None:
        libvirt.registerErrorHandler(lambda context, error: None, None)
        self.connection = libvirt.open(uri)
        self.stack = stack
        self.uri = uri
        self.lab: Workshop | None = None

    def objects(self) -> set[str]:
        found = {one.UUIDString() for one in self.domains() + self.networks()}
        return found | {match[1] for name in self.volumes() if (match := re.match(r"vw-(.{36})\.", name))}

    def domains(self) -> list[Any]:
        return [one for one in self.connection.listAllDomains() if one.name().startswith(f"{self.stack}-")]

    def networks(self) -> list[Any]:
        return [one for one in self.connection.listAllNetworks() if one.name().startswith(f"{self.stack}-")]

    def pool(self) -> Any:
        return next((one for one in self.connection.listAllStoragePools() if one.name() == pool_name(self.stack)), None)

    def volumes(self) -> list[str]:
        pool = self.pool()
        if pool is None or not pool.isActive():
            return []
        refresh(pool)
        return [volume.name() for volume in pool.listAllVolumes()]

    def images(self) -> int:
        return sum(name.endswith(".complete") for name in self.volumes())

    def boot(self, identity: str) -> str:
        """The number of its process is another after each start; so is the kernel's own word, which only it can tell."""
        return f"{self._process(identity)} {self._read(identity, '/proc/sys/kernel/random/boot_id').decode().strip()}"

    def memory(self, identity: str) -> int:
        return int(self._domain(identity).maxMemory()) // 1024

    def roster(self, identity: str) -> list[str]:
        context = json.loads(self._read(identity, "/run/vw/context.json"))
        return [member["hostname"] for member in context["members"]]

    def boot_again(self, identity: str) -> None:
        """Have the machine boot again by itself, as its own `reboot` does, and wait until it is up: its process stays."""
        kernel = self._read(identity, "/proc/sys/kernel/random/boot_id")
        self._ask(identity, "guest-exec", path="/bin/busybox", arg=["reboot", "-f"])
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                if self._read(identity, "/proc/sys/kernel/random/boot_id") != kernel:
                    return
            except libvirt.libvirtError:
                pass
            assert time.monotonic() < deadline, "the machine did not come up again"
            time.sleep(0.5)

    def read(self, identity: str, path: str) -> str:
        """A file in the guest."""
        return self._read(identity, path).decode()

    def kill(self, identity: str) -> None:
        os.kill(self._process(identity), signal.SIGKILL)
        deadline = time.monotonic() + PATIENCE
        while self._domain(identity).isActive():
            assert time.monotonic() < deadline, "the machine is not seen to have ended"
            time.sleep(0.1)

    def undefine(self, identity: str) -> None:
        self._domain(identity).destroy()
        self._domain(identity).undefine()

    def cut_off(self) -> None:
        assert self.lab is not None
        self.lab.let(uri="qemu+unix:///system?socket=/nonexistent/libvirt-sock")

    def reconnect(self) -> None:
        assert self.lab is not None
        self.lab.let(uri=self.uri)

    def _domain(self, identity: str) -> Any:
        return self.connection.lookupByUUIDString(identity)

    def _process(self, identity: str) -> int:
        mark = f"guest={self._domain(identity).name()},".encode()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "cmdline").read_bytes():
                    return int(process.name)
            except OSError:
                continue
        raise AssertionError(f"{identity} has no process")

    def _read(self, identity: str, path: str) -> bytes:
        opened = self._ask(identity, "guest-file-open", path=path, mode="r")
        content = base64.b64decode(self._ask(identity, "guest-file-read", handle=opened, count=32768)["buf-b64"])
        self._ask(identity, "guest-file-close", handle=opened)
        return content

    def _ask(self, identity: str, command: str, **arguments: Any) -> Any:
        import libvirt_qemu

        request = json.dumps({"execute": command, "arguments": arguments})
        return json.loads(libvirt_qemu.qemuAgentCommand(self._domain(identity), request, 60, 0))["return"]

    def clear(self) -> None:
        """Take away whatever a failed test left."""
        for domain in self.domains():
            if domain.isActive():
                domain.destroy()
            domain.undefine()
        for network in self.networks():
            if network.isActive():
                network.destroy()
            network.undefine()
        pool = self.pool()
        if pool is not None:
            if not pool.isActive():
                pool.build()
                pool.create()
            refresh(pool)
            for volume in pool.listAllVolumes():
                volume.delete()
            pool.destroy()
            pool.delete()
            pool.undefine()

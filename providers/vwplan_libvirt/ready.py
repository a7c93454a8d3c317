"""Readiness: waiting until all holds that a workspace asks for.

A lease is no sign of life: it outlives the machine that had it. So is nothing that was so before this start.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Mapping
from typing import Any

import libvirt
import re2

from vwplan.provider.api import Action, Interrupted, NotReady, Refused, Reporter
from vwplan_libvirt.agent import Agent
from vwplan_libvirt.console import read_console
from vwplan_libvirt.errors import code_of, explaining
from vwplan_libvirt.host import Host, nics_of
from vwplan_libvirt.power import read_power

DEFAULT_SECONDS = 300
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_TAIL = 600
"""How many characters of the console are shown of a machine that does not become ready."""

Check = Callable[[], bool]


def wait_ready(host: Host, domain: Any, action: Action, reporter: Reporter) -> float:
    """Wait until the machine is ready; when that was, in seconds since the epoch. `NotReady` tells what is missing."""
    ready = action.arguments.get("ready") or {}
    waiting = _checks(host, domain, action, ready)
    deadline = time.monotonic() + int(ready.get("timeout") or DEFAULT_SECONDS)
    pause = _FIRST_PAUSE
    said = ""
    while True:
        for words in [words for words, check in waiting.items() if check()]:
            del waiting[words]
        if not waiting:
            return time.time()
        if _has_stopped(domain):
            raise NotReady("Machine stopped while starting", f"{action.name} went off.{_tail(host, action)}")
        if time.monotonic() > deadline:
            missing = " and ".join(waiting)
            raise NotReady(
                "Machine is not ready in time",
                f"{action.name} runs, but was still waiting for {missing}. Look at its console, or give ready a longer "
                f"timeout.{_tail(host, action)}",
            )
        words = "waiting for " + " and ".join(waiting)
        if words != said:
            reporter.say(words)
            said = words
        if reporter.stop.wait(pause):
            raise Interrupted("Interrupted", f"The call was given up while {words}.")
        pause = min(_LONGEST_PAUSE, pause * 1.3)


def _checks(host: Host, domain: Any, action: Action, ready: Mapping[str, Any]) -> dict[str, Check]:
    """What is to hold, by the words for waiting for it."""
    checks: dict[str, Check] = {}
    if host.is_pretended:
        return checks
    if ready.get("agent"):
        agent = Agent(domain, seconds=5)
        checks["the guest agent"] = agent.answers
    if ready.get("tcp"):
        address, port = _address(action, "tcp"), int(ready["tcp"])
        checks[f"port {port} of {address}"] = lambda: listens(address, port)
    if ready.get("ssh"):
        address = _address(action, "ssh")
        checks[f"an SSH server at {address}"] = lambda: greets(address, 22, b"SSH-")
    if ready.get("console"):
        checks["the console"] = _console_check(host, action.identity, str(ready["console"]))
    return checks


def _address(action: Action, asked: str) -> str:
    for nic in nics_of(action.arguments):
        if nic.get("address"):
            return str(nic["address"])
    raise Refused("Machine has no address", f"{action.name} has none, so ready cannot ask for {asked}. Give it a nic.")


def _console_check(host: Host, identity: str, pattern: str) -> Check:
    try:
        compiled = re2.compile(pattern)
    except re2.error as error:
        raise Refused("Expression cannot be read", f'ready.console "{pattern}": {error}.') from error
    return lambda: compiled.search(read_console(host, identity)) is not None


def listens(address: str, port: int, seconds: float = 1.0) -> bool:
    """Whether something takes connections there, as seen from this machine."""
    try:
        with socket.create_connection((address, port), seconds):
            return True
    except OSError:
        return False


def greets(address: str, port: int, greeting: bytes, seconds: float = 2.0) -> bool:
    """Whether what listens there begins with a certain greeting."""
    try:
        with socket.create_connection((address, port), seconds) as connection:
            connection.settimeout(seconds)
            return connection.recv(len(greeting), socket.MSG_WAITALL) == greeting
    except OSError:
        return False


def _has_stopped(domain: Any) -> bool:
    """Whether the machine is off. A host that does not answer says nothing of its machines."""
    with explaining("watching a machine start"):
        try:
            return read_power(domain) not in ("running", "paused")
        except libvirt.libvirtError as error:
            if code_of(error) != libvirt.VIR_ERR_NO_DOMAIN:
                raise
            return True


def _tail(host: Host, action: Action) -> str:
    text = read_console(host, action.identity).strip()
    return f" The end of its console:\n{text[-_TAIL:]}" if text else ""

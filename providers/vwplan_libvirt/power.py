"""Bringing a machine to a power state: running, paused, saved, off."""

from __future__ import annotations

import time
from typing import Any

import libvirt

from vwplan.provider.api import Action, Changed, Interrupted, Refused, Reporter
from vwplan_libvirt.errors import code_of, explaining
from vwplan_libvirt.host import Host, is_on, nics_of
from vwplan_libvirt.mark import BOOT, boot_text
from vwplan_libvirt.networks import start_networks
from vwplan_libvirt.seeding import reads_seed, write_seed
from vwplan_libvirt.workspace_view import power_of

_AGAIN_SECONDS = 5.0
"""A guest that is still starting does not hear the power button; it is pressed again."""
_POLL = 0.1
_DISK_SECONDS = 2.0
"""How long a machine that its disk stopped is watched when it goes on: the guest writes again at once what it could not."""


_POWERS = ("running", "paused", "saved", "off")
_OVERTAKEN = (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_ERR_INTERNAL_ERROR)
"""How libvirt refuses what is so already; the second of a saved memory whose file has gone, the third in its test driver."""


def read_power(domain: Any) -> str:
    """The power of a domain as it is now."""
    state, reason = domain.state()
    is_saved = state == libvirt.VIR_DOMAIN_SHUTOFF and bool(domain.hasManagedSaveImage(0))
    return power_of(state, reason, is_saved=is_saved)[0]


def bring_to(host: Host, action: Action, reporter: Reporter) -> Any:
    """Bring the machine to the power that the action asks for; libvirt's domain. What is so already is left alone."""
    domain = host.domain(action.identity)
    if domain is None:
        raise Changed("Changed since the plan", f"The machine {action.name} is not there any more. Plan again.")
    wanted = action.arguments["power"]
    if wanted not in _POWERS:
        raise Refused("No such power", f'A machine cannot be "{wanted}" on this host.')
    with explaining(f"bringing the machine {action.name} to the power {wanted}"):
        try:
            _bring(host, domain, action, reporter)
        except libvirt.libvirtError as error:
            # Somebody else may have brought it there at the same moment.
            if code_of(error) not in _OVERTAKEN or read_power(domain) != wanted:
                raise
    return domain


def _bring(host: Host, domain: Any, action: Action, reporter: Reporter) -> None:
    power, wanted = read_power(domain), action.arguments["power"]
    if wanted == "running":
        _run(host, domain, power, action, reporter)
    elif wanted == "paused":
        _pause(host, domain, power, action, reporter)
    elif wanted == "saved":
        if power == "off":
            start(host, domain, action, reporter, paused=True)
        if power != "saved":
            reporter.say("saving its memory")
            domain.managedSave(0)
    elif power == "saved":
        domain.managedSaveRemove(0)
    elif power != "off":
        shut_down(host, domain, reporter, orderly=power == "running" and not action.arguments.get("force"))


def _run(host: Host, domain: Any, power: str, action: Action, reporter: Reporter) -> None:
    if power == "paused":
        if domain.state()[0] == libvirt.VIR_DOMAIN_PMSUSPENDED:
            domain.pMWakeup(0)
        else:
            _resume(domain, action, reporter)
    elif power == "saved":
        _create(domain, 0, reporter)
    elif power == "off":
        start(host, domain, action, reporter)


def _resume(domain: Any, action: Action, reporter: Reporter) -> None:
    """Let it go on. What its disk stopped is stopped again in a moment while the cause is still there; `Refused` says so."""
    failed = _is_stopped_by_disk(domain)
    domain.resume()
    if not failed:
        return
    reporter.say("waiting whether its disk takes what it writes")
    deadline = time.monotonic() + _DISK_SECONDS
    while time.monotonic() < deadline:
        if reporter.stop.wait(_POLL):
            raise Interrupted("Interrupted", "The call was given up while a machine went on.")
        if _is_stopped_by_disk(domain):
            errors = domain.diskErrors(0)
            full = any(error == libvirt.VIR_DOMAIN_DISK_ERROR_NO_SPACE for error in errors.values())
            disks = ", ".join(sorted(errors)) or "its disk"
            raise Refused(
                "Machine cannot write to its disk",
                f"{action.name} was let go on, and is paused again: {disks} "
                + (
                    "has no room on the host. Make room in the storage pool"
                    if full
                    else "failed. Look at the host's storage"
                )
                + ", and apply again.",
            )


def _is_stopped_by_disk(domain: Any) -> bool:
    return tuple(domain.state()) == (libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_IOERROR)


def _pause(host: Host, domain: Any, power: str, action: Action, reporter: Reporter) -> None:
    if power == "running":
        domain.suspend()
    elif power == "off":
        start(host, domain, action, reporter, paused=True)
    elif power == "saved":
        _create(domain, libvirt.VIR_DOMAIN_START_PAUSED, reporter)


def start(host: Host, domain: Any, action: Action, reporter: Reporter, *, paused: bool = False) -> None:
    """Boot a machine that is off, on networks that run and with a seed that says what is so today."""
    if domain.state()[0] == libvirt.VIR_DOMAIN_CRASHED:
        # Its emulator was left there to be looked into, and is in the way.
        domain.destroy()
    start_networks(host, dict.fromkeys(nic["network"] for nic in nics_of(action.arguments)))
    if reads_seed(host, action.identity, domain.XMLDesc(0)):
        write_seed(host, action)
    _create(domain, libvirt.VIR_DOMAIN_START_PAUSED if paused and not host.is_pretended else 0, reporter)
    if paused and host.is_pretended:
        domain.suspend()


def _create(domain: Any, flags: int, reporter: Reporter) -> None:
    reporter.say("starting it")
    try:
        domain.createWithFlags(flags)
    except libvirt.libvirtError as error:
        # Another call, cut off before it could tell, may have started it just now.
        if not is_on(domain):
            raise
        if code_of(error) not in (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_INTERNAL_ERROR):
            raise
    # Only in what describes the running machine, so that it goes when the machine stops.
    text = boot_text(time.time_ns())
    try:
        domain.setMetadata(libvirt.VIR_DOMAIN_METADATA_ELEMENT, text, "vwboot", BOOT, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    except libvirt.libvirtError:
        # It may have ended at once: whoever waits for it tells that better.
        if is_on(domain):
            raise


def shut_down(host: Host, domain: Any, reporter: Reporter, *, orderly: bool) -> None:
    """Bring a machine down: in an orderly way within a bound, then, or without `orderly`, at once."""
    if orderly and _shuts_itself_down(domain, reporter, host.settings.patience):
        return
    try:
        domain.destroy()
    except libvirt.libvirtError as error:
        if code_of(error) not in (libvirt.VIR_ERR_OPERATION_INVALID, libvirt.VIR_ERR_NO_DOMAIN) or is_on(domain):
            raise


def _shuts_itself_down(domain: Any, reporter: Reporter, patience: float) -> bool:
    reporter.say("waiting for it to shut down")
    deadline = time.monotonic() + patience
    press_at = 0.0
    while time.monotonic() < deadline:
        if not is_on(domain):
            return True
        if time.monotonic() >= press_at:
            press_at = time.monotonic() + _AGAIN_SECONDS
            try:
                domain.shutdown()
            except libvirt.libvirtError as error:
                # It went just now, or has no power button that works; time tells which.
                if code_of(error) == libvirt.VIR_ERR_NO_DOMAIN:
                    return True
        if reporter.stop.wait(_POLL):
            raise Interrupted("Interrupted", "The call was given up while a machine was shutting down.")
    return False

"""libvirt's errors in our words: what went wrong, why, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import libvirt

from vwplan.provider.api import Changed, ProviderError, Refused, Unreachable

_GONE = {
    libvirt.VIR_ERR_NO_DOMAIN,
    libvirt.VIR_ERR_NO_NETWORK,
    libvirt.VIR_ERR_NO_STORAGE_POOL,
    libvirt.VIR_ERR_NO_STORAGE_VOL,
}
_DENIED = {
    libvirt.VIR_ERR_AUTH_FAILED,
    libvirt.VIR_ERR_AUTH_CANCELLED,
    libvirt.VIR_ERR_AUTH_UNAVAILABLE,
    libvirt.VIR_ERR_ACCESS_DENIED,
    libvirt.VIR_ERR_OPERATION_DENIED,
}
_CUT = ("client socket is closed", "End of file while", "Cannot write data", "Cannot recv data", "keepalive")
"""How a call says that its connection broke; such calls bear no code of their own."""

ABSENT = tuple(_GONE)


def code_of(error: BaseException) -> int:
    """libvirt's number of an error; -1 for any other exception."""
    return int(error.get_error_code()) if isinstance(error, libvirt.libvirtError) else -1


def is_gone(error: BaseException) -> bool:
    """Whether an error says that a thing is not there any more."""
    return code_of(error) in ABSENT


def gone(what: str) -> Changed:
    """What is said of a thing (`the machine x`) that was there a moment ago."""
    return Changed("Changed since the plan", f"{what[:1].upper()}{what[1:]} is not there any more. Plan again.")


def text_of(error: Any) -> str:
    """What libvirt says, as one sentence."""
    said = (error.get_error_message() or str(error)).strip().rstrip(".")
    return f"libvirt says: {said}."


def explained(error: Any, doing: str) -> ProviderError:
    """An error of libvirt while doing something (`starting machine x`) as one of ours."""
    code, said = code_of(error), text_of(error)
    if any(cut in said for cut in _CUT):
        return Unreachable(
            "Connection to the host was lost",
            f"It broke while {doing}. {said} Once the host's libvirtd answers again, apply again: it finishes the work.",
        )
    begun = doing[:1].upper() + doing[1:]
    if code in _DENIED:
        return Refused("Not allowed", f"The host does not let us go on {doing}. {said} Ask for the right to manage it.")
    if code in _GONE:
        return Changed("Changed since the plan", f"Something has gone meanwhile, while {doing}. {said} Plan again.")
    if "No space left" in said or "Not enough free space" in said:
        return Refused(
            "No room on the host", f"The storage is full: {doing} failed. {said} Make room, and apply again."
        )
    if code == libvirt.VIR_ERR_STORAGE_VOL_EXIST or "already exists" in said:
        return Refused("Name is taken", f"{begun} failed: the host has another of that name. {said}")
    if "already in use" in said:
        return Refused(
            "Already in use on the host",
            f"{begun} failed: something else there has the range or the bridge. {said} Give another cidr or bridge.",
        )
    if code == libvirt.VIR_ERR_NO_SUPPORT:
        return Refused("Not possible on this host", f"Its hypervisor has no way of {doing}. {said}")
    if code in (libvirt.VIR_ERR_OPERATION_TIMEOUT, libvirt.VIR_ERR_RESOURCE_BUSY):
        return Refused("Host is busy", f"It took too long: {doing} failed. {said} Apply again.")
    if code == libvirt.VIR_ERR_OPERATION_INVALID:
        return Refused("Not possible now", f"{begun} failed. {said}")
    if "Cannot allocate memory" in said:
        return Refused(
            "Not enough memory on the host",
            f"{begun} failed: the host cannot give it that much. {said} Give it less, or stop others there.",
        )
    if "interface MTU on" in said and "No such device" in said:
        return Refused("Bridge is not on the host", f"{begun} failed. {said} Make the bridge there, or name another.")
    if code == libvirt.VIR_ERR_CONFIG_UNSUPPORTED:
        return Refused("Not possible on this host", f"{begun} failed. {said}")
    if "KVM is not available" in said or "Could not access KVM" in said:
        return Refused(
            "No KVM on the host",
            f'{begun} failed. {said} Set accel = "tcg" (emulated, slow), or turn virtualisation on.',
        )
    return ProviderError("The host failed", f"{begun} failed. {said}")


def unreachable(error: Any, uri: str) -> Unreachable:
    """Why a connection could not be opened, and what to do."""
    code, said = code_of(error), text_of(error)
    if "Permission denied" in said or code in _DENIED:
        advice = "Your user may not: join the group libvirt (and log in anew), or run as root."
    elif "No such file" in said or "Connection refused" in said:
        advice = "No libvirtd runs there: start it (systemctl start libvirtd), or give another uri."
    elif code in (libvirt.VIR_ERR_INVALID_ARG, libvirt.VIR_ERR_NO_CONNECT) or "no connection driver" in said:
        advice = 'The uri is not one that libvirt knows; one of a local host is "qemu:///system".'
    elif "resolve" in said or "Name or service" in said:
        advice = "The uri names a host that cannot be found: look for a slip in its name."
    else:
        advice = f"Try it by hand: virsh -c '{uri}' list."
    return Unreachable("Host does not answer", f"{uri} cannot be reached. {advice} {said}")


@contextmanager
def explaining(doing: str) -> Iterator[None]:
    """Turns libvirt's errors inside into ours."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise explained(error, doing) from error

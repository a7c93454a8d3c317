"""The guest agent: whether it answers, running programs in the guest, reading and writing files there.

Programs get their arguments as a list; nothing passes through a shell.
"""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import libvirt
import libvirt_qemu

from vwplan.provider.api import Refused
from vwplan_libvirt.errors import code_of, text_of

_ABSENT = {
    libvirt.VIR_ERR_AGENT_UNRESPONSIVE,
    libvirt.VIR_ERR_OPERATION_INVALID,
    libvirt.VIR_ERR_OPERATION_FAILED,
    libvirt.VIR_ERR_OPERATION_TIMEOUT,
    libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED,
    libvirt.VIR_ERR_NO_SUPPORT,
    libvirt.VIR_ERR_NO_DOMAIN,
}
_PIECE = 32_768
"""How many bytes of a file go in one message; the agent takes 64 KiB with all around it."""


class AgentSilent(Exception):
    """The agent does not answer."""


class AgentError(Exception):
    """The agent answered that it could not."""


class Agent:
    """The agent of one running machine; every call is bounded by `seconds`."""

    def __init__(self, domain: Any, seconds: int = 20) -> None:
        self._domain = domain
        self._seconds = seconds

    def ask(self, command: str, **arguments: Any) -> Any:
        """One command's result."""
        request: dict[str, Any] = {"execute": command}
        if arguments:
            request["arguments"] = {name.replace("_", "-"): value for name, value in arguments.items()}
        try:
            answer = libvirt_qemu.qemuAgentCommand(self._domain, json.dumps(request), self._seconds, 0)
        except libvirt.libvirtError as error:
            if code_of(error) in _ABSENT:
                raise AgentSilent(text_of(error)) from error
            raise AgentError(text_of(error)) from error
        return json.loads(answer)["return"]

    def answers(self) -> bool:
        """Whether it is there."""
        try:
            self.ask("guest-ping")
        except (AgentSilent, AgentError):
            return False
        return True

    def run(self, *words: str, seconds: float = 20.0) -> int:
        """Run a program in the guest and wait for its end; its status."""
        process = self.ask("guest-exec", path=words[0], arg=list(words[1:]))["pid"]
        deadline = time.monotonic() + seconds
        pause = 0.01
        while True:
            state = self.ask("guest-exec-status", pid=process)
            if state["exited"]:
                return int(state.get("exitcode", 128 + int(state.get("signal", 0))))
            if time.monotonic() > deadline:
                raise AgentError(f"{words[0]} did not end within {seconds:g} s")
            time.sleep(pause)
            pause = min(0.2, pause * 2)

    def read(self, path: str) -> bytes:
        """The bytes of a file in the guest."""
        handle = self.ask("guest-file-open", path=path, mode="r")
        try:
            content = b""
            while True:
                piece = self.ask("guest-file-read", handle=handle, count=_PIECE)
                content += base64.b64decode(piece["buf-b64"])
                if piece["eof"] or not piece["count"]:
                    return content
        finally:
            self.ask("guest-file-close", handle=handle)

    def write(self, path: str, content: bytes) -> None:
        """Write a file in the guest: beside it first, then into its place, so that nobody reads half of it.

        Where the guest forbids running programs, it is written in place.
        """
        beside = f"{path}.vw-new"
        self._put(beside, content)
        try:
            moved = self.run("chmod", "0644", beside) == 0 and self.run("mv", "-f", beside, path) == 0
        except AgentError:
            moved = False
        if not moved:
            self._put(path, content)

    def _put(self, path: str, content: bytes) -> None:
        handle = self.ask("guest-file-open", path=path, mode="w")
        try:
            for start in range(0, len(content), _PIECE):
                piece = base64.b64encode(content[start : start + _PIECE]).decode()
                self.ask("guest-file-write", handle=handle, buf_b64=piece)
        finally:
            self.ask("guest-file-close", handle=handle)


def silent(name: str, doing: str, error: Exception) -> Refused:
    """What is said when the agent is needed and does not answer."""
    return Refused(
        "Guest agent does not answer",
        f"{doing} {name} needs it. {error} Let its image start qemu-guest-agent, or wait until the machine is up; "
        "what was to be delivered is in its seed, for its next start.",
    )

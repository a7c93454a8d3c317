"""Bringing a cluster's context into a member that runs, and into its seed for the next start."""

from __future__ import annotations

from vwplan.provider.api import Action, Changed, Refused, Reporter
from vwplan_libvirt.agent import Agent, AgentError, AgentSilent, silent
from vwplan_libvirt.host import Host
from vwplan_libvirt.power import read_power
from vwplan_libvirt.seed import context_text, hosts_block, with_hosts
from vwplan_libvirt.seeding import reads_seed, write_seed

_CONTEXT = "/run/vw/context.json"
_HOSTS = "/etc/hosts"
_KEPT = "/var/lib/vw/context.json"
"""Where a machine without a seed keeps its context over a boot of its own; `/run` forgets."""
_RULE = "/etc/tmpfiles.d/vwplan.conf"
_RULE_TEXT = f"""# Brings the cluster's context back at each boot; /run forgets.
d /run/vw 0755 root root -
C {_CONTEXT} 0644 root root - {_KEPT}
"""
"""What systemd reads at each boot."""


def deliver(host: Host, action: Action, reporter: Reporter) -> str:
    """The seed first, which no guest can refuse; then, through the agent, the context's file and the members' names.

    A machine without a seed is given a copy that a boot of its own leaves, with a rule that brings it back. What is worth telling
    the user, or nothing.
    """
    domain = host.domain(action.identity)
    if domain is None:
        raise Changed("Changed since the plan", f"The machine {action.name} is not there any more. Plan again.")
    has_seed = reads_seed(host, action.identity, domain.XMLDesc(0))
    if has_seed:
        write_seed(host, action)
    if action.context is None or host.is_pretended:
        return ""
    if read_power(domain) != "running":
        raise Refused(
            "Machine is not running",
            f"Nothing can be delivered into {action.name} now; what it is to know is in its seed, for its next start.",
        )
    reporter.say("telling it of its cluster")
    agent = Agent(domain)
    try:
        if agent.run("mkdir", "-p", "/run/vw") != 0:
            raise AgentError("/run/vw cannot be made in the guest")
        agent.write(_CONTEXT, context_text(action.context).encode())
        hosts = agent.read(_HOSTS).decode(errors="replace")
        told = with_hosts(hosts, hosts_block(action.context))
        if told != hosts:
            agent.write(_HOSTS, told.encode())
        return "" if has_seed else _keep(agent, action)
    except AgentSilent as error:
        raise silent(action.name, "Telling", error) from error
    except AgentError as error:
        raise Refused("Guest refuses what is delivered", f"{action.name}: {error}") from error


def _keep(agent: Agent, action: Action) -> str:
    """Leave the context where a boot finds it; what is to be told where the guest does not let that be done."""
    try:
        for path, text in ((_KEPT, context_text(action.context or {})), (_RULE, _RULE_TEXT)):
            if agent.run("mkdir", "-p", path.rpartition("/")[0]) != 0:
                raise AgentError(f"{path} cannot be made in the guest")
            agent.write(path, text.encode())
    except AgentError as error:
        return f"{action.name} forgets its cluster when it boots by itself: {error}"
    return ""

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


def deliver(host: Host, action: Action, reporter: Reporter) -> None:
    """The seed first, which no guest can refuse; then, through the agent, the context's file and the members' names."""
    domain = host.domain(action.identity)
    if domain is None:
        raise Changed("Changed since the plan", f"The machine {action.name} is not there any more. Plan again.")
    if reads_seed(host, action.identity, domain.XMLDesc(0)):
        write_seed(host, action)
    if action.context is None or host.is_pretended:
        return
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
    except AgentSilent as error:
        raise silent(action.name, "Telling", error) from error
    except AgentError as error:
        raise Refused("Guest refuses what is delivered", f"{action.name}: {error}") from error

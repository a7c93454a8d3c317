"""What users of Terraform, or readers of the language, ask for by name and vwplan does otherwise or not yet: the word for each.

Guessing the nearest name would send them astray: `taint` is not a misspelt `state`.
"""

from __future__ import annotations

from collections.abc import Mapping

LATER = "is not in this version"

COMMANDS: Mapping[str, str] = {
    "checkout": f"{LATER}: give a workspace the image that the other one starts from.",
    "copy": f"{LATER}: give a workspace the image that the other one starts from.",
    "get": "is not needed: modules are read where they are, nothing is fetched.",
    "help": "is an option: vwplan --help, and vwplan COMMAND --help.",
    "hosts": f"{LATER}: the provider blocks of the spec name the hosts.",
    "images": f"{LATER}: vwplan state list names the images that are recorded.",
    "inventory": f"{LATER}: vwplan output --json and vwplan show --json print what other programs need.",
    "login": "is not needed: there is no service to log in to. A state in PostgreSQL takes passwords by PGPASSFILE or PGSERVICE.",
    "logout": "is not needed: there is no service to log in to.",
    "pause": 'is an argument: power = "paused" in the spec, then vwplan apply.',
    "providers": "is vwplan version --json, which lists those that are installed.",
    "reap": f"{LATER}: there are no leases yet, so nothing lapses.",
    "refresh": "is vwplan apply --refresh-only. Each plan looks at the hosts by itself.",
    "renegotiate": f"{LATER}: resources are given as one size each.",
    "renew": f"{LATER}: there are no leases yet, so nothing lapses.",
    "repair": "is vwplan apply: it mends whatever differs from the spec.",
    "restore": "is vwplan state restore for a state, and vwplan rollback for what runs. Saved RAM is not in this version.",
    "resume": 'is an argument: power = "running" in the spec, then vwplan apply.',
    "run": f"{LATER}: user_data runs when a machine is made, and ssh at any time.",
    "save": f'{LATER}: use power = "paused" or power = "off" in the spec, then vwplan apply.',
    "scale": "is an argument: change count or for_each of the workers in the spec, then vwplan apply.",
    "serial": f"{LATER}: virsh console NAME, with the name that vwplan state show ADDRESS tells.",
    "ssh": f"{LATER}: vwplan state show ADDRESS tells a machine's address and ssh_host_key.",
    "ssh-config": f"{LATER}: vwplan state show ADDRESS tells a machine's address and ssh_host_key.",
    "start": 'is an argument: power = "running" in the spec, then vwplan apply.',
    "status": "is vwplan show for what is recorded, and vwplan plan --refresh-only for what differs from that.",
    "stop": 'is an argument: power = "off" in the spec, then vwplan apply.',
    "taint": "is an option: vwplan apply --replace=ADDRESS.",
    "test": f"{LATER}: check blocks and conditions are tried by vwplan plan --simulate.",
    "untaint": "is not there: what was left half-made is made anew.",
    "unlock": "is vwplan force-unlock ID.",
    "watch": f"{LATER}: vwplan plan --detailed-exitcode, run from time to time, ends with 2 when something differs.",
    "workspace": "is an option: a workspace is a machine here, and what Terraform calls so is a stack: --stack=NAME or VW_STACK.",
}
"""Names that are no command, with what to use."""

OF_STATE: Mapping[str, str] = {
    "identities": "is vwplan state show ADDRESS.",
    "replace-provider": "is not there: a machine does not move between hypervisors. Change `provider` in the spec: it is made anew.",
}
"""The same of what follows `state`."""

OPTIONS: Mapping[str, str] = {
    "--allow-missing-config": "An object is imported into a block of the spec: write it first.",
    "--backend-config": "Where the state is kept is written in the spec: vwplan { state ... }.",
    "--backup": "Earlier states are kept by themselves: vwplan state history lists them.",
    "--compact-warnings": "Warnings are always shown in full: leave it out.",
    "--config": "Use -chdir=DIR before the command.",
    "--draw-cycles": "A cycle is an error that names its members: leave it out.",
    "--dry-run": "Nothing is moved or forgotten on a host by commands of the state, and vwplan state restore brings the state back.",
    "--generate-config-out": "The block must be in the spec: vwplan schema KIND tells what it may say.",
    "--id": "Give addresses instead: vwplan state list ADDRESS...",
    "--migrate-state": "Use vwplan state migrate.",
    "--no-lock": "What changes the state always takes its lock: leave it out. With --lock-timeout=5m it waits for a "
    "holder that is at work; a dead process holds none.",
    "--plan": "Use vwplan show FILE.",
    "--state": "Use --stack=NAME for another stack, and vwplan state pull and push for files.",
    "--state-out": "Use --stack=NAME for another stack, and vwplan state pull and push for files.",
    "--type": "Use --steps for the steps of the plan; without it, the resources are drawn.",
}
"""Options of Terraform's that no command has, with what to do."""


def option(name: str, of_command: bool) -> str:
    """What to say of an option that there is not, behind a command or before it; empty when there is nothing to say but that."""
    if not of_command:
        return f"No such option '{name}'. Only -chdir=DIR comes before the command; all others follow it."
    written = "--lock=false" if name == "--no-lock" else name
    return f"No such option '{written}'. {OPTIONS[name]}" if name in OPTIONS else ""


def command(group: str, name: str, of_state: Mapping[str, object]) -> str:
    """What to say of `vwplan name`, or of `vwplan state name`, that there is not; empty when there is nothing to say but that."""
    if group == "state":
        return f"'state {name}' {OF_STATE[name]}" if name in OF_STATE else ""
    if name in COMMANDS:
        return f"'{name}' {COMMANDS[name]}"
    return f"'{name}' is vwplan state {name}." if name in of_state else ""

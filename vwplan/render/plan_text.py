"""A plan as text, as a Terraform user knows it: what changed outside, what will be done and why, outputs, and the sum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vwplan.plan.model import Change, Does, Plan, StepVerb
from vwplan.render.blocks import natural
from vwplan.render.change_text import ChangeWriter
from vwplan.render.theme import Theme, harmless
from vwplan.render.words import value_text

Plain = Any

LEGEND = {
    "=": ("cyan", "import"),
    "+": ("green", "create"),
    "~": ("yellow", "update in-place"),
    "-/+": ("red", "destroy and then create replacement"),
    "+/-": ("red", "create replacement and then destroy"),
    "-": ("red", "destroy"),
    ".": ("dim", "leave as it is, managed no longer"),
}


def plan_text(plan: Plan, colour: bool = False, *, steps: bool = False) -> str:
    """The whole plan but for its warnings; with `steps` also each step, as they will be carried out."""
    theme = Theme(colour)
    sections = [
        _unseen(plan, theme),
        _drift(plan, theme),
        _actions(plan, theme),
        _deliveries(plan, theme),
        _outputs(plan, theme),
        _checks(plan, theme),
        steps_text(plan, colour) if steps and plan.steps else "",
        _sum(plan, theme),
    ]
    return "\n".join(section for section in sections if section)


def steps_text(plan: Plan, colour: bool = False) -> str:
    """Each step with what it waits for, in an order in which they can be done."""
    theme = Theme(colour)
    widest = max((len(step.id) for step in plan.steps), default=0)
    lines = [theme.paint("Steps, each after those that it waits for:", "bold"), ""]
    for step in plan.steps:
        what = step.verb.value
        if step.verb is StepVerb.POWER:
            what = f"power {step.arguments.get('power', '')}"
        text = f"  {step.id:{widest}}  {what:14} {step.key or '(all of these)'}"
        if step.needs:
            shown = ", ".join(step.needs[:6]) + (f" and {len(step.needs) - 6} more" if len(step.needs) > 6 else "")
            text += theme.paint(f"  after {shown}", "dim")
        lines.append(text.rstrip())
    return "\n".join(lines) + "\n"


def _unseen(plan: Plan, theme: Theme) -> str:
    if not plan.incomplete:
        return ""
    lines = [theme.paint("This plan is incomplete.", "yellow", "bold")]
    lines += [
        f"  The host {host.key} could not be seen: {harmless(host.problem)}" for host in plan.hosts if host.problem
    ]
    left = [change for change in plan.changes if change.does is Does.NOTHING]
    if left:
        lines.append(f"  Nothing is planned for {len(left)} of the resources, and what is recorded of them stays:")
        reasons: dict[str, list[str]] = {}
        for change in left:
            reasons.setdefault(change.reason, []).append(change.key)
        for reason, keys in reasons.items():
            more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
            lines.append(f"    {', '.join(keys[:3])}{more} ({harmless(reason)})")
    return "\n".join(lines) + "\n"


def _drift(plan: Plan, theme: Theme) -> str:
    if not plan.drift:
        return ""
    lines = [theme.paint("Objects have changed outside of vwplan", "cyan", "bold"), ""]
    for drift in sorted(plan.drift, key=lambda one: natural(one.key)):
        lines.append(f"  {theme.paint('~', 'yellow')} {harmless(drift.sentence)}")
    if plan.refresh_only:
        lines += ["", "This is a refresh-only plan: it brings the state up to what exists, and touches nothing else."]
    return "\n".join(lines) + "\n"


def _shown(plan: Plan) -> list[Change]:
    quiet = (Does.NOTHING, Does.DELIVER)
    return sorted((c for c in plan.changes if c.does not in quiet), key=lambda one: natural(one.key))


def _actions(plan: Plan, theme: Theme) -> str:
    changes = _shown(plan)
    if not changes:
        return ""
    writer = ChangeWriter(theme, plan)
    signs = {writer.sign(change) for change in changes}
    lines = ["vwplan will do the following. Each action has its sign:"]
    for sign, (style, meaning) in LEGEND.items():
        if sign in signs:
            lines.append(f"{theme.paint(f'{sign:>3}', style)} {meaning}")
    lines.append("")
    for change in changes:
        writer.write(change, lines)
    return "\n".join(lines)


def _deliveries(plan: Plan, theme: Theme) -> str:
    counts: dict[str, int] = {}
    for step in plan.steps:
        if step.verb is StepVerb.DELIVER:
            counts[step.cluster] = counts.get(step.cluster, 0) + 1
    if not counts:
        return ""
    lines = [theme.paint("Rosters to deliver", "bold"), ""]
    for cluster, count in sorted(counts.items(), key=lambda item: natural(item[0])):
        roster = plan.rosters[cluster]
        to = "1 running member" if count == 1 else f"{count} running members"
        of = "1 member" if len(roster.members) == 1 else f"{len(roster.members)} members"
        lines.append(f"  {theme.paint('~', 'yellow')} {cluster}: a roster of {of}, to {to} (live)")
    return "\n".join(lines) + "\n"


def _outputs(plan: Plan, theme: Theme) -> str:
    if not plan.output_changes:
        return ""
    lines = ["Changes to Outputs:"]
    widest = max(map(len, plan.output_changes))
    for name, (before, after) in sorted(plan.output_changes.items()):
        if before is None:
            sign, style, text = "+", "green", value_text(after, 4)
        elif after is None:
            sign, style, text = "-", "red", f"{value_text(before, 4)} -> null"
        else:
            sign, style, text = "~", "yellow", f"{value_text(before, 4)} -> {value_text(after, 4)}"
        lines.append(f"  {theme.paint(sign, style)} {name:{widest}} = {text}")
    return "\n".join(lines) + "\n"


def _checks(plan: Plan, theme: Theme) -> str:
    lines: list[str] = []
    for check in plan.checks:
        if check.passed is False:
            lines.append(f"  {theme.paint('failed', 'yellow')}   {check.address}: {harmless(check.message)}")
        elif check.passed is None:
            lines.append(f"  {theme.paint('unknown', 'dim')}  {check.address}: known after apply")
    return "\n".join(["Checks:", *lines]) + "\n" if lines else ""


def _sum(plan: Plan, theme: Theme) -> str:
    if plan.empty:
        return _nothing(plan, theme)
    add, change, destroy = plan.counts
    kept = sum(one.does is Does.KEEP for one in plan.changes)
    forgotten = sum(one.does is Does.FORGET for one in plan.changes)
    if plan.refresh_only:
        return f"{theme.paint('Refresh:', 'bold')} {len(plan.steps)} to bring up to date in the state.\n"
    words = f"{plan.imports} to import, " if plan.imports else ""
    words += f"{add} to add, {change} to change, {destroy} to destroy"
    words += f", {kept} to keep" if kept else ""
    words += f", {forgotten} to forget" if forgotten else ""
    text = f"{theme.paint('Plan:', 'bold')} {words}.\n"
    if not plan.steps:
        text = "Only outputs change: applying this plan saves them in the state, and touches nothing else.\n"
    return text + "".join(_second_yes(plan))


def _second_yes(plan: Plan) -> Iterator[str]:
    asking = [change.key for change in plan.changes if change.asks]
    if asking:
        yield f'A second yes is needed for: {", ".join(asking)} (replace = "ask").\n'


def _nothing(plan: Plan, theme: Theme) -> str:
    if plan.incomplete and plan.hosts and all(host.problem for host in plan.hosts):
        return f"{theme.paint('Nothing is planned.', 'yellow', 'bold')} No host could be seen.\n"
    if plan.incomplete:
        rest = "What could be seen matches the configuration."
    elif plan.destroy:
        rest = "There is nothing to destroy."
    elif plan.refresh_only:
        rest = "What is recorded is what exists."
    else:
        rest = "Your infrastructure matches the configuration."
    return f"{theme.paint('No changes.', 'green', 'bold')} {rest}\n"

"""One change as text: its header with the reason, and its arguments with their signs, aligned, each with what the edit costs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from vwplan.kinds import KINDS
from vwplan.kinds.model import Argument, Effect, Phase
from vwplan.plan.model import Change, Difference, Does, Plan, StepVerb
from vwplan.plan.shapes import Shape
from vwplan.render.blocks import block_title, shape_of_kind, titled
from vwplan.render.theme import Theme, harmless
from vwplan.render.words import LATE, name_text, value_text

Plain = Any

_STYLES = {"+": "green", "-": "red", "~": "yellow", "-/+": "red", "+/-": "red", ".": "dim", "=": "cyan"}

_COSTS = {
    Effect.CREATE: "read when made",
    Effect.RECORD: "record",
    Effect.LIVE: "live",
    Effect.RESTART: "restart",
    Effect.REPLACE: "forces replacement",
}

_TOP = re.compile(r"[.\[]")

_HEADERS = {
    Does.CREATE: "will be created",
    Does.IMPORT: "will be imported",
    Does.UPDATE: "will be updated in-place",
    Does.DELETE: "will be destroyed",
    Does.FORGET: "will no longer be managed by vwplan, and is not destroyed",
    Does.KEEP: "will be kept, and planned no longer",
}


class ChangeWriter:
    """Writes changes of one plan, line by line."""

    def __init__(self, theme: Theme, plan: Plan) -> None:
        self._theme = theme
        self._signs = {sign: theme.paint(sign, style) for sign, style in _STYLES.items()} | {" ": " "}
        deleted: set[str] = set()
        self._made_first: set[str] = set()
        for step in plan.steps:
            if step.verb is StepVerb.DELETE:
                deleted.add(step.key)
            elif step.verb in (StepVerb.CREATE, StepVerb.STAGE) and step.key not in deleted:
                self._made_first.add(step.key)

    def sign(self, change: Change) -> str:
        """The sign of a change, as the legend explains it."""
        match change.does:
            case Does.CREATE:
                return "+"
            case Does.REPLACE:
                return "+/-" if change.key in self._made_first else "-/+"
            case Does.DELETE:
                return "-"
            case Does.UPDATE | Does.MOVE:
                return "~"
            case Does.IMPORT:
                return "="
        return "."

    def write(self, change: Change, lines: list[str]) -> None:
        """Add a change's lines, and an empty one."""
        bold = self._theme.paint(change.key, "bold")
        lines.append(f"  # {bold} {self._header(change)}")
        lines.extend(f"  # ({words})" for words in self._reasons(change))
        sign = self.sign(change)
        if change.does is Does.MOVE or (change.does in (Does.KEEP, Does.FORGET) and not change.differences):
            lines.append("")
            return
        pad = " " * (3 - len(sign))
        lines.append(f"{pad}{self._signs[sign]} {block_title(change.kind, change.key)} {{")
        shape = shape_of_kind(change.kind)
        match change.does:
            case Does.CREATE:
                self._whole(change.after, shape, "+", 6, lines, _facts(change))
            case Does.DELETE:
                self._whole(change.before, shape, "-", 6, lines, {})
            case Does.IMPORT:
                self._whole(change.after, shape, " ", 6, lines, _facts(change))
            case _:
                self._differences(change, shape, lines)
        lines.append("    }")
        lines.append("")

    def _header(self, change: Change) -> str:
        if change.does is Does.REPLACE:
            if any(d.effect is Effect.REPLACE for d in change.differences):
                return "must be " + self._theme.paint("replaced", "red", "bold")
            return "will be " + self._theme.paint("replaced", "red", "bold")
        if change.does is Does.MOVE:
            return f"is what {change.previous} was"
        text = _HEADERS[change.does]
        if change.imported and change.does is Does.UPDATE:
            text = "will be imported and updated in-place"
        if change.does is Does.DELETE:
            text = "will be " + self._theme.paint("destroyed", "red", "bold")
        if change.does is Does.UPDATE and change.effect is not None:
            text += f" [{_COSTS[change.effect]}]"
        return text

    def _reasons(self, change: Change) -> list[str]:
        words = [f'imported from "{harmless(change.imported)}"'] if change.imported else []
        words += [harmless(change.reason)] if change.reason else []
        words += [f"because of {harmless(cause.text)}" for cause in change.causes]
        if change.previous and change.does is not Does.MOVE:
            words.append(f"moved from {change.previous}")
        if change.does is Does.UPDATE and change.outage:
            words.append("it is away for a while")
        if change.asks:
            words.append('replace = "ask": needs a second yes')
        return words

    def _whole(
        self,
        arguments: Mapping[str, Plain],
        shape: Shape,
        sign: str,
        indent: int,
        lines: list[str],
        facts: Mapping[str, Plain],
    ) -> None:
        """All arguments of a block, scalars aligned, blocks below."""
        mark = " " * indent + self._signs[sign] + " "
        blocks = shape.blocks
        flat = [name for name, value in arguments.items() if name not in blocks and value is not None]
        names = {name: name_text(name) for name in (*flat, *facts)}
        widest = max(map(len, names.values()), default=0)
        for name in flat:
            text = value_text(arguments[name], indent + 2, shape.arguments.get(name))
            lines.append(f"{mark}{names[name]:{widest}} = {text}")
        for name, value in facts.items():
            lines.append(f"{mark}{names[name]:{widest}} = {value if value is LATE else value_text(value, indent + 2)}")
        for name, value in arguments.items():
            found = blocks.get(name)
            if found is None or not value:
                continue
            block, inner = found
            for title, item in titled(name, value, block):
                lines.append(f"{mark}{title} {{")
                self._whole(item if isinstance(item, Mapping) else {}, inner, sign, indent + 4, lines, {})
                lines.append(" " * (indent + 2) + "}")

    def _differences(self, change: Change, shape: Shape, lines: list[str]) -> None:
        widest = max((len(d.path) for d in change.differences), default=0)
        for difference in change.differences:
            lines.append(self._difference(difference, _argument(shape, difference.path), widest))
        touched = {_TOP.split(difference.path, maxsplit=1)[0] for difference in change.differences}
        hidden = sum(value is not None and name not in touched for name, value in change.after.items())
        if hidden:
            words = "argument" if hidden == 1 else "arguments"
            lines.append(self._theme.paint(f"        # ({hidden} unchanged {words} hidden)", "dim"))

    def _difference(self, difference: Difference, argument: Argument | None, widest: int) -> str:
        before, after = difference.before, difference.after
        cost = self._theme.paint(
            f"# {_COSTS[difference.effect]}", "red" if difference.effect is Effect.REPLACE else "dim"
        )
        if before is None:
            sign, text = "+", value_text(after, 8, argument)
        elif after is None:
            sign, text = "-", f"{value_text(before, 8, argument)} -> null"
        else:
            sign, text = "~", f"{value_text(before, 8, argument)} -> {value_text(after, 8, argument)}"
        return f"      {self._signs[sign]} {difference.path:{widest}} = {text} {cost}"


def _facts(change: Change) -> dict[str, Plain]:
    """The facts of what is to be made: those chosen, and the names of those to come."""
    kind = KINDS.get(change.kind)
    facts = {name: value for name, value in change.facts.items() if not isinstance(value, Mapping)}
    if kind is not None:
        for fact in kind.facts:
            if fact.phase is not Phase.CHOSEN:
                facts.setdefault(fact.name, LATE)
    return {name: value for name, value in facts.items() if name not in change.after}


def _argument(shape: Shape, path: str) -> Argument | None:
    """The argument at a path of a difference, for its unit."""
    for name in path.replace("]", "").replace("[", ".").split("."):
        if name in shape.arguments:
            return shape.arguments[name]
        if name in shape.blocks:
            shape = shape.blocks[name][1]
    return None

"""Progress while steps run: on a terminal what runs now and for how long, elsewhere a line for each beginning and end."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from vwplan.cli.terminal import Terminal
from vwplan.engine.events import (
    Event,
    RunEnded,
    RunStarted,
    Settled,
    StateUnwritten,
    StepEnded,
    StepProgress,
    StepStarted,
    Stopping,
)
from vwplan.render.progress import Powers, doing_text, event_line, powers_of

if TYPE_CHECKING:
    from rich.console import RenderableType

    from vwplan.plan import Plan

STILL = 10.0
"""Seconds after which a line says that a step still runs, where no live display does."""

Listener = Callable[[Event], None]


@contextmanager
def progress(terminal: Terminal, plan: Plan) -> Iterator[Listener]:
    """A listener for the engine's events about a plan, that fits the terminal."""
    if terminal.json:
        yield partial(_json_line, terminal)
    elif terminal.interactive and terminal.colour:
        with _live(terminal, powers_of(plan)) as listener:
            yield listener
    else:
        yield _Lines(terminal, powers_of(plan)).hear


def _json_line(terminal: Terminal, event: Event) -> None:
    if isinstance(event, StateUnwritten):
        from vwplan.render.diagnostics_json import diagnostic_plain

        told = {"diagnostic": diagnostic_plain(event.diagnostic), "path": event.path, "text": event.text}
    else:
        told = dataclasses.asdict(event)
    terminal.line(_snake(type(event).__name__), **told)


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


class _Lines:
    """A line for each event, for logs."""

    def __init__(self, terminal: Terminal, powers: Powers) -> None:
        self._terminal = terminal
        self._powers = powers
        self._told: dict[str, float] = {}

    def hear(self, event: Event) -> None:
        if isinstance(event, StepProgress):
            if event.elapsed - self._told.get(event.step, 0.0) < STILL:
                return
            self._told[event.step] = event.elapsed
        line = event_line(event, self._powers, colour=self._terminal.colour)
        if line:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


@contextmanager
def _live(terminal: Terminal, powers: Powers) -> Iterator[Listener]:
    from rich.console import Console
    from rich.live import Live

    console = Console(no_color=not terminal.colour, highlight=False, markup=False, soft_wrap=True)
    board = _Board(powers)
    with Live(get_renderable=board.render, console=console, refresh_per_second=5, transient=True) as live:

        def hear(event: Event) -> None:
            board.hear(event)
            if isinstance(event, StepEnded | Settled | Stopping | StateUnwritten):
                from rich.text import Text

                line = event_line(event, powers, colour=terminal.colour)
                if line:
                    live.console.print(Text.from_ansi(line))

        yield hear


class _Board:
    """What runs now, with what it says and since when; and how much is left."""

    MOST = 12

    def __init__(self, powers: Powers) -> None:
        self._powers = powers
        self._running: dict[str, tuple[str, str, float]] = {}
        self._words: dict[str, str] = {}
        self._ended = 0
        self._total = 0

    def hear(self, event: Event) -> None:
        match event:
            case RunStarted():
                self._total = event.steps
            case StepStarted():
                self._running[event.step] = (event.key, doing_text(event, self._powers), time.monotonic())
            case StepProgress():
                self._words[event.step] = event.words
            case StepEnded():
                self._running.pop(event.step, None)
                self._words.pop(event.step, None)
                self._ended = event.remaining.ended
            case RunEnded():
                self._running.clear()
            case _:
                pass

    def render(self) -> RenderableType:
        from rich.text import Text

        now = time.monotonic()
        running = list(self._running.items())
        lines = []
        for step, (key, doing, since) in running[: self.MOST]:
            words = self._words.get(step, "")
            lines.append(f"  {key}: {doing} {now - since:.0f}s{'  ' if words else ''}{words}")
        if len(running) > self.MOST:
            lines.append(f"  and {len(running) - self.MOST} more")
        if self._total:
            lines.append(f"  {self._ended} of {self._total} steps done, {len(running)} running")
        return Text("\n".join(lines), no_wrap=True, overflow="ellipsis")

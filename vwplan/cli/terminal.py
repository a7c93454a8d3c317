"""What is printed, and where: results on standard output, diagnostics and progress on standard error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError

PAGE = 100
"""The columns of what is not printed on a terminal."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """How to print: with or without colours, at what width, to a person or to a machine."""

    colour: bool
    width: int
    interactive: bool
    json: bool = False

    @staticmethod
    def of(no_color: bool = False, json: bool = False) -> Terminal:
        """The terminal that this process has. `NO_COLOR` (https://no-color.org) counts when it is not empty."""
        interactive = sys.stdout.isatty()
        colour = interactive and not no_color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        # Only a terminal has a width; what goes to a file or a pipe reads the same wherever it was made.
        width = shutil.get_terminal_size((PAGE, 24)).columns if interactive else PAGE
        return Terminal(colour, width, interactive, json)

    def say(self, text: str) -> None:
        """Print a result."""
        sys.stdout.write(text if text.endswith("\n") else text + "\n")

    def line(self, type: str, **told: object) -> None:
        """Print one JSON object on a line of its own, at once: what a command that takes its time has to tell a machine."""
        from vwplan.render.outputs import to_json_line

        sys.stdout.write(to_json_line({"type": type, **told}) + "\n")
        sys.stdout.flush()

    @contextmanager
    def in_lines(self) -> Iterator[None]:
        """A command that prints one JSON object a line for a machine: what stops it is such lines too."""
        try:
            yield
        except DiagnosticError as problem:
            if self.json:
                from vwplan.render.diagnostics_json import diagnostic_plain

                for one in problem.diagnostics:
                    self.line("diagnostic", diagnostic=diagnostic_plain(one))
            raise

    def tell(self, text: str) -> None:
        """Print something on the way: what is being waited for, what was settled."""
        sys.stderr.write(text if text.endswith("\n") else text + "\n")
        sys.stderr.flush()

    def diagnose(self, diagnostics: Iterable[Diagnostic]) -> None:
        """Print problems."""
        from vwplan.render.diagnostics_text import diagnostics_text

        text = diagnostics_text(diagnostics, colour=self.colour and sys.stderr.isatty(), width=self.width)
        if text:
            self.tell(text)

    def approves(self, question: str, hint: str, *, ask: bool = True, unasked: str = "--auto-approve") -> bool:
        """Whether somebody says yes. Where nobody may be asked, a diagnostic that names the option to be given instead.

        For a machine nothing is asked: among the JSON that it reads, a question would be rubbish.
        """
        if not ask or self.json:
            detail = f"With --input=false or --json, {unasked} is needed."
            raise DiagnosticError(Diagnostic("not-approved", "Nobody may be asked", detail))
        return self.ask(question, f"{hint} Only 'yes' is taken for a yes.") == "yes"

    def ask(self, question: str, hint: str) -> str:
        """A line typed in answer to a question; empty when nothing can be typed."""
        self.say(f"\n{question}\n  {hint}\n")
        sys.stdout.write("  Enter a value: ")
        sys.stdout.flush()
        answer = sys.stdin.readline()
        if not answer.endswith("\n"):
            sys.stdout.write("\n")
        return answer.strip()

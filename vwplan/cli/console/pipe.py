"""Asking through a pipe: expressions as lines of text, or as lines of JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import IO, Any, TextIO

from vwplan.cli.console.session import Answer, Session, beyond
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.hcl.unfinished import Gathering, is_blank

LONGEST = 1 << 27
"""The most bytes that a line of JSON may have."""


def answer_lines(session: Session, terminal: Terminal, lines: Iterable[bytes]) -> bool:
    """Answer each expression, which may go over several lines while brackets or heredocs are open; tells whether all had one.

    Lines of nothing but space and comments are passed over; `exit` ends it.
    """
    gathering, empty, well = Gathering(), True, True
    for raw in lines:
        line = raw.decode("utf-8", "surrogateescape")
        if empty and line.strip() == "exit":
            return well
        empty = gathering.add(line.rstrip("\r\n"))
        if empty:
            if not is_blank(gathering.text):
                well &= _answer(session, terminal, gathering.text)
            gathering = Gathering()
    if not empty:
        well &= _answer(session, terminal, gathering.text)
    return well


def _answer(session: Session, terminal: Terminal, text: str) -> bool:
    try:
        shown = session.ask(text).text(safe=terminal.interactive)
    except DiagnosticError as error:
        terminal.diagnose(error.diagnostics)
        return False
    except (RecursionError, MemoryError) as problem:
        terminal.diagnose([beyond(problem)])
        return False
    terminal.say(shown)
    sys.stdout.flush()
    return True


def answer_json_lines(session: Session, lines: IO[bytes], out: TextIO) -> None:
    """Answer each line, a JSON string that holds an expression, by a line: an object with `ok`, and `json` or `diagnostics`.

    Each answer is written out before the next line is read.
    """
    while line := lines.readline(LONGEST):
        out.write(_json_answer(session, line, lines))
        out.write("\n")
        out.flush()


def _json_answer(session: Session, line: bytes, lines: IO[bytes]) -> str:
    try:
        answer = session.ask(_expression(line, lines))
        return _object(answer)
    except DiagnosticError as error:
        return _failure(error.diagnostics)
    except (RecursionError, MemoryError) as problem:
        return _failure([beyond(problem)])


def _object(answer: Answer) -> str:
    return json.dumps(answer.plain())


def _failure(diagnostics: Iterable[Diagnostic]) -> str:
    from vwplan.render.diagnostics_json import diagnostic_plain

    told: dict[str, Any] = {"ok": False, "diagnostics": [diagnostic_plain(each) for each in diagnostics]}
    return json.dumps(told)


def _expression(line: bytes, lines: IO[bytes]) -> str:
    """The expression in a line of JSON."""
    if len(line) >= LONGEST and not line.endswith(b"\n"):
        while (rest := lines.readline(LONGEST)) and not rest.endswith(b"\n"):
            pass
        raise _bad_line(f"it has more than {LONGEST:,} bytes")
    try:
        found = json.loads(line)
    except UnicodeDecodeError:
        raise _bad_line("it is no UTF-8") from None
    except ValueError as problem:
        raise _bad_line(str(problem).removesuffix(".")) from None
    if not isinstance(found, str):
        raise _bad_line("it is other JSON")
    return found


def _bad_line(reason: str) -> DiagnosticError:
    detail = f'A line of input is a JSON string that holds one expression, such as "1 + 1" in its quotes. This one is not: {reason}.'
    return DiagnosticError(Diagnostic("bad-line", "Unreadable line", detail))

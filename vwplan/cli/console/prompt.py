"""Asking by hand: a prompt with history, completion, and expressions of several lines."""

from __future__ import annotations

import bisect
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent

from vwplan.cli.console.session import Session, beyond
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import DiagnosticError
from vwplan.hcl.unfinished import expressions, unfinished

HELP = """\
Type an expression and Enter: its value is shown. It goes on over lines while brackets or heredocs are open.
var.NAME, local.NAME, module.NAME.OUTPUT and resources such as workspace.NAME.address have the values that the spec and the
state give them now. type(…) tells a type. Tab completes names; a line that starts with a space is not kept in the history.
exit, or Ctrl-D, leaves."""

_HISTORY = "console.history"
_SECRET = re.compile(r"\A\s|(?<![\w-])sensitive\s*\(")
_PATH = re.compile(r"[^\W\d][\w-]*(?:\.[\w-]*|\[[^\[\]]*\])*\Z")
_KEY = re.compile(r"\[[^\[\]]*\]")


def converse(session: Session, terminal: Terminal, names: Sequence[str], folder: Path | None) -> None:
    """Ask for expressions and show their values until it is left. The history is kept in `folder`, if one is given."""
    prompt: PromptSession[str] = PromptSession(
        "> ",
        history=_history(folder),
        completer=_Names(names),
        complete_while_typing=False,
        multiline=True,
        enable_suspend=True,
        prompt_continuation="  ",
        key_bindings=_keys(),
    )
    while True:
        try:
            text = prompt.prompt()
        except KeyboardInterrupt:
            continue
        except EOFError:
            return
        # What was pasted may be several.
        for each in expressions(text):
            match each.strip():
                case "exit":
                    return
                case "help":
                    terminal.say(HELP)
                case _:
                    _show(session, terminal, each)


def _show(session: Session, terminal: Terminal, text: str) -> None:
    try:
        terminal.say(session.ask(text).text(safe=True))
    except DiagnosticError as error:
        terminal.diagnose(error.diagnostics)
    except (RecursionError, MemoryError) as problem:
        terminal.diagnose([beyond(problem)])
    except KeyboardInterrupt:
        return  # which has been told


def _keys() -> KeyBindings:
    """Enter ends an expression that is whole, and otherwise the line."""
    keys = KeyBindings()

    @keys.add("enter")
    def _(event: KeyPressEvent) -> None:
        buffer = event.current_buffer
        if unfinished(buffer.text) and buffer.document.text_before_cursor.strip():
            buffer.newline(copy_margin=False)
        else:
            buffer.validate_and_handle()

    return keys


def _history(folder: Path | None) -> History:
    """The history in a file that its owner alone can read; in memory where it cannot be kept."""
    if folder is None:
        return InMemoryHistory()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        path = folder / _HISTORY
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600))
        path.chmod(0o600)
    except OSError:
        return InMemoryHistory()
    return _Kept(str(path))


class _Kept(FileHistory):
    """A history that does not keep what starts with a space, or says that it is secret."""

    def store_string(self, string: str) -> None:
        if not _SECRET.search(string):
            super().store_string(string)


class _Names(Completer):
    """Completes dotted names step by step; keys in brackets on the way are passed over."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterator[Completion]:
        found = _PATH.search(document.text_before_cursor)
        if found is None:
            return
        typed = _KEY.sub("", found[0])
        seen = ""
        for name in self._names[bisect.bisect_left(self._names, typed) :]:
            if not name.startswith(typed):
                return
            end = name.find(".", len(typed))
            step = name if end < 0 else name[:end]
            if step not in (seen, typed):
                seen = step
                yield Completion(step[len(typed) :], display=step.rpartition(".")[2])

"""The program `vwplan`: its commands, and the one place where what went wrong becomes an exit code.

Exit codes: 0 done or no change, 1 error, 2 changes pending (`--detailed-exitcode`), 130 interrupted.
"""

from __future__ import annotations

import errno
import gc
import io
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import click
import typer

from vwplan.cli import elsewhere
from vwplan.cli.arguments import normalised
from vwplan.cli.commands import Program
from vwplan.cli.given import in_one_order
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError

Command = Callable[..., None]

INTERRUPTED = 130


def application() -> typer.Typer:
    """The program. Its commands are imported when they are asked for."""
    app = typer.Typer(
        name="vwplan",
        cls=Program,
        help="Make virtual workspaces and clusters what a spec says they should be.",
        no_args_is_help=True,
        suggest_commands=False,  # What it would suggest is suggested already, once.
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    return app


def _version(asked: bool) -> None:
    if asked:
        from vwplan.cli.commands.version import print_version

        print_version(json=False)
        raise typer.Exit


def _root(
    chdir: Annotated[str, typer.Option("--chdir", metavar="DIR", help="Work in this folder.")] = "",
    version: Annotated[
        bool, typer.Option("--version", "-v", help="Print the version.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    if chdir:
        try:
            os.chdir(chdir)
        except OSError as problem:
            raise typer.BadParameter(f"cannot work in {chdir}: {problem.strerror}", param_hint="-chdir") from problem


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the program with the command line, and exit as it went."""
    words = normalised(sys.argv[1:] if arguments is None else arguments)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            # Where whoever started us closed it, Python has none at all.
            setattr(sys, name, Path(os.devnull).open(mode))  # noqa: SIM115 - for as long as the process lives.
        elif isinstance(stream, io.TextIOWrapper):
            # Specs and states are UTF-8 wherever they lie, and so is what is said of them, whatever the locale.
            stream.reconfigure(encoding="utf-8", errors="surrogateescape" if mode == "r" else "backslashreplace")
    signal.signal(signal.SIGINT, _interrupt)
    code = run(words)
    # From here on there is nothing to tidy up.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    try:
        sys.stdout.flush()
    except OSError as problem:
        code = _unwritable(problem)
    # The interpreter looks once more for garbage before it ends, among all that it frees anyway: a seventh of a short plan.
    gc.freeze()
    sys.exit(code)


def _interrupt(number: int, frame: object) -> None:
    """Ctrl-C while nothing is under way that must be finished; an apply listens for itself."""
    sys.stderr.write("\nInterrupted.\n")
    raise KeyboardInterrupt


def _interrupted(problem: BaseException | None) -> bool:
    """Whether somebody interrupted, though an error of another name came of it, as of making a class."""
    while problem is not None:
        if isinstance(problem, KeyboardInterrupt):
            return True
        problem = problem.__cause__ or problem.__context__
    return False


def run(words: Sequence[str]) -> int:
    """Run one command and give its exit code; nothing that a user did ends in a traceback."""
    try:
        result: Any = application()(in_one_order(words), prog_name="vwplan", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except DiagnosticError as problem:
        Terminal.of(no_color="--no-color" in words).diagnose(problem.diagnostics)
        return 1
    except typer.Exit as leaving:
        return leaving.exit_code
    except (KeyboardInterrupt, typer.Abort):
        return INTERRUPTED
    except BrokenPipeError as problem:
        return _unwritable(problem)
    except Exception as problem:
        if _interrupted(problem):
            return INTERRUPTED
        return _unexpected(problem, no_color="--no-color" in words)


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)


def _unwritable(problem: OSError) -> int:
    """What is to be printed cannot be written; whoever read it may be gone. The interpreter must not complain of that again."""
    if not isinstance(problem, BrokenPipeError):
        sys.stderr.write(f"Error: The output cannot be written: {problem.strerror}\n")
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1


def _unusable(problem: OSError) -> Diagnostic:
    """What is told of a file that the system does not let us use, and that nobody said anything better of."""
    from vwplan.cli.stack import FOLDER

    detail = f"{problem.filename}: {problem.strerror}."
    if FOLDER in Path(str(problem.filename)).parts:
        detail += (
            f" In {FOLDER} beside the spec, vwplan keeps state, keys and what it fetches: let it read and write there."
        )
    return Diagnostic("file-unusable", "A file or folder cannot be used", detail)


def _has_folder() -> bool:
    """Whether the folder that the program works in is still there."""
    try:
        os.getcwd()  # noqa: PTH109 - nothing is wanted of it but an answer.
    except FileNotFoundError:
        return False
    return True


def _unexpected(problem: Exception, no_color: bool) -> int:
    if isinstance(problem, click.ClickException):
        if isinstance(problem, click.NoSuchOption):
            of_command = problem.ctx is None or problem.ctx.parent is not None
            if told := elsewhere.option(problem.option_name, of_command):
                problem = click.UsageError(told, problem.ctx)
        problem.show()
        return 1
    if isinstance(problem, OSError) and problem.filename:
        Terminal.of(no_color=no_color).diagnose([_unusable(problem)])
        return 1
    if isinstance(problem, FileNotFoundError) and not _has_folder():
        detail = "The folder that this was started in is not there any more. Change to one that is."
        Terminal.of(no_color=no_color).diagnose([Diagnostic("folder-gone", "No present folder", detail)])
        return 1
    if isinstance(problem, OSError) and problem.errno in _FULL:
        return _unwritable(problem)
    import traceback

    traceback.print_exc()
    sys.stderr.write("\nThis is a bug in vwplan, not in your spec. Please report it with the lines above.\n")
    return 1

"""`vwplan recover`: finds out what a run that was cut short has left, and records that; nothing is repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from vwplan.cli.commands.state_change import need_state, say_json
from vwplan.cli.options import Json, LockTimeout, NoColor, Simulate, Var, VarFile
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack, new_run
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError, did_you_mean

if TYPE_CHECKING:
    from vwplan.engine.recover import Recovered
    from vwplan.state import Begun, Session


def recover(
    forget: Annotated[
        list[str],
        typer.Option("--forget", metavar="HOST", help="Let go of what was begun on a host that is gone; repeatable."),
    ] = [],  # noqa: B006 - typer copies its defaults.
    json: Json = False,
    stack: StackName = "default",
    simulate: Simulate = False,
    var: Var = [],  # noqa: B006
    var_file: VarFile = [],  # noqa: B006
    lock_timeout: LockTimeout = "0s",
    no_color: NoColor = False,
) -> None:
    """Settle what an earlier run left under way, and show it. Every command that changes things does so by itself."""
    from vwplan.engine.recover import recover

    terminal = Terminal.of(no_color, json)
    work = Stack(Given(stack, simulate, var, var_file, lock_timeout))
    need_state(work)
    with work.lock("recover") as session:
        recovered = recover(session, new_run(work, "recover"))
        gone = _forget(work, session, forget) if forget else ()
        left = session.unfinished
        if json:
            _say_json(terminal, session, recovered, gone)
        else:
            _say(terminal, recovered, gone)
    if left:
        terminal.diagnose(recovered.diagnostics)
        raise typer.Exit(1)


def _forget(work: Stack, session: Session, hosts: list[str]) -> tuple[Begun, ...]:
    """Let go of what is still not settled on some hosts; each is named by its key, its provider or its label."""
    from vwplan.engine.recover import forget

    there = sorted({begun.host for begun in session.unfinished})
    keys: list[str] = []
    for given in hosts:
        found = [key for key in there if given in (key, *key.split("/"))]
        if len(found) != 1:
            raise DiagnosticError(_no_such_host(given, found, there))
        keys += found
    return tuple(begun for key in keys for begun in forget(session, new_run(work, f"recover --forget={key}"), key))


def _no_such_host(given: str, found: list[str], there: list[str]) -> Diagnostic:
    if found:
        detail = f'Several hosts are called "{given}": {", ".join(found)}. Say which.'
    elif there:
        detail = f'Nothing is left unsettled on "{given}".{did_you_mean(given, there)} There is on {", ".join(there)}.'
    else:
        detail = f'Nothing is left unsettled, on "{given}" or elsewhere.'
    return Diagnostic("no-such-host", "Nothing to forget on that host", detail)


def _say(terminal: Terminal, recovered: Recovered, gone: tuple[Begun, ...]) -> None:
    for line in recovered.lines:
        terminal.say(line)
    for begun in gone:
        terminal.say(
            f"{begun.key}: {begun.verb} of {begun.kind} {begun.name} on {begun.host} was begun before; it is let go of. "
            + ("What is recorded stays." if begun.verb != "create" else "If it was made there, nobody knows of it now.")
        )
    if not recovered.anything:
        terminal.say("There is nothing to settle.")


def _say_json(terminal: Terminal, session: Session, recovered: Recovered, gone: tuple[Begun, ...]) -> None:
    def told(begun: Begun) -> dict[str, str]:
        return {"address": begun.key, "verb": begun.verb, "kind": begun.kind, "name": begun.name, "host": begun.host}

    say_json(
        terminal,
        {
            "settled": list(recovered.lines),
            "forgotten": [told(begun) for begun in gone],
            "left": [told(begun) for begun in session.unfinished],
            "serial": session.ledger.serial,
        },
    )

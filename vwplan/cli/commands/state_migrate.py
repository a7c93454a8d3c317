"""`vwplan state migrate`: brings the state from files to the database that the spec names, or back."""

from __future__ import annotations

import json as codec
from typing import Annotated

import typer

from vwplan.cli.options import Json, LockTimeout
from vwplan.cli.options import Stack as StackName
from vwplan.cli.stack import Given, Stack
from vwplan.cli.terminal import Terminal
from vwplan.diagnostics import Diagnostic, DiagnosticError


def migrate(
    source: Annotated[str, typer.Option("--from", metavar="STORE", help="Where it is: local or postgres.")] = "",
    target: Annotated[str, typer.Option("--to", metavar="STORE", help="Where it is to be.")] = "",
    json: Json = False,
    stack: StackName = "default",
    lock_timeout: LockTimeout = "0s",
) -> None:
    """Bring the state to another store; the spec's state "postgres" block says which database is meant."""
    from vwplan.state.postgres import open_store

    other = {"local": "postgres", "postgres": "local"}
    source, target = source or other.get(target, ""), target or other.get(source, "")
    if other.get(source) != target:
        detail = "Write --to=postgres (from files) or --to=local (from the database)."
        raise DiagnosticError(Diagnostic("bad-migration", "Which way?", detail))
    work = Stack(Given(stack, lock_timeout=lock_timeout))
    conninfo = work.configuration.settings.state_arguments.get("conninfo")
    if not conninfo:
        detail = (
            'The spec has no state "postgres" block. It says which database is meant; leave it in until this is done.'
        )
        raise DiagnosticError(Diagnostic("no-shared-state", "No database is named", detail))
    shared, files = open_store(str(conninfo), work.root, work.name, cover=work.cover), work.files_store()
    from vwplan.state.postgres.migrate import to_local, to_postgres

    holder, wait = work.holder("state migrate"), work.lock_timeout
    if target == "postgres":
        if files.read() is None:
            raise DiagnosticError(
                Diagnostic("no-state", "There is no state", f"The stack {work.name} has none in files.")
            )
        done = to_postgres(files, shared, holder, timeout=wait)
    else:
        if shared.read() is None:
            raise DiagnosticError(
                Diagnostic("no-state", "There is no state", f"The stack {work.name} has none in the database.")
            )
        done = to_local(shared, files, holder, timeout=wait)
    terminal = Terminal.of(json=json)
    if json:
        told = {"to": target, "lineage": done.state.lineage, "serial": done.state.serial, "kept": done.kept}
        terminal.say(codec.dumps(told, indent=2))
        return
    terminal.say(
        f"The state is in {target} now, at serial {done.state.serial}. What was before is kept in {done.kept}."
    )
    if target == "local":
        terminal.say('Take the state "postgres" block out of the spec.')

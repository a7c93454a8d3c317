"""The commands, one a file. What a command needs is imported when it runs, so that every command starts quickly."""

from __future__ import annotations

import typer

from vwplan.cli.commands import (
    apply,
    console,
    destroy,
    fmt,
    graph,
    orphans,
    output,
    plan,
    recover,
    rollback,
    schema,
    show,
    state,
    unlock,
    validate,
    version,
)


def add_to(app: typer.Typer) -> None:
    """Add every command to the program."""
    app.command("validate")(validate.validate)
    app.command("plan")(plan.plan)
    app.command("apply")(apply.apply)
    app.command("destroy")(destroy.destroy)
    app.command("show")(show.show)
    app.command("output")(output.output)
    app.command("graph")(graph.graph)
    app.command("console")(console.console)
    app.command("fmt")(fmt.fmt)
    app.command("schema")(schema.schema)
    app.command("version")(version.version)
    app.command("orphans")(orphans.orphans)
    app.command("recover")(recover.recover)
    app.command("rollback")(rollback.rollback)
    app.command("force-unlock")(unlock.force_unlock)
    app.add_typer(state.commands, name="state")

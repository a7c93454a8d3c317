"""Small stacks, written as text, built, and taken for applied."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from vwplan.diagnostics import Diagnostic, DiagnosticError
from vwplan.graph import Resource, Taken, Wanted, build, hosts
from vwplan.spec.files import LocalFiles
from vwplan.spec.load import load
from vwplan.state.records import Record, State, Status

LINEAGE = "5b1c0d9e-0000-4000-8000-000000000001"

PRELUDE = """
image "base" {
  source = "disk.img"
}
network "fabric" {
  cidr = "10.1.2.0/24"
}
"""


class Stack:
    """One stack in a folder of its own. Its state is what was last built, as if all of it had been applied."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = State(LINEAGE)
        self.variables: Mapping[str, Any] = {}
        (folder / "disk.img").write_bytes(b"disk")

    def write(self, text: str, prelude: str = PRELUDE) -> Stack:
        """Say what is wanted."""
        (self.folder / "main.vw.hcl").write_text(prelude + text)
        return self

    def file(self, path: str, content: str | bytes) -> Stack:
        """A file beside the spec, or below it."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content.encode() if isinstance(content, str) else content)
        return self

    def build(self, taken: Mapping[str, Taken] | None = None, simulate: bool = True, **more: Any) -> Wanted:
        """What is wanted."""
        configuration = more.pop("configuration", None) or load(self.folder)
        there = hosts(configuration, self.variables, directory=str(self.folder), simulate=simulate)
        more.setdefault("files", LocalFiles())
        return build(
            configuration, self.variables, state=self.state, hosts=there, taken=taken or {}, directory="/cwd", **more
        )

    def apply(self, **more: Any) -> Wanted:
        """Build, and take all of it for done."""
        wanted = self.build(**more)
        records = {resource.key: record_of(resource) for resource in wanted.resources}
        self.state = State(LINEAGE, self.state.serial + 1, records, rosters=wanted.rosters)
        return wanted

    def problems(self, **more: Any) -> tuple[Diagnostic, ...]:
        """What is wrong with the spec."""
        try:
            self.build(**more)
        except DiagnosticError as error:
            return error.diagnostics
        return ()


def record_of(resource: Resource, status: Status = Status.PRESENT) -> Record:
    """The record that an apply leaves."""
    return Record(
        resource.key,
        resource.kind,
        resource.identity,
        resource.birth,
        resource.name,
        resource.provider,
        resource.host,
        "",
        resource.arguments,
        resource.facts,
        resource.depends,
        status,
    )

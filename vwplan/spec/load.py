"""The loader: the files of a module, and of those that it calls, into a configuration. The one place here that reads specs."""

from __future__ import annotations

import hashlib
import os
from dataclasses import field
from pathlib import Path

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, Problems, Severity, Source, did_you_mean
from vwplan.garbage import uncollected
from vwplan.hcl import parse_file
from vwplan.hcl.evaluate import Files
from vwplan.hcl.syntax import Body
from vwplan.regular import read_regular
from vwplan.spec.checks import check_module
from vwplan.spec.dependencies import components, cycles, edges
from vwplan.spec.draft import Call, Draft
from vwplan.spec.files import LocalFiles
from vwplan.spec.model import Configuration, Module, ModuleCall, Settings
from vwplan.spec.settings import default_provider
from vwplan.spec.static import evaluate_all, tell_secret_outputs
from vwplan.spec.toplevel import decode_file

HCL, JSON = ".vw.hcl", ".vw.json"
DEEPEST = 64
"""How deep modules may call modules."""
MOST = 10_000
"""How many calls of modules, counted along every way from the root, there may be."""


@uncollected()
def load(directory: Path, files: Files | None = None) -> Configuration:
    """The configuration whose root module is in a directory.

    Raises `DiagnosticError` with every problem of every file and module. `files` are those that functions of the language
    may read; by default those of this machine.
    """
    return _Reading(directory, files or LocalFiles()).configuration()


@dataclass(slots=True)
class _Reading:
    """One loading: the modules read so far by their real path, and what is wrong with them."""

    directory: Path
    files: Files
    problems: Problems = field(default_factory=Problems)
    drafts: dict[str, Draft] = field(default_factory=dict)
    digests: dict[str, bytes] = field(default_factory=dict)
    calls: int = 0

    def configuration(self) -> Configuration:
        """Read, check, and put together."""
        root = self._read(_shown(self.directory), None, ())
        if root is None:
            self.problems.raise_errors()
            raise AssertionError("a module that cannot be read is told")
        provider = default_provider(root)
        for output in root.outputs.values():
            if output.ephemeral:
                detail = (
                    "The outputs of the root module are recorded, so they cannot be ephemeral. Leave ephemeral out."
                )
                self.problems.add(Diagnostic("ephemeral-output", "Ephemeral output", detail, output.range))
        for draft in self.drafts.values():
            if draft is not root:
                _no_settings(draft)
            if not draft.broken:
                check_module(draft)
                evaluate_all(draft, root.directory, self.files)
        if not root.broken:
            tell_secret_outputs(root, self.files)
        graph = edges(root)
        self.problems.extend(cycles(root, graph, components(graph)))
        # By place, as somebody who mends them goes through the files.
        self.problems.found.sort(key=_order)
        self.problems.raise_errors()
        settings = root.settings
        return Configuration(
            self._assembled(root, ()),
            Settings(
                settings.required_version,
                provider,
                settings.state,
                settings.state_arguments,
                settings.encryption,
            )
            if settings
            else Settings("", provider),
            self._digest(),
            tuple(self.problems.found),
        )

    def _read(self, directory: str, call: Call | None, above: tuple[str, ...]) -> Draft | None:
        """The module in a directory, with those that it calls; None where there is none, which is told then."""
        shown = os.path.normpath(directory)
        real = os.path.realpath(directory)
        if real in above:
            self._tell_cycle(call, shown)
            return None
        self.calls += 1
        if len(above) >= DEEPEST or self.calls > MOST:
            self._tell("too-many-modules", "Too many modules", "Modules call modules too deeply, or too often.", call)
            return None
        draft = self.drafts.get(real)
        if draft is None:
            sources = self._sources(shown, call)
            if sources is None:
                return None
            draft = self.drafts[real] = Draft(shown, self.problems)
            for source in sources:
                self._decode(draft, source)
        for each in draft.calls.values():
            self._follow(draft, each, (*above, real))
        return draft

    def _decode(self, draft: Draft, source: Source) -> None:
        body, problems = _parsed_json(source) if source.name.endswith(JSON) else parse_file(source)
        self.problems.extend(problems)
        if any(problem.severity is Severity.ERROR for problem in problems):
            draft.broken.add(id(source))
        decode_file(draft, body)

    def _follow(self, draft: Draft, call: Call, above: tuple[str, ...]) -> None:
        """Read the module that a call names."""
        source = call.source
        if not source:
            return
        if not (source.startswith(("./", "../")) or source in (".", "..")):
            hint = f' Write "./{source}".' if os.path.isdir(Path(draft.directory, source)) else ""  # noqa: PTH112 - any name will do.
            detail = f'"{source}" is no path that starts with ./ or ../. Only modules beside the spec are read.{hint}'
            self.problems.add(Diagnostic("invalid-source", "Invalid source of a module", detail, call.source_range))
            return
        if "\0" in source:
            detail = "No path has the character U+0000 in it. Take it out."
            self.problems.add(Diagnostic("invalid-source", "Invalid source of a module", detail, call.source_range))
            return
        child = self._read(str(Path(draft.directory, source)), call, above)
        if child is not None:
            handed = frozenset(call.providers)
            child.handed = handed if child.handed is None else child.handed & handed
            draft.children[call.name] = child

    def _sources(self, directory: str, call: Call | None) -> list[Source] | None:
        """The texts of the files of a module, in the order of their names."""
        try:
            names = sorted(os.listdir(directory))  # noqa: PTH208
        except OSError as error:
            reason = "there is no such directory" if isinstance(error, FileNotFoundError) else str(error.strerror)
            near = _near_directory(directory) if isinstance(error, FileNotFoundError) else ""
            self._tell("no-spec", "No spec", f"{self._named(directory)} cannot be read: {reason}.{near}", call)
            return None
        sources = []
        for name in names:
            if name.startswith(".") or not name.endswith((HCL, JSON)):
                continue
            shown = os.path.normpath(Path(directory, name))
            try:
                content = read_regular(Path(directory, name))
            except OSError as error:
                self._tell("unreadable", "File that cannot be read", f"{shown}: {error.strerror}.", None)
                continue
            self.digests[os.path.relpath(shown, self.directory)] = hashlib.sha256(content).digest()
            sources.append(Source(shown, content.decode("utf-8", "surrogateescape")))
        if not sources and not self.problems.errors:
            detail = f"{self._named(directory)} holds no spec: no file whose name ends with {HCL} or {JSON}."
            other = next((name for name in names if name.endswith((".tf", ".tf.json", ".tofu"))), "")
            if other:
                detail += (
                    f" {other} is for Terraform; vwplan's blocks are workspace, cluster, network, volume and image."
                )
            self._tell("no-spec", "No spec", detail, call)
            return None
        return sources

    def _named(self, directory: str) -> str:
        """The directory as it is told; the one that a command is run on by its whole path, because `.` says little."""
        return str(self.directory) if directory == os.curdir else directory

    def _tell_cycle(self, call: Call | None, directory: str) -> None:
        detail = f"The module in {directory} calls itself, directly or through others."
        self._tell("module-cycle", "Module that calls itself", detail, call)

    def _tell(self, code: str, summary: str, detail: str, call: Call | None) -> None:
        self.problems.add(Diagnostic(code, summary, detail, call.source_range if call is not None else None))

    def _assembled(self, draft: Draft, path: tuple[str, ...]) -> Module:
        """The module of a draft at the end of a path of calls."""
        calls = {
            name: ModuleCall(
                name,
                self._assembled(child, (*path, name)),
                call.inputs,
                call.meta,
                call.providers,
                call.range,
                call.provider_keys,
            )
            for name, call in draft.calls.items()
            if (child := draft.children.get(name)) is not None
        }
        return Module(
            path,
            draft.directory,
            draft.variables,
            draft.locals,
            draft.outputs,
            calls,
            draft.resources,
            draft.data,
            draft.providers,
            tuple(draft.moved),
            tuple(draft.removed),
            tuple(draft.imports),
            tuple(draft.checks.values()),
        )

    def _digest(self) -> str:
        """The digest over the names and contents of every file read."""
        digest = hashlib.sha256()
        for name, content in sorted(self.digests.items()):
            digest.update(name.encode("utf-8", "surrogateescape") + b"\0" + content)
        return digest.hexdigest()


def _parsed_json(source: Source) -> tuple[Body, tuple[Diagnostic, ...]]:
    # Few stacks have a file in JSON, so what reads one is imported by those.
    from vwplan.hcl.jsonsyntax import parse_json
    from vwplan.spec.jsonshape import FileShape

    return parse_json(source, FileShape())


def _near_directory(directory: str) -> str:
    """A sentence that names the directory beside one that is not there whose name is nearest; empty when none is near."""
    try:
        beside = sorted(each.name for each in Path(directory).parent.iterdir() if each.is_dir())
    except OSError:
        return ""
    return did_you_mean(Path(directory).name, [name for name in beside if not name.startswith(".")])


def _order(problem: Diagnostic) -> tuple[str, int]:
    at = problem.subject
    return (at.file, at.start) if at is not None else ("", 0)


def _shown(directory: Path) -> str:
    """A directory as users are to see it: relative where it is the working directory or below."""
    try:
        relative = os.path.relpath(directory)
    except ValueError:
        return str(directory)
    return str(directory) if relative.startswith("..") else relative


def _no_settings(draft: Draft) -> None:
    """Tell of settings of the stack in a module that is called."""
    settings = draft.settings
    if settings is not None and (settings.provider or settings.stores or settings.encrypts):
        detail = "A module that is called may say required_version only: provider, state and encryption belong to the root module."
        draft.add(Diagnostic("not-here", "Not taken here", detail, settings.range))

"""Modules of others, evaluated here and by Terraform: run by hand on folders that hold Terraform modules.

    python tests/language/others.py FOLDER... [--seed=N]

Each module is reduced to what needs no provider: variables, local values, outputs, and calls of modules beside it; what
refers to a resource or a data source is left out, and all that hangs on it. Required variables are given values of their
types; with a seed, half of the others too. Every variable and local value becomes an output, and those are compared.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parent))

from dialects import Files, Verdict, ours, theirs, write
from differential import agree

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl import parse_file
from vwplan.hcl.evaluate import EvaluationError, compile_expression
from vwplan.hcl.syntax import Attribute, Block, Expression, Literal
from vwplan.hcl.typeexpr import parse_type
from vwplan.values import DYNAMIC, ListType, MapType, ObjectType, SetType, TupleType, Type

WORDS = ('"web"', '"10.0.0.0/16"', '"eu-west-1"', '"a-b_c"', '"5"', '"true"', '"x"')
ANY = ('"any"', "1", '["a"]', '{ k = "v" }', "null", "[]", "{}")
KNOWN = frozenset({"var", "local", "module", "path", "each", "count"})
LARGEST = 60_000
"""Files beside the modules that have more bytes are not copied: no function of a module's is likely to read them."""

Place = tuple[Block, Source]


def value(random: Random, type: Type, name: str) -> str:
    """An expression of a type, for a variable of that name."""
    match type:
        case MapType():
            keys = random.sample(["alpha", "beta", "gamma"], random.choice([0, 1, 2]))
            return "{ " + ", ".join(f"{key} = {value(random, type.element, name)}" for key in keys) + " }"
        case ListType() | SetType():
            return "[" + ", ".join(value(random, type.element, name) for _ in range(random.choice([0, 1, 2]))) + "]"
        case TupleType():
            return "[" + ", ".join(value(random, item, name) for item in type.items) + "]"
        case ObjectType():
            given = [each for each in type.attributes if each not in type.optional or random.random() < 0.5]
            return "{ " + ", ".join(f"{each} = {value(random, type.attributes[each], each)}" for each in given) + " }"
    if type.friendly == "string":
        return f'"10.{random.randrange(9)}.0.0/16"' if "cidr" in name else random.choice(WORDS)
    if type.friendly == "number":
        return random.choice(["1", "2", "3", "0", "30", '"7"', "1.5"])
    return random.choice(["true", "false"] if type.friendly == "bool" else ANY)


@dataclass
class Reduced:
    """A module and what of it is left: blocks by name, those that hang on what is left out, and its text."""

    folder: Path
    variables: dict[str, Place] = field(default_factory=dict)
    locals: dict[str, tuple[Attribute, Source]] = field(default_factory=dict)
    outputs: dict[str, Place] = field(default_factory=dict)
    calls: dict[str, Place] = field(default_factory=dict)
    children: dict[str, Reduced] = field(default_factory=dict)
    dead: set[tuple[str, str]] = field(default_factory=set)
    others: list[Place] = field(default_factory=list)
    sources: list[Source] = field(default_factory=list)

    @property
    def required(self) -> set[str]:
        """The variables without a default."""
        return {name for name, (block, _) in self.variables.items() if "default" not in block.body.attributes}

    def read(self) -> None:
        """Sort the blocks of all files."""
        for path in sorted(self.folder.glob("*.tf")):
            source = Source(str(path), path.read_text(errors="replace"))
            self.sources.append(source)
            for block in parse_file(source)[0].blocks:
                name = block.labels[0].text if block.labels else ""
                if block.kind == "locals":
                    self.locals |= {each.name: (each, source) for each in block.body.attributes.values()}
                elif block.kind in ("variable", "output", "module") and name:
                    {"variable": self.variables, "output": self.outputs, "module": self.calls}[block.kind][name] = (
                        block,
                        source,
                    )
                else:
                    self.others.append((block, source))

    def hangs(self, expression: Expression, source: Source) -> bool:
        """Whether an expression refers to what is left out."""
        try:
            references = compile_expression(expression, source).references
        except EvaluationError:
            return False
        declared = {"local": self.locals, "var": self.variables, "module": self.calls}
        for reference in references:
            name = str(reference.steps[0].key) if reference.steps else ""
            if reference.root not in KNOWN or (reference.root, name) in self.dead:
                return True
            if name not in declared.get(reference.root, {name}):
                return True
            if reference.root == "module":
                if name not in self.children:
                    return True
                wanted = [str(step.key) for step in reference.steps[1:] if step.attribute]
                child = self.children[name]
                if wanted and ("output", wanted[0]) not in child.kept_outputs():
                    return True
        return False

    def kept_outputs(self) -> set[tuple[str, str]]:
        """The outputs that are left."""
        return {("output", name) for name in self.outputs} - self.dead

    def settle(self) -> None:
        """Find out what hangs on what is left out."""
        before = -1
        while before != len(self.dead):
            before = len(self.dead)
            self.dead |= {
                ("local", name) for name, (each, source) in self.locals.items() if self.hangs(each.expression, source)
            }
            for name, (block, source) in self.calls.items():
                needed = self.children[name].required if name in self.children else set()
                arguments = block.body.attributes
                vital = [arguments[each] for each in ("count", "for_each", *needed) if each in arguments]
                if name not in self.children or any(self.hangs(each.expression, source) for each in vital):
                    self.dead.add(("module", name))
        for name, (block, source) in self.outputs.items():
            found = block.body.attributes.get("value")
            if found is None or self.hangs(found.expression, source):
                self.dead.add(("output", name))

    def texts(self) -> dict[str, str]:
        """The files with what is left out blanked, so that lines stay where they were."""
        cuts: dict[int, list[tuple[int, int]]] = {id(source): [] for source in self.sources}
        for block, source in self.others:
            cuts[id(source)].append((block.start, block.end))
        for attribute, source in (self.locals[name] for kind, name in self.dead if kind == "local"):
            cuts[id(source)].append((attribute.start, attribute.end))
        for kind, places in (("output", self.outputs), ("module", self.calls), ("variable", self.variables)):
            for name, (block, source) in places.items():
                cuts[id(source)] += (
                    [(block.start, block.end)] if (kind, name) in self.dead else self._within(block, source)
                )
        made = {}
        for source in self.sources:
            text = source.text
            for start, end in sorted(cuts[id(source)], reverse=True):
                text = text[:start] + "".join(each for each in text[start:end] if each == "\n") + text[end:]
            made[Path(source.name).stem] = text
        return made

    def _within(self, block: Block, source: Source) -> list[tuple[int, int]]:
        """What is left out of a block that is kept."""
        found = [
            (inner.start, inner.end)
            for inner in block.body.blocks
            if any(self.hangs(each.expression, source) for each in inner.body.attributes.values())
        ]
        for attribute in block.body.attributes.values():
            hangs = block.kind == "module" and attribute.name != "source" and self.hangs(attribute.expression, source)
            if attribute.name in ("depends_on", "providers", "version") or hangs:
                found.append((attribute.start, attribute.end))
        return found


def reduce(root: Path, folder: Path, done: dict[Path, Reduced]) -> Reduced:
    """The module in a folder, with all that it calls below `root`, reduced."""
    real = folder.resolve()
    if real in done:
        return done[real]
    made = done[real] = Reduced(real)
    made.read()
    for name, (block, _) in made.calls.items():
        source = block.body.attributes.get("source")
        path = source.expression.value if source is not None and isinstance(source.expression, Literal) else ""
        inner = (real / str(path)).resolve()
        if str(path).startswith(".") and inner.is_relative_to(root) and any(inner.glob("*.tf")) and inner not in done:
            made.children[name] = reduce(root, inner, done)
        elif inner in done and inner != real:
            made.children[name] = done[inner]
    made.settle()
    return made


def files_of(root: Path, module: Reduced, done: dict[Path, Reduced], seed: int) -> tuple[dict[str, str], str]:
    """All files by their paths without endings, with outputs for every value; and where in them the module is."""
    files: dict[str, str] = {}
    for path in root.rglob("*"):
        code = path.name.endswith((".tf", ".tfvars", ".tf.json", ".tfvars.json", ".md"))
        if code or "." not in path.name or ".git" in path.parts or not path.is_file() or path.stat().st_size > LARGEST:
            continue
        files[str(path.relative_to(root))] = path.read_text(errors="replace")
    for each in done.values():
        prefix = os.path.relpath(each.folder, root)
        files |= {os.path.normpath(f"{prefix}/{stem}"): text for stem, text in each.texts().items()}
    prefix = os.path.relpath(module.folder, root)
    names = [f"local.{name}" for name in module.locals if ("local", name) not in module.dead]
    names += [f"var.{name}" for name in module.variables]
    names += [f"module.{name}" for name in module.calls if ("module", name) not in module.dead]
    shown = "".join(
        f'output "zz_{name.replace(".", "_")}" {{\n  value     = {name}\n  sensitive = true\n}}\n' for name in names
    )
    files[os.path.normpath(f"{prefix}/zz_all")] = shown
    random = Random(f"{module.folder.name} {seed}")
    values = []
    for name, (block, source) in module.variables.items():
        told = block.body.attributes.get("type")
        if name not in module.required and (not seed or random.random() < 0.5):
            continue
        try:
            type = parse_type(told.expression, source)[0] if told is not None else DYNAMIC
        except DiagnosticError:
            type = DYNAMIC
        values.append(f"{name} = {value(random, type, name)}\n")
    files[os.path.normpath(f"{prefix}/zz.auto.vars")] = "".join(values)
    return files, prefix


def verdicts(files: Files, below: str) -> tuple[Verdict, Verdict]:
    """What we say, and what Terraform says."""
    found: list[Verdict] = []
    for say, endings in ((ours, (".vw.hcl", ".vwvars.hcl")), (theirs, (".tf", ".tfvars"))):
        with tempfile.TemporaryDirectory() as folder:
            # Of one name in both, because modules ask for it.
            write(Path(folder, "top"), files, *endings)
            try:
                found.append(say(Path(folder, "top", below), {}))
            except Exception as problem:  # a traceback is the worst difference
                found.append({"crashes": repr(problem)})
    return found[0], found[1]


def main(arguments: list[str]) -> int:
    """Compare, print what differs, and count."""
    seed = next((int(each[7:]) for each in arguments if each.startswith("--seed=")), 0)
    tally = Counter[str]()
    for folder in (Path(each).resolve() for each in arguments if not each.startswith("--")):
        root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)
        done: dict[Path, Reduced] = {}
        module = reduce(root, folder, done)
        files, below = files_of(root, module, done, seed)
        us, them = verdicts(files, below)
        same = agree(us, them)
        tally[("both fail" if "fails" in them else "agree") if same else "differ"] += 1
        if not same:
            print("=" * 100, folder, sep="\n")
            for name in sorted({**us.get("outputs", {}), **them.get("outputs", {})}):
                mine, other = us.get("outputs", {}).get(name), them.get("outputs", {}).get(name)
                if "outputs" in us and "outputs" in them and mine != other:
                    print(f"{name}\n  here:      {mine}\n  Terraform: {other}")
            print("  here:     ", us.get("fails", us.get("crashes")), "\n  Terraform:", them.get("fails"), flush=True)
    print(", ".join(f"{count} {name}" for name, count in tally.items()))
    return 1 if tally["differ"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""The order in which a configuration is evaluated: every block after those that it refers to.

The graph is static: over blocks of modules, not over instances. A module's variables and outputs stand in it one by one, so
that two modules may use each other's outputs as long as no value needs itself. Nothing here recurses.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import field

from vwplan.dataclass import dataclass
from vwplan.diagnostics import Diagnostic, DiagnosticError, Range
from vwplan.hcl.evaluate import Compiled, Reference
from vwplan.spec.model import Condition, MemberBlock, Meta, Module, ModuleCall, Part, ResourceBlock

Path = tuple[str, ...]


@dataclass(slots=True, eq=False)
class Node:
    """One thing to evaluate, for all instances of its module.

    `sort` is `call`, `gate` (what a call's `depends_on` waits for), `variable`, `validation`, `local`, `data`, `block`,
    `member` or `output`; `name` the block's; of a member `role` is `head` or its role. `needs` come before it.
    """

    path: Path
    sort: str
    name: str
    module: Module
    range: Range | None
    role: str = ""
    needs: list[Node] = field(default_factory=list)

    @property
    def text(self) -> str:
        """What it is called in a message."""
        name = {
            "variable": f"var.{self.name}",
            "validation": f"the validation of var.{self.name}",
            "local": f"local.{self.name}",
            "data": f"data.{self.name}",
            "output": f"output.{self.name}",
            "call": f"module.{self.name}",
            "gate": f"module.{self.name}",
        }.get(self.sort, self.name)
        if self.role:
            name += ".head" if self.role == "head" else f".workers.{self.role}"
        return "".join(f"module.{step}." for step in self.path) + name


def part_expressions(part: Part) -> Iterator[tuple[Compiled, frozenset[str]]]:
    """All expressions of a block's contents, each with the iterators of the `dynamic` blocks around it."""
    todo: list[tuple[Part, frozenset[str]]] = [(part, frozenset())]
    while todo:
        part, bound = todo.pop()
        for given in part.arguments.values():
            yield given.value, bound
        for blocks in part.blocks.values():
            for block in blocks:
                inner = bound
                if block.dynamic is not None:
                    yield block.dynamic.for_each, bound
                    inner = bound | {block.dynamic.iterator}
                    for label in block.dynamic.labels:
                        yield label, inner
                todo.append((block.part, inner))


def part_references(part: Part) -> Iterator[Reference]:
    """All references that a block's contents make to what is outside it."""
    for compiled, bound in part_expressions(part):
        for reference in compiled.references:
            if reference.root not in bound:
                yield reference


def meta_references(meta: Meta, repetition: bool = True, depends: bool = True) -> Iterator[Reference]:
    """The references of meta-arguments; with `repetition` those of `count` and `for_each`, with `depends` `depends_on`."""
    lifecycle = meta.lifecycle
    single = [lifecycle.prevent_destroy, lifecycle.replace, *lifecycle.replace_triggered_by, *meta.timeouts.values()]
    single.append(meta.provider_key)
    if repetition:
        single += [meta.count, meta.for_each]
    for compiled in single:
        if compiled is not None:
            yield from compiled.references
    for condition in (*lifecycle.preconditions, *lifecycle.postconditions):
        yield from condition_references(condition)
    if depends:
        yield from meta.depends_on


def condition_references(condition: Condition) -> Iterator[Reference]:
    """The references of a condition and of its message."""
    yield from condition.condition.references
    yield from condition.error_message.references


def refers_to(reference: Reference, variable: str) -> bool:
    """Whether a reference is to that variable."""
    return reference.root == "var" and reference.keys[:1] == (variable,)


class Plotter:
    """Makes the nodes of a configuration and the edges between them."""

    def __init__(self, root: Module) -> None:
        self.nodes: dict[tuple[Path, str, str, str], Node] = {}
        self._modules: list[tuple[Path, Module, ModuleCall | None]] = []
        todo: list[tuple[Path, Module, ModuleCall | None]] = [((), root, None)]
        while todo:
            path, module, call = todo.pop()
            self._modules.append((path, module, call))
            todo.extend(((*path, name), inner.module, inner) for name, inner in reversed(list(module.calls.items())))
        for path, module, _ in self._modules:
            self._make(path, module)
        for path, module, call in self._modules:
            self._join(path, module, call)

    def _add(self, path: Path, sort: str, name: str, module: Module, range: Range | None, role: str = "") -> None:
        self.nodes[path, sort, name, role] = Node(path, sort, name, module, range, role)

    def _make(self, path: Path, module: Module) -> None:
        for variable in module.variables.values():
            self._add(path, "variable", variable.name, module, variable.range)
            if variable.validations:
                self._add(path, "validation", variable.name, module, variable.range)
        for local in module.locals.values():
            self._add(path, "local", local.name, module, local.range)
        for call in module.calls.values():
            self._add(path, "call", call.name, module, call.range)
            self._add(path, "gate", call.name, module, call.range)
        for data in module.data.values():
            self._add(path, "data", data.key, module, data.range)
        for block in module.resources.values():
            self._add(path, "block", block.key, module, block.range)
            for member in block.members:
                self._add(path, "member", block.key, module, member.range, member.role)
        for output in module.outputs.values():
            self._add(path, "output", output.name, module, output.range)

    def _join(self, path: Path, module: Module, call: ModuleCall | None) -> None:
        outer = [self.nodes[path[:-1], "call", path[-1], ""]] if path else []
        gate = [self.nodes[path[:-1], "gate", path[-1], ""]] if path else []
        for variable in module.variables.values():
            node = self.nodes[path, "variable", variable.name, ""]
            node.needs += outer
            if call is not None and variable.name in call.inputs:
                assert outer
                references = call.inputs[variable.name].references
                self._refer(node, references, path[:-1], outer[0].module)
            if variable.validations:
                checked = self.nodes[path, "validation", variable.name, ""]
                checked.needs.append(node)
                for condition in variable.validations:
                    # Its own value is there by then; those of others only once they are found to be valid.
                    others = (each for each in condition_references(condition) if not refers_to(each, variable.name))
                    self._refer(checked, others, path, module)
        for local in module.locals.values():
            node = self.nodes[path, "local", local.name, ""]
            node.needs += outer
            self._refer(node, local.value.references, path, module)
        for inner in module.calls.values():
            node = self.nodes[path, "call", inner.name, ""]
            node.needs += outer
            self._refer(node, meta_references(inner.meta, depends=False), path, module)
            for compiled in inner.provider_keys.values():
                self._refer(node, compiled.references, path, module)
            waits = self.nodes[path, "gate", inner.name, ""]
            waits.needs += [node, *gate]
            self._refer(waits, inner.meta.depends_on, path, module)
        for data in module.data.values():
            node = self.nodes[path, "data", data.key, ""]
            node.needs += outer + gate
            self._refer(node, part_references(data.part), path, module)
            self._refer(node, meta_references(data.meta), path, module)
        for block in module.resources.values():
            self._join_block(path, module, block, outer + gate)
        for output in module.outputs.values():
            node = self.nodes[path, "output", output.name, ""]
            node.needs += outer
            self._refer(node, output.value.references, path, module)
            self._refer(node, output.depends_on, path, module)
            for condition in output.preconditions:
                self._refer(node, condition_references(condition), path, module)

    def _join_block(self, path: Path, module: Module, block: ResourceBlock, first: list[Node]) -> None:
        node = self.nodes[path, "block", block.key, ""]
        node.needs += first
        if not block.members:
            self._refer(node, part_references(block.part), path, module)
            self._refer(node, meta_references(block.meta), path, module)
            return
        for compiled in (block.meta.count, block.meta.for_each):
            if compiled is not None:
                self._refer(node, compiled.references, path, module)
        shared = list(meta_references(block.meta, repetition=False))
        for member in block.members:
            own = self.nodes[path, "member", block.key, member.role]
            own.needs.append(node)
            self._refer(own, shared, path, module, block, member)
            self._refer(own, part_references(member.part), path, module, block, member)
            self._refer(own, meta_references(member.meta), path, module, block, member)
            self._refer(own, _inherited(block, member), path, module, block, member)

    def _refer(
        self,
        node: Node,
        references: Iterable[Reference],
        path: Path,
        module: Module,
        block: ResourceBlock | None = None,
        member: MemberBlock | None = None,
    ) -> None:
        for reference in references:
            if reference.root == "parent":
                if block is not None and member is not None:
                    node.needs += self._of_parent(reference, path, block, member)
            else:
                node.needs += self.targets(reference, path, module)

    def targets(self, reference: Reference, path: Path, module: Module) -> list[Node]:
        """The nodes that a reference made in a module needs. Of what is not declared, none: evaluation tells that."""
        keys = reference.keys
        name = str(keys[0]) if keys else ""
        if reference.root == "var":
            # Whoever uses a variable does so after it was found to be valid.
            return self._found(path, "validation", name) or self._found(path, "variable", name)
        if reference.root == "local":
            return self._found(path, "local", name)
        if reference.root == "module":
            return self._of_module(reference, path, module, name)
        if reference.root == "data":
            return self._found(path, "data", ".".join(map(str, keys[:2])))
        block = module.resources.get(f"{reference.root}.{name}")
        if block is None:
            return []
        if not block.members:
            return self._found(path, "block", block.key)
        return self._of_cluster(_attributes(reference, 1), path, block)

    def _found(self, path: Path, sort: str, name: str, role: str = "") -> list[Node]:
        node = self.nodes.get((path, sort, name, role))
        return [] if node is None else [node]

    def _of_module(self, reference: Reference, path: Path, module: Module, name: str) -> list[Node]:
        call = module.calls.get(name)
        if call is None:
            return []
        inner = (*path, name)
        wanted = _attributes(reference, 1)
        outputs: Iterable[str] = call.module.outputs
        if wanted and wanted[0] in call.module.outputs:
            outputs = wanted[:1]
        found = [self.nodes[inner, "output", output, ""] for output in outputs]
        if not reference.steps[1:]:
            # `depends_on = [module.x]` waits for everything in it, not for its outputs alone.
            found += self._below(inner, call.module)
        return [*self._found(path, "call", name), *found]

    def _below(self, path: Path, module: Module) -> list[Node]:
        """All that makes something in a module and in those that it calls."""
        found: list[Node] = []
        todo = [(path, module)]
        while todo:
            path, module = todo.pop()
            for block in module.resources.values():
                found += self._found(path, "block", block.key)
                found += [self.nodes[path, "member", block.key, member.role] for member in block.members]
            todo.extend(((*path, name), call.module) for name, call in module.calls.items())
        return found

    def _of_cluster(self, attributes: list[str], path: Path, block: ResourceBlock) -> list[Node]:
        roles = [member.role for member in block.members]
        if attributes[:1] == ["head"]:
            roles = ["head"]
        elif attributes[:1] == ["workers"] and len(attributes) > 1 and attributes[1] in roles:
            roles = [attributes[1]]
        elif attributes[:1] == ["workers"]:
            roles.remove("head")
        return [self.nodes[path, "member", block.key, role] for role in roles]

    def _of_parent(self, reference: Reference, path: Path, block: ResourceBlock, member: MemberBlock) -> list[Node]:
        attributes = _attributes(reference, 0)
        if attributes[:1] in (["key"], ["index"]):
            return []
        if attributes[:1] == ["provides"]:
            # What a member provides itself is not among what it may read here: so a provider may need another.
            return [
                self.nodes[path, "member", block.key, other.role]
                for other in block.members
                if other is not member and "provides" in other.part.arguments
            ]
        return self._of_cluster(attributes, path, block)


def _inherited(block: ResourceBlock, member: MemberBlock) -> Iterator[Reference]:
    """The references of those defaults of a cluster that the member does not replace."""
    own = member.part
    kept = {
        name: given
        for name, given in block.part.arguments.items()
        if name not in own.arguments or given.argument.type.friendly.startswith("map")
    }
    blocks = {
        name: nested
        for name, nested in block.part.blocks.items()
        if name not in own.blocks or not nested or not nested[0].type.repeated
    }
    return part_references(Part(kept, blocks))


def _attributes(reference: Reference, start: int) -> list[str]:
    """The names of attributes behind a name, past one instance key."""
    steps = reference.steps[start:]
    if steps and not steps[0].attribute:
        steps = steps[1:]
    found: list[str] = []
    for step in steps:
        if not step.attribute:
            break
        found.append(str(step.key))
    return found


def ordered(nodes: Iterable[Node]) -> list[Node]:
    """The nodes, and all that they need, each after what it needs; `DiagnosticError` names the members of a cycle."""
    done: list[Node] = []
    state: dict[Node, int] = {}
    for first in nodes:
        if first in state:
            continue
        state[first] = 1
        stack = [(first, iter(first.needs))]
        while stack:
            node, needs = stack[-1]
            for need in needs:
                seen = state.get(need)
                if seen is None:
                    state[need] = 1
                    stack.append((need, iter(need.needs)))
                    break
                if seen == 1:
                    raise DiagnosticError(_cycle([each for each, _ in stack], need))
            else:
                state[node] = 2
                done.append(node)
                stack.pop()
    return done


def _cycle(stack: list[Node], back: Node) -> Diagnostic:
    members = stack[stack.index(back) :]
    first = min(range(len(members)), key=lambda at: (members[at].text, members[at].sort))
    members = members[first:] + members[:first]
    lines = [f"{node.text} ({node.range})" if node.range is not None else node.text for node in members]
    if len(members) == 1:
        detail = f"{lines[0]} refers to itself, so it can never be computed."
    else:
        detail = "Each of these needs the next, and the last the first, so none can be computed first: " + ", ".join(
            lines
        )
        detail += "."
    return Diagnostic("cycle", "Cycle", detail, members[0].range)

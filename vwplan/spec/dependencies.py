"""Who depends on whom, block by block over all modules, and the cycles in it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from vwplan.diagnostics import Diagnostic, Range
from vwplan.hcl.evaluate import Reference
from vwplan.hcl.syntax import Literal, TupleItems
from vwplan.kinds import KINDS
from vwplan.spec.draft import Draft, Place
from vwplan.spec.model import MemberBlock, Meta, ResourceBlock
from vwplan.spec.shapes import KIND_SHAPES

Edges = dict[str, list[str]]
"""By node, the nodes that it depends on. Nodes are named as references are, in the module of `prefix`."""


def edges(root: Draft) -> Edges:
    """The dependencies of all blocks of a module and of those it calls."""
    found: Edges = {}
    stack = [("", root)]
    while stack:
        prefix, draft = stack.pop()
        _of_module(prefix, draft, found)
        stack += [(f"{prefix}module.{name}.", child) for name, child in draft.children.items()]
    return found


def _of_module(prefix: str, draft: Draft, found: Edges) -> None:
    for block in draft.resources.values():
        if block.members:
            _of_cluster(prefix, block, found)
    for use in draft.uses:
        node = use.place.node
        if not node:
            continue
        targets = found.setdefault(prefix + node, [])
        for reference in use.value.references:
            target = target_of(draft, reference, use.place)
            # A validation looks at its own variable; at what hangs on that it cannot look.
            if target and not (target == node and reference.root == "var"):
                targets.append(prefix + target)
    for place, reference in draft.depends:
        target = target_of(draft, reference, place)
        if place.node and target:
            found.setdefault(prefix + place.node, []).append(prefix + target)
    for name, child in draft.children.items():
        _of_call(prefix, name, child, found)


def _of_call(prefix: str, name: str, child: Draft, found: Edges) -> None:
    """What ties a called module to its call: inputs, the call's own meta-arguments, its outputs."""
    call = f"{prefix}module.{name}"
    inside = f"{call}."
    for variable in child.variables:
        found.setdefault(f"{inside}var.{variable}", []).append(f"{call}.{variable}")
    own = [f"{inside}{key}" for key in (*child.resources, *(f"output.{each}" for each in child.outputs))]
    own += [f"{inside}data.{key}" for key in child.data]
    own += [f"{inside}{node}" for node in _members(child)]
    if call in found:
        for node in (*own, *(f"{inside}local.{each}" for each in child.locals)):
            found.setdefault(node, []).append(call)
    found[f"{call}.*"] = [*own, *(f"{inside}module.{each}.*" for each in child.children)]
    for output in child.outputs:
        found.setdefault(f"{call}>{output}", []).append(f"{inside}output.{output}")


def _members(draft: Draft) -> Iterator[str]:
    for block in draft.resources.values():
        for member in block.members:
            yield _node(block, member)


def _node(block: ResourceBlock, member: MemberBlock) -> str:
    return f"{block.key}.head" if member.role == "head" else f"{block.key}.workers.{member.role}"


def _of_cluster(prefix: str, block: ResourceBlock, found: Edges) -> None:
    """Members depend on the cluster's own arguments, and on those that they come after."""
    nodes = {member.role: prefix + _node(block, member) for member in block.members}
    for member in block.members:
        mine = found.setdefault(nodes[member.role], [])
        mine.append(prefix + block.key)
        after = member.part.arguments.get("after")
        if after is not None:
            expression = after.value.expression
            items = expression.items if isinstance(expression, TupleItems) else ()
            named = [item.value for item in items if isinstance(item, Literal)]
            mine += [nodes[role] for role in named if isinstance(role, str) and role in nodes]
        elif member.role != "head" and "head" in nodes:
            mine.append(nodes["head"])
    found[f"{prefix}{block.key}.*"] = list(nodes.values())


def target_of(draft: Draft, reference: Reference, place: Place) -> str:
    """The node that a reference makes its own depend on; empty where it makes none, or one instance alone.

    A reference to one instance by a written key is left to planning, which knows whether that instance is in the way.
    """
    root = reference.root
    steps = [step.key for step in reference.steps]
    if root in place.iterators or not steps:
        return ""
    if root == "var" or root == "local":
        return f"{root}.{steps[0]}"
    if root == "module":
        return _of_module_reference(draft, reference)
    if root == "data":
        block = draft.data.get(f"{steps[0]}.{steps[1]}") if len(steps) > 1 else None
        return "" if block is None or (_several(block.meta) and len(steps) > 2) else f"data.{block.key}"
    if root == "parent" and place.cluster:
        around = draft.resources.get(f"cluster.{place.cluster}")
        return _of_member_reference(around, reference, 0) if around is not None else ""
    if root not in KINDS:
        return ""
    found = draft.resources.get(f"{root}.{steps[0]}")
    if found is None:
        return ""
    if _several(found.meta) and len(steps) > 1:
        return ""
    return _of_member_reference(found, reference, 1) if found.members else found.key


def _of_module_reference(draft: Draft, reference: Reference) -> str:
    steps = reference.steps
    call = draft.calls.get(str(steps[0].key))
    if call is None:
        return ""
    if len(steps) > 1 and (call.meta.count is None and call.meta.for_each is None):
        return f"module.{call.name}>{steps[1].key}"
    return "" if len(steps) > 1 else f"module.{call.name}.*"


def _of_member_reference(block: ResourceBlock, reference: Reference, at: int) -> str:
    steps = reference.steps
    name = steps[at].key if at < len(steps) else ""
    if name in ("key", "index", "provides"):
        return ""
    if name == "head":
        return f"{block.key}.head"
    if name == "workers" and len(steps) > at + 1:
        role = str(steps[at + 1].key)
        member = next((each for each in block.members if each.role == role), None)
        if member is None or (len(steps) > at + 2 and _several(member.meta)):
            return ""
        return _node(block, member)
    if name in KIND_SHAPES["cluster"].names and name != "workers":
        return block.key
    return f"{block.key}.*" if name in ("", "roster", "workers") else ""


def _several(meta: Meta) -> bool:
    return meta.count is not None or meta.for_each is not None


def components(graph: Edges) -> list[list[str]]:
    """The strongly connected components, each after those that it depends on (Tarjan, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    on_stack: set[str] = set()
    stack: list[str] = []
    found: list[list[str]] = []
    nothing: list[str] = []
    for start in graph:
        if start in index:
            continue
        work: list[tuple[str, Iterator[str]]] = [(start, iter(graph[start]))]
        index[start] = low[start] = len(index)
        stack.append(start)
        on_stack.add(start)
        while work:
            node, targets = work[-1]
            for target in targets:
                if target not in index:
                    index[target] = low[target] = len(index)
                    stack.append(target)
                    on_stack.add(target)
                    work.append((target, iter(graph.get(target, nothing))))
                    break
                if target in on_stack and index[target] < low[node]:
                    low[node] = index[target]
            else:
                work.pop()
                if work:
                    below = work[-1][0]
                    low[below] = min(low[below], low[node])
                if low[node] == index[node]:
                    component = []
                    while True:
                        member = stack.pop()
                        on_stack.discard(member)
                        component.append(member)
                        if member == node:
                            break
                    found.append(component)
    return found


def cycles(root: Draft, graph: Edges, found: Iterable[Sequence[str]]) -> list[Diagnostic]:
    """One diagnostic for each cycle: the shortest way round, with file and line of every block on it, in a stable order."""
    problems = []
    for component in found:
        if len(component) == 1 and component[0] not in graph.get(component[0], ()):
            continue
        places = {node: at for node in component if (at := place_of(root, node)) is not None}
        first = min(places, key=lambda node: (places[node].file, places[node].start), default=component[0])
        way = _way_round(graph, first, set(component))
        told = [node for node in way if node in places]
        steps = " -> ".join(f"{node} ({places[node].file}:{places[node].line})" for node in told)
        detail = (
            f"{told[0] if told else first} depends on itself: {steps} -> {told[0] if told else first}."
            if len(told) > 1
            else f"{first} depends on itself: it refers to itself, directly or as a part of what it refers to."
        )
        problems.append(Diagnostic("cycle", "Cycle", detail, places.get(first)))
    return sorted(problems, key=lambda each: (each.subject.file, each.subject.start) if each.subject else ("", 0))


def _way_round(graph: Edges, first: str, members: set[str]) -> list[str]:
    """The shortest way from a node back to itself within its component."""
    before: dict[str, str] = {}
    queue = deque([first])
    while queue:
        node = queue.popleft()
        for target in sorted(graph.get(node, ())):
            if target == first:
                way = [node]
                while way[-1] != first:
                    way.append(before[way[-1]])
                return way[::-1]
            if target in members and target not in before:
                before[target] = node
                queue.append(target)
    return [first]


def place_of(root: Draft, node: str) -> Range | None:
    """Where the block of a node is declared; None for what is only a part of one."""
    draft, rest = root, node
    while rest.startswith("module."):
        name, _, behind = rest[len("module.") :].partition(".")
        if name not in draft.children or not behind or behind == "*":
            break
        head = behind.partition(".")[0]
        if head not in ("var", "local", "output", "module", "data") and head not in KINDS:
            break
        draft, rest = draft.children[name], behind
    words = rest.split(".")
    match words:
        case ["var", name]:
            return draft.variables[name].range if name in draft.variables else None
        case ["local", name]:
            return draft.locals[name].range if name in draft.locals else None
        case ["output", name]:
            return draft.outputs[name].range if name in draft.outputs else None
        case ["data", kind, name]:
            key = f"{kind}.{name}"
            return draft.data[key].range if key in draft.data else None
        case ["module", name, *_]:
            return draft.calls[name].range if name in draft.calls else None
        case [kind, name, *members]:
            block = draft.resources.get(f"{kind}.{name}")
            if block is None or members == ["*"]:
                return None
            role = members[-1] if members else ""
            return next((each.range for each in block.members if each.role == role), block.range)
    return None

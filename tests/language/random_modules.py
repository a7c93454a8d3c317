"""Random modules of the shape that users of Terraform write: typed variables, locals, nested modules, templates, outputs.

Most of what is made is right; now and then something is not, so that failures are compared too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

Kind = tuple[object, ...]
"""A type: `("string",)`, `("list", T)`, `("object", {name: (T, optional, default)})`, `("tuple", T…)`, `("any",)`."""

STRING, NUMBER, BOOL = ("string",), ("number",), ("bool",)
PRIMITIVES = (STRING, STRING, NUMBER, BOOL)
NAMES = ("alpha", "beta", "gamma", "name", "size", "tags", "port")
WORDS = (
    "web",
    "db",
    "eu-west",
    "10.0.0.0/16",
    "a,b,c",
    "Ünï",
    "",
    "x y",
    "42",
    "true",
    "-1",
    "1.50",
    "null",
    "line\\nbreak",
    "$${x}",
    "tab\\t",
)
NUMBERS = ("0", "1", "2", "3", "8080", "-5", "1.5", "0.1", "1e3", "443", "99999999999999999999", "0.30000000000000004")


@dataclass
class Scope:
    """What expressions may refer to: texts with their types."""

    names: list[tuple[str, Kind]] = field(default_factory=list)

    def of(self, kind: Kind) -> list[str]:
        """The texts of those of a type, and of attributes of that type within objects."""
        found = [text for text, each in self.names if each == kind]
        for text, each in self.names:
            if each[0] == "object":
                found += [f"{text}.{name}" for name, (inner, *_) in each[1].items() if inner == kind]  # type: ignore[attr-defined]
        return found

    def sort(self, *names: str) -> list[tuple[str, Kind]]:
        """Those whose type has one of these names."""
        return [(text, kind) for text, kind in self.names if kind[0] in names]


class Maker:
    """Makes the texts of one module and of those that it calls."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.wrong = 0.012

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    # Types

    def kind(self, depth: int = 2) -> Kind:
        """A random type."""
        dice = self.random.random()
        if depth == 0 or dice < 0.35:
            return self.random.choice(PRIMITIVES)
        if dice < 0.5:
            return ("list", self.kind(depth - 1))
        if dice < 0.6:
            return ("set", self.random.choice((STRING, STRING, NUMBER, self.object(0))))
        if dice < 0.75:
            return ("map", self.kind(depth - 1))
        if dice < 0.78:
            return ("tuple", *(self.kind(0) for _ in range(self.random.randint(0, 3))))
        return self.object(depth - 1)

    def object(self, depth: int) -> Kind:
        """A random object type, some attributes optional, some of those with defaults."""
        attributes = {}
        for name in self.random.sample(NAMES, self.random.randint(1, 4)):
            inner = self.kind(depth)
            optional = self.chance(0.45)
            default = self.literal(inner) if optional and self.chance(0.6) else ""
            attributes[name] = (inner, optional, default)
        return ("object", attributes)

    def constraint(self, kind: Kind) -> str:
        """The type as a type constraint."""
        if kind[0] in ("list", "set", "map"):
            return f"{kind[0]}({'any' if self.chance(0.05) else self.constraint(kind[1])})"  # type: ignore[arg-type]
        if kind[0] == "tuple":
            return f"tuple([{', '.join(self.constraint(each) for each in kind[1:])}])"  # type: ignore[arg-type]
        if kind[0] == "object":
            parts = []
            for name, (inner, optional, default) in kind[1].items():  # type: ignore[attr-defined]
                text = self.constraint(inner)
                if optional:
                    text = f"optional({text}, {default})" if default else f"optional({text})"
                parts.append(f"{name} = {text}")
            return "object({ " + ", ".join(parts) + " })"
        return str(kind[0])

    # Literals

    def literal(self, kind: Kind, loose: bool = True) -> str:
        """A constant of a type, sometimes one that only converts to it."""
        random = self.random
        if self.chance(self.wrong):
            return random.choice(("null", '"oops"', "[1]", "{}", "true"))
        if kind == STRING:
            return random.choice((*NUMBERS, "true")) if loose and self.chance(0.08) else f'"{random.choice(WORDS)}"'
        if kind == NUMBER:
            return f'"{random.choice(NUMBERS)}"' if loose and self.chance(0.08) else random.choice(NUMBERS)
        if kind == BOOL:
            return (
                random.choice(('"true"', '"false"'))
                if loose and self.chance(0.08)
                else random.choice(("true", "false"))
            )
        if kind[0] in ("list", "set"):
            return f"[{', '.join(self.literal(kind[1], loose) for _ in range(random.randint(0, 3)))}]"  # type: ignore[arg-type]
        if kind[0] == "map":
            keys = random.sample(("a", "b", '"c d"', '"1"', "zeta"), random.randint(0, 3))
            return "{ " + ", ".join(f"{key} = {self.literal(kind[1], loose)}" for key in keys) + " }"  # type: ignore[arg-type]
        if kind[0] == "tuple":
            return f"[{', '.join(self.literal(each, loose) for each in kind[1:])}]"  # type: ignore[arg-type]
        if kind[0] == "object":
            parts = [
                f"{name} = {'null' if optional and self.chance(0.15) else self.literal(inner, loose)}"
                for name, (inner, optional, _) in kind[1].items()  # type: ignore[attr-defined]
                if not (optional and self.chance(0.4))
            ]
            if loose and self.chance(0.05):
                parts.append("surplus = 1")
            return "{ " + ", ".join(parts) + " }"
        return random.choice(('"any"', "1", "[1, 2]", '{ k = "v" }'))

    # Expressions

    def expression(self, kind: Kind, scope: Scope, depth: int = 2) -> str:
        """An expression of (about) a type."""
        found = scope.of(kind)
        if found and self.chance(0.35 if depth else 0.7):
            return self.random.choice(found)
        if depth == 0:
            return self.literal(kind, loose=False)
        if self.chance(0.1):
            return f"({self.expression(BOOL, scope, depth - 1)} ? {self.expression(kind, scope, depth - 1)} : {self.expression(kind, scope, depth - 1)})"
        if self.chance(0.05):
            return f"try({self.expression(self.kind(1), scope, 0)}.nosuch, {self.expression(kind, scope, depth - 1)})"
        if self.chance(0.04):
            return f"coalesce(null, {self.expression(kind, scope, depth - 1)})"
        make: Callable[[Kind, Scope, int], str] = {
            "string": self._string,
            "number": self._number,
            "bool": self._bool,
            "list": self._list,
            "set": self._set,
            "map": self._map,
            "object": self._object,
        }.get(str(kind[0]), lambda kind, scope, depth: self.literal(kind))
        return make(kind, scope, depth - 1)

    def _any_of(self, scope: Scope, *sorts: str) -> tuple[str, Kind]:
        found = scope.sort(*sorts)
        if found and self.chance(0.85):
            return self.random.choice(found)
        sort = self.random.choice(sorts)
        kind: Kind = STRING if sort == "string" else (sort, self.random.choice(PRIMITIVES))
        if sort == "object":
            kind = self.object(0)
        return self.expression(kind, scope, 0), kind

    def _string(self, kind: Kind, scope: Scope, depth: int) -> str:
        s = lambda: self.expression(STRING, scope, depth)  # noqa: E731
        n = lambda: self.expression(NUMBER, scope, depth)  # noqa: E731
        strings: Kind = ("list", STRING)
        return self.random.choice(
            (
                lambda: f"upper({s()})",
                lambda: f'replace({s()}, "a", {s()})',
                lambda: f'replace({s()}, "/[0-9]+/", "<$0>")',
                lambda: f'"${{{s()}}}-${{{n()}}}"',
                lambda: f'"%{{ if {self.expression(BOOL, scope, depth)} }}yes ${{{s()}}}%{{ else }}no%{{ endif }}"',
                lambda: f'"%{{ for k, v in {self._any_of(scope, "map", "list")[0]} ~}} ${{k}} %{{ endfor ~}}"',
                lambda: f"join({s()}, {self.expression(strings, scope, depth)})",
                lambda: f'format("%s/%05d/%v", {s()}, {n()}, {s()})',
                lambda: f"substr({s()}, 0, 2)",
                lambda: f"jsonencode({self.random.choice(scope.names)[0] if scope.names else '[]'})",
                lambda: f"yamlencode({self.random.choice(scope.names)[0] if scope.names else '[]'})",
                lambda: f"title(lower({s()}))",
                lambda: f"trimspace({s()})",
                lambda: f"md5({s()})",
                lambda: f"tostring({n()})",
                lambda: f'lookup({{ a = {s()} }}, {s()}, "none")',
                lambda: (
                    f"element(concat([{s()}], {self.expression(strings, scope, depth)}), {self.random.randint(0, 5)})"
                ),
                lambda: f"strrev({s()})",
                lambda: f'trimprefix({s()}, "w")',
                lambda: f"nonsensitive(sensitive({s()}))",
                lambda: f'try(regex("[a-z]+", {s()}), "nothing")',
                lambda: f'coalesce({s()}, "fallback")',
                lambda: f"base64encode({s()})",
                lambda: f"templatestring(local.pattern, {{ x = {s()} }})" if self.chance(0.3) else f"chomp({s()})",
            )
        )()

    def _number(self, kind: Kind, scope: Scope, depth: int) -> str:
        n = lambda: self.expression(NUMBER, scope, depth)  # noqa: E731
        return self.random.choice(
            (
                lambda: f"({n()} {self.random.choice('+-*')} {n()})",
                lambda: f"({n()} / {self.random.choice(('2', '3', '8', n()))})",
                lambda: f"({n()} % {self.random.choice(('2', '3', '7'))})",
                lambda: f"length({self._any_of(scope, 'list', 'map', 'set', 'object', 'string')[0]})",
                lambda: f"max({n()}, {n()})",
                lambda: f"floor({n()})",
                lambda: f"ceil({n()})",
                lambda: f"abs({n()})",
                lambda: f"sum(concat([0], {self.expression(('list', NUMBER), scope, depth)}))",
                lambda: f"-{n()}",
                lambda: 'parseint("ff", 16)',
                lambda: f"signum(floor({n()}) % 3)",
                lambda: f"tonumber({self.expression(STRING, scope, depth)})" if self.chance(0.2) else n(),
                lambda: f"index([{n()}, 1], 1)",
            )
        )()

    def _bool(self, kind: Kind, scope: Scope, depth: int) -> str:
        n = lambda: self.expression(NUMBER, scope, depth)  # noqa: E731
        s = lambda: self.expression(STRING, scope, depth)  # noqa: E731
        return self.random.choice(
            (
                lambda: f"({n()} {self.random.choice(('<', '>', '<=', '>=', '==', '!='))} {n()})",
                lambda: f"({s()} == {s()})",
                lambda: f"!{self.expression(BOOL, scope, depth)}",
                lambda: f"contains({self.expression(('list', STRING), scope, depth)}, {s()})",
                lambda: f"can({self.expression(self.kind(1), scope, depth)})",
                lambda: (
                    f"({self._any_of(scope, 'list', 'map', 'object')[0]} == {self._any_of(scope, 'list', 'map', 'object')[0]})"
                ),
                lambda: f'startswith({s()}, "w")',
                lambda: f"alltrue([for v in {self._any_of(scope, 'list', 'set')[0]} : v != null])",
                lambda: f"anytrue([{self.expression(BOOL, scope, depth)}])",
                lambda: f"({s()} != null && length({s()}) > 1)",
                lambda: f"issensitive({s()})",
            )
        )()

    def _list(self, kind: Kind, scope: Scope, depth: int) -> str:
        inner: Kind = kind[1]  # type: ignore[assignment]
        e = lambda: self.expression(inner, scope, depth)  # noqa: E731
        whole = lambda: self.expression(kind, scope, depth)  # noqa: E731

        def loop() -> str:
            over, of = self._any_of(scope, "list", "map", "set")
            within = Scope([*scope.names, ("v", of[1])])  # type: ignore[list-item]
            condition = f" if {self.expression(BOOL, within, 0)}" if self.chance(0.3) else ""
            return f"[for k, v in {over} : {self.expression(inner, within, depth)}{condition}]"

        return self.random.choice(
            (
                lambda: f"[{', '.join(e() for _ in range(self.random.randint(0, 3)))}]",
                lambda: f"concat({whole()}, [{e()}])",
                loop,
                loop,
                lambda: f"distinct({whole()})",
                lambda: f"reverse({whole()})",
                lambda: f"flatten([{whole()}, [{e()}]])",
                lambda: f"tolist(toset({whole()}))",
                lambda: f"slice({whole()}, 0, 1)" if self.chance(0.3) else f"tolist({whole()})",
                lambda: f"values({self.expression(('map', inner), scope, depth)})",
                lambda: f"sort({self.expression(('list', STRING), scope, depth)})" if inner == STRING else whole(),
                lambda: f"keys({self._any_of(scope, 'map', 'object')[0]})" if inner == STRING else whole(),
                lambda: f'split(",", {self.expression(STRING, scope, depth)})' if inner == STRING else whole(),
                lambda: (
                    f"chunklist({whole()}, 2)[*][0]" if self.chance(0.7) else f"[for v in {whole()} : v if v != null]"
                ),
                lambda: f"range({self.random.randint(0, 4)})" if inner == NUMBER else whole(),
                lambda: f"compact({whole()})" if inner == STRING else whole(),
            )
        )()

    def _set(self, kind: Kind, scope: Scope, depth: int) -> str:
        inner: Kind = kind[1]  # type: ignore[assignment]
        a = lambda: self.expression(("list", inner), scope, depth)  # noqa: E731
        return self.random.choice(
            (lambda: f"toset({a()})", lambda: f"setunion({a()}, {a()})", lambda: f"setsubtract({a()}, {a()})")
        )()

    def _map(self, kind: Kind, scope: Scope, depth: int) -> str:
        inner: Kind = kind[1]  # type: ignore[assignment]
        e = lambda: self.expression(inner, scope, depth)  # noqa: E731

        def loop() -> str:
            over, of = self._any_of(scope, "list", "map", "set")
            within = Scope([*scope.names, ("v", of[1])])  # type: ignore[list-item]
            if self.chance(0.2):
                return (
                    f'{{ for k, v in {over} : "g${{length("${{k}}")}}" => {self.expression(inner, within, depth)}... }}'
                )
            return f'{{ for k, v in {over} : "k-${{k}}" => {self.expression(inner, within, depth)} }}'

        return self.random.choice(
            (
                lambda: f'{{ a = {e()}, (upper("b")) = {e()} }}',
                lambda: f"merge({self.expression(kind, scope, depth)}, {{ extra = {e()} }})",
                loop,
                loop,
                lambda: f'zipmap(["p", "q"], [{e()}, {e()}])',
                lambda: f"tomap({{ one = {e()} }})",
            )
        )()

    def _object(self, kind: Kind, scope: Scope, depth: int) -> str:
        parts = [f"{name} = {self.expression(inner, scope, depth)}" for name, (inner, *_) in kind[1].items()]  # type: ignore[attr-defined]
        text = "{ " + ", ".join(parts) + " }"
        return f"merge({text}, {{ added = {self.expression(STRING, scope, depth)} }})" if self.chance(0.1) else text

    # Modules

    def variable(self, name: str, kind: Kind, required: bool) -> str:
        """A `variable` block."""
        lines = [] if self.chance(0.08) else [f"type = {self.constraint(kind)}"]
        if not required:
            lines.append(f"default = {'null' if self.chance(0.06) else self.literal(kind)}")
        if self.chance(0.15):
            lines.append(f"nullable = {self.random.choice(('true', 'false'))}")
        if self.chance(0.03):
            lines.append("sensitive = true")
        if self.chance(0.2):
            condition = self.random.choice(
                (
                    f"var.{name} != null",
                    f"can(length(var.{name})) || true",
                    f"length(jsonencode(var.{name})) < {self.random.choice((30, 500))}",
                )
            )
            lines.append(
                f'validation {{\n condition = {condition}\n error_message = "Bad: ${{jsonencode(var.{name})}}"\n}}'
            )
        body = "\n  ".join(lines)
        return f'variable "{name}" {{\n  {body}\n}}\n'

    def output(self, name: str, value: str, sensitive: bool) -> str:
        """An `output` block."""
        more = "\n  sensitive = true" if sensitive else ""
        if self.chance(0.05):
            more += '\n  precondition {\n    condition = length("${path.module}") > 0\n    error_message = "no"\n  }'
        return f'output "{name}" {{\n  value = {value}{more}\n}}\n'

    def module(self, depth: int, root: bool) -> tuple[dict[str, str], dict[str, Kind], list[str]]:
        """The files of a module and of those below it, the types of its variables, the names of its outputs."""
        random = self.random
        text, scope = ['locals {\n  pattern = "<$${x}>"\n}\n'], Scope()
        variables: dict[str, Kind] = {}
        for at in range(random.randint(1, 3)):
            kind = variables[f"v{at}"] = self.kind()
            text.append(self.variable(f"v{at}", kind, required=not root or self.chance(0.5)))
            scope.names.append((f"var.v{at}", kind))
        for at in range(random.randint(1, 4)):
            kind = self.kind(1)
            text.append(f"locals {{\n  l{at} = {self.expression(kind, scope)}\n}}\n")
            scope.names.append((f"local.l{at}", kind))
        files: dict[str, str] = {}
        calls = []
        for at in range(random.randint(0, 2) if depth else 0):
            inner, wanted, outputs = self.module(depth - 1, root=False)
            files |= {f"m{at}/{path}": content for path, content in inner.items()}
            repeated = random.choice(("", "", "for_each", "for_each", "count"))
            within = Scope(list(scope.names))
            lines = [f'source = "./m{at}"']
            if repeated == "for_each":
                over, of = self._any_of(scope, "map")
                if self.chance(0.3):
                    over, of = f"toset({self.expression(('list', STRING), scope, 1)})", ("set", STRING)
                lines.append(f"for_each = {over}")
                within.names += [("each.key", STRING), ("each.value", of[1])]  # type: ignore[list-item]
            elif repeated == "count":
                lines.append(
                    f"count = {random.choice(('0', '1', '2', 'length(' + self._any_of(scope, 'list', 'map')[0] + ')'))}"
                )
                within.names.append(("count.index", NUMBER))
            lines += [
                f"{name} = {self.expression(kind, within, 1)}"
                for name, kind in wanted.items()
                if not self.chance(self.wrong)
            ]
            body = "\n  ".join(lines)
            text.append(f'module "m{at}" {{\n  {body}\n}}\n')
            calls.append((f"module.m{at}", repeated, outputs))
        if self.chance(0.2):
            files["t.tftpl"] = "%{ for k, v in items ~}\n${k}=${jsonencode(v)}\n%{ endfor ~}\n"
            over = self._any_of(scope, "map", "list", "object")[0]
            text.append(f'locals {{\n  rendered = templatefile("${{path.module}}/t.tftpl", {{ items = {over} }})\n}}\n')
            scope.names.append(("local.rendered", STRING))
        outputs = []
        whole = "".join((*text, *files.values()))
        hide = self.chance(0.9 if "sensitive" in whole else 0.05)
        for at in range(random.randint(1, 3)):
            value = self.expression(self.kind(1), scope) if self.chance(0.6) else random.choice(scope.names)[0]
            text.append(self.output(f"o{at}", value, hide))
            outputs.append(f"o{at}")
        for call, repeated, inner_outputs in calls:
            value = {
                "": f"{call}.{random.choice(inner_outputs)}",
                "for_each": f"{{ for k, m in {call} : k => m.{random.choice(inner_outputs)} }}",
                "count": f"{call}[*].{random.choice(inner_outputs)}",
            }[repeated]
            text.append(self.output(call.replace(".", "_"), call if self.chance(0.3) else value, hide))
            outputs.append(call.replace(".", "_"))
        random.shuffle(text)
        return {"main": "".join(text), **files}, variables, outputs


def random_module(random: Random) -> dict[str, str]:
    """A root module with those that it calls, and the values of its variables."""
    maker = Maker(random)
    files, variables, _ = maker.module(2, root=True)
    given = [
        f"{name} = {'null' if maker.chance(0.04) else maker.literal(kind)}\n"
        for name, kind in variables.items()
        if maker.chance(0.8) or f'variable "{name}"' in files["main"]
    ]
    files["vars"] = "".join(given)
    return files

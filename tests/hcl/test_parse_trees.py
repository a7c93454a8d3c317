"""What each form of expression and template is read as. Trees are written as S-expressions."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from vwplan.diagnostics import Source
from vwplan.hcl import parse_expression, parse_template
from vwplan.hcl import syntax as s


def show(node: Any) -> str:
    """A tree as a short S-expression: strings quoted, `_` for the element under a splat."""
    match node:
        case s.Literal(value):
            return (
                {True: "true", False: "false", None: "null"}[value]
                if value is None or value is True or value is False
                else repr(value)
            )
        case s.Variable(name):
            return str(name)
        case s.Element():
            return "_"
        case s.GetAttribute(of, name):
            return f"(. {show(of)} {name})"
        case s.Index(of, key):
            return f"(at {show(of)} {show(key)})"
        case s.Splat(of, each, full):
            return f"({'splat' if full else 'attr-splat'} {show(of)} {show(each)})"
        case s.Call(name, arguments, expand):
            return f"(call {' '.join([name, *map(show, arguments)])}{' ...' if expand else ''})"
        case s.Conditional(condition, then, otherwise):
            return f"(? {show(condition)} {show(then)} {show(otherwise)})"
        case s.Binary(operator, left, right):
            return f"({operator} {show(left)} {show(right)})"
        case s.Unary(operator, operand):
            return f"({operator} {show(operand)})"
        case s.Parenthesised(inner):
            return f"(group {show(inner)})"
        case s.TupleItems(items):
            return f"[{' '.join(map(show, items))}]"
        case s.ObjectItems(items):
            return "{" + " ".join(f"{show(key)}={show(value)}" for key, value in items) + "}"
        case s.ForTuple(key, value, collection, result, condition):
            return (
                f"(for {key or '-'} {value} {show(collection)} {show(result)} {show(condition) if condition else '-'})"
            )
        case s.ForObject(key, value, collection, result_key, result, group, condition):
            shown = show(condition) if condition else "-"
            return f"(for{'...' if group else ''} {key or '-'} {value} {show(collection)} {show(result_key)} {show(result)} {shown})"
        case s.Template(parts):
            return f"(template {' '.join(map(show, parts))})"
        case s.Wrap(expression):
            return f"(wrap {show(expression)})"
        case s.TemplateIf(condition, then, otherwise):
            return f"(if {show(condition)} [{' '.join(map(show, then))}] [{' '.join(map(show, otherwise))}])"
        case s.TemplateFor(key, value, collection, body):
            return f"(each {key or '-'} {value} {show(collection)} [{' '.join(map(show, body))}])"
    raise AssertionError(node)


def tree(text: str) -> str:
    node, problems = parse_expression(Source("test", text))
    assert not problems, problems
    return show(node)


LITERALS = [
    ("a whole number", "42", "42"),
    ("zeros in front mean nothing", "007", "7"),
    ("a fraction is exact in binary", "1.5", repr(Fraction(3, 2))),
    ("a fraction that is whole becomes a whole number", "2.50e1", "25"),
    ("a negative exponent", "5e-1", repr(Fraction(1, 2))),
    ("digits beyond a double stay", "100000000000000000000000001", "100000000000000000000000001"),
    ("true", "true", "true"),
    ("null", "null", "null"),
    ("the words of constants are case-sensitive", "True", "True"),
    ("a string", '"abc"', "'abc'"),
    ("an empty string", '""', "''"),
    ("every escape", r'"\n\r\t\"\\"', r"""'\n\r\t"\\'"""),
    ("a character by four digits", r'"\u00e9"', "'é'"),
    ("a character by eight digits", r'"\U0001F600"', "'😀'"),
    ("a decomposed letter is composed", '"e\u0301"', "'é'"),
    ("composed across an escape too", r'"e\u0301"', "'é'"),
    ("doubled signs before a brace are one", '"$${a} %%{b}"', "'${a} %{b}'"),
    ("doubled signs elsewhere stay", '"$$ %% $$a"', "'$$ %% $$a'"),
    ("a sign alone", '"100% of $5"', "'100% of $5'"),
    ("comment signs in a string are text", '"# // /* */"', "'# // /* */'"),
    ("a zero byte in a string is text", '"a\0b"', r"'a\x00b'"),
]

OPERATORS = [
    ("products before sums", "1 + 2 * 3", "(+ 1 (* 2 3))"),
    ("sums to the left", "1 - 2 - 3", "(- (- 1 2) 3)"),
    ("products to the left", "8 / 4 / 2", "(/ (/ 8 4) 2)"),
    ("sums before comparisons", "1 + 1 < 3", "(< (+ 1 1) 3)"),
    ("comparisons before equality", "1 < 2 == true", "(== (< 1 2) true)"),
    ("equality before and", "a == b && c != d", "(&& (== a b) (!= c d))"),
    ("and before or", "a || b && c", "(|| a (&& b c))"),
    ("parentheses first, and kept", "(1 + 2) * 3", "(* (group (+ 1 2)) 3)"),
    ("minus binds the operand", "-1 + 2", "(+ (- 1) 2)"),
    ("minus before an attribute", "-a.b", "(- (. a b))"),
    ("not before comparison", "!a == b", "(== (! a) b)"),
    ("two signs", "a - -b", "(- a (- b))"),
    ("not twice", "!!a", "(! (! a))"),
    ("a conditional", "a ? b : c", "(? a b c)"),
    ("a conditional binds weakest", "a || b ? c + 1 : d", "(? (|| a b) (+ c 1) d)"),
    ("conditionals to the right", "a ? b : c ? d : e", "(? a b (? c d e))"),
    ("a conditional inside a conditional", "a ? b ? c : d : e", "(? a (? b c d) e)"),
    ("without spaces", "a?b:c", "(? a b c)"),
    ("a name with a minus in it", "a-b", "a-b"),
    ("spaces make it a difference", "a - b", "(- a b)"),
    ("a comment ends an expression", "1 // 2", "1"),
    ("a comment between", "1 /* one */ + /* two */ 2", "(+ 1 2)"),
]

TRAVERSALS = [
    ("attributes", "a.b.c", "(. (. a b) c)"),
    ("an attribute of a constant", "null.a", "(. null a)"),
    ("spaces around dots", "a . b", "(. a b)"),
    ("an index", "a[0]", "(at a 0)"),
    ("an index of any expression", "a[b + 1]", "(at a (+ b 1))"),
    ("a text as index", 'a["b"].c', "(. (at a 'b') c)"),
    ("the legacy index", "a.0.b", "(. (at a 0) b)"),
    ("a legacy index after an index", "a[0].1", "(at (at a 0) 1)"),
    ("lines within an index", "a[\n0\n]", "(at a 0)"),
    ("a full splat takes all that follows", "l[*].c[0]", "(splat l (at (. _ c) 0))"),
    ("an attribute splat takes names only", "l.*.c[0]", "(at (attr-splat l (. _ c)) 0)"),
    ("an attribute splat takes legacy indexes", "l.*.c.0.d", "(attr-splat l (. (at (. _ c) 0) d))"),
    ("an attribute splat alone", "l.*", "(attr-splat l _)"),
    ("a full splat alone", "l[*]", "(splat l _)"),
    ("splats nest to the right", "l[*].a[*].b", "(splat l (splat (. _ a) (. _ b)))"),
    ("an index, then an attribute splat", "l.*[0].*.a", "(attr-splat (at (attr-splat l _) 0) (. _ a))"),
    ("of a call", "f(1).a", "(. (call f 1) a)"),
    ("of a list", "[1][0]", "(at [1] 0)"),
    ("of an object", "{ a = 1 }.a", "(. {a=1} a)"),
    ("of parentheses", "(a).b", "(. (group a) b)"),
    ("of a string", '"a".b', "(. 'a' b)"),
]

COLLECTIONS = [
    ("an empty list", "[]", "[]"),
    ("a comma at the end", "[1, 2,]", "[1 2]"),
    ("lines and comments in a list", "[ # first\n 1, // one\n\n 2 /* two */ ]", "[1 2]"),
    ("a comma on the next line", "[1\n, 2]", "[1 2]"),
    ("an empty object", "{}", "{}"),
    ("commas", "{ a = 1, b = 2 }", "{a=1 b=2}"),
    ("a comma at the end of an object", "{ a = 1, }", "{a=1}"),
    ("lines", "{\n\n a = 1\n\n b = 2\n}", "{a=1 b=2}"),
    ("a comma and a line", "{\n a = 1,\n b = 2,\n}", "{a=1 b=2}"),
    ("colons", "{ a : 1, b : 2 }", "{a=1 b=2}"),
    ("a key in quotes", '{ "a b" = 1 }', "{'a b'=1}"),
    ("a key that is computed", "{ (a) = 1 }", "{(group a)=1}"),
    ("a key that is a template", '{ "${a}" = 1 }', "{(wrap a)=1}"),
    ("a key named as a constant", "{ null = 1, true = 2 }", "{null=1 true=2}"),
    ("a key that is a number", "{ 1 = 2 }", "{1=2}"),
    ("a conditional as value", "{ a = b ? c : d }", "{a=(? b c d)}"),
    ("a comment at a line's end separates", "{ a = 1 # one\n b = 2 }", "{a=1 b=2}"),
    ("a list over lines inside", "{ a = [\n1,\n2]\n b = 3 }", "{a=[1 2] b=3}"),
    ("for makes a list", "[for v in l : v.a]", "(for - v l (. v a) -)"),
    ("for with keys", "[for k, v in m : k]", "(for k v m k -)"),
    ("for with a condition", "[for v in l : v if v > 1]", "(for - v l v (> v 1))"),
    ("for makes an object", "{ for k, v in m : k => v }", "(for k v m k v -)"),
    ("for that groups", "{ for v in l : v.a => v... if v.b }", "(for... - v l (. v a) v (. v b))"),
    ("for over lines", "{\n for k, v in m :\n k\n => v\n}", "(for k v m k v -)"),
    ("for of a conditional", "[for v in l : v ? 1 : 2]", "(for - v l (? v 1 2) -)"),
    ("names of for may be words of for", "[for in in in : in]", "(for - in in in -)"),
    ("a name that starts with for", "[forty]", "[forty]"),
    ("a call", "f(1, a)", "(call f 1 a)"),
    ("a call without arguments", "f()", "(call f)"),
    ("a space before the parenthesis", "f (1)", "(call f 1)"),
    ("a comma at the end of a call", "f(1,)", "(call f 1)"),
    ("dots spread the last argument", "f(a, l...)", "(call f a l ...)"),
    ("a call over lines", "f(\n 1,\n 2\n)", "(call f 1 2)"),
    ("a function in a namespace", "provider::x::y(1)", "(call provider::x::y 1)"),
    ("a constant's name called", "true(1)", "(call true 1)"),
    ("in parentheses lines are space", "(\n 1 +\n 2\n)", "(group (+ 1 2))"),
    ("names of every alphabet", "größe.日本.имя", "(. (. größe 日本) имя)"),
]

TEMPLATES = [
    ("one interpolation keeps its type", '"${a}"', "(wrap a)"),
    ("also with strip marks", '"${~ a ~}"', "(wrap a)"),
    ("text makes it a template", '" ${a}"', "(template ' ' a)"),
    ("text cut to nothing still does", '" ${~ a}"', "(template a)"),
    ("two interpolations", '"${a}${b}"', "(template a b)"),
    ("a literal inside", '"${1}x"', "(template 1 'x')"),
    ("an escaped opening with a real one inside", '"$${a ${b}}"', "(template '${a ' b '}')"),
    ("three signs", '"$$${a}"', "'$${a}'"),
    ("a string inside a template", '"${f("a${b}")}"', "(wrap (call f (template 'a' b)))"),
    ("an object inside a template", '"${ { a = 1 } }"', "(wrap {a=1})"),
    ("lines inside an interpolation", '"a${\n b\n}c"', "(template 'a' b 'c')"),
    ("marks cut spaces, and line breaks by escape", r'"a \n ${~ b ~} \t c"', "(template 'a' b 'c')"),
    ("if", '"%{ if a }b%{ endif }"', "(template (if a ['b'] []))"),
    ("if and else", '"%{ if a }b%{ else }${c}%{ endif }"', "(template (if a ['b'] [c]))"),
    ("an empty else", '"%{ if a }b%{ else }%{ endif }"', "(template (if a ['b'] []))"),
    ("for", '"%{ for v in l }${v},%{ endfor }"', "(template (each - v l [v ',']))"),
    ("for with keys", '"%{ for k, v in m }x%{ endfor }"', "(template (each k v m ['x']))"),
    (
        "directives nest",
        '"%{ for v in l }%{ if v }a%{ endif }%{ endfor }"',
        "(template (each - v l [(if v ['a'] [])]))",
    ),
    ("marks of directives", '"a %{~ if b ~} c %{~ endif ~} d"', "(template 'a' (if b ['c'] []) 'd')"),
    ("an escaped directive", '"%%{ if a }"', "'%{ if a }'"),
    ("a heredoc", "<<EOT\na\n  b\nEOT", r"'a\n  b\n'"),
    ("an empty heredoc", "<<EOT\nEOT", "''"),
    ("backslashes and quotes in a heredoc are text", '<<EOT\n"\\n"\nEOT', r"""'"\\n"\n'"""),
    ("the closing line may be indented", "<<EOT\na\n  EOT", r"'a\n'"),
    ("a longer word does not close", "<<EOT\nEOTx\nEOT", r"'EOTx\n'"),
    ("a word and more does not close", "<<EOT\nEOT x\nEOT", r"'EOT x\n'"),
    ("templates in a heredoc", "<<EOT\na ${b}\nEOT", r"(template 'a ' b '\n')"),
    ("an interpolation that ends on the marker's line", "<<EOT\n${a}EOT\nEOT", r"(template a 'EOT\n')"),
    ("shared indentation is cut", "<<-EOT\n    a\n      b\n    EOT", r"'a\n  b\n'"),
    ("the marker's own indentation does not count", "<<-EOT\n    a\nEOT", r"'a\n'"),
    ("blank lines do not count", "<<-EOT\n    a\n  \n    b\n    EOT", r"'a\n  \nb\n'"),
    ("tabs count as one", "<<-EOT\n\ta\n\t\tb\n\tEOT", r"'a\n\tb\n'"),
    ("indentation before a template counts", "<<-EOT\n  ${a}\n    b\n  EOT", r"(template a '\n  b\n')"),
    ("a template at the margin stops cutting", "<<-EOT\n${a}\n    b\n  EOT", r"(template a '\n    b\n')"),
    ("what a template makes is not cut", '<<-EOT\n  ${"  x"}\n  EOT', r"(template '  x' '\n')"),
    ("marks in a heredoc cut the line", "<<EOT\nx ${~ a ~} y\nEOT", r"(template 'x' a 'y\n')"),
    ("a mark cuts its own line only", "<<EOT\nx\n\n  ${~ a}\nEOT", r"(template 'x\n\n' a '\n')"),
    ("a heredoc as an argument", "f(<<EOT\na\nEOT\n)", r"(call f 'a\n')"),
    ("two heredocs in a list", "[<<A\na\nA\n, <<B\nb\nB\n]", r"['a\n' 'b\n']"),
    ("carriage returns of a heredoc stay", "<<EOT\r\na\r\nEOT\r\n", r"'a\r\n'"),
    ("a heredoc in an interpolation in a heredoc", "<<A\n${<<B\nb\nB\n}\nA", r"(template 'b\n' '\n')"),
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(text, expected, id=reason)
        for cases in (LITERALS, OPERATORS, TRAVERSALS, COLLECTIONS, TEMPLATES)
        for reason, text, expected in cases
    ],
)
def test_expression_is_read_as(text: str, expected: str) -> None:
    assert tree(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("a\n${b}\n", r"(template 'a\n' b '\n')", id="text and interpolation"),
        pytest.param("${b}", "(wrap b)", id="one interpolation keeps its type"),
        pytest.param("", "''", id="nothing is an empty string"),
        pytest.param('say "\\n"', r"""'say "\\n"'""", id="no escapes by backslash"),
        pytest.param("100%", "'100%'", id="a sign at the end"),
        pytest.param("$", "'$'", id="nothing but a sign"),
        pytest.param("a\rb", r"'a\rb'", id="a carriage return is text"),
        pytest.param(
            "%{ for x in l ~}\n- ${x}\n%{ endfor ~}\nend",
            r"(template (each - x l ['- ' x '\n']) 'end')",
            id="a loop over lines",
        ),
        pytest.param("\ufeffa", "'a'", id="a byte order mark is no text"),
    ],
)
def test_whole_text_as_template(text: str, expected: str) -> None:
    node, problems = parse_template(Source("test", text))
    assert not problems
    assert show(node) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("\n\n# a comment\n 1 \n", id="blank lines and comments around"),
        pytest.param("1 # after", id="a comment without a line end"),
        pytest.param("1\r\n", id="a line end of two characters"),
        pytest.param("\ufeff1", id="a byte order mark"),
    ],
)
def test_space_around_an_expression(text: str) -> None:
    assert tree(text) == "1"


def test_key_named_as_a_constant_is_a_name() -> None:
    node, _ = parse_expression(Source("test", "{ null = null }"))
    assert node == s.ObjectItems(((s.Variable("null", 2, 6), s.Literal(None, 9, 13)),), 0, 15)

"""Broken modules: each a declaration or two that cannot be, alone and in surroundings that are hard on positions.

The texts are the same in both dialects, so that `validated.py` can lay them before both programs.
"""

from __future__ import annotations

from collections.abc import Iterator

HEAD = """\
variable "s" { type = string }
variable "n" { type = number }
variable "b" { type = bool }
variable "l" { type = list(string) }
variable "m" { type = map(string) }
variable "o" { type = object({ a = string, b = number }) }
variable "any" {}
variable "secret" {
  type      = string
  sensitive = true
}
locals {
  two  = 2
  word = "wörd"
  long = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789"
  none = null
  ok   = true
  list = tolist(["a", "b"])
  set  = toset(["a", "b", "c"])
  map  = tomap({ a = "x", b = "y" })
  one  = tolist(["a"])
  no   = tolist([])
  tup  = ["a", 1, true]
  obj  = { a = "x", b = 1 }
  lone = { a = "x" }
  void = {}
  objs = [{ a = 1 }, { a = 2 }]
  hush = sensitive("hush")
}
"""
"""What the expressions below refer to."""

EXPRESSIONS = {
    # operators
    "both operands": '"a" + "b"',
    "left operand": '"a" + 1',
    "right operand": '1 + "b"',
    "both of three": '"a" + "b" + "c"',
    "operand is a list": "[1] * 2",
    "operands are collections": "[] - {}",
    "operand from a local value": "local.word + 1",
    "operands from local values": "local.word - local.list",
    "operand is null": "local.none + 1",
    "operands are null": "null + null",
    "operand is sensitive": "local.hush + 1",
    "operand is an unknown list": "var.l + 1",
    "operand is an unknown number and a list": "var.n + var.l",
    "modulo by words": '5 % "x"',
    "division by zero": "1 / 0",
    "comparison of words": '"a" < "b"',
    "comparison of a list": "local.list > 1",
    "comparison both unknown": "var.l >= var.m",
    "and with a word": 'true && "x"',
    "or with words": '"y" || "x"',
    "and with lists": "[] && {}",
    "and with null": "null && true",
    "not of a word": '!"x"',
    "not of a list": "!local.list",
    "negative of a word": '-"x"',
    "negative of a list": "-[]",
    "negative of null": "-null",
    # conditionals
    "condition is a word": '"maybe" ? 1 : 2',
    "condition is a number": "local.two ? 1 : 2",
    "condition is null": "null ? 1 : 2",
    "condition is a list": "[] ? 1 : 2",
    "condition is unknown list": "var.l ? 1 : 2",
    "branches of two kinds": "true ? [1] : { a = 1 }",
    "branches of two lengths of object": 'local.ok ? local.obj : { a = "x" }',
    "branches with both wrong": "true ? nope.a : nope.b",
    "error in the branch not taken": "false ? (1 + []) : 2",
    "error in the branch taken": "true ? (1 + []) : 2",
    "branches list of unlike": 'local.ok ? ["a"] : "a"',
    # index and attribute
    "index beyond": "local.list[5]",
    "index below": "local.list[-1]",
    "index fraction": "local.list[0.5]",
    "index word": 'local.list["x"]',
    "index of a tuple beyond": "local.tup[7]",
    "index of a tuple word": 'local.tup["x"]',
    "key missing": 'local.map["zz"]',
    "key missing of object": 'local.obj["zz"]',
    "key by attribute": "local.map.zz",
    "attribute missing": "local.obj.zz",
    "attribute of one": "local.lone.zz",
    "attribute of none": "local.void.zz",
    "attribute of a list": "local.list.a",
    "attribute of a list of objects": "local.objs.a",
    "attribute of a word": "local.word.a",
    "attribute of a number": "local.two.a",
    "attribute of null": "local.none.a",
    "attribute of an unknown object": "var.o.zz",
    "attribute of an unknown word": "var.s.zz",
    "attribute of an unknown list": "var.l.a",
    "index of a set": "local.set[0]",
    "index of a word": "local.word[0]",
    "index of null": "local.none[0]",
    "index with null": "local.list[null]",
    "key is null": "local.map[null]",
    "index is sensitive": "local.list[local.hush]",
    "index with an unknown list": "local.list[var.l]",
    "index of an unknown number": "var.n[0]",
    "splat of unlike": "local.tup[*].a",
    "splat of words": "local.list[*].a",
    "attribute splat": "local.objs.*.b",
    "legacy index": "local.list.5",
    "index in an index": "local.list[local.tup[9]]",
    "deep attribute": "local.obj.a.b.c",
    "literal attribute": "{ a = 1 }.b",
    "call attribute": "merge({}, {}).b",
    "index on two lines": "local.map[\n    local.word\n  ]",
    # calls
    "unknown function": "uper(local.word)",
    "unknown function far": "zzzqqq(1)",
    "unknown namespace": "provider::aws::x(1)",
    "two unknown functions": "uper(lowr(local.word))",
    "too few": "substr(local.word)",
    "none": "upper()",
    "too many": 'upper("a", "b")',
    "too many from locals": "upper(local.word, local.list)",
    "too few and on two lines": 'replace(\n    "a",\n    "b",\n  )',
    "argument of the wrong type": "upper(local.list)",
    "argument of the wrong type second": 'split(",", [])',
    "argument null": "upper(null)",
    "argument is a local null": "upper(local.none)",
    "argument unknown": "upper(var.l)",
    "argument fails": 'tonumber("x")',
    "argument fails from local": "tonumber(local.word)",
    "argument fails secret": "tonumber(local.hush)",
    "argument in the middle": 'substr("abc", "x", 1)',
    "function fails": 'file("nosuch")',
    "function fails as a whole": "coalesce()",
    "element of nothing": "element([], 0)",
    "element below": "element(local.list, -1)",
    "lookup without default": 'lookup(local.map, "zz")',
    "lookup of list": 'lookup(local.list, "a")',
    "lookup with wrong default": 'lookup(local.map, "zz", [])',
    "chunk below": "chunklist(local.list, -1)",
    "range without end": "range(1, 10, -1)",
    "jsondecode": 'jsondecode("{")',
    "yamldecode": 'yamldecode("a: [")',
    "csvdecode": 'csvdecode("a,a\\n1,2")',
    "base64": 'base64decode("ä")',
    "cidr": 'cidrhost("10.0.0.0/99", 1)',
    "cidr newbits": 'cidrsubnet("10.0.0.0/30", 8, 1)',
    "regex bad": 'regex("(", "a")',
    "regex none": 'regex("x", "a")',
    "format wrong": 'format("%d", "x")',
    "format few": 'format("%s %s", "x")',
    "format many": 'format("%s", "x", "y")',
    "formatlist unlike": 'formatlist("%s %s", ["a"], ["b", "c"])',
    "timeadd": 'timeadd("2020", "1h")',
    "formatdate": 'formatdate("Q", "2020-01-01T00:00:00Z")',
    "max none": "max()",
    "max words": 'max(1, "x")',
    "min of list": "min(local.list)",
    "min of expanded": "min(local.list...)",
    "join numbers": 'join(",", [[1]])',
    "join second list": 'join(",", ["a"], [["b"]])',
    "merge list": "merge({ a = 1 }, [1])",
    "merge list expanded": "merge([{ a = 1 }, [1]]...)",
    "concat word": 'concat(["a"], "b")',
    "expand a word": "max(local.word...)",
    "expand null": "max(null...)",
    "expand a map": "max(local.map...)",
    "expand a number literal": "max(1...)",
    "expand unknown word": "max(var.s...)",
    "expand too many": 'upper(["a", "b"]...)',
    "expand too few": 'substr(["a"]...)',
    "expand wrong type": 'upper([["a"]]...)',
    "expand wrong second": 'substr("a", ["x", 1]...)',
    "nested calls": 'upper(lower(trim("a")))',
    "nested calls wrong inner": 'upper(join(",", "a"))',
    "alltrue": 'alltrue(["x"])',
    "sum": 'sum(["x"])',
    "sum none": "sum([])",
    "zipmap": 'zipmap(["a"], [1, 2])',
    "one of two": "one(local.list)",
    "parseint": 'parseint("zz", 10)',
    "parseint base": 'parseint("1", 99)',
    "pow": 'pow("x", 2)',
    "signum": "signum([])",
    "tobool": 'tobool("maybe")',
    "tolist": 'tolist("a")',
    "toset": "toset(local.word)",
    "tomap": 'tomap(["a"])',
    "tomap unlike": "tomap({ a = [1], b = 1 })",
    "setproduct": "setproduct()",
    "setunion": 'setunion("a")',
    "slice": "slice(local.list, 2, 1)",
    "slice beyond": "slice(local.list, 0, 9)",
    "substr": 'substr("abc", 0, "x")',
    "templatefile": 'templatefile("nosuch", {})',
    "templatestring direct": 'templatestring("a", {})',
    "strcontains": 'strcontains("a")',
    "can of nothing": "can()",
    "try of nothing": "try()",
    "try of failures": "try(local.obj.zz, local.obj.yy)",
    "try on two lines": "try(\n    local.obj.zz,\n    local.list[9],\n  )",
    "type of nothing": "type(1)",
    "title": "title(1, 2)",
    "flatten": 'flatten("a")',
    "distinct": 'distinct("a")',
    "keys": "keys(local.list)",
    "values": "values(local.word)",
    "contains": 'contains("a", "b")',
    "coalescelist": "coalescelist([], [])",
    "matchkeys": 'matchkeys(["a"], ["b", "c"], ["d"])',
    "transpose": 'transpose({ a = "b" })',
    "bcrypt cost": 'bcrypt("a", 99)',
    "rsadecrypt": 'rsadecrypt("a", "b")',
    "uuidv5": 'uuidv5("x", "y")',
    "textencode": 'textencodebase64("a", "x")',
    "nonsensitive": "nonsensitive([])",
    "ceil": "ceil(local.word)",
    "index of absent": 'index(local.list, "zz")',
    "index of nothing": 'index([], "zz")',
    "replace pattern": 'replace("a", "/(/", "b")',
    # for
    "for over a word": "[for x in local.word : x]",
    "for over null": "[for x in null : x]",
    "for over unknown word": "[for x in var.s : x]",
    "for condition word": '[for x in local.list : x if "maybe"]',
    "for condition null": "[for x in local.list : x if null]",
    "for condition list": "[for x in local.list : x if []]",
    "for value fails": "[for x in local.list : x + 1]",
    "for value fails with key": "[for i, x in local.list : i + x]",
    "for object key twice": '{ for x in local.list : "k" => x }',
    "for object key null": "{ for x in local.list : null => x }",
    "for object key list": "{ for x in local.list : [x] => x }",
    "for object value fails": "{ for k, v in local.map : k => v + 1 }",
    "for object group": "{ for k, v in local.map : k => v.zz... }",
    "for attribute": "[for x in local.objs : x.zz]",
    "for secret": "[for x in local.hush : x]",
    "for of for": "[for x in local.objs : [for y in x : y + []]]",
    "for over lines": "[\n    for x in local.list :\n    x + 1\n  ]",
    # literals
    "object key twice": '{ a = 1, a = "2" }',
    "object key null": "{ (null) = 1 }",
    "object key list": "{ ([]) = 1 }",
    "object key missing reference": "{ (nope) = 1 }",
    "object key dotted": "{ nope.a = 1 }",
    "object value fails": "{ a = 1 + [] }",
    "two values fail": "{ a = 1 + [], b = upper([]) }",
    "tuple fails twice": "[1 + [], upper([])]",
    "object key secret": "{ (local.hush) = 1 }",
    # templates
    "template with list": '"a${local.list}b"',
    "template with object": '"a${local.obj}b"',
    "template with null": '"a${null}b"',
    "template with local null": '"a${local.none}b"',
    "template fails": '"a${1 + []}b"',
    "template fails twice": '"a${1 + []}b${upper([])}"',
    "template if": '"%{ if "maybe" }a%{ endif }"',
    "template if null": '"%{ if null }a%{ endif }"',
    "template if fails inside": '"%{ if true }${local.list}%{ endif }"',
    "template for": '"%{ for x in local.word }a%{ endfor }"',
    "template for null": '"%{ for x in null }a%{ endfor }"',
    "template for value": '"%{ for x in local.objs }${x}%{ endfor }"',
    "template wide": '"é👨‍👩‍👧ä ${local.list}"',
    "template unknown list": '"a${var.l}b"',
    "heredoc": "<<-EOT\n    äöü ${local.list}\n    ${upper([])}\n  EOT",
    "heredoc in a call": "upper(<<EOT\nx ${local.obj}\nEOT\n  )",
    # references
    "unknown variable": "var.nope",
    "unknown variable near": "var.secrt",
    "unknown local value": "local.nope",
    "unknown local value near": "local.wrd",
    "unknown module": "module.nope.a",
    "unknown root": "nope",
    "unknown root with attribute": "nope.a",
    "unknown resource": "nope_thing.a.b",
    "only var": "var",
    "only local": "local",
    "var indexed": 'var["s"]',
    "path wrong": "path.nope",
    "only path": "path",
    "each outside": "each.key",
    "count outside": "count.index",
    "self outside": "self.a",
    "two unknown": "[var.nope, local.nope]",
    "the same twice": "[var.nope, var.nope]",
    "unknown in for": "[for x in local.list : y]",
    "unknown data": "data.a.b.c",
    "only data": "data.a",
    "unknown in a template": '"a${var.nope}b"',
    "unknown with index": "var.nope[0].b",
    "unknown with splat": "var.nope[*].b",
    "unknown in a call": "upper(var.nope)",
    "unknown and wrong": "upper([]) + var.nope",
    # values
    "many values": "upper([local.word, local.two, local.list, local.set, local.map])",
    "more values": "upper([local.tup, local.obj, local.lone, local.void, local.objs, local.none])",
    "values in order": "upper([local.two, local.word, local.list, var.any, var.s, var.secret])",
    "values of elements": "upper([local.list[0], local.map.a, local.obj.b, local.tup[1]])",
    "values twice": "upper([local.two, local.two])",
    "long value": "tonumber(local.long)",
    "value with quotes": 'tonumber("a\\"b\\n${local.word}")',
    "unknown values": "upper([var.s, var.n, var.b, var.l, var.m, var.o])",
    "empty values": "upper([local.no, local.void])",
    "value of a for": "[for x in local.list : tonumber(x)]",
    "value of a for with key": "[for k, v in local.map : tonumber(v)]",
    "value of a splat": "local.objs[*].a.b",
    "bool value": "local.ok + 1",
    "one element": "upper(local.one)",
    "set value": "local.set + 1",
    "secret": "upper([var.secret, local.hush])",
    "object with a secret": "{ a = local.hush }.b",
}
"""Expressions that have no value, by what is wrong with them."""

AROUND = {
    "alone": 'output "o" {{\n  value = {}\n}}\n',
    "local": "locals {{\n  x = {}\n}}\n",
    "wide": 'output "o" {{\n  value = ["ä", "e\u0301", "👨‍👩‍👧", "🇨🇭", "ก็", {}, "ö"]\n}}\n',
    "lines": 'locals {{\n  x = {{\n    "kéy" = [\n      1, # ünïcode\n\t\t{},\n    ]\n  }}\n}}\n',
    "call": 'output "o" {{\n  value = jsonencode(\n    {}\n  )\n}}\n',
    "template": 'output "o" {{\n  value = "ä ${{jsonencode({})}} ö"\n}}\n',
    "brackets": 'output "o" {{\n  value = (  (   {}\t ) )\n}}\n',
    "crlf": 'output "ö" {{\r\n  description = "é"\r\n  value = [\r\n    {},\r\n  ]\r\n}}\r\n',
    "for": 'output "o" {{\n  value = [for k, v in local.map : {}]\n}}\n',
    "condition": 'output "o" {{\n  value = var.b ? {} : null\n}}\n',
    "argument": 'module "c" {{\n  source = "./c"\n  x      = {}\n}}\n',
}
"""Where an expression stands."""


def modules() -> Iterator[tuple[str, str]]:
    """Every broken module under a name of its own."""
    for name, expression in EXPRESSIONS.items():
        yield f"{name}", HEAD + AROUND["alone"].format(expression)
    every = list(EXPRESSIONS.items())
    for at, (place, around) in enumerate(list(AROUND.items())[1:]):
        for name, expression in every[at % 3 :: 3]:
            text = expression.replace("\n", "\r\n") if place == "crlf" else expression
            yield f"{name}, {place}", HEAD + around.format(text)
    yield from WHOLE.items()


WHOLE: dict[str, str] = {}

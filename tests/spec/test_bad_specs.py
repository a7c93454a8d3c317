"""Bad specs: each is told with its code, line, column and summary, and what to do."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from spec_files import BASE, MAIN, places, problems_of, write

# Reason, text behind BASE (so lines count from 5), code, line, column, summary, part of the detail.
CASES = [
    ("an argument with a near miss", 'volume "v" {\n  sise = 5\n  size = 5\n}', "unknown-argument", 6, 3, "Unknown argument", 'Did you mean "size"?'),
    ("an argument one block too high", 'workspace "w" {\n  image = image.base\n  memory = 512\n}', "unknown-argument", 7, 3, "Unknown argument", "It belongs in a block: resources"),
    ("a near miss of what is one block deeper", 'workspace "w" {\n  image = image.base\n  memroy = 512\n}', "unknown-argument", 7, 3, "Unknown argument", 'Did you mean "memory", in the block resources?'),
    ("a size without a unit", 'volume "v" {\n  size = "5"\n}', "invalid-unit", 6, 10, "Invalid size", 'Write "5 MiB" or "5 GiB"'),
    ("a unit that is none", 'volume "v" {\n  size = "5 Gb"\n}', "invalid-unit", 6, 10, "Invalid size", 'Did you mean "GiB" or "GB"?'),
    ("a wrong type", 'volume "v" {\n  size = 5\n  keep = "maybe"\n}', "wrong-type", 7, 10, "Wrong type", "a bool is required"),
    ("a wrong type within a list", 'workspace "w" {\n  image = image.base\n  ssh_keys = [{}]\n}', "wrong-type", 7, 14, "Wrong type", "element 0: a string is required"),
    ("a wrong element of a right type", 'workspace "w" {\n  image = image.base\n  ssh_keys = ["x"]\n}', "invalid-form", 7, 14, "Invalid value", "a public SSH key"),
    ("a value that is no choice", 'network "n" {\n  mode = "natt"\n}', "invalid-choice", 6, 10, "Invalid value", 'Did you mean "nat"?'),
    ("a choice of a later version", 'workspace "w" {\n  image = image.base\n  power = "saved"\n}', "not-yet", 7, 11, "Not in this version", 'power = "saved"'),
    ("an address range with bits too many", 'network "n" {\n  cidr = "10.0.0.1/24"\n}', "invalid-form", 6, 10, "Invalid value", '"10.0.0.0/24"'),
    ("an argument written as a block", 'workspace "w" {\n  image = image.base\n  tags {\n    a = 1\n  }\n}', "argument-as-block", 7, 3, "Argument written as a block", "write tags = …"),
    ("a block written as an argument", 'workspace "w" {\n  image = image.base\n  nic = { network = network.lan }\n}', "block-as-argument", 7, 3, "Block written as an argument", "write nic { … }"),
    ("a fact given", 'network "n" {\n  gateway = "10.0.0.1"\n}', "fact-as-argument", 6, 3, "Fact given as an argument", "never given"),
    ("a single block twice", 'workspace "w" {\n  image = image.base\n  resources {\n    cpus = 1\n  }\n  resources {\n    cpus = 2\n  }\n}', "duplicate", 10, 3, "Declared twice", "line 7"),
    ("the same label twice", 'workspace "w" {\n  image = image.base\n  user "a" {\n  }\n  user "a" {\n  }\n}', "duplicate", 9, 3, "Declared twice", 'user "a"'),
    ("a block declared twice", 'network "lan" {}', "duplicate", 5, 1, "Declared twice", 'network "lan" is declared on line 4 already'),
    ("a variable declared twice", 'variable "a" {}\nvariable "a" {}', "duplicate", 6, 1, "Declared twice", "line 5"),
    ("a local value declared twice", "locals {\n  a = 1\n}\nlocals {\n  a = 2\n}", "duplicate", 9, 3, "Declared twice", "local.a"),
    ("a missing argument", 'image "i" {\n}', "missing-argument", 5, 1, "Missing argument", '"source"'),
    ("a missing argument of a block", 'workspace "w" {\n  image = image.base\n  nic {\n  }\n}', "missing-argument", 7, 3, "Missing argument", '"network"'),
    ("neither of two arguments", 'volume "v" {\n}', "missing-argument", 5, 1, "Missing argument", '"size" or "image"'),
    ("a machine without an image", 'workspace "w" {\n}', "missing-argument", 5, 1, "Missing argument", '"environment" or "image"'),
    ("both of two that exclude each other", 'environment "e" {\n  file "/a" {\n    content = "x"\n    source = "y"\n  }\n}', "conflicting-arguments", 8, 5, "Arguments that exclude each other", "content and source"),
    ("no label", "workspace {\n  image = image.base\n}", "wrong-labels", 5, 1, "Missing label", 'workspace "NAME"'),
    ("too many labels", 'workspace "a" "b" {\n  image = image.base\n}', "wrong-labels", 5, 15, "Too many labels", "one label, not 2"),
    ("a name that is none", 'network "my net" {}', "invalid-name", 5, 9, "Invalid name", "letters, digits"),
    ("an undeclared variable with a near miss", 'variable "size" {}\nvolume "v" {\n  size = var.sise\n}', "undeclared-reference", 7, 10, "Reference to something undeclared", 'Did you mean "size"?'),
    ("an undeclared variable", 'volume "v" {\n  size = var.x\n}', "undeclared-reference", 6, 10, "Reference to something undeclared", 'variable "x" {}'),
    ("a variable without var", 'variable "size" {}\nvolume "v" {\n  size = size\n}', "undeclared-reference", 7, 10, "Reference to something undeclared", "Write var.size"),
    ("an undeclared local value", "locals {\n  colour = 1\n  b = local.color\n}", "undeclared-reference", 7, 7, "Reference to something undeclared", 'Did you mean "colour"?'),
    ("an undeclared resource with a near miss", 'workspace "w" {\n  image = image.bse\n}', "undeclared-reference", 6, 11, "Reference to something undeclared", 'Did you mean "base"?'),
    ("a resource of another kind", 'output "o" {\n  value = workspace.lan\n}', "undeclared-reference", 6, 11, "Reference to something undeclared", "Did you mean network.lan?"),
    ("a kind that is none", 'output "o" {\n  value = netwrk.lan.id\n}', "undeclared-reference", 6, 11, "Reference to something undeclared", 'Did you mean "network"?'),
    ("an unknown attribute", 'output "o" {\n  value = network.lan.gatway\n}', "unknown-attribute", 6, 11, "Unknown attribute", 'Did you mean "gateway"?'),
    ("an unknown argument of a block of another", 'workspace "w" {\n  image = image.base\n}\noutput "o" {\n  value = workspace.w.resources.cpu\n}', "unknown-attribute", 9, 11, "Unknown attribute", 'Did you mean "cpus"?'),
    ("a key where there is one", 'output "o" {\n  value = network.lan[0].id\n}', "unexpected-key", 6, 11, "Key where there is one object", "Leave [0] out"),
    ("no key where there are several", 'network "n" {\n  count = 2\n}\noutput "o" {\n  value = network.n.id\n}', "missing-key", 9, 11, "One object is wanted", "network.n[0]"),
    ("text as key of a list", 'network "n" {\n  count = 2\n}\noutput "o" {\n  value = network.n["a"].id\n}', "wrong-key", 9, 11, "Wrong sort of key", "its keys are numbers"),
    ("a whole list where one is wanted", 'image "i" {\n  count = 2\n  source = "x"\n}\nworkspace "w" {\n  image = image.i\n}', "whole-list", 10, 11, "One object is wanted", "write image.i[0]"),
    ("an object of another kind", 'workspace "w" {\n  image = network.lan\n}', "wrong-kind", 6, 11, "Wrong kind of object", "takes an image"),
    ("text where an object is wanted by its kind", 'workspace "w" {\n  image = 5\n}', "wrong-type", 6, 11, "Wrong type", "an image, such as image.NAME"),
    ("each without for_each", 'network "n" {\n  domain = each.key\n}', "reference-not-allowed", 6, 12, "Reference that is not allowed here", "for_each"),
    ("count without count", 'network "n" {\n  for_each = {}\n  mtu = count.index\n}', "reference-not-allowed", 7, 9, "Reference that is not allowed here", "count"),
    ("each in its own for_each", 'network "n" {\n  for_each = each.value\n}', "reference-not-allowed", 6, 14, "Reference that is not allowed here", "for_each"),
    ("self outside a condition", 'network "n" {\n  domain = self.id\n}', "reference-not-allowed", 6, 12, "Reference that is not allowed here", "postcondition"),
    ("parent outside a cluster", 'network "n" {\n  domain = parent.key\n}', "reference-not-allowed", 6, 12, "Reference that is not allowed here", "cluster"),
    ("a resource in a provider block", 'provider "libvirt" {\n  uri = network.lan.id\n}', "reference-not-allowed", 6, 9, "Reference that is not allowed here", "local, path, var"),
    ("what path does not tell", 'output "o" {\n  value = path.modul\n}', "undeclared-reference", 6, 11, "Reference to something undeclared", 'Did you mean "module"?'),
    ("what terraform does not tell", 'output "o" {\n  value = terraform.applying\n}', "undeclared-reference", 6, 11, "Reference to something undeclared", "vwplan.stack"),
    ("an unknown function", 'output "o" {\n  value = lenght("x")\n}', "unknown-function", 6, 11, "Unknown function", 'Did you mean "length"?'),
    ("an unknown function within another call", 'output "o" {\n  value = [for x in [] : upper(nonesuch(x))]\n}', "unknown-function", 6, 32, "Unknown function", "nonesuch"),
    ("an unknown function behind what decides", 'output "o" {\n  value = false && nonesuch(1)\n}', "unknown-function", 6, 20, "Unknown function", "nonesuch"),
    ("too many arguments for a function", 'output "o" {\n  value = upper("a", "b")\n}', "surplus-argument", 6, 22, "Surplus argument", ""),
    ("an operand that no value can mend", 'output "o" {\n  value = network.lan.gateway + 1 + true\n}', "invalid-operand", 6, 37, "Invalid operand", "number"),
    ("a type that no value can mend", 'volume "v" {\n  size = 1\n  image = image.base\n  keep = path.root == "." ? [1] : [2]\n}', "wrong-type", 8, 10, "Wrong type", "bool"),
    ("count and for_each", 'network "n" {\n  count = 1\n  for_each = {}\n}', "conflicting-arguments", 7, 3, "Arguments that exclude each other", "a list"),
    ("a negative count", 'network "n" {\n  count = "x"\n}', "invalid-count", 6, 11, "Invalid count", "0 or more"),
    ("for_each over a tuple", 'network "n" {\n  for_each = ["a"]\n}', "invalid-for-each", 6, 14, "Invalid for_each", "toset"),
    ("Terraform's settings", "terraform {}", "not-here", 5, 1, "Not taken here", "the vwplan block"),
    ("Terraform's resources", 'resource "a" "b" {}', "not-here", 5, 1, "Not taken here", "begins with its kind"),
    ("a provisioner", 'network "n" {\n  provisioner "x" {\n  }\n}', "not-here", 6, 3, "Not taken here", "user_data"),
    ("a connection", 'network "n" {\n  connection {\n  }\n}', "not-here", 6, 3, "Not taken here", "user_data"),
    ("create_before_destroy", 'network "n" {\n  lifecycle {\n    create_before_destroy = true\n  }\n}', "not-here", 7, 5, "Not taken here", "replace"),
    ("a reserved word", 'pool "p" {}', "reserved", 5, 1, "Reserved word", "pool"),
    ("a kind of a later version", 'job "j" {}', "not-yet", 5, 1, "Not in this version", "job"),
    ("a lease", 'workspace "w" {\n  image = image.base\n  lease {\n    ttl = "8h"\n  }\n}', "not-yet", 7, 3, "Not in this version", "lease"),
    ("a copy", 'workspace "w" {\n  copy_of = workspace.v\n}', "not-yet", 6, 3, "Not in this version", "copy_of"),
    ("a range of memory", 'workspace "w" {\n  image = image.base\n  resources {\n    memory = { min = "1 GiB", max = var.x }\n  }\n}\nvariable "x" {}', "not-yet", 8, 14, "Not in this version", "range to negotiate"),
    ("waiting for cloud-init", 'workspace "w" {\n  image = image.base\n  ready {\n    cloud_init = true\n  }\n}', "not-yet", 8, 5, "Not in this version", "cloud_init"),
    ("a checkout", 'image "i" {\n  from = workspace.w\n}', "not-yet", 6, 3, "Not in this version", "from"),
    ("an argument that no host has", 'provider "libvirt" {\n  host "a" {\n    url = "x"\n  }\n}', "unknown-argument", 7, 5, "Unknown argument", "uri"),
    ("a host without a name", 'provider "libvirt" {\n  host {\n  }\n}', "wrong-labels", 6, 3, "Missing label", "LABEL"),
    ("a name that no host can have", 'provider "libvirt" {\n  host "../a" {\n  }\n}', "invalid-form", 6, 8, "Invalid label", "rack1-a"),
    ("a host given twice", 'provider "libvirt" {\n  host "a" {\n  }\n  host "a" {\n  }\n}', "duplicate", 8, 3, "Declared twice", "host"),
    ("a limit below nothing", 'provider "libvirt" {\n  limits { cpus = -1 }\n}', "invalid-number", 6, 19, "Invalid number", "cpus"),
    ("a limit of no size", 'provider "libvirt" {\n  limits { memory = "much" }\n}', "invalid-unit", 6, 21, "Invalid size", "memory"),
    ("a shared state without its place", 'vwplan {\n  state "postgres" {}\n}', "missing-argument", 6, 3, "Missing argument", "conninfo"),
    ("a password in the spec", 'vwplan {\n  state "postgres" {\n    conninfo = "host=x password=y"\n  }\n}', "password-in-spec", 7, 16, "A password in the spec", "PGPASSFILE"),
    ("a password in a URI", 'vwplan {\n  state "postgres" {\n    conninfo = "postgresql://u:pw@x/db"\n  }\n}', "password-in-spec", 7, 16, "A password in the spec", "PGPASSFILE"),
    ("a place that is not said outright", 'vwplan {\n  state "postgres" {\n    conninfo = var.x\n  }\n}\nvariable "x" {}', "not-constant", 7, 16, "Not a constant", "said outright"),
    ("an argument that no store has", 'vwplan {\n  state "postgres" {\n    conninfo = "x"\n    table = "y"\n  }\n}', "unknown-argument", 8, 5, "Unknown argument", "takes conninfo"),
    ("a fact that data does not have", 'data "host" "h" {}\noutput "o" {\n  value = data.host.h.cpu\n}', "unknown-attribute", 7, 11, "Unknown attribute", 'Did you mean "cpus"?'),
    ("an unknown store", 'vwplan {\n  state "lokal" {}\n}', "unknown-block", 6, 9, "Unknown store", 'Did you mean "local"?'),
    ("another version", 'vwplan {\n  required_version = ">= 99"\n}', "wrong-version", 6, 22, "Wrong version of vwplan", ">= 99"),
    ("no version", 'vwplan {\n  required_version = "new"\n}', "invalid-version", 6, 22, "Invalid version constraint", "~> 1.2"),
    ("an unknown provider", 'provider "libvrt" {}', "unknown-provider", 5, 10, "Unknown provider", 'Did you mean "libvirt"?'),
    ("an unknown setting", 'provider "libvirt" {\n  urii = "x"\n}', "unknown-argument", 6, 3, "Unknown argument", 'Did you mean "uri"?'),
    ("a provider configuration that is not there", 'network "n" {\n  provider = libvirt.site\n}', "unknown-provider", 6, 14, "Unknown provider", 'alias = "site"'),
    ("two default providers", 'provider "libvirt" {}\nprovider "simulated" {}', "ambiguous-provider", 6, 1, "More than one default provider", "vwplan { provider = libvirt }"),
    ("an argument outside of blocks", "a = 1", "argument-at-top", 5, 1, "Argument outside of blocks", "locals"),
    ("a block that is none", 'workspce "w" {}', "unknown-block", 5, 1, "Unknown block", 'Did you mean "workspace"?'),
    ("a block that its block does not have", 'workspace "w" {\n  image = image.base\n  nics {\n  }\n}', "unknown-block", 7, 3, "Unknown block", 'Did you mean "nic"?'),
    ("depends_on what is not there", 'network "n" {\n  depends_on = [network.lann]\n}', "undeclared-reference", 6, 17, "Reference to something undeclared", 'Did you mean "lan"?'),
    ("depends_on text", 'network "n" {\n  depends_on = ["net work"]\n}', "not-a-reference", 6, 17, "Not a reference", "write net work without quotes"),
    ("ignore_changes of nothing", 'network "n" {\n  lifecycle {\n    ignore_changes = [mto]\n  }\n}', "unknown-argument", 7, 23, "Unknown argument", 'Did you mean "mtu"?'),
    ("a condition without a message", 'network "n" {\n  lifecycle {\n    precondition {\n      condition = path.root == "."\n    }\n  }\n}', "missing-argument", 7, 5, "Missing argument", "error_message"),
    ("a condition about nothing", 'network "n" {\n  lifecycle {\n    precondition {\n      condition = true\n      error_message = "x"\n    }\n  }\n}', "constant-condition", 8, 19, "Condition that refers to nothing", "always"),
    ("a timeout of no step", 'network "n" {\n  timeouts {\n    creat = "1m"\n  }\n}', "unknown-argument", 7, 5, "Unknown argument", 'Did you mean "create"?'),
    ("a timeout without a unit", 'network "n" {\n  timeouts {\n    create = "5"\n  }\n}', "invalid-unit", 7, 14, "Invalid duration", 'Write "5s" or "5m"'),
    ("a dynamic block of nothing", 'workspace "w" {\n  image = image.base\n  dynamic "nics" {\n    for_each = []\n    content {\n    }\n  }\n}', "unknown-block", 7, 11, "Unknown block", 'Did you mean "nic"?'),
    ("a dynamic block without content", 'workspace "w" {\n  image = image.base\n  dynamic "nic" {\n    for_each = []\n  }\n}', "missing-block", 7, 3, "Missing block", "content"),
    ("a variable called as a meta-argument", 'variable "count" {}', "invalid-name", 5, 10, "Invalid name", "count"),
    ("a default that is no constant", 'variable "a" {\n  default = path.root\n}', "not-constant", 6, 13, "Not a constant", "outright"),
    ("a move between kinds", "moved {\n  from = volume.a\n  to = network.lan\n}", "invalid-move", 7, 8, "Invalid move", "different kinds"),
    ("a move from what is there", 'network "n" {}\nmoved {\n  from = network.lan\n  to = network.n\n}', "invalid-move", 7, 10, "Moved from what is still there", "still declared"),
    ("a removal of what is there", "removed {\n  from = network.lan\n}", "invalid-removal", 6, 10, "Removed and still there", "Take its block out"),
    ("a removal of one instance", 'removed {\n  from = network.x["a"]\n}', "invalid-address", 6, 10, "Not an address", "without keys"),
    ("an import into nothing", 'import {\n  to = network.x\n  id = "y"\n}', "undeclared-reference", 6, 8, "Reference to something undeclared", "Write one"),
    ("a cluster without a head", 'cluster "c" {\n  image = image.base\n}', "missing-block", 5, 1, "Missing block", "head"),
    ("two heads", 'cluster "c" {\n  image = image.base\n  head {\n  }\n  head {\n  }\n}', "duplicate", 9, 3, "Declared twice", "line 7"),
    ("a role twice", 'cluster "c" {\n  image = image.base\n  head {\n  }\n  workers "a" {\n  }\n  workers "a" {\n  }\n}', "duplicate", 11, 3, "Declared twice", "line 9"),
    ("a role called head", 'cluster "c" {\n  image = image.base\n  head {\n  }\n  workers "head" {\n  }\n}', "invalid-name", 9, 11, "Invalid name", "other than head"),
    ("a member without an image", 'cluster "c" {\n  head {\n    image = image.base\n  }\n  workers "a" {\n  }\n}', "missing-argument", 9, 3, "Missing argument", '"environment" or "image"'),
    ("count in the head", 'cluster "c" {\n  image = image.base\n  head {\n    count = 2\n  }\n}', "misplaced-meta", 8, 5, "Meta-argument in the wrong place", "workers"),
    ("update in the head", 'cluster "c" {\n  image = image.base\n  head {\n    update {\n      max_unavailable = 1\n    }\n  }\n}', "not-here", 8, 5, "Not taken here", "workers"),
    ("a hostname for a whole cluster", 'cluster "c" {\n  image = image.base\n  hostname = "x"\n  head {\n  }\n}', "not-here", 7, 3, "Not taken here", "head or workers"),
    ("after a role that is not there", 'cluster "c" {\n  image = image.base\n  head {\n  }\n  workers "a" {\n    after = ["haed"]\n  }\n}', "unknown-role", 10, 14, "Unknown role", 'Did you mean "head"?'),
    ("a member that is not there", 'cluster "c" {\n  image = image.base\n  head {\n    user_data = parent.workers.compute[0].address\n  }\n  workers "a" {\n  }\n}', "undeclared-reference", 8, 17, "Reference to something undeclared", "It has a"),
    ("a role without count without key", 'cluster "c" {\n  image = image.base\n  head {\n  }\n  workers "a" {\n  }\n}\noutput "o" {\n  value = cluster.c.workers.a.address\n}', "missing-key", 13, 11, "One object is wanted", "write cluster.c.workers.a[0]"),
    ("parent.key without for_each", 'cluster "c" {\n  image = image.base\n  head {\n    os = parent.key\n  }\n}', "undeclared-reference", 8, 10, "Reference to something undeclared", "no for_each"),
    ("gang", 'cluster "c" {\n  image = image.base\n  gang = true\n  head {\n  }\n}', "not-yet", 7, 3, "Not in this version", "gang"),
    ("a call of what is no path", 'module "m" {\n  source = "hashicorp/x/aws"\n}', "invalid-source", 6, 12, "Invalid source of a module", "./ or ../"),
    ("a call of what is not there", 'module "m" {\n  source = "./gone"\n}', "no-spec", 6, 12, "No spec", "no such directory"),
    ("a module that calls itself", 'module "m" {\n  source = "./."\n}', "module-cycle", 6, 12, "Module that calls itself", "calls itself"),
    ("no source", 'module "m" {\n}', "missing-argument", 5, 1, "Missing argument", "source"),
    ("a syntax error", 'workspace "w" {\n  image = = 1\n}', "missing-value", 6, 11, "Missing value", ""),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "text", "code", "line", "column", "summary", "detail"), CASES, ids=[case[0] for case in CASES]
)
def test_bad_specs(
    tmp_path: Path, reason: str, text: str, code: str, line: int, column: int, summary: str, detail: str
) -> None:
    problems = problems_of(write(tmp_path, {MAIN: BASE + text + "\n"}))
    assert places(problems) == [(code, line, column)], [str(each) for each in problems]
    assert problems[0].summary == summary
    assert detail in problems[0].detail


def test_all_problems_of_all_files_are_told_at_once_in_order_of_place(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "a.vw.hcl": 'workspace "w" {\n  image = image.bse\n  power = "on"\n}\n',
            "b.vw.hcl": BASE + 'volume "v" {\n  sise = 1\n}\n',
            "c.vw.hcl": 'module "m" {\n  source = "./m"\n}\n',
            "m/main.vw.hcl": 'output "o" {\n  value = var.x\n}\n',
        },
    )
    problems = problems_of(tmp_path)
    assert [(Path(each.subject.file).name, each.subject.line, each.code) for each in problems if each.subject] == [
        ("a.vw.hcl", 2, "undeclared-reference"),
        ("a.vw.hcl", 3, "invalid-choice"),
        ("b.vw.hcl", 6, "unknown-argument"),
        ("main.vw.hcl", 2, "undeclared-reference"),
    ]


def test_each_problem_is_told_once_though_a_module_is_called_twice(tmp_path: Path) -> None:
    calls = 'module "a" {\n  source = "./m"\n}\nmodule "b" {\n  source = "./m"\n}\n'
    write(tmp_path, {MAIN: calls, "m/main.vw.hcl": 'output "o" {\n  value = var.x\n}\n'})
    assert places(problems_of(tmp_path)) == [("undeclared-reference", 2, 11)]


def test_what_a_syntax_error_hides_is_not_told_to_be_missing(tmp_path: Path) -> None:
    text = 'image "base" {\n  source = (\n}\nworkspace "w" {\n  image = image.base\n  user_data = local.x\n}\n'
    codes = {each.code for each in problems_of(write(tmp_path, {MAIN: text}))}
    assert codes == {"missing-value"}


def test_a_folder_without_a_spec_is_told(tmp_path: Path) -> None:
    [problem] = problems_of(tmp_path)
    assert problem.code == "no-spec"
    assert ".vw.hcl" in problem.detail
    [problem] = problems_of(tmp_path / "gone")
    assert "no such directory" in problem.detail

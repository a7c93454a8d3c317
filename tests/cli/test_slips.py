"""Slips as people make them, one in each spec: told once, at the line and column where the pen slipped, with what to do."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import Shop, shop_in

GOOD = """\
provider "simulated" {}
image "base" {
  source = "base.raw"
  format = "raw"
}
"""

# The slip, what it adds to a good spec (from line 6 on), line, column, how what is said of it begins.
SLIPS = [
    ('a required argument misspelt is one slip and not two', 'image "b" {\n  sorce = "b.raw"\n}\n', 7, 3, 'An image has no argument "sorce". Did you mean "source"?'),
    ('an argument misspelt', 'network "n" {\n  ciddr = "10.0.0.0/24"\n}\n', 7, 3, 'A network has no argument "ciddr". Did you mean "cidr"?'),
    ('one of several misspelt is one slip', 'volume "v" {\n  siz = "1 GiB"\n}\n', 7, 3, 'A volume has no argument "siz". Did you mean "size"?'),
    ('a block misspelt', 'workspace "w" {\n  image = image.base\n  resource { cpus = 2 }\n}\n', 8, 3, 'A workspace has no block "resource". Did you mean "resources"?'),
    ('a required block misspelt is one slip', 'cluster "c" {\n  image = image.base\n  heads {}\n}\n', 8, 3, 'A cluster has no block "heads". Did you mean "head"?'),
    ('workers without a role', 'cluster "c" {\n  image = image.base\n  head {}\n  workers { count = 2 }\n}\n', 9, 3, 'A block workers needs one label. Write workers "ROLE" { … }.'),
    ('a word in the singular', 'cluster "c" {\n  image = image.base\n  head {}\n  worker "x" { count = 2 }\n}\n', 9, 3, 'A cluster has no block "worker". Did you mean "workers"?'),
    ('a kind misspelt', 'workspce "w" {\n  image = image.base\n}\n', 6, 1, 'There are no blocks of type "workspce". Did you mean "workspace"?'),
    ('a kind in the plural', 'networks "w" {}\n', 6, 1, 'There are no blocks of type "networks". Did you mean "network"?'),
    ('a block without its name', 'workspace {\n  image = image.base\n}\n', 6, 1, 'A block workspace needs one label. Write workspace "NAME" { … }.'),
    ('two names as in Terraform', 'workspace "a" "b" {\n  image = image.base\n}\n', 6, 15, 'A block workspace "NAME" has one label, not 2. Write workspace "NAME" { … }.'),
    ("Terraform's resource", 'resource "vwplan_workspace" "w" {\n  image = image.base\n}\n', 6, 1, 'vwplan has no "resource" blocks. A block here begins with its kind: workspace "NAME", cluster'),
    ("Terraform's settings", 'terraform {\n  required_version = ">= 1"\n  backend "s3" {}\n}\n', 6, 1, 'vwplan has no "terraform" blocks. Settings of a stack are in the vwplan block:'),
    ("Terraform's provisioner", 'workspace "w" {\n  image = image.base\n  provisioner "remote-exec" {\n    inline = ["ls"]\n  }\n}\n', 8, 3, '"provisioner" is not taken in workspace. Say what is to be in the guest with user_data,'),
    ("Terraform's connection", 'workspace "w" {\n  image = image.base\n  connection {\n    host = "x"\n  }\n}\n', 8, 3, '"connection" is not taken in workspace. Say what is to be in the guest with user_data,'),
    ("Terraform's order of replacement", 'workspace "w" {\n  image = image.base\n  lifecycle { create_before_destroy = true }\n}\n', 8, 15, '"create_before_destroy" is not taken in lifecycle. The order follows from what old and new both'),
    ('a reserved word', 'secret "s" {}\n', 6, 1, '"secret" is reserved for a later version of the language.'),
    ('a kind of a later version', 'job "j" {\n  on = workspace.w\n}\n', 6, 1, 'A job: what is run once its workspaces are ready. It is not there in this version yet. Leave it'),
    ("Terraform's backend", 'vwplan {\n  backend "s3" {}\n}\n', 7, 3, '"backend" is not taken in vwplan. A store for the state is state "postgres" { conninfo = … };'),
    ("Terraform's providers", 'vwplan {\n  required_providers {\n    a = 1\n  }\n}\n', 7, 3, '"required_providers" is not taken in vwplan. Providers are installed beside vwplan and not'),
    ('a number in words', 'workspace "w" {\n  image = image.base\n  resources { cpus = "two" }\n}\n', 8, 22, '"cpus" does not take this value: a number is required.'),
    ('a number too small', 'workspace "w" {\n  image = image.base\n  resources { cpus = 0 }\n}\n', 8, 22, '"cpus" must be at least 1.'),
    ('a number that is not whole', 'workspace "w" {\n  image = image.base\n  resources { cpus = 1.5 }\n}\n', 8, 22, '"cpus" takes a whole number.'),
    ('a size without a unit', 'workspace "w" {\n  image = image.base\n  resources { memory = "512" }\n}\n', 8, 24, '"memory": A size needs a unit. Write "512 MiB" or "512 GiB"; a number without quotes counts MiB.'),
    ('a unit that is none', 'workspace "w" {\n  image = image.base\n  resources { memory = "512 megs" }\n}\n', 8, 24, '"memory": "megs" is not a unit of size. Did you mean "MiB" or "MB"? There are KiB, MiB, GiB,'),
    ('a size below nothing', 'workspace "w" {\n  image = image.base\n  resources { memory = -5 }\n}\n', 8, 24, '"memory": It is below zero.'),
    ('a range of a later version', 'workspace "w" {\n  image = image.base\n  resources { memory = { min = "1 GiB", max = "2 GiB" } }\n}\n', 8, 24, 'A range to negotiate in "memory" is not there in this version yet. Write one value.'),
    ('a unit of time in words', 'workspace "w" {\n  image = image.base\n  ready {\n    tcp = 22\n    timeout = "5 minutes"\n  }\n}\n', 10, 15, '"timeout": "minutes" is not a unit of time. Did you mean "m"? There are s, m, h, d and w.'),
    ('a duration in words', 'workspace "w" {\n  image = image.base\n  timeouts { create = "soon" }\n}\n', 8, 23, '"create": "soon" is not a duration. Write a number and a unit, such as "90s", "90m", "8h" or'),
    ('a duration for a size', 'volume "v" {\n  size = "5m"\n}\n', 7, 10, '"size": "m" is not a unit of size. Did you mean "MiB" or "MB"? There are KiB, MiB, GiB, TiB,'),
    ('a number too large', 'workspace "w" {\n  image = image.base\n  ready { tcp = 70000 }\n}\n', 8, 17, '"tcp" must be at most 65535.'),
    ('a choice that is none', 'workspace "w" {\n  image = image.base\n  power = "on"\n}\n', 8, 11, '"power" takes one of "running", "paused", "off", not "on".'),
    ('a value of a later version', 'workspace "w" {\n  image = image.base\n  power = "saved"\n}\n', 8, 11, 'power = "saved" is not there in this version yet.'),
    ('a choice misspelt', 'network "n" { mode = "natt" }\n', 6, 22, '"mode" takes one of "nat", "isolated", "bridge", "routed", not "natt". Did you mean "nat"?'),
    ('a list for a map', 'workspace "w" {\n  image = image.base\n  tags = ["a"]\n}\n', 8, 10, '"tags" does not take this value: a map of string is required, not a tuple.'),
    ('a block with an equals sign', 'workspace "w" {\n  image = image.base\n  nic = { network = 1 }\n}\n', 8, 3, 'nic is a block: write nic { … }, without an equals sign.'),
    ('an argument without one', 'workspace "w" {\n  image = image.base\n  power {}\n}\n', 8, 3, 'power is an argument: write power = …, with an equals sign.'),
    ('a block twice', 'workspace "w" {\n  image = image.base\n  resources { cpus = 1 }\n  resources { cpus = 2 }\n}\n', 9, 3, 'resources is declared on line 8 already.'),
    ('an argument twice', 'workspace "w" {\n  image = image.base\n  power = "off"\n  power = "running"\n}\n', 9, 3, 'power is set on line 8 already. Each argument is set once.'),
    ('a name twice', 'network "n" {}\nnetwork "n" {}\n', 7, 1, 'network "n" is declared on line 6 already.'),
    ('a role twice', 'cluster "c" {\n  image = image.base\n  head {}\n  workers "a" {}\n  workers "a" {}\n}\n', 10, 3, 'workers "a" is declared on line 9 already.'),
    ('a head twice', 'cluster "c" {\n  image = image.base\n  head {}\n  head {}\n}\n', 9, 3, 'The head is declared on line 8 already.'),
    ('a cluster without a head', 'cluster "c" {\n  image = image.base\n  workers "a" {}\n}\n', 6, 1, 'A cluster needs a block head { … }. The one machine that the others follow.'),
    ('workers called head', 'cluster "c" {\n  image = image.base\n  head {}\n  workers "head" {}\n}\n', 9, 11, '"head" is not a role. A role is a name other than head, such as "compute".'),
    ('a validation without its message', 'variable "x" {\n  default = 1\n  validation { condition = var.x > 0 }\n}\n', 8, 3, 'A validation needs the argument "error_message". What is said where it does not.'),
    ('a required argument missing', 'image "x" {}\n', 6, 1, 'An image needs the argument "source". Where the bytes are: a path (relative to the module), a'),
    ('nothing to start from', 'workspace "w" {}\n', 6, 1, 'A workspace needs "environment" or "image".'),
    ('nothing to start from in a cluster', 'cluster "c" {\n  head {}\n}\n', 7, 3, 'A head needs "environment" or "image".'),
    ('a nic on nothing', 'workspace "w" {\n  image = image.base\n  nic {}\n}\n', 8, 3, 'A nic needs the argument "network". The network that it is on.'),
    ('a bridge without its name', 'network "n" { mode = "bridge" }\n', 6, 1, 'A network of mode "bridge" is one of the host\'s bridges: name it with bridge.'),
    ('a reference to another kind', 'network "n" {}\nworkspace "w" {\n  image = network.n\n}\n', 8, 11, '"image" takes an image, and network.n is a network.'),
    ('a name in quotes for a reference', 'workspace "w" {\n  image = "base"\n}\n', 7, 11, '"image" takes an image, such as image.NAME, or its id, and "base" is no id.'),
    ('a reference to another kind in a block', 'workspace "w" {\n  image = image.base\n  nic { network = image.base }\n}\n', 8, 19, '"network" takes a network, and image.base is an image.'),
    ('a reference misspelt', 'workspace "w" {\n  image = image.bse\n}\n', 7, 11, 'There is no image "bse" in this module. Did you mean "base"?'),
    ('a kind misspelt in a reference', 'workspace "w" {\n  image = imge.base\n}\n', 7, 11, 'There is nothing named "imge". Did you mean "image"?'),
    ('a fact misspelt', 'workspace "w" {\n  image = image.base\n}\noutput "o" {\n  value = workspace.w.adress\n}\n', 10, 11, 'A workspace has no argument or fact "adress". Did you mean "address"?'),
    ('a fact of the members asked of the cluster', 'cluster "c" {\n  image = image.base\n  head {}\n}\noutput "o" {\n  value = cluster.c.address\n}\n', 11, 11, 'A cluster has no argument or fact "address". Its members have: write cluster.c.head.address, or'),
    ('a role that is not there', 'cluster "c" {\n  image = image.base\n  head {}\n  workers "a" { count = 1 }\n}\noutput "o" {\n  value = cluster.c.workers.b\n}\n', 12, 11, 'cluster.c has no workers "b". It has a.'),
    ('several where one is wanted', 'image "m" {\n  count = 2\n  source = "b.raw"\n}\nworkspace "w" {\n  image = image.m\n}\n', 11, 11, '"image" takes one image, and image.m has count, so it is several. Pick one: write image.m[0].'),
    ('no index where there are several', 'workspace "w" {\n  image = image.base\n  count = 2\n}\noutput "o" {\n  value = workspace.w.address\n}\n', 11, 11, 'workspace.w has count, so there are several. Pick one, such as workspace.w[0] or'),
    ('an index where there is one', 'workspace "w" {\n  image = image.base\n}\noutput "o" {\n  value = workspace.w[0].address\n}\n', 10, 11, 'workspace.w has neither count nor for_each, so there is only one. Leave [0] out.'),
    ('an index beyond the last', 'workspace "w" {\n  image = image.base\n  count = 2\n}\noutput "o" {\n  value = workspace.w[5].address\n}\n', 11, 22, 'There are only 2 elements, and indexes start at 0.'),
    ('count beside for_each', 'workspace "w" {\n  image = image.base\n  count = 2\n  for_each = toset(["a"])\n}\n', 9, 3, 'count and for_each exclude each other: count makes a list, for_each a map.'),
    ('a list for for_each', 'workspace "w" {\n  image = image.base\n  for_each = ["a"]\n}\n', 8, 14, '"for_each" takes a map, or a set of strings, and this is a tuple. Make it a set with toset([…]).'),
    ('count.index without count', 'workspace "w" {\n  image = image.base\n  hostname = "w${count.index}"\n}\n', 8, 18, '"count" means something only in a block with count.'),
    ('parent outside of a cluster', 'workspace "w" {\n  image = image.base\n  user_data = parent.head.address\n}\n', 8, 15, '"parent" means something only in a cluster: there it is the instance around.'),
    ('a reference to itself', 'workspace "a" {\n  image = image.base\n  user_data = workspace.a.address\n}\n', 6, 1, 'workspace.a depends on itself: it refers to itself, directly or as a part of what it refers to.'),
    ('what nobody provides', 'cluster "c" {\n  image = image.base\n  head {}\n  workers "a" { requires = ["nfs"] }\n}\n', 9, 28, 'cluster.c.workers.a[0] requires "nfs", and nobody in the cluster provides it. Give the head, or'),
    ('a list for a map in a member', 'cluster "c" {\n  image = image.base\n  head { provides = ["nfs"] }\n}\n', 8, 21, '"provides" does not take this value: a map of string is required, not a tuple.'),
    ('after a role that is not there', 'cluster "c" {\n  image = image.base\n  head {}\n  workers "a" { after = ["b"] }\n}\n', 9, 26, 'The cluster has no role "b". It has head, a.'),
    ('a head several times', 'cluster "c" {\n  image = image.base\n  head { count = 2 }\n}\n', 8, 10, '"count" is not taken in head. It belongs in workers, and every kind\'s own block.'),
    ('a range that is none', 'network "n" { cidr = "10.0.0/24" }\n', 6, 22, '"cidr": "10.0.0/24" is not a range of addresses. Write one such as "10.20.0.0/24".'),
    ('a range with bits of a host', 'network "n" { cidr = "10.0.0.1/24" }\n', 6, 22, '"cidr": "10.0.0.1/24" has bits set beyond its prefix. The range that it lies in is'),
    ('a MAC that is none', 'network "n" { cidr = "10.9.0.0/24" }\nworkspace "w" {\n  image = image.base\n  nic {\n    network = network.n\n    mac = "52:54:zz"\n  }\n}\n', 11, 11, '"mac": "52:54:zz" is not a MAC address. Write one such as "52:54:00:12:34:56".'),
    ('an address twice', 'network "n" { cidr = "10.9.0.0/24" }\nworkspace "w" {\n  count = 2\n  image = image.base\n  nic {\n    network = network.n\n    address = "10.9.0.4"\n  }\n}\n', 12, 15, 'workspace.w[1] is given 10.9.0.4 on network.n, which workspace.w[0] has. Give one of them'),
    ('a file that is not there', 'environment "e" {\n  image = image.base\n  file "/etc/x" {\n    source = "nofile"\n  }\n}\nworkspace "w" {\n  environment = environment.e\n}\n', 9, 14, 'The source of file "/etc/x" is "nofile", and there is no such file.'),
    ('two that exclude each other', 'environment "e" {\n  image = image.base\n  file "/etc/x" {\n    source = "b.raw"\n    content = "x"\n  }\n}\nworkspace "w" {\n  environment = environment.e\n}\n', 9, 5, 'A file takes only one of content and source.'),
    ('one of two missing', 'environment "e" {\n  image = image.base\n  file "/etc/x" {}\n}\nworkspace "w" {\n  environment = environment.e\n}\n', 8, 3, 'A file needs "content" or "source".'),
    ('a path in the guest that is relative', 'environment "e" {\n  image = image.base\n  file "etc/x" { content = "x" }\n}\nworkspace "w" {\n  environment = environment.e\n}\n', 8, 8, 'file: "etc/x" is not an absolute path. Write one such as "/etc/motd".'),
    ('a mode in letters', 'environment "e" {\n  image = image.base\n  file "/etc/x" {\n    content = "x"\n    mode = "rwx"\n  }\n}\nworkspace "w" {\n  environment = environment.e\n}\n', 10, 12, '"mode": "rwx" is not a file mode in octal. Write one such as "0644".'),
    ('a string for a list', 'environment "e" {\n  image = image.base\n  packages = "nginx"\n}\n', 8, 14, '"packages" does not take this value: a list of string is required, not a string.'),
    ('a provider misspelt', 'workspace "w" {\n  provider = libvrt\n  image = image.base\n}\n', 7, 14, 'There is no provider configuration "libvrt". Did you mean "libvirt"?'),
    ('a block of a later version', 'workspace "w" {\n  image = image.base\n  lease { ttl = "8h" }\n}\n', 8, 3, 'A lease ("lease" in workspace) is not there in this version yet. Leave it out.'),
    ('an argument of a later version', 'workspace "w" {\n  image = image.base\n  copy_of = workspace.x\n}\n', 8, 3, 'A copy of another workspace ("copy_of" in workspace) is not there in this version yet. Leave it'),
    ('two arguments on one line', 'workspace "w" {\n  image = image.base\n  resources { cpus = 2, memory = "1 GiB" }\n}\n', 8, 23, 'A block on one line holds one argument. For more, put each on a line of its own.'),
    ('single quotes', "workspace 'w' {\n  image = image.base\n}\n", 6, 11, 'Strings stand in double quotes: write " in place of \'.'),
    ('a colon for an equals sign', 'workspace "w" {\n  image: image.base\n}\n', 7, 8, 'An argument is set with =: image = and a value.'),
    ('a type misspelt', 'variable "x" { type = strng }\n', 6, 23, '"strng" is no type. Did you mean "string"?'),
    ('a module of a registry', 'module "m" { source = "terraform-aws-modules/vpc/aws" }\n', 6, 23, '"terraform-aws-modules/vpc/aws" is no path that starts with ./ or ../. Only modules beside the'),
    ("data of a provider of Terraform's", 'data "aws_ami" "n" { name = "x" }\n', 6, 6, 'There is no data of kind "aws_ami". It takes host, image, network, stack, volume, workspace.'),
    ('a rule misspelt', 'workspace "w" {\n  image = image.base\n  lifecycle { prevent_destory = true }\n}\n', 8, 15, 'A lifecycle has no argument "prevent_destory". Did you mean "prevent_destroy"?'),
    ('ignoring what is not there', 'workspace "w" {\n  image = image.base\n  lifecycle { ignore_changes = [powr] }\n}\n', 8, 33, 'A workspace has no argument "powr". Did you mean "power"?'),
    ('a rule that is none', 'workspace "w" {\n  image = image.base\n  lifecycle { replace = "maybe" }\n}\n', 8, 25, '"replace" takes one of "allow", "ask", "never", not "maybe".'),
    ('moved to another kind', 'moved {\n  from = workspace.a\n  to = volume.b\n}\n', 8, 8, 'workspace.a cannot become volume.b: they are of different kinds.'),
    ('removed and still there', 'removed { from = image.base }\n', 6, 18, 'image.base is still declared. Take its block out, or this one.'),
    ('a name for what has none', 'workspace "w" {\n  image = image.base\n  nic "eth0" {}\n}\n', 8, 7, 'A block nic has no label. Write nic { … }.'),
    ('an argument one level too high', 'workspace "w" {\n  image = image.base\n  cpus = 2\n}\n', 8, 3, 'A workspace has no argument "cpus". It belongs in a block: resources { cpus = … }.'),
    ('a fact that is given', 'workspace "w" {\n  image = image.base\n  address = "10.0.0.1"\n}\n', 8, 3, '"address" is a fact of a workspace: it is read, never given. To choose it, write it in a block:'),
    ('a name that no host may have', 'workspace "w" {\n  image = image.base\n  hostname = "my_host!"\n}\n', 8, 14, '"hostname": "my_host!" is not a host name (letters, digits and hyphens, 63 at most). Write one'),
    ('a required argument that is null', 'volume "v" { size = null }\n', 6, 1, 'A volume needs "size" or "image".'),
    ('a store that is not there', 'vwplan {\n  state "s3" {}\n}\n', 7, 9, 'There is no store "s3" for state. There are "local" and "postgres".'),
    ('dynamic of a block misspelt', 'workspace "w" {\n  image = image.base\n  dynamic "nik" {\n    for_each = [1]\n    content {}\n  }\n}\n', 8, 11, 'There is no block "nik" here that could be repeated. Did you mean "nic"?'),
    ("an expression that is none", 'workspace "w" {\n  image = image.base\n  ready { console = "[" }\n}\n', 8, 21, '"console": "[" is not a regular expression: missing ]: [.'),
    ("a way of fetching that is not there", 'image "k" { source = "ftp://x/y" }\n', 6, 22, '"source": nothing is fetched by ftp://. Give a path, or a file://, http:// or https:// URL.'),
    ("a reference as Terraform may write it", 'output "o" {\n  value = resource.workspace.w\n}\n', 7, 11, "Blocks are named without resource: write workspace.w."),
]  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    return shop_in(tmp_path, monkeypatch, capsys, GOOD)


@pytest.mark.parametrize(("slip", "text", "line", "column", "words"), SLIPS, ids=[slip[0] for slip in SLIPS])
def test_a_slip_is_told_once_at_its_place_with_what_to_do(
    shop: Shop, slip: str, text: str, line: int, column: int, words: str
) -> None:
    shop.spec(GOOD, text)
    told = shop.run("plan")
    assert (told.code, told.out) == (1, ""), slip
    [problem] = told.err.split("Error: ")[1:]
    place, _, detail = problem.partition("\n\n")
    assert re.search(rf"^  on main\.vw\.hcl:{line}:{column}\b", place, re.M), told.err
    assert " ".join(detail.split()).startswith(words)

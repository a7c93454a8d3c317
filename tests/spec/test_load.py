"""Good specs: what loading makes of them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from spec_files import BASE, load_text, places, problems_of, write

from vwplan.hcl.evaluate import MappingScope
from vwplan.spec import load
from vwplan.values import NUMBER, STRING, ListType

CLUSTER = """\
environment "osg" {
  image    = image.base
  packages = ["nfs-common"]
  user "alice" {
    groups = ["adm"]
  }
  dynamic "file" {
    for_each = { "/etc/a" = "x" }
    labels   = [file.key]
    content {
      content = file.value
    }
  }
}
cluster "physics" {
  for_each    = toset(["a", "b"])
  environment = environment.osg
  tags        = { key = each.key, same = parent.key }
  nic { network = network.lan }
  head {
    resources { memory = "1 GiB" }
    provides = { nfs = "/export" }
  }
  workers "compute" {
    count     = 2
    requires  = ["nfs"]
    user_data = "mount ${parent.head.address}:${parent.provides["nfs"]} /mnt # ${count.index} of ${each.key}"
    update { max_unavailable = 1 }
    lifecycle {
      ignore_changes = [tags["x"], resources.memory, nic[0].mac]
      replace        = "never"
      postcondition {
        condition     = self.address != ""
        error_message = "No address."
      }
    }
    timeouts {
      create = "5m"
    }
  }
}
output "heads" {
  value = { for key, one in cluster.physics : key => one.head.address }
}
output "second" {
  value = cluster.physics["b"].workers.compute[1].address
}
"""


def test_a_cluster_and_its_members(tmp_path: Path) -> None:
    root = load_text(tmp_path, BASE + CLUSTER).root
    cluster = root.resources["cluster.physics"]
    assert list(root.resources) == ["image.base", "network.lan", "environment.osg", "cluster.physics"]
    assert [member.role for member in cluster.members] == ["head", "compute"]
    head, compute = cluster.members
    assert set(head.part.arguments) == {"provides"}
    assert set(cluster.part.arguments) == {"environment", "tags"}
    assert list(cluster.part.blocks) == ["nic"]
    assert cluster.meta.for_each is not None and cluster.meta.count is None
    assert compute.meta.count is not None
    assert compute.meta.lifecycle.ignore_changes == ("tags.x", "resources.memory", "nic[0].mac")
    assert len(compute.meta.lifecycle.postconditions) == 1
    assert set(compute.meta.timeouts) == {"create"}
    [update] = compute.part.blocks["update"]
    assert update.part.arguments["max_unavailable"].value.evaluate(MappingScope()) == 1
    assert (compute.range.line, compute.range.column) == (28, 3)


def test_a_dynamic_block_keeps_what_it_repeats(tmp_path: Path) -> None:
    part = load_text(tmp_path, BASE + CLUSTER).root.resources["environment.osg"].part
    [user] = part.blocks["user"]
    assert (user.label, user.dynamic) == ("alice", None)
    [file] = part.blocks["file"]
    assert file.dynamic is not None
    assert file.dynamic.iterator == "file"
    assert [label.text for label in file.dynamic.labels] == ["file.key"]


def test_the_same_spec_in_json(tmp_path: Path) -> None:
    spec = {
        "image": {"base": {"source": "base.qcow2"}},
        "network": {"lan": {}},
        "variable": {"n": {"type": "number", "default": 2}},
        "environment": {
            "osg": {
                "image": "${image.base}",
                "user": {"alice": {"groups": ["adm"]}},
                "dynamic": {
                    "file": {
                        "for_each": {"/etc/a": "x"},
                        "labels": ["${file.key}"],
                        "content": {"content": "${file.value}"},
                    }
                },
            }
        },
        "cluster": {
            "c": {
                "environment": "${environment.osg}",
                "nic": [{"network": "${network.lan}"}],
                "head": {"depends_on": ["network.lan"], "provides": {"nfs": "/export"}},
                "workers": {"compute": {"count": "${var.n}", "lifecycle": {"ignore_changes": ["tags"]}}},
            }
        },
        "output": {"o": {"value": "${cluster.c.head.address}"}},
    }
    root = load(write(tmp_path, {"main.vw.json": json.dumps(spec, indent=1)})).root
    cluster = root.resources["cluster.c"]
    assert root.variables["n"].type == NUMBER
    assert [each.text for each in cluster.members[0].meta.depends_on] == ["network.lan"]
    assert cluster.members[1].meta.lifecycle.ignore_changes == ("tags",)
    [file] = root.resources["environment.osg"].part.blocks["file"]
    assert file.dynamic is not None


def test_a_mistake_in_json_has_its_place(tmp_path: Path) -> None:
    write(tmp_path, {"main.vw.json": '{\n  "output": {"o": {"value": "${netwrk.lan.id}"}}\n}\n'})
    assert places(problems_of(tmp_path)) == [("undeclared-reference", 2, 32)]


def test_modules_are_read_where_their_calls_lead(tmp_path: Path) -> None:
    inner = 'variable "names" {\n  type = list(string)\n}\noutput "first" {\n  value = var.names[0]\n}\n'
    call = 'module "m" {\n  source = "./sub/m"\n  for_each = toset(["a"])\n  names = [each.key]\n}\n'
    root = load_text(tmp_path, call + 'output "o" {\n  value = module.m["a"].first\n}\n', sub__m__a_vw_hcl=inner).root
    child = root.calls["m"].module
    assert child.path == ("m",)
    assert child.directory.endswith("sub/m")
    assert child.variables["names"].type == ListType(STRING)
    assert set(root.calls["m"].inputs) == {"names"}


INNER = 'variable "names" {\n  type = list(string)\n}\noutput "first" {\n  value = var.names[0]\n}\n'


@pytest.mark.parametrize(
    ("reason", "call", "expected"),
    [
        ("an input that is not there", 'names = []\n  nmes = []', ("unknown-argument", 4, 3)),
        ("an input of the wrong type", 'names = "a"', ("wrong-type", 3, 11)),
        ("a missing input", "", ("missing-argument", 1, 1)),
        ("an output that is not there", 'names = []\n}\noutput "o" {\n  value = module.m.frst', ("undeclared-reference", 6, 11)),
        ("a version", 'names = []\n  version = "1"', ("not-here", 4, 3)),
        ("a provider that is not there", "names = []\n  providers = { libvirt = libvirt.x }", ("unknown-provider", 4, 27)),
    ],
)  # fmt: skip
def test_wrong_calls_of_modules(tmp_path: Path, reason: str, call: str, expected: tuple[str, int, int]) -> None:
    text = f'module "m" {{\n  source = "./m"\n  {call}\n}}\n'
    write(tmp_path, {"main.vw.hcl": text, "m/main.vw.hcl": INNER})
    assert places(problems_of(tmp_path)) == [expected], reason


def test_settings_of_the_stack(tmp_path: Path) -> None:
    text = 'vwplan {\n  required_version = ">= 0.1, < 2"\n  provider = simulated\n  state "local" {}\n}\n'
    configuration = load_text(tmp_path, text + 'provider "libvirt" {}\nprovider "simulated" {\n  cpus = 8\n}\n')
    assert configuration.settings.provider == "simulated"
    assert configuration.settings.required_version == ">= 0.1, < 2"
    assert set(configuration.root.providers) == {"libvirt", "simulated"}


@pytest.mark.parametrize(
    ("text", "provider"),
    [
        ("", "libvirt"),
        ('provider "simulated" {}\n', "simulated"),
        ('provider "simulated" {\n  alias = "sim"\n}\n', "libvirt"),
    ],
)
def test_the_default_provider(tmp_path: Path, text: str, provider: str) -> None:
    assert load_text(tmp_path, BASE + text).settings.provider == provider


def test_settings_belong_to_the_root_module(tmp_path: Path) -> None:
    write(
        tmp_path,
        {"main.vw.hcl": 'module "m" {\n  source = "./m"\n}\n', "m/a.vw.hcl": 'vwplan {\n  state "local" {}\n}\n'},
    )
    assert places(problems_of(tmp_path)) == [("not-here", 1, 1)]


def test_moved_removed_and_import(tmp_path: Path) -> None:
    text = (
        'moved {\n  from = workspace.old\n  to = cluster.c.workers.compute["a"]\n}\n'
        "removed {\n  from = volume.gone\n  lifecycle {\n    destroy = false\n  }\n}\n"
        'import {\n  for_each = { a = "x" }\n  to = network.n[each.key]\n  id = each.value\n}\n'
        'network "n" {\n  for_each = { a = 1 }\n}\n'
        'check "c" {\n  assert {\n    condition = network.n["a"].gateway != ""\n    error_message = "none"\n  }\n}\n'
    )
    root = load_text(tmp_path, text).root
    assert [(each.source.text, each.target.text) for each in root.moved] == [
        ("workspace.old", 'cluster.c.workers.compute["a"]')
    ]
    assert [(each.source.text, each.destroy) for each in root.removed] == [("volume.gone", False)]
    [found] = root.imports
    assert (found.target.text, found.target_key is not None, found.for_each is not None) == ("network.n", True, True)
    assert [check.name for check in root.checks] == ["c"]


def test_the_digest_is_that_of_all_files(tmp_path: Path) -> None:
    first = load_text(tmp_path, BASE).digest
    assert load_text(tmp_path, BASE).digest == first
    assert load_text(tmp_path, BASE + "\n").digest != first


def test_files_are_shown_relative_to_where_one_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, {"main.vw.hcl": 'module "m" {\n  source = "./m"\n}\n', "m/a.vw.hcl": "x = 1\n"})
    monkeypatch.chdir(tmp_path)
    [problem] = problems_of(Path.cwd())
    assert str(problem.subject) == "m/a.vw.hcl:1:1"


def test_files_that_functions_read_are_read_when_loading(tmp_path: Path) -> None:
    text = 'output "o" {\n  value = templatefile("${path.module}/t.txt", { n = 1 })\n}\n'
    [problem] = problems_of(write(tmp_path, {"main.vw.hcl": text}))
    assert problem.subject is not None and problem.subject.line == 2
    write(tmp_path, {"t.txt": "${n}"})
    assert problems_of(tmp_path) == ()


def large(clusters: int) -> str:
    """A spec of ten blocks a cluster."""
    out = ['image "base" {\n  source = "x"\n}\nvariable "n" {\n  default = 2\n}\n']
    for c in range(clusters):
        out.append(f'network "n{c}" {{\n  cidr = "10.{c // 256}.{c % 256}.0/24"\n}}\n')
        for w in range(9):
            head = f"workspace.w{c}_0.address" if w else '"none"'
            out.append(
                f'workspace "w{c}_{w}" {{\n  image = image.base\n  hostname = "w-{c}-{w}"\n  resources {{\n    cpus = 1\n'
                f'    memory = "512 MiB"\n  }}\n  nic {{ network = network.n{c} }}\n'
                f'  tags = {{ head = {head}, n = "${{var.n}}" }}\n}}\n'
            )
    return "".join(out)


def test_a_thousand_blocks_are_all_loaded(tmp_path: Path) -> None:
    write(tmp_path, {"main.vw.hcl": large(100)})
    assert len(load(tmp_path).root.resources) == 1001


def test_thousands_of_mistakes_are_all_told(tmp_path: Path) -> None:
    wrong = large(200).replace("image.base", "image.bese").replace("= network.n", "= network.m")
    write(tmp_path, {"main.vw.hcl": wrong})
    assert len(problems_of(tmp_path)) == 3600


def test_functions_that_are_not_there_are_warned_of_where_nobody_may_ever_look_at_them(tmp_path: Path) -> None:
    text = 'output "o" {\n  value = try(nonesuch(1), 2)\n}\noutput "p" {\n  value = true ? 1 : nonesuch(1)\n}\n'
    configuration = load_text(tmp_path, text)
    assert [each.code for each in configuration.warnings] == ["unknown-function"] * 2
    assert [each.subject.line for each in configuration.warnings if each.subject] == [2, 5]


def test_references_in_quotes_are_taken_and_warned_of(tmp_path: Path) -> None:
    text = (
        BASE
        + """
    workspace "w" {
      image      = image.base
      provider   = "libvirt"
      depends_on = ["network.lan"]
      nic { network = network.lan }
      lifecycle {
        ignore_changes = ["tags", "tags[\\"a b\\"]", "nic[0].mac", tags["c"]]
      }
    }
    """
    )
    configuration = load_text(tmp_path, text)
    meta = configuration.root.resources["workspace.w"].meta
    assert [each.text for each in meta.depends_on] == ["network.lan"]
    assert meta.provider is not None and meta.provider.text == "libvirt"
    assert meta.lifecycle.ignore_changes == ("tags", 'tags["a b"]', "nic[0].mac", "tags.c")
    assert {each.code for each in configuration.warnings} == {"quoted-reference"}
    shown = [at.source.text[at.start : at.end] for each in configuration.warnings if (at := each.subject) is not None]
    assert shown == ['"libvirt"', '"network.lan"', '"tags"', '"tags[\\"a b\\"]"', '"nic[0].mac"']

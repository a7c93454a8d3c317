"""The schemas in `schemas/` are those of the declarations, and mean what they should."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from vwplan.kinds import KINDS, with_defaults
from vwplan.kinds.reference import reference
from vwplan.kinds.schema import COMMAND, documents, kind_schema, spec_schema

ROOT = Path(__file__).parents[2]

WORKSPACE = {
    "hostname": "login",
    "image": "sha256:" + "ab" * 32,
    "resources": {"cpus": 2, "memory": 2048},
    "nic": [{"network": "6f6f3c9e-0000-4000-8000-00000000c0de", "address": "10.0.0.5", "mac": "52:54:00:00:00:01"}],
    "user": {"alice": {"groups": ["adm"], "sudo": True}},
    "file": {"/etc/motd": {"content": "hello\n"}},
    "ready": {"tcp": 22, "timeout": 300},
}


@pytest.mark.parametrize(("name", "text"), list(documents()), ids=[name for name, _ in documents()])
def test_committed_schemas_are_fresh(name: str, text: str) -> None:
    path = ROOT / "schemas" / name
    assert path.exists() and path.read_text() == text, f"schemas/{name} is stale: run {COMMAND}"


@pytest.mark.parametrize("kind", KINDS)
def test_schemas_are_valid_ones(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(kind_schema(KINDS[kind]))


def test_normal_arguments_with_their_defaults_fit_their_schema() -> None:
    validator = jsonschema.Draft202012Validator(kind_schema(KINDS["workspace"]))
    assert not list(validator.iter_errors(with_defaults(KINDS["workspace"], WORKSPACE)))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("hostname", "under_score"),
        ("resources", {"memory": "2 GiB"}),
        ("nic", {"network": "n"}),
        ("nic", [{}]),
        ("power", "saved"),
        ("user", {"Not A User": {}}),
        ("colour", "red"),
    ],
)
def test_arguments_that_are_not_normal_do_not_fit(name: str, value: object) -> None:
    validator = jsonschema.Draft202012Validator(kind_schema(KINDS["workspace"]))
    assert list(validator.iter_errors({**WORKSPACE, name: value}))


def test_modules_in_json_fit_the_schema_of_specs() -> None:
    schema = spec_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    module = {
        "//": "a comment",
        "variable": {"n": {"type": "number", "default": 2}},
        "image": {"base": {"source": "base.qcow2"}},
        "cluster": {
            "c": {
                "image": "${image.base}",
                "head": {"resources": {"memory": "1 GiB"}, "provides": {"nfs": "/export"}},
                "workers": {"compute": [{"count": "${var.n}", "requires": ["nfs"]}]},
                "lifecycle": {"prevent_destroy": True},
            }
        },
    }
    assert not list(validator.iter_errors(json.loads(json.dumps(module))))
    assert list(validator.iter_errors({"image": {"base": {"sorce": "x"}}}))
    assert list(validator.iter_errors({"resource": {}}))


@pytest.mark.parametrize("kind", KINDS.values(), ids=lambda kind: kind.name)
def test_the_reference_tells_every_argument_and_fact(kind: object) -> None:
    from vwplan.kinds import Kind

    assert isinstance(kind, Kind)
    text = reference(kind)
    for each in (*kind.arguments, *kind.blocks, *kind.facts):
        assert f"{each.name} " in text
        assert max(map(len, text.splitlines())) < 140


def test_the_reference_tells_what_edits_of_repetition_do_and_what_sorts_of_values_every_kind_takes() -> None:
    text = reference(KINDS["cluster"])
    assert "  count  a whole number; an edit makes some, or takes some away" in text
    assert "  depends_on  a list of references; an edit changes only the order" in text
    assert "Takes everything that a workspace takes but count and for_each, and:" in text
    assert "any single type" not in text.split("Taken by every kind")[1]

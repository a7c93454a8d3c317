"""What an argument takes is made plain and normal; what it does not take is refused in words."""

from __future__ import annotations

import pytest

from vwplan.kinds import KINDS, Unfit, argument_of, take, with_defaults
from vwplan.values import (
    NULL,
    NUMBER,
    SENSITIVE,
    STRING,
    ListValue,
    Sensitive,
    Unknown,
    Value,
    from_plain,
    mark,
)


def taken(path: str, value: Value) -> object:
    kind, _, rest = path.partition(".")
    argument = argument_of(kind, rest)
    assert argument is not None
    return take(argument, value)


@pytest.mark.parametrize(
    ("path", "value", "plain", "reason"),
    [
        ("workspace.resources.memory", "2 GiB", 2048, "a size is whole MiB"),
        ("workspace.resources.cpus", "2", 2, "text that is a number converts, as in Terraform"),
        ("workspace.ready.timeout", "5m", 300, "a duration is whole seconds"),
        ("workspace.nic.mac", "52:54:00:AB:CD:EF", "52:54:00:ab:cd:ef", "a MAC is in small letters"),
        ("image.sha256", "sha256:" + "AB" * 32, "ab" * 32, "a digest is bare and in small letters"),
        ('workspace.file["/x"].mode', "644", "0644", "a mode has four digits"),
        ("workspace.power", NULL, "running", "null is the default"),
        ("workspace.tags", from_plain({"b": 1, "a": True}), {"a": "true", "b": "1"}, "elements convert"),
        ("workspace.image", from_plain({"id": "sha256:ab", "size": 1}), "sha256:ab", "an object is taken by its id"),
        ("workspace.image", "sha256:ab", "sha256:ab", "an id is taken as it is"),
        ("workspace.tags", mark(from_plain({}), frozenset({SENSITIVE})), Sensitive({}), "marks stay"),
    ],
)
def test_values_that_fit(path: str, value: Value, plain: object, reason: str) -> None:
    assert taken(path, value) == plain, reason


def test_what_is_unknown_stays_so() -> None:
    assert taken("workspace.resources.memory", Unknown(NUMBER)) == Unknown(NUMBER)
    assert taken("workspace.ssh_keys", ListValue(STRING, ())) == []


@pytest.mark.parametrize(
    ("path", "value", "code", "says"),
    [
        ("workspace.resources.memory", "2", "invalid-unit", 'Write "2 MiB" or "2 GiB"'),
        ("workspace.resources.memory", True, "wrong-type", "not a bool"),
        ("workspace.resources.memory", from_plain({"min": "1 GiB"}), "not-yet", "range to negotiate"),
        ("workspace.resources.memory", "1 MiB", "invalid-number", "at least 16"),
        ("workspace.resources.cpus", "many", "wrong-type", "number is required"),
        ("workspace.resources.cpus", 0, "invalid-number", "at least 1"),
        ("workspace.ready.tcp", 70000, "invalid-number", "at most 65535"),
        ("workspace.power", "runing", "invalid-choice", 'Did you mean "running"?'),
        ("workspace.power", "saved", "not-yet", "not there in this version"),
        ("network.cidr", "10.0.0.1/24", "invalid-form", 'lies in is "10.0.0.0/24"'),
        ("network.cidr", "10.0.0.0/31", "invalid-form", "/8 to /30"),
        ("network.cidr", "10.0.0.300/24", "invalid-form", "at most 255"),
        ("workspace.nic.mac", "53:54:00:00:00:01", "invalid-form", "group address"),
        ("workspace.nic.network", NULL, "missing-argument", "required"),
        ("workspace.nic.network", from_plain([{"id": "x"}]), "whole-list", "network.NAME[0]"),
        ("workspace.nic.network", from_plain({"a": {"id": "x"}}), "whole-list", 'network.NAME["a key"]'),
        ("workspace.nic.network", 7, "wrong-type", "a network, such as network.NAME"),
        ("workspace.ssh_keys", from_plain(["no key"]), "invalid-form", "a public SSH key"),
        ("workspace.ready.console", "login: [", "invalid-form", "is not a regular expression: missing ]"),
        ("image.source", "ftp://there/base.qcow2", "invalid-form", "nothing is fetched by ftp://"),
        ("workspace.hostname", "no_underscores", "invalid-form", "host name"),
    ],
)
def test_values_that_do_not_fit(path: str, value: Value, code: str, says: str) -> None:
    with pytest.raises(Unfit) as caught:
        taken(path, value)
    assert caught.value.code == code
    assert says in caught.value.detail


def test_defaults_reach_into_blocks_given_and_implied() -> None:
    filled = with_defaults(
        KINDS["workspace"], {"image": "i", "nic": [{"network": "n"}], "user": {"bob": {}}, "ready": None}
    )
    assert filled["resources"] == {"cpus": 1, "memory": 512}
    assert filled["power"] == "running"
    assert filled["nic"] == [{"network": "n"}]
    assert filled["user"] == {"bob": {"sudo": False}}
    assert "ready" not in filled

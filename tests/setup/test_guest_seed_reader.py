"""The tiny guest's reader of seeds, examples/guest/flatten.awk, run by this machine's awk."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

READER = Path(__file__).parents[2] / "examples" / "guest" / "flatten.awk"
AWKS = [[awk] for awk in ("mawk", "gawk", "original-awk") if shutil.which(awk)] + (
    [["busybox", "awk"]] if shutil.which("busybox") else []
)


def flatten(awk: list[str], text: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*awk, "-f", str(READER)],
        input=text,
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, "LC_ALL": "C"},
    )


def flat(value: object, path: str = "") -> list[tuple[str, str]]:
    """What the reader should say of a value: each scalar with its path."""
    items = (
        list(value.items()) if isinstance(value, dict) else list(enumerate(value)) if isinstance(value, list) else None
    )
    if items:
        return [line for key, inner in items for line in flat(inner, f"{path}.{key}" if path else str(key))]
    if items is not None:
        return [(path, "")]
    text = value if isinstance(value, str) else json.dumps(value)
    return [(path, text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t"))]


pytestmark = pytest.mark.skipif(not AWKS, reason="no awk here")


@pytest.mark.parametrize("awk", AWKS, ids=lambda awk: awk[-1])
class TestReader:
    @pytest.mark.parametrize("indent", [None, 2], ids=["on one line", "over many lines"])
    def test_json_is_read_whole_because_vwplan_writes_it(self, awk: list[str], indent: int | None) -> None:
        document = {
            "version": 2,
            "ethernets": {
                "nic0": {
                    "match": {"macaddress": "52:54:00:00:00:01"},
                    "addresses": ["10.87.1.2/24", "fd00::2/64"],
                    "routes": [{"to": "default", "via": "10.87.1.1"}],
                    "dhcp4": False,
                    "nameservers": {},
                }
            },
            "text": 'one\ntwo\tthree \\ "four" # five: {six}, [it\'s]',
            "accent": "é€",
        }
        for ascii_only in (True, False):
            done = flatten(awk, json.dumps(document, indent=indent, ensure_ascii=ascii_only))
            assert done.stderr == ""
            assert [tuple(line.split("\t")) for line in done.stdout.splitlines()] == flat(document)

    def test_block_style_is_read_as_people_write_it(self, awk: list[str]) -> None:
        text = """\
#cloud-config
# a comment
hostname: login   # another
ssh_authorized_keys:
- ssh-ed25519 AAAA someone@there
write_files:
  - path: /etc/motd
    content: |
      hello: 'x'

        there
    permissions: '0600'
  - {path: /opt/b, encoding: b64, content: aGk=}
runcmd:
  - echo hi >/tmp/x
  - [sh, -c, "echo 'a, b'"]
  -
    - ls
empty:
last: it's http://x:80/a
"""
        document = {
            "hostname": "login",
            "ssh_authorized_keys": ["ssh-ed25519 AAAA someone@there"],
            "write_files": [
                {"path": "/etc/motd", "content": "hello: 'x'\n\n  there\n", "permissions": "0600"},
                {"path": "/opt/b", "encoding": "b64", "content": "aGk="},
            ],
            "runcmd": ["echo hi >/tmp/x", ["sh", "-c", "echo 'a, b'"], ["ls"]],
            "empty": {},
            "last": "it's http://x:80/a",
        }
        done = flatten(awk, text)
        assert done.stderr == ""
        assert [tuple(line.split("\t")) for line in done.stdout.splitlines()] == flat(document)

    @pytest.mark.parametrize(
        ("reason", "text"),
        [
            ("an alias", "a: &x 1\nb: *x\n"),
            ("a tag", "a: !!str 1\n"),
            ("a folded block", "a: >\n  b\n"),
            ("brackets left open", "a: [1, 2\n"),
            ("a string left open", 'a: "b\n'),
            ("a line that is nothing", "a: 1\nb\n"),
            ("wild indentation", "a: 1\n  b: 2\n"),
            ("a missing comma", '{"a": "b" "c": 1}\n'),
            ("half of a surrogate pair", '{"a": "\\ud83d"}\n'),
            ("a second document", "a: 1\n---\nb: 2\n"),
        ],
        ids=lambda value: value if "\n" not in value else "",
    )
    def test_what_is_not_understood_is_refused(self, awk: list[str], reason: str, text: str) -> None:
        done = flatten(awk, text)
        assert done.returncode == 1, reason
        assert done.stderr.startswith("line ")

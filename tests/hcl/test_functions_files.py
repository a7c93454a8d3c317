"""Functions that need something from outside: files, templates, time and chance."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable

import pytest

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl.evaluate import EvaluationError, FileProblem, MappingScope, compile_expression
from vwplan.hcl.functions.globs import GlobError, compile_glob
from vwplan.hcl.parser import parse_expression
from vwplan.values import SENSITIVE, STRING, Unknown, Value, from_plain, mark, to_plain, unmark


class MemoryFiles:
    """Files in a dictionary, under an imaginary working directory `/stack`."""

    def __init__(self, found: dict[str, bytes]) -> None:
        self.found = found

    def read(self, path: str) -> bytes:
        try:
            return self.found[path]
        except KeyError:
            raise FileProblem("there is no such file") from None

    def exists(self, path: str) -> bool:
        if any(name.startswith(f"{path}/") for name in self.found):
            raise FileProblem("it is a directory")
        return path in self.found

    def below(self, directory: str) -> Iterable[str]:
        prefix = "" if directory == "." else f"{directory}/"
        return [name.removeprefix(prefix) for name in self.found if name.startswith(prefix)]

    def absolute(self, path: str) -> str:
        return f"/stack/{path}"

    def expand(self, path: str) -> str:
        return path.replace("~", "/home/me", 1)


FILES = MemoryFiles(
    {
        "hello.txt": "Hellö".encode(),
        "binary": b"\xff\x00",
        "t/plain.tpl": b"Hello ${name}%{ for x in list } ${x}%{ endfor }!",
        "t/wrap.tpl": b"${list}",
        "t/broken.tpl": b"a ${ b",
        "t/wrong.tpl": b'${name + "x"}',
        "t/again.tpl": b'${templatefile("t/plain.tpl", {})}',
        "t/deep/x.txt": b"",
        "t/deep/y.md": b"",
    }
)


class Now:
    """A chance that knows everything."""

    def timestamp(self) -> Value:
        return "2020-01-02T03:04:05Z"

    def plan_timestamp(self) -> Value:
        return "2020-01-01T00:00:00Z"

    def uuid(self) -> Value:
        return "11111111-2222-3333-4444-555555555555"

    def salt(self) -> bytes | None:
        return bytes(range(16))


def evaluated(text: str, chance: Now | None = None, **variables: Value) -> Value:
    source = Source("test", text)
    expression, problems = parse_expression(source)
    assert expression is not None and not problems
    return compile_expression(expression, source).evaluate(MappingScope(variables, FILES, chance))


def reason(text: str, **variables: Value) -> str:
    with pytest.raises(EvaluationError) as caught:
        evaluated(text, **variables)
    return caught.value.diagnostics[0].detail


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('file("hello.txt")', "Hellö"),
        ('filebase64("binary")', base64.b64encode(b"\xff\x00").decode()),
        ('filesha256("binary")', hashlib.sha256(b"\xff\x00").hexdigest()),
        ('filemd5("hello.txt")', hashlib.md5("Hellö".encode()).hexdigest()),
        ('filebase64sha512("binary")', base64.b64encode(hashlib.sha512(b"\xff\x00").digest()).decode()),
        ('fileexists("hello.txt")', True),
        ('fileexists("nope")', False),
        ('abspath("x")', "/stack/x"),
        ('pathexpand("~/x")', "/home/me/x"),
        ('fileset(".", "*.txt")', ["hello.txt"]),
        (
            'fileset("t", "**")',
            ["again.tpl", "broken.tpl", "deep/x.txt", "deep/y.md", "plain.tpl", "wrap.tpl", "wrong.tpl"],
        ),
        ('fileset("t", "**/*.{md,txt}")', ["deep/x.txt", "deep/y.md"]),
        ('fileset("t/deep", "../[p]*.tpl")', ["../plain.tpl"]),
        ('fileset("t/deep", "../deep/*.txt")', ["x.txt"]),
        ('fileset("t/none", "../../t//deep/*.txt")', ["../deep/x.txt"]),
        ('fileset("t", "/deep/*.txt")', ["deep/x.txt"]),
        ('fileset("t", "[pw]*.tpl")', ["plain.tpl", "wrap.tpl", "wrong.tpl"]),
        ('fileset("t", "[!p]*.tpl")', ["plain.tpl"]),
        ('fileset("t", "[^abgpw]*.tpl")', []),
        ('templatefile("t/plain.tpl", { name = "you", list = [1, 2] })', "Hello you 1 2!"),
        ('templatefile("t/wrap.tpl", { list = [1, 2] })', [1, 2]),
        ('[for t in ["a ${"$"}{x}"] : templatestring(t, { x = 1 })]', ["a 1"]),
    ],
)
def test_files_and_templates(text: str, wanted: object) -> None:
    assert to_plain(evaluated(text)) == wanted


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param('file("nope")', "no such file", id="no file"),
        pytest.param('file("binary")', "no UTF-8", id="no text"),
        pytest.param('fileexists("t")', "directory", id="no file but a directory"),
        pytest.param('fileset("t", "[")', "not closed", id="a malformed pattern"),
        pytest.param('pathexpand("~you/x")', "not another's", id="the home folder of somebody else"),
        pytest.param('templatefile("t/wrap.tpl", { list = null })', "gives null", id="a template that gives null"),
        pytest.param('templatefile("t/plain.tpl", { name = "x" })', 'lacks "list"', id="a variable missing"),
        pytest.param(
            'templatefile("t/plain.tpl", { "a b" = 1 })', '"a b" is no name', id="a variable that cannot be named"
        ),
        pytest.param('templatefile("t/plain.tpl", [])', "a map or object is required", id="no variables at all"),
        pytest.param('templatefile("t/broken.tpl", {})', "t/broken.tpl:1", id="a malformed template tells its place"),
        pytest.param('templatefile("t/wrong.tpl", { name = 1 })', "t/wrong.tpl:1:10", id="so does one that fails"),
        pytest.param('templatefile("t/again.tpl", {})', "within a template", id="a template within a template"),
        pytest.param('templatestring("x", {})', "refers to a template", id="a template that is written right here"),
    ],
)
def test_what_is_wrong_with_them(text: str, said: str) -> None:
    assert said in reason(text)


def test_a_secret_path_is_not_told_and_marks_what_is_read() -> None:
    secret = frozenset({SENSITIVE})
    assert "hunter2" not in reason("file(p)", p=mark("hunter2", secret))
    assert unmark(evaluated("file(p)", p=mark("hello.txt", secret)))[1] == secret
    found = evaluated('templatefile("t/wrap.tpl", { list = v })', v=mark("x", secret))
    assert unmark(found)[1] == secret


def test_a_template_with_late_variables_is_late() -> None:
    found = evaluated('templatefile("t/plain.tpl", { name = u, list = [] })', u=Unknown(STRING))
    assert isinstance(found, Unknown)
    assert found.type == STRING
    assert found.refinement.prefix == "Hello "


def test_time_and_chance_are_unknown_while_planning_and_known_when_applying() -> None:
    for text in ("timestamp()", "uuid()", 'bcrypt("x")', "plantimestamp()"):
        assert isinstance(evaluated(text), Unknown)
    now = Now()
    assert evaluated("timestamp()", now) == "2020-01-02T03:04:05Z"
    assert evaluated("plantimestamp()", now) == "2020-01-01T00:00:00Z"
    assert evaluated("uuid()", now) == "11111111-2222-3333-4444-555555555555"


def test_bcrypt_makes_what_others_verify() -> None:
    import bcrypt

    hashed = evaluated('bcrypt("hunter2", 4)', Now())
    assert isinstance(hashed, str) and hashed.startswith("$2a$04$")
    assert bcrypt.checkpw(b"hunter2", hashed.encode())


def test_rsadecrypt_opens_what_was_sealed_for_the_key() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    key = rsa.generate_private_key(65537, 2048)
    sealed = base64.b64encode(key.public_key().encrypt(b"secret", padding.PKCS1v15())).decode()
    encodings = {
        serialization.PrivateFormat.TraditionalOpenSSL: "PEM",
        serialization.PrivateFormat.PKCS8: "PEM",
        serialization.PrivateFormat.OpenSSH: "PEM",
    }
    for layout in encodings:
        text = key.private_bytes(serialization.Encoding.PEM, layout, serialization.NoEncryption()).decode()
        assert evaluated("rsadecrypt(c, k)", c=sealed, k=text) == "secret"
    assert "base64" in reason('rsadecrypt("!", "x")')
    assert "private key" in reason("rsadecrypt(c, k)", c=sealed, k="x")


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("*", "a/b", False),
        ("*", "a", True),
        ("**", "a/b", True),
        ("**/b", "b", True),
        ("**/b", "a/x/b", True),
        ("a/**/b", "a/b", True),
        ("a/**", "a/x/y", True),
        ("?", "é", True),
        ("?", "/", False),
        ("[a-c]", "b", True),
        ("[^a-c]", "b", False),
        ("[!a]", "/", False),
        ("{a,b/{c,d}}", "b/d", True),
        ("\\*", "*", True),
        ("\\*", "x", False),
        ("a.b", "axb", False),
        ("[]a]", "]", True),
    ],
)
def test_patterns_of_files(pattern: str, path: str, matches: bool) -> None:
    assert bool(compile_glob(pattern).fullmatch(path)) is matches


@pytest.mark.parametrize("pattern", ["[", "[a", "{a", "a\\", "[b-a]"])
def test_malformed_patterns(pattern: str) -> None:
    with pytest.raises(GlobError):
        compile_glob(pattern)


def test_templates_are_no_way_to_read_variables_from_outside() -> None:
    with pytest.raises(DiagnosticError):
        evaluated('templatefile("t/wrap.tpl", {})', list=from_plain([1]))

"""`vwplan fmt` in a folder: which files it takes, what it writes, prints and says of what it cannot read."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from shop import Shop, shop_in


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shop:
    shop = shop_in(tmp_path, monkeypatch, capsys)
    (tmp_path / "main.vw.hcl").unlink()
    return shop


def put(shop: Shop, name: str, content: bytes = b"a=1\n") -> Path:
    path = shop.folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def typed(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))


def test_specs_and_variables_are_laid_out_in_the_order_of_their_names(shop: Shop) -> None:
    put(shop, "b.vw.hcl")
    put(shop, "a.vwvars.hcl")
    put(shop, "other.txt")
    put(shop, "c.vw.json")
    put(shop, "sub/d.vw.hcl")
    assert shop.do("fmt").out == "a.vwvars.hcl\nb.vw.hcl\n"
    assert shop.do("fmt", "-recursive").out == "sub/d.vw.hcl\n"


@pytest.mark.parametrize(
    "name", [".hidden.vw.hcl", ".vwplan/x.vw.hcl", "old~/x.vw.hcl", "#new#/x.vw.hcl"], ids=lambda name: str(name)
)
def test_what_is_hidden_or_left_by_an_editor_is_passed_over(shop: Shop, name: str) -> None:
    path = put(shop, name)
    assert shop.do("fmt", "-recursive").out == ""
    assert path.read_bytes() == b"a=1\n"


def test_a_file_that_is_no_spec_is_refused_by_name(shop: Shop) -> None:
    path = put(shop, "notes.txt")
    told = shop.run("fmt", "notes.txt")
    assert (told.code, path.read_bytes()) == (1, b"a=1\n")
    assert "notes.txt is neither a spec nor values of variables" in told.err


def test_what_cannot_be_read_is_told_and_the_others_are_laid_out(shop: Shop) -> None:
    put(shop, "a.vw.hcl", b"a = (\n")
    put(shop, "b.vw.hcl", b'b = "\xff"\n')
    (shop.folder / "c.vw.hcl").symlink_to("nowhere")
    put(shop, "d.vw.hcl")
    told = shop.run("fmt", ".", "gone")
    assert (told.code, told.out) == (1, "d.vw.hcl\n")
    for said in ("a.vw.hcl:2:1", "b.vw.hcl:1:6", "c.vw.hcl: No such file", "gone does not exist"):
        assert said in told.err


def test_a_pipe_that_bears_the_name_of_a_spec_is_told_and_not_waited_for(shop: Shop) -> None:
    os.mkfifo(shop.folder / "a.vw.hcl")
    put(shop, "b.vw.hcl")
    told = shop.run("fmt")
    assert (told.code, told.out) == (1, "b.vw.hcl\n")
    assert "a.vw.hcl: Is a pipe, not a regular file" in told.err


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(b"a=1\r\nbb=2\r\n", b"a  = 1\r\nbb = 2\r\n", id="line ends of another system stay"),
        pytest.param(b"\xef\xbb\xbfa=1\n", b"a = 1\n", id="a byte order mark goes"),
        pytest.param(b"a=1", b"a = 1", id="a last line without an end stays without"),
        pytest.param(b"a=1 # \xff\n", b"a = 1 # \xff\n", id="comments may be in any encoding"),
        pytest.param(b"", b"", id="an empty file stays empty"),
    ],
)
def test_bytes_of_files(shop: Shop, before: bytes, after: bytes) -> None:
    path = put(shop, "x.vw.hcl", before)
    shop.do("fmt")
    assert path.read_bytes() == after


def test_links_stay_links_and_permissions_stay(shop: Shop) -> None:
    real = put(shop, "shared/real.txt")
    real.chmod(0o640)
    link = shop.folder / "link.vw.hcl"
    link.symlink_to("shared/real.txt")
    twin = shop.folder / "twin.vw.hcl"
    os.link(put(shop, "shared/twin.txt"), twin)
    (shop.folder / "again").symlink_to(".")
    assert shop.do("fmt", "-recursive").out == "link.vw.hcl\ntwin.vw.hcl\n"
    assert link.is_symlink() and real.read_bytes() == b"a = 1\n" and real.stat().st_mode & 0o777 == 0o640
    assert (shop.folder / "shared/twin.txt").read_bytes() == b"a = 1\n"
    assert {path.name for path in (shop.folder / "shared").iterdir()} == {"real.txt", "twin.txt"}


@pytest.mark.parametrize(
    ("options", "printed", "code"),
    [
        pytest.param((), "x.vw.hcl\n", 0, id="names"),
        pytest.param(("-list=false",), "", 0, id="nothing"),
        pytest.param(("-check",), "x.vw.hcl\n", 3, id="names and a code"),
        pytest.param(
            ("-list=false", "-write=false"), "a = 1\n", 0, id="the text where neither names nor files are wanted"
        ),
        pytest.param(
            ("-write=false", "-diff"),
            "x.vw.hcl\n--- old/x.vw.hcl\n+++ new/x.vw.hcl\n@@ -1 +1 @@\n-a=1\n+a = 1\n",
            0,
            id="what differs",
        ),
    ],
)
def test_what_is_printed(shop: Shop, options: tuple[str, ...], printed: str, code: int) -> None:
    put(shop, "x.vw.hcl")
    told = shop.run("fmt", *options)
    assert (told.out, told.code) == (printed, code)


@pytest.mark.parametrize(
    ("given", "printed"),
    [
        pytest.param(b"a=1\n", "a = 1\n", id="laid out"),
        pytest.param(b"a=1", "a = 1\n", id="the last line is ended"),
        pytest.param(b"a=1\r\n", "a = 1\r\n", id="line ends of another system stay"),
    ],
)
def test_standard_input(shop: Shop, monkeypatch: pytest.MonkeyPatch, given: bytes, printed: str) -> None:
    typed(monkeypatch, given)
    assert shop.do("fmt", "-").out == printed


def test_standard_input_is_checked_in_silence(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, b"a=1\n")
    told = shop.run("fmt", "-check", "-")
    assert (told.code, told.out) == (3, "")
    typed(monkeypatch, b"a=1\n")
    assert "Standard input and files at once" in shop.run("fmt", "-", "x.vw.hcl").err

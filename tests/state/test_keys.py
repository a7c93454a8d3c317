"""The stack key: made once, kept apart, noticed when lost; secrets that derive from it are always the same."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_ssh_private_key

from vwplan.diagnostics import DiagnosticError
from vwplan.state import StackKey, create_key, load_key

KEY = StackKey(bytes(range(32)))


def test_a_key_is_made_on_first_use_and_then_found(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "default.key"
    assert load_key(path) is None
    made = create_key(path, bytes(range(32)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_key(path, known=made.id) == made
    assert create_key(path, bytes(32)) == made


def test_a_lost_or_exchanged_key_is_told(tmp_path: Path) -> None:
    path = tmp_path / "default.key"
    with pytest.raises(DiagnosticError) as refused:
        load_key(path, known=KEY.id)
    assert refused.value.diagnostics[0].code == "key-missing"
    create_key(path, bytes(32))
    with pytest.raises(DiagnosticError) as refused:
        load_key(path, known=KEY.id)
    assert refused.value.diagnostics[0].code == "key-wrong"
    path.write_text("garbage")
    with pytest.raises(DiagnosticError) as refused:
        load_key(path)
    assert refused.value.diagnostics[0].code == "key-unusable"


def test_secrets_derive_as_the_standard_says() -> None:
    info = b"\0".join((b"purpose", b"identity", b"3"))
    expected = HKDF(SHA256(), 32, b"vwplan stack key 1", info).derive(bytes(range(32)))
    assert KEY.derive("identity", "purpose", 3) == expected


def test_secrets_differ_by_key_identity_purpose_and_epoch() -> None:
    other = StackKey(bytes(32))
    found = {
        KEY.derive("a", "p"),
        KEY.derive("b", "p"),
        KEY.derive("a", "q"),
        KEY.derive("a", "p", 1),
        other.derive("a", "p"),
    }
    assert len(found) == 5


def test_a_host_key_is_openssh_and_the_same_each_time() -> None:
    private, public = KEY.ssh_host_key("identity")
    assert KEY.ssh_host_key("identity") == (private, public)
    loaded = load_ssh_private_key(private.encode(), None)
    assert isinstance(loaded, Ed25519PrivateKey)
    assert loaded.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode() == public
    assert KEY.ssh_public_key("identity") == public
    assert KEY.ssh_public_key("identity", 1) != public


def test_what_stands_for_a_sensitive_value_tells_whether_it_changed_and_nothing_else() -> None:
    assert KEY.hmac({"a": 1, "b": [True]}) == KEY.hmac({"b": [True], "a": 1})
    assert KEY.hmac("x") != KEY.hmac("y")
    assert StackKey(bytes(32)).hmac("x") != KEY.hmac("x")
    assert len(KEY.hmac("x")) == 64


def test_a_key_is_never_shown() -> None:
    assert base64.b64encode(bytes(range(32))).decode() not in repr(KEY)
    assert "\\x01" not in repr(KEY)

"""Attestations: a signature holds for exactly the bytes and the metadata that were signed."""

from __future__ import annotations

import base64
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vwplan.spec import Attestation, AttestedImage, holds
from vwplan.spec.attestation import message

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
IMAGE = AttestedImage("ab" * 32, "qcow2", "debian-12", cmdline="quiet ü")


def attestation(issuer: str = "ops", image: AttestedImage = IMAGE) -> Attestation:
    signature = KEY.sign(message(issuer, image))
    return Attestation(issuer, base64.b64encode(PUBLIC).decode(), base64.b64encode(signature).decode())


def test_the_message_is_written_one_way() -> None:
    assert message("ops", IMAGE) == (
        b"vwplan image attestation 1\n"
        b'{"cmdline":"quiet \\u00fc","format":"qcow2","initrd":"","issuer":"ops","kernel":"","os":"debian-12",'
        b'"sha256":"' + b"ab" * 32 + b'"}\n'
    )


def test_a_good_signature_holds_in_base64_and_hexadecimal() -> None:
    good = attestation()
    assert holds(good, IMAGE)
    assert holds(replace(good, public_key=PUBLIC.hex(), signature=base64.b64decode(good.signature).hex()), IMAGE)


@pytest.mark.parametrize(
    ("reason", "bad", "image"),
    [
        ("other bytes", attestation(), replace(IMAGE, sha256="cd" * 32)),
        ("other metadata", attestation(), replace(IMAGE, cmdline="init=/bin/sh")),
        ("another issuer", replace(attestation(), issuer="eve"), IMAGE),
        ("another key", replace(attestation(), public_key=base64.b64encode(bytes(32)).decode()), IMAGE),
        ("a signature that is none", replace(attestation(), signature="x"), IMAGE),
        ("a signature cut short", replace(attestation(), signature=attestation().signature[:-4]), IMAGE),
        ("a key that is none", replace(attestation(), public_key=""), IMAGE),
    ],
)
def test_bad_ones_do_not(reason: str, bad: Attestation, image: AttestedImage) -> None:
    assert not holds(bad, image), reason

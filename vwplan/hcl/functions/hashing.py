"""Hashes, UUIDs, passwords and decryption."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable

from vwplan.hcl.evaluation.scope import Scope
from vwplan.hcl.functions.arguments import text, whole
from vwplan.hcl.functions.encoding import base64_text, decode_base64
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, Function, FunctionProblem, Parameter, pure
from vwplan.values import NUMBER, STRING, Type, Value
from vwplan.values.text import normal
from vwplan.values.value import NOT_NULL, UNKNOWN_STRING

Digest = Callable[[bytes], str]


def _hex(name: str) -> Digest:
    return lambda found: hashlib.new(name, found, usedforsecurity=False).hexdigest()


def _base64(name: str) -> Digest:
    return lambda found: base64_text(hashlib.new(name, found, usedforsecurity=False).digest())


DIGESTS: dict[str, Digest] = {
    "md5": _hex("md5"),
    "sha1": _hex("sha1"),
    "sha256": _hex("sha256"),
    "sha512": _hex("sha512"),
    "base64sha256": _base64("sha256"),
    "base64sha512": _base64("sha512"),
}
"""What each hash function makes of bytes."""


def _hash(name: str, digest: Digest) -> Function:
    return pure(name, [Parameter("str", STRING)], STRING, lambda arguments, _: digest(text(arguments[0]).encode()))


_NAMESPACES = {
    "dns": uuid.NAMESPACE_DNS,
    "url": uuid.NAMESPACE_URL,
    "oid": uuid.NAMESPACE_OID,
    "x500": uuid.NAMESPACE_X500,
}


def _uuidv5(arguments: Arguments, _: Type) -> Value:
    name = text(arguments[0])
    namespace = _NAMESPACES.get(name)
    if namespace is None:
        try:
            namespace = uuid.UUID(name)
        except ValueError:
            raise ArgumentProblem(0, f'"{name}" is no UUID, and neither dns, url, oid nor x500') from None
    return str(uuid.uuid5(namespace, text(arguments[1])))


def _uuid(arguments: Arguments, _: Type, scope: Scope) -> Value:
    return scope.chance.uuid()


_ALPHABET = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _bcrypt_salt(salt: bytes) -> str:
    """16 bytes in bcrypt's own base64: 22 characters."""
    bits = int.from_bytes(salt + b"\0", "big")
    return "".join(_ALPHABET[bits >> (130 - 6 * at) & 63] for at in range(22))


_DEAREST = 18


def _bcrypt(arguments: Arguments, _: Type, scope: Scope) -> Value:
    if len(arguments) > 2:
        raise FunctionProblem("there may be no more than two arguments")
    cost = whole(arguments[1], 1) if len(arguments) == 2 else 10
    if cost > 31:
        raise ArgumentProblem(1, "the cost must be between 4 and 31")
    if cost > _DEAREST:
        raise ArgumentProblem(1, f"the cost must be no more than {_DEAREST}: beyond that, minutes go by")
    password = text(arguments[0]).encode()
    if len(password) > 72:
        raise ArgumentProblem(0, "it is longer than 72 bytes, and bcrypt would overlook the rest")
    salt = scope.chance.salt()
    if salt is None:
        return UNKNOWN_STRING
    import bcrypt

    chosen = cost if cost >= 4 else 10
    return bcrypt.hashpw(password, f"$2a${chosen:02d}${_bcrypt_salt(salt)}".encode()).decode()


def _rsadecrypt(arguments: Arguments, _: Type) -> Value:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    cipher, key = decode_base64(text(arguments[0]), 0), text(arguments[1]).encode()
    load = load_ssh_private_key if b"OPENSSH" in key else load_pem_private_key
    try:
        private = load(key, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ArgumentProblem(1, "it is no private key in PEM without a passphrase") from None
    if not isinstance(private, rsa.RSAPrivateKey):
        raise ArgumentProblem(1, "it is no RSA key")
    try:
        return normal(private.decrypt(cipher, padding.PKCS1v15()).decode(errors="replace"))
    except ValueError:
        raise FunctionProblem("the text was not encrypted for this key") from None


FUNCTIONS = [
    *(_hash(name, digest) for name, digest in DIGESTS.items()),
    Function("bcrypt", (Parameter("str", STRING),), STRING, None, Parameter("cost", NUMBER), _bcrypt, NOT_NULL),
    pure("rsadecrypt", [Parameter("ciphertext", STRING), Parameter("privatekey", STRING)], STRING, _rsadecrypt),
    Function("uuid", (), STRING, None, None, _uuid, NOT_NULL),
    pure("uuidv5", [Parameter("namespace", STRING), Parameter("name", STRING)], STRING, _uuidv5),
]

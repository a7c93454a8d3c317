"""Images: where their bytes are, which digest they have, and who vouches for them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from vwplan.diagnostics import Range
from vwplan.graph.parts import problem
from vwplan.graph.scope import located
from vwplan.hcl.evaluate import FileProblem, Files
from vwplan.provider.law import image_digest
from vwplan.spec.model import Part

Plain = Any

Fingerprint = tuple[str, int]
"""The SHA-256 digest of a file in hexadecimal, and its size in bytes."""

_FILES = ("source", "kernel", "initrd")


def fingerprints(files: Files) -> Callable[[str], Fingerprint]:
    """What tells the digest of a file: the files' own `digest`, which may remember, or else their bytes. `FileProblem`."""
    digest: Callable[[str], Fingerprint] | None = getattr(files, "digest", None)
    if digest is not None:
        return digest

    def read(path: str) -> Fingerprint:
        import hashlib

        content = files.read(path)
        return hashlib.sha256(content).hexdigest(), len(content)

    return read


def finish_image(
    arguments: dict[str, Plain], part: Part, directory: str, files: Files, known: dict[str, Fingerprint], at: Range
) -> tuple[dict[str, Plain], dict[str, Plain]]:
    """The arguments with absolute paths and a plain digest, and the facts `id`, `digest` and `size`.

    `known` are digests of files found before. Raises `DiagnosticError`.
    """
    said = arguments.get("sha256")
    if isinstance(said, str):
        said = said.removeprefix("sha256:").lower()
        arguments["sha256"] = said
    digests: dict[str, str] = {}
    size: int | None = None
    for name in _FILES:
        path = arguments.get(name)
        if path is None:
            continue
        where = _range(part, name, at)
        local = None if arguments.get("on_host") else _local(path, directory, files)
        if local is None:
            digests[name] = _remote(name, path, said, where)
            continue
        arguments[name] = local
        digests[name], bytes_ = _digest(local, path, name, files, known, where)
        if name == "source":
            size = bytes_
            if said is not None and said != digests[name]:
                raise problem(
                    "wrong-digest",
                    "Image has other bytes",
                    f"The digest of {path} is {digests[name]}, and sha256 says {said}. Look at the file, or correct sha256.",
                    _range(part, "sha256", at),
                )
    if "initrd" in arguments and "kernel" not in arguments:
        detail = "An initrd is for a kernel that is booted directly: give kernel too."
        raise problem("missing-argument", "Missing argument", detail, _range(part, "initrd", at))
    digest = image_digest(digests, str(arguments.get("cmdline") or ""))
    facts: dict[str, Plain] = {"id": f"sha256:{digest}", "digest": digest}
    if size is not None:
        facts["size"] = size
    _vouch(arguments, digests, part, at)
    return arguments, facts


def _range(part: Part, name: str, at: Range) -> Range:
    given = part.arguments.get(name)
    return at if given is None else given.value.range


def _local(path: str, directory: str, files: Files) -> str | None:
    """The absolute path on this machine; None for what is reached through the web."""
    url = urlsplit(path)
    if url.scheme in ("http", "https"):
        return None
    return located(directory, unquote(url.path) if url.scheme == "file" else path, files)


def _remote(name: str, path: str, said: str | None, at: Range) -> str:
    """The digest of what cannot be read when planning: it must be said."""
    if name != "source":
        detail = f'"{name}" must be a file on this machine: its digest is part of the image\'s and cannot be said here.'
        raise problem("late-digest", "Digest is not known", detail, at)
    if said is None:
        detail = f"{path} is not read when planning. Say with sha256 which digest its bytes have."
        raise problem("late-digest", "Digest is not known", detail, at)
    return said


def _digest(local: str, path: str, name: str, files: Files, known: dict[str, Fingerprint], at: Range) -> Fingerprint:
    found = known.get(local)
    if found is None:
        try:
            found = known[local] = fingerprints(files)(local)
        except FileProblem as error:
            tried = "" if local == path else f" It was looked for at {local}."
            detail = f'"{name}" is "{path}", and {error}.{tried}'
            raise problem("no-such-file", "File of the image cannot be read", detail, at) from None
    return found


def _vouch(arguments: Mapping[str, Plain], digests: Mapping[str, str], part: Part, at: Range) -> None:
    """Check the attestation where there is one."""
    said = arguments.get("attestation")
    if said is None:
        return
    from vwplan.spec.attestation import Attestation, AttestedImage, holds

    image = AttestedImage(
        digests["source"],
        str(arguments.get("format") or ""),
        str(arguments.get("os") or ""),
        digests.get("kernel", ""),
        digests.get("initrd", ""),
        str(arguments.get("cmdline") or ""),
    )
    if not holds(Attestation(said["issuer"], said["public_key"], said["signature"]), image):
        blocks = part.blocks.get("attestation")
        raise problem(
            "bad-attestation",
            "Attestation does not hold",
            f'The signature of "{said["issuer"]}" is not one over this image (digest {digests["source"]}) and its metadata. '
            "Nobody vouches for these bytes: do not use them unless you know why.",
            blocks[0].range if blocks else at,
        )

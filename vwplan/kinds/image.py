"""The kind `image`: what a workspace starts from."""

from __future__ import annotations

from vwplan.kinds.model import Absent, Argument, BlockType, Effect, Fact, Kind, Phase
from vwplan.values import BOOL, NUMBER, STRING

ATTESTATION = BlockType(
    "attestation",
    "Who vouches for the image: an Ed25519 signature over its digest and metadata. A bad one stops the plan.",
    Effect.RECORD,
    arguments=(
        Argument("issuer", STRING, "Who signed. Part of what is signed.", Effect.RECORD, required=True, form="text"),
        Argument(
            "public_key",
            STRING,
            "The issuer's Ed25519 public key: 32 bytes in Base64 or hexadecimal.",
            Effect.RECORD,
            required=True,
            form="public_key",
        ),
        Argument(
            "signature",
            STRING,
            "The signature: 64 bytes in Base64 or hexadecimal.",
            Effect.RECORD,
            required=True,
            form="signature",
        ),
    ),
)

IMAGE = Kind(
    "image",
    "What a workspace starts from: the contents of a disk, found by their digest. Each host that needs it has it once, "
    "read-only and shared by all stacks.",
    arguments=(
        Argument(
            "source",
            STRING,
            "Where the bytes are: a path (relative to the module), a file:// or http(s):// URL, or with on_host a path on "
            "the host. Moving the same bytes elsewhere changes nothing.",
            Effect.RECORD,
            required=True,
            planned=True,
            form="source",
        ),
        Argument(
            "sha256",
            STRING,
            "The SHA-256 digest that the bytes must have. Needed where they cannot be read when planning (a URL, on_host).",
            Effect.REPLACE,
            planned=True,
            form="sha256",
        ),
        Argument(
            "format",
            STRING,
            "How the bytes are laid out. Left out: found from the bytes.",
            Effect.REPLACE,
            planned=True,
            choices=("qcow2", "raw"),
        ),
        Argument("os", STRING, "The operating system in it, such as debian-12.", Effect.RECORD, form="text"),
        Argument(
            "kernel",
            STRING,
            "A kernel to boot directly, in place of the disk's own boot loader: a path as for source.",
            Effect.REPLACE,
            planned=True,
            form="text",
        ),
        Argument("initrd", STRING, "The initial RAM disk for kernel.", Effect.REPLACE, planned=True, form="text"),
        Argument("cmdline", STRING, "The command line for kernel.", Effect.REPLACE, planned=True),
        Argument(
            "on_host",
            BOOL,
            "Whether source, kernel and initrd are paths on the host that is to use them.",
            Effect.RECORD,
            default=False,
            planned=True,
        ),
        Argument(
            "base",
            STRING,
            "The image that this one is a difference over.",
            Effect.REPLACE,
            planned=True,
            refers="image",
        ),
    ),
    blocks=(ATTESTATION,),
    facts=(
        Fact("id", STRING, "sha256: and the digest.", Phase.CHOSEN),
        Fact("digest", STRING, "The SHA-256 digest of the bytes, in hexadecimal.", Phase.CHOSEN),
        Fact("size", NUMBER, "The size of the bytes, in bytes.", Phase.CHOSEN),
    ),
    absent=(Absent("from", "A checkout of a workspace's disk as an image"),),
)

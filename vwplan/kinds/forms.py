"""Forms of text: what an address, a MAC or a host name must look like, each told once with the words for users."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType

from vwplan.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Form:
    """A form of text: its pattern (also for JSON Schema), what it is called, an example, and a closer look if need be.

    `look` returns what is wrong, or nothing; `normal` gives the one way to write it.
    """

    pattern: str
    words: str
    example: str
    look: Callable[[str], str] | None = None
    normal: Callable[[str], str] = str

    def fault(self, text: str) -> str:
        """What is wrong with the text, as a sentence; empty when nothing is."""
        if re.fullmatch(self.pattern, text) is None:
            return f'"{text}" is not {self.words}. Write one such as "{self.example}".'
        return self.look(text) if self.look is not None else ""


def _look_at_network(text: str) -> str:
    try:
        interface = ipaddress.IPv4Interface(text)
    except ValueError:
        return f'"{text}" is not a range of addresses: four numbers of at most 255, and a prefix of at most 32.'
    if interface.ip != interface.network.network_address:
        return f'"{text}" has bits set beyond its prefix. The range that it lies in is "{interface.network}".'
    if not 8 <= interface.network.prefixlen <= 30:
        return f'"{text}" has {interface.network.num_addresses} addresses; a network needs a prefix from /8 to /30.'
    return ""


def _look_at_address(text: str) -> str:
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return f'"{text}" is not an IPv4 address: four numbers of at most 255, without leading zeros.'
    return ""


def _look_at_mac(text: str) -> str:
    if int(text[:2], 16) & 1:
        return f'"{text}" is a group address (its first byte is odd), which no machine may have.'
    return ""


def _look_at_source(text: str) -> str:
    scheme, colon, _ = text.partition("://")
    if colon and scheme.lower() not in ("file", "http", "https") and re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return f"nothing is fetched by {scheme}://. Give a path, or a file://, http:// or https:// URL."
    return ""


def _look_at_regex(text: str) -> str:
    import re2  # Only a spec that has one pays for it.

    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(text, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        return f'"{text}" is not a regular expression: {reason}.'
    return ""


def _digest(text: str) -> str:
    return text.removeprefix("sha256:").lower()


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"

FORMS: Mapping[str, Form] = MappingProxyType(
    {
        "cidr": Form(
            r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}/[0-9]{1,2}", "a range of addresses", "10.20.0.0/24", _look_at_network
        ),
        "address": Form(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}", "an IPv4 address", "10.20.0.10", _look_at_address),
        "mac": Form(
            r"[0-9a-fA-F]{2}(?::[0-9a-fA-F]{2}){5}", "a MAC address", "52:54:00:12:34:56", _look_at_mac, str.lower
        ),
        "hostname": Form(_LABEL, "a host name (letters, digits and hyphens, 63 at most)", "login-1"),
        "domain": Form(rf"{_LABEL}(?:\.{_LABEL}){{0,10}}", "a domain name", "lab.internal"),
        "name": Form(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}", "a name (letters, digits and _ . + -)", "lab-login"),
        "interface": Form(r"[A-Za-z0-9_.-]{1,15}", "the name of a network interface (15 characters at most)", "br0"),
        "sha256": Form(
            r"(?:sha256:)?[0-9a-fA-F]{64}", "a SHA-256 digest (64 hexadecimal digits)", "9f86d081…0a08", None, _digest
        ),
        "mode": Form(r"0?[0-7]{3,4}", "a file mode in octal", "0644", None, lambda text: text.zfill(4)),
        "owner": Form(
            r"[a-z_][a-z0-9_-]{0,31}(?::[a-z_][a-z0-9_-]{0,31})?", "an owner, and a group after a colon", "root:root"
        ),
        "user": Form(r"[a-z_][a-z0-9_-]{0,31}", "the name of a user", "alice"),
        "file": Form(r"/[^\0]{0,4095}", "an absolute path", "/etc/motd"),
        "ssh_key": Form(
            r"(?:ssh-|ecdsa-|sk-)[A-Za-z0-9@.-]+ [A-Za-z0-9+/]+=*(?: [^\r\n]*)?\s*",
            "a public SSH key",
            "ssh-ed25519 AAAA… alice@home",
        ),
        "public_key": Form(
            r"[A-Za-z0-9+/]{43}=|[0-9a-fA-F]{64}",
            "an Ed25519 public key (32 bytes in Base64 or hexadecimal)",
            "mC0b…Fw8=",
        ),
        "signature": Form(
            r"[A-Za-z0-9+/]{86}==|[0-9a-fA-F]{128}",
            "an Ed25519 signature (64 bytes in Base64 or hexadecimal)",
            "pQ4x…DQ==",
        ),
        "host": Form(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,62}", "the name of a host (letters, digits and _ . -)", "rack1-a"),
        "role": Form(r"head|[A-Za-z_][A-Za-z0-9_-]{0,62}", "the head or a role of workers", "compute"),
        "token": Form(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", "a name (letters, digits and _ . -)", "nfs"),
        "source": Form(r"[\s\S]+", "where the bytes of an image are", "debian-12.qcow2", _look_at_source),
        "regex": Form(r"[\s\S]+", "a regular expression", "login: $", _look_at_regex),
        "text": Form(r"[\s\S]+", "text that is not empty", "…"),
    }
)

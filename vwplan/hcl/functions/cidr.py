"""Functions on network prefixes."""

from __future__ import annotations

import ipaddress
import re
from fractions import Fraction
from typing import NamedTuple

from vwplan.hcl.functions.arguments import text, whole
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, Parameter, pure
from vwplan.values import NUMBER, STRING, ListType, ListValue, Type, Value


class Prefix(NamedTuple):
    """A network prefix: its lowest address as a number, its length, and 32 or 128 bits in all."""

    base: int
    length: int
    bits: int

    @property
    def size(self) -> int:
        """How many addresses it has."""
        return 1 << (self.bits - self.length)

    @property
    def stands_for_4(self) -> bool:
        """Whether it is a prefix of version 6 whose addresses stand for those of version 4."""
        return self.bits == 128 and self.base >> 32 == 0xFFFF

    def __str__(self) -> str:
        return f"{address_text(self.base, self.bits)}/{self.length - 96 if self.stands_for_4 else self.length}"


def address_text(number: int, bits: int) -> str:
    """An address as text; one of version 6 that stands for one of version 4 as that."""
    if bits == 32:
        return str(ipaddress.IPv4Address(number))
    address = ipaddress.IPv6Address(number)
    return str(address.ipv4_mapped or address)


_ADDRESS_4 = re.compile(r"\d{1,10}\.\d{1,10}\.\d{1,10}\.\d{1,10}", re.ASCII)


def _prefix(value: Value) -> Prefix:
    """The prefix that an argument tells; numbers of an IPv4 address may have leading zeros."""
    written = text(value)
    problem = ArgumentProblem(0, f'"{written}" is no network prefix in CIDR notation, such as 10.0.0.0/8')
    address, slash, length_text = written.partition("/")
    if not slash or not length_text.isascii() or not length_text.isdecimal() or len(length_text) > 6:
        raise problem
    if _ADDRESS_4.fullmatch(address):
        parts = [int(part) for part in address.split(".")]
        if max(parts) > 255:
            raise problem
        number, bits = int.from_bytes(bytes(parts), "big"), 32
    else:
        try:
            number, bits = int(ipaddress.IPv6Address(address)), 128
        except ValueError:
            raise problem from None
        if "%" in address:
            raise problem
    length = int(length_text)
    if length > bits:
        raise problem
    return Prefix(number >> (bits - length) << (bits - length), length, bits)


def _number(value: Value, index: int) -> int:
    if isinstance(value, Fraction) or not isinstance(value, int):
        raise ArgumentProblem(index, "a whole number is required")
    return int(value)


def _cidrhost(arguments: Arguments, _: Type) -> Value:
    number, prefix = _number(arguments[1], 1), _prefix(arguments[0])
    # A negative number counts from the end.
    host = number if number >= 0 else prefix.size + number
    if not 0 <= host < prefix.size:
        raise ArgumentProblem(1, f"the prefix {prefix} has only {prefix.size} addresses")
    return address_text(prefix.base | host, prefix.bits)


def _cidrnetmask(arguments: Arguments, _: Type) -> Value:
    prefix = _prefix(arguments[0])
    if prefix.bits != 32 and not prefix.stands_for_4:
        raise ArgumentProblem(0, "IPv6 has no netmasks")
    return address_text((1 << prefix.bits) - prefix.size, prefix.bits)


def _cidrsubnet(arguments: Arguments, _: Type) -> Value:
    more, number, prefix = whole(arguments[1], 1), _number(arguments[2], 2), _prefix(arguments[0])
    length = prefix.length + more
    if length > prefix.bits:
        raise ArgumentProblem(
            1, f"{prefix} cannot be extended by {more} bits: it has only {prefix.bits - prefix.length}"
        )
    if length < 0:
        raise ArgumentProblem(1, f"{prefix} cannot be shortened by {-more} bits")
    if 0 <= more < 64 and abs(number) & ((1 << 64) - 1) >= 1 << more:
        raise ArgumentProblem(2, f"{more} bits tell only {1 << more} subnets apart")
    # As in Terraform, a negative number is taken for what its bits are worth.
    base = abs(prefix.base | number << (prefix.bits - length))
    if base >> prefix.bits:
        raise ArgumentProblem(2, "it is too large")
    return str(Prefix(base, length, prefix.bits))


def _cidrsubnets(arguments: Arguments, _: Type) -> Value:
    prefix = _prefix(arguments[0])
    following = prefix.base
    made: list[Value] = []
    for at, argument in enumerate(arguments[1:], 1):
        more = whole(argument, at)
        if more < 1:
            raise ArgumentProblem(at, "a prefix must be extended by at least one bit")
        length = prefix.length + more
        if length > prefix.bits:
            version = 4 if prefix.bits == 32 else 6
            raise ArgumentProblem(at, f"a prefix of {length} bits is too long for IPv{version}")
        if more > 32:
            raise ArgumentProblem(at, "a prefix may not be extended by more than 32 bits")
        size = 1 << (prefix.bits - length)
        base = -(-following // size) * size
        if base + size > prefix.base + prefix.size:
            raise ArgumentProblem(at, f"there is no room left in {prefix} for a prefix of {length} bits")
        subnet = Prefix(base, length, prefix.bits)
        if not base or prefix.stands_for_4 or (subnet.stands_for_4 and not base & 0xFFFFFFFF):
            # Nothing is wrong with it, but Terraform takes an address of zero for the end of all addresses.
            reason = f"no subnet that starts at {address_text(base, prefix.bits)} can be listed: use cidrsubnet for it"
            raise ArgumentProblem(at, reason)
        made.append(str(subnet))
        following = base + size
    return ListValue(STRING, made)


_PREFIX = Parameter("prefix", STRING)

FUNCTIONS = [
    pure("cidrhost", [_PREFIX, Parameter("hostnum", NUMBER)], STRING, _cidrhost),
    pure("cidrnetmask", [_PREFIX], STRING, _cidrnetmask),
    pure("cidrsubnet", [_PREFIX, Parameter("newbits", NUMBER), Parameter("netnum", NUMBER)], STRING, _cidrsubnet),
    pure("cidrsubnets", [_PREFIX], ListType(STRING), _cidrsubnets, Parameter("newbits", NUMBER)),
]

"""Ranges of network addresses, and what is chosen from them: a free range for a network, a free address for a nic."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from vwplan.dataclass import dataclass

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class RangeError(ValueError):
    """A range or an address that cannot be taken; the message is a sentence for users."""


@dataclass(frozen=True, slots=True)
class Subnet:
    """A range of addresses as whole numbers: `first` to `last` inclusive, of IP `version` 4 or 6, `prefix` bits long."""

    first: int
    last: int
    prefix: int
    version: int

    @staticmethod
    def parse(text: str) -> Subnet:
        """The range written `address/length`; `RangeError` says what is wrong with it."""
        if "/" not in text:
            raise RangeError(f'"{text}" is not a range of addresses: write it as "10.1.2.0/24".')
        try:
            network: Network = ipaddress.ip_network(text, strict=False)
        except ValueError as error:
            raise RangeError(f'"{text}" is not a range of addresses: {error}.') from None
        first = int(network.network_address)
        if ipaddress.ip_address(text.partition("/")[0]) != network.network_address:
            raise RangeError(f'"{text}" is one address in the range "{network}". Write the range.')
        return Subnet(first, int(network.broadcast_address), network.prefixlen, network.version)

    @property
    def gateway(self) -> int:
        """The first address behind the range's own, which the host takes."""
        return self.first + 1

    @property
    def highest(self) -> int:
        """The last address that a nic may have: the broadcast address of IPv4 is left out."""
        return self.last - 1 if self.version == 4 else self.last

    def number(self, address: str) -> int:
        """An address written as text, which must be in the range; `RangeError` says why it may not be used."""
        try:
            parsed = ipaddress.ip_address(address)
        except ValueError:
            raise RangeError(f'"{address}" is not an address.') from None
        number = int(parsed)
        if parsed.version != self.version or not self.first <= number <= self.last:
            raise RangeError(f"{address} is outside its network's range {self}.")
        if number == self.gateway:
            raise RangeError(f"{address} is the gateway of its network {self}.")
        if number == self.first or number > self.highest:
            raise RangeError(f"{address} is not for machines: it is the first or the last address of {self}.")
        return number

    def text(self, number: int) -> str:
        """A number as an address."""
        if self.version == 4:
            return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        return str(ipaddress.IPv6Address(number))

    def overlaps(self, other: Subnet) -> bool:
        """Whether the two have an address in common."""
        return self.version == other.version and self.first <= other.last and other.first <= self.last

    def __str__(self) -> str:
        return f"{self.text(self.first)}/{self.prefix}"


class AddressBook:
    """Who has which address of one network: those of the old world, and those given in the new one.

    `old` are numbers recorded by anybody, never given to a newcomer; `given` is by number, the owner's key.
    """

    __slots__ = ("_next", "given", "old", "subnet")

    def __init__(self, subnet: Subnet, old: Iterable[int] = ()) -> None:
        self.subnet = subnet
        self.old = set(old)
        self.given: dict[int, str] = {}
        self._next = subnet.gateway + 1

    def claim(self, number: int, owner: str) -> str:
        """Give a certain address; the answer is empty, or who has it already."""
        holder = self.given.setdefault(number, owner)
        return "" if holder is owner else holder

    def lowest(self, owner: str) -> int:
        """Give the lowest address that is free in both worlds; `RangeError` when there is none left."""
        number, highest = self._next, self.subnet.highest
        while number in self.given or number in self.old:
            number += 1
        if number > highest:
            raise RangeError(f"No address is left in {self.subnet}: give the network a larger range.")
        self._next = number + 1
        self.given[number] = owner
        return number


_POOLS = tuple(Subnet.parse(text) for text in ("10.64.0.0/10", "172.16.0.0/12", "10.0.0.0/10", "10.128.0.0/9"))


class RangeChooser:
    """Finds free ranges of 256 addresses on one host, the lowest first, beside all that is in use there."""

    __slots__ = ("_at", "_blocks", "_pool", "_wide")

    def __init__(self, used: Iterable[Subnet] = ()) -> None:
        self._blocks: set[int] = set()
        self._wide: list[Subnet] = []
        self._pool = 0
        self._at = _POOLS[0].first
        for subnet in used:
            self.use(subnet)

    def use(self, subnet: Subnet) -> None:
        """Count a range as in use."""
        if subnet.version != 4:
            return
        if subnet.prefix >= 24:
            self._blocks.add(subnet.first >> 8)
        elif subnet.prefix >= 16:
            self._blocks.update(range(subnet.first >> 8, (subnet.last >> 8) + 1))
        else:
            self._wide.append(subnet)

    def free(self) -> Subnet:
        """A range that overlaps none in use, in use from now on; `RangeError` when all private ranges are used up."""
        while self._pool < len(_POOLS):
            pool = _POOLS[self._pool]
            while self._at < pool.last:
                at = self._at
                self._at += 256
                if at >> 8 in self._blocks:
                    continue
                wide = next((w for w in self._wide if w.first <= at + 255 and at <= w.last), None)
                if wide is not None:
                    self._at = max(self._at, wide.last + 1)
                    continue
                self._blocks.add(at >> 8)
                return Subnet(at, at + 255, 24, 4)
            self._pool += 1
            if self._pool < len(_POOLS):
                self._at = _POOLS[self._pool].first
        raise RangeError("No private range of 256 addresses is free on the host. Give the network a cidr.")

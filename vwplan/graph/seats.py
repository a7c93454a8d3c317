"""Places on networks: which ranges, addresses and MACs there are, who had them, and who gets them now.

What is recorded is kept, what is said is checked, and the rest is chosen: the lowest address that neither the old world
nor the new one has given away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from vwplan.dataclass import dataclass
from vwplan.diagnostics import DiagnosticError, Range
from vwplan.graph.identity import Identities
from vwplan.graph.model import Taken
from vwplan.graph.parts import problem
from vwplan.graph.providers import Place
from vwplan.graph.ranges import AddressBook, RangeChooser, RangeError, Subnet
from vwplan.state.records import Record, State

Plain = Any

Where = Callable[[int, str], Range]
"""Where the argument of that name stands in the nic of that index."""


@dataclass(slots=True, eq=False)
class Network:
    """A network wanted: where it is, its mode, its range, and who has which address. `book` is None without a range."""

    key: str
    identity: str
    place: Place
    mode: str
    subnet: Subnet | None
    book: AddressBook | None
    range: Range
    chosen: set[int] = field(default_factory=set)

    def reaches(self, place: Place) -> bool:
        """Whether a machine in a place can be on it: one over a bridge may span the hosts of its provider, others are on one host."""
        return self.place.agrees(place) or (self.mode == "bridge" and self.place.provider == place.provider)


@dataclass(frozen=True, slots=True)
class Reserved:
    """What an earlier attempt found that the spec itself gives to others: addresses by network identity, and ranges."""

    addresses: frozenset[tuple[str, int]] = frozenset()
    ranges: frozenset[str] = frozenset()

    def __or__(self, other: Reserved) -> Reserved:
        return Reserved(self.addresses | other.addresses, self.ranges | other.ranges)

    def __le__(self, other: Reserved) -> bool:
        return self.addresses <= other.addresses and self.ranges <= other.ranges


class Seats:
    """All networks wanted, and what was given away on them. `contested` grows when something chosen turns out to be said."""

    def __init__(self, identities: Identities, state: State, taken: Mapping[str, Taken], reserved: Reserved) -> None:
        self.networks: dict[str, Network] = {}
        self.contested = Reserved()
        self._identities = identities
        self._taken = taken
        self._reserved = reserved
        self._choosers: dict[str, RangeChooser] = {}
        self._given_macs: dict[str, str] = {}
        self._bridges: dict[tuple[Place, str], Network] = {}
        self._kept_for: dict[tuple[str, str], str] = {}
        self._macs: set[str] = set()
        self._addresses: dict[str, list[str]] = {}
        self._ranges: dict[str, list[str]] = {}
        self._chosen_ranges: dict[str, set[str]] = {}
        for each in taken.values():
            self._macs.update(each.macs)
            for identity, kept in each.addresses.items():
                self._addresses.setdefault(identity, []).extend(kept)
                self._kept_for.update({(identity, mac.lower()): address for address, mac in kept.items()})
        for records in (state.records, state.deposed):
            for record in records.values():
                self._remember(record)
        for identity, number in reserved.addresses:
            self._addresses.setdefault(identity, []).append(str(number))

    def _remember(self, record: Record) -> None:
        if record.kind == "workspace":
            for nic in record.arguments.get("nic") or ():
                if nic.get("mac"):
                    self._macs.add(nic["mac"])
                if nic.get("address"):
                    self._addresses.setdefault(nic["network"], []).append(nic["address"])
        elif record.kind == "network" and record.arguments.get("cidr"):
            self._ranges.setdefault(f"{record.provider}/{record.host}", []).append(record.arguments["cidr"])

    # Networks.

    def free_range(self, place: Place) -> Subnet:
        """A range that is free on a host."""
        chooser = self._choosers.get(place.key)
        if chooser is None:
            taken = self._taken.get(place.key)
            used = [*(taken.networks if taken is not None else ()), *self._ranges.get(place.key, ())]
            used += self._reserved.ranges
            chooser = self._choosers[place.key] = RangeChooser(_parsed(used))
        found = chooser.free()
        self._chosen_ranges.setdefault(place.key, set()).add(str(found))
        return found

    def open(self, network: Network, bridge: str, at: Range) -> None:
        """Take a network up, with the addresses that its users have had. `at` is where the bridge is named."""
        place = (network.place, network.identity if network.place.is_open else bridge)
        other = self._bridges.setdefault(place, network)
        if other is not network and "bridge" not in (network.mode, other.mode):
            detail = (
                f"{network.key} makes the bridge {bridge}, which {other.key} makes. Leave bridge out, or name another."
            )
            raise problem("bridge-taken", "Bridge made twice", detail, at)
        subnet = network.subnet
        if subnet is not None:
            old: list[int] = []
            for text in self._addresses.get(network.identity, ()):
                number = _number(subnet, text)
                if number is not None:
                    old.append(number)
            network.book = AddressBook(subnet, old)
        self.networks[network.identity] = network

    def overlaps(self) -> Iterable[DiagnosticError]:
        """Ranges on one host that have addresses in common. One that was chosen gives way to one that was said, next time."""
        hosts: dict[str, list[Network]] = {}
        for network in self.networks.values():
            if network.subnet is not None and network.mode != "bridge":
                hosts.setdefault(network.place.key, []).append(network)
        for key, networks in hosts.items():
            chosen = self._chosen_ranges.get(key, set())
            networks.sort(key=lambda n: (n.subnet.first, n.subnet.last) if n.subnet is not None else (0, 0))
            widest = networks[0]
            for network in networks[1:]:
                assert network.subnet is not None and widest.subnet is not None
                if widest.subnet.overlaps(network.subnet):
                    one, other = (network, widest) if str(widest.subnet) in chosen else (widest, network)
                    if str(other.subnet) in chosen and str(one.subnet) not in chosen:
                        self.contested |= Reserved(ranges=frozenset({str(one.subnet)}))
                        continue
                    yield problem(
                        "overlapping-networks",
                        "Overlapping ranges of addresses",
                        f"{network.key} has the range {network.subnet}, and {widest.key} on the same host "
                        f"{widest.subnet}. Give one of them another range, or leave cidr out: then a free one is chosen.",
                        network.range,
                    )
                if network.subnet.last > widest.subnet.last:
                    widest = network

    # Nics.

    def seat(
        self, key: str, nics: list[dict[str, Plain]], place: Place, record: Record | None, at: Where
    ) -> tuple[list[dict[str, Plain]], frozenset[str]]:
        """The nics with an address and a MAC each, and the paths of those that were chosen. Raises `DiagnosticError`.

        What was chosen anew though something else is recorded is no such path: it is a change.
        """
        had = list(record.arguments.get("nic") or ()) if record is not None else []
        seated: list[dict[str, Plain]] = []
        unset: set[str] = set()
        pairs = _pairs(nics, had)
        for index, nic in enumerate(nics):
            before = pairs[index]
            made = dict(nic)
            network = self.networks.get(nic["network"])
            if network is not None and not network.reaches(place):
                raise problem(
                    "network-elsewhere",
                    "Network on another host",
                    f"{key} is on {place.key}, and {network.key}, which nic {index + 1} is on, is on {network.place.key}. "
                    "Give both the same provider.",
                    at(index, "network"),
                )
            owner = f"{key} (nic {index + 1})" if index else key
            self._mac(key, owner, index, made, before, unset, at, record is not None)
            self._address(owner, index, made, before, network, unset, at, record is not None)
            # Shown in the order in which people say it: the address, then what it hangs on.
            made["mac"] = made.pop("mac")
            seated.append(made)
        return seated, frozenset(unset)

    def _address(
        self,
        owner: str,
        index: int,
        nic: dict[str, Plain],
        before: Mapping[str, Plain],
        network: Network | None,
        unset: set[str],
        at: Where,
        recorded: bool,
    ) -> None:
        said = nic.get("address")
        if network is None or network.book is None:
            return
        book = network.book
        try:
            if said is not None:
                number = book.subnet.number(said)
                holder = book.claim(number, owner)
                if holder:
                    self._doubled(said, owner, holder, network, number, at(index, "address"))
                nic["address"] = book.subnet.text(number)
                return
            if network.mode == "bridge":
                return
            kept = before.get("address") if before.get("network") == nic["network"] else None
            sticky = _number(book.subnet, kept) if isinstance(kept, str) else None
            if sticky is not None:
                holder = book.claim(sticky, owner)
                if holder:
                    self._doubled(str(kept), holder, owner, network, sticky, at(index, "address"))
                nic["address"] = kept
                unset.add(f"nic[{index}].address")
                return
            number = self._kept(network, nic["mac"], owner) or book.lowest(owner)
        except RangeError as error:
            raise problem("invalid-address", "Invalid address", f"{owner}: {error}", at(index, "address")) from None
        network.chosen.add(number)
        nic["address"] = book.subnet.text(number)
        if not recorded:
            unset.add(f"nic[{index}].address")

    def _kept(self, network: Network, mac: str, owner: str) -> int:
        """The address that the network on its host keeps for a MAC already, as when an earlier run came no further; 0 without."""
        kept = self._kept_for.get((network.identity, mac))
        assert network.book is not None
        number = _number(network.book.subnet, kept) if kept else None
        if number is None or (network.identity, number) in self._reserved.addresses:
            return 0
        return 0 if network.book.claim(number, owner) else number

    def _doubled(self, address: str, owner: str, holder: str, network: Network, number: int, at: Range) -> None:
        if number in network.chosen:
            self.contested |= Reserved(addresses=frozenset({(network.identity, number)}))
            return
        raise problem(
            "address-taken",
            "Address given twice",
            f"{owner} is given {address} on {network.key}, which {holder} has. Give one of them another address.",
            at,
        )

    def _mac(
        self,
        key: str,
        owner: str,
        index: int,
        nic: dict[str, Plain],
        before: Mapping[str, Plain],
        unset: set[str],
        at: Where,
        recorded: bool,
    ) -> None:
        said = nic.get("mac")
        if said is not None:
            mac = said.lower()
        else:
            mac = before.get("mac") or self._identities.mac(key, index, self._macs)
            if not recorded or before.get("mac") == mac:
                unset.add(f"nic[{index}].mac")
        holder = self._given_macs.setdefault(mac, owner)
        if holder is not owner:
            detail = f"{owner} is given the MAC address {mac}, which {holder} has. Give one of them another."
            raise problem("mac-taken", "MAC address given twice", detail, at(index, "mac"))
        self._macs.add(mac)
        nic["mac"] = mac


def _pairs(nics: Sequence[Mapping[str, Plain]], had: Sequence[Mapping[str, Plain]]) -> list[Mapping[str, Plain]]:
    """For each nic the recorded one that it continues: that on the same network, else that of its place; `{}` for none."""
    found: list[Mapping[str, Plain]] = [
        had[at] if at < len(had) and had[at].get("network") == nic["network"] else {} for at, nic in enumerate(nics)
    ]
    if not had or all(found):
        return found
    left = [nic for nic in had if not any(nic is one for one in found)]
    for at, nic in enumerate(nics):
        if not found[at]:
            same = next((one for one in left if one.get("network") == nic["network"]), None)
            if same is not None:
                found[at] = same
                left.remove(same)
    for at in range(min(len(nics), len(had))):
        if not found[at] and any(had[at] is one for one in left):
            found[at] = had[at]
    return found


def _number(subnet: Subnet, text: str) -> int | None:
    if text.isdigit():
        return int(text)
    try:
        return subnet.number(text)
    except RangeError:
        return None


def _parsed(texts: Iterable[str]) -> Iterable[Subnet]:
    for text in texts:
        try:
            yield Subnet.parse(text)
        except RangeError:
            continue

"""The mark on domains and networks: an element of our own namespace in `<metadata>`."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from vwplan.provider.api import Mark

OBJECT = "urn:vwplan:object:1"
"""The namespace of marks."""
BOOT = "urn:vwplan:boot:1"
"""The namespace of what says when the running machine was started; only ever in the running one's description."""

_NAMES = ("lineage", "identity", "address", "digest", "writer")


def mark_element(mark: Mark, cidr: str = "", *, imported: bool = False) -> ElementTree.Element:
    """The element to put into `<metadata>`. `cidr` is that of a network whose definition cannot tell it.

    `imported` says of a network that somebody else made it, which nothing else of it tells.
    """
    element = ElementTree.Element(f"{{{OBJECT}}}object", {name: getattr(mark, name) for name in _NAMES})
    element.set("birth", str(mark.birth))
    if cidr:
        element.set("cidr", cidr)
    if imported:
        element.set("imported", "yes")
    return element


def mark_text(mark: Mark) -> str:
    """The mark as libvirt's call for metadata takes it: without its namespace, which it adds itself."""
    element = mark_element(mark)
    element.tag = "object"
    return ElementTree.tostring(element, encoding="unicode")


def mark_of(root: ElementTree.Element) -> Mark | None:
    """The mark in a domain's or network's description; None where there is none that can be read."""
    element = root.find(f"metadata/{{{OBJECT}}}object")
    if element is None or not element.get("birth", "").lstrip("-").isdigit():
        return None
    fields = {name: element.get(name) for name in _NAMES}
    if None in fields.values():
        return None
    texts = {name: text or "" for name, text in fields.items()}
    return Mark(birth=int(element.get("birth", "0")), **texts)


def marked_cidr(root: ElementTree.Element) -> str:
    """The range that the mark of a network notes."""
    element = root.find(f"metadata/{{{OBJECT}}}object")
    return "" if element is None else element.get("cidr", "")


def is_imported(root: ElementTree.Element) -> bool:
    """Whether the mark of a network notes that somebody else made it."""
    element = root.find(f"metadata/{{{OBJECT}}}object")
    return element is not None and element.get("imported") == "yes"


def boot_text(started: int) -> str:
    """What is noted on a running machine: when it was started, in nanoseconds since the epoch."""
    return ElementTree.tostring(ElementTree.Element("boot", {"started": str(started)}), encoding="unicode")


def boot_of(root: ElementTree.Element) -> str:
    """The name of the boot that a running machine is in: its number on this host, and when we started it."""
    element = root.find(f"metadata/{{{BOOT}}}boot")
    started = "" if element is None else element.get("started", "")
    return "-".join(filter(None, (root.get("id", ""), started)))

"""Building XML as a tree: one function that makes an element with all that is in it, one that writes it out."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping

from vwplan_libvirt.mark import BOOT, OBJECT

Element = ElementTree.Element

DNSMASQ = "http://libvirt.org/schemas/network/dnsmasq/1.0"

for _prefix, _space in (("vw", OBJECT), ("vwboot", BOOT), ("dnsmasq", DNSMASQ)):
    ElementTree.register_namespace(_prefix, _space)


def element(tag: str, attributes: Mapping[str, object] | None = None, *children: Element, text: object = "") -> Element:
    """An element; attributes that are None or empty are left out."""
    made = Element(tag)
    for name, value in (attributes or {}).items():
        if value is not None and value != "":
            made.set(name, str(value))
    made.text = str(text) if text != "" else None
    made.extend(children)
    return made


def written(root: Element) -> str:
    """The tree as text, indented, as libvirt takes it."""
    ElementTree.indent(root)
    return ElementTree.tostring(root, encoding="unicode")


def parsed(text: str) -> Element:
    """The tree of a description that libvirt gave."""
    return ElementTree.fromstring(text)  # noqa: S314 - a host that we let make machines is trusted with XML too


def text_at(root: Element, path: str) -> str:
    """The text of the first element on a path; empty when there is none."""
    found = root.find(path)
    return "" if found is None or found.text is None else found.text.strip()


def attribute_at(root: Element, path: str, name: str) -> str:
    """An attribute of the first element on a path; empty when there is none."""
    found = root.find(path)
    return "" if found is None else found.get(name, "")


_UNITS = {"b": 1, "bytes": 1, "KB": 1000, "k": 1 << 10, "KiB": 1 << 10, "MB": 10**6, "M": 1 << 20, "MiB": 1 << 20}
_UNITS |= {"GB": 10**9, "G": 1 << 30, "GiB": 1 << 30, "TB": 10**12, "T": 1 << 40, "TiB": 1 << 40}


def bytes_at(root: Element, path: str, unit: str = "b") -> int:
    """A size, in bytes; `unit` is the one meant where the element names none. 0 when there is no such element."""
    found = root.find(path)
    if found is None or not (found.text or "").strip().isdigit():
        return 0
    return int(found.text or 0) * _UNITS.get(found.get("unit", unit), 1)

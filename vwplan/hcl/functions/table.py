"""The table of all functions, by name. A family is imported when one of its functions is first called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from vwplan.hcl.functions.model import Function

FAMILIES = {
    "choosing": "alltrue anytrue coalesce coalescelist contains element index length lookup one",
    "cidr": "cidrhost cidrnetmask cidrsubnet cidrsubnets",
    "collections": "chunklist compact concat distinct flatten matchkeys reverse slice",
    "conversion": "ephemeralasnull issensitive nonsensitive sensitive tobool tolist tomap tonumber toset tostring",
    "dates": "formatdate plantimestamp timeadd timecmp timestamp",
    "encoding": (
        "base64decode base64encode base64gzip csvdecode jsondecode jsonencode "
        "textdecodebase64 textencodebase64 urlencode yamldecode yamlencode"
    ),
    "files": (
        "abspath basename dirname file filebase64 filebase64sha256 filebase64sha512 fileexists "
        "filemd5 fileset filesha1 filesha256 filesha512 pathexpand"
    ),
    "formats": "format formatlist",
    "hashing": "base64sha256 base64sha512 bcrypt md5 rsadecrypt sha1 sha256 sha512 uuid uuidv5",
    "mappings": "keys merge transpose values zipmap",
    "numeric": "abs ceil floor log max min parseint pow range signum sum",
    "patterns": "regex regexall replace",
    "rendering": "templatefile templatestring",
    "setwise": "setintersection setproduct setsubtract setunion",
    "strings": (
        "chomp endswith indent join lower sort split startswith strcontains strrev substr title "
        "trim trimprefix trimspace trimsuffix upper"
    ),
}
"""The modules here, and the names of the functions that each declares."""


class _Table(Mapping[str, Function]):
    def __init__(self) -> None:
        self._family = {name: family for family, names in FAMILIES.items() for name in names.split()}
        self._known: dict[str, Function] = {}

    def __getitem__(self, name: str) -> Function:
        if name not in self._known:
            family = import_module(f"vwplan.hcl.functions.{self._family[name]}")
            self._known |= {function.name: function for function in family.FUNCTIONS}
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._family

    def __iter__(self) -> Iterator[str]:
        return iter(self._family)

    def __len__(self) -> int:
        return len(self._family)


FUNCTIONS: Mapping[str, Function] = _Table()
"""Every function but `try`, `can` and the console's `type`, which are given expressions and not values."""


def is_pure(name: str) -> bool:
    """Whether the same arguments always give the same: it reads neither files nor the clock."""
    return name not in FUNCTIONS or FUNCTIONS[name].scoped is None

"""The graph: from a configuration, its variables and the state to resources, addressed, ordered and placed on hosts.

`build` gives all that a stack wants; `hosts` says beforehand which hosts there are, and `needed_hosts` which of them matter.
Nothing here has an effect: files, time, keys and what is in use on hosts come in as arguments.
"""

from vwplan.graph.build import build, hosts
from vwplan.graph.identity import Identities
from vwplan.graph.imports import imports_volumes
from vwplan.graph.model import (
    Cause,
    CheckResult,
    ImportAsked,
    Lifecycle,
    Moved,
    Resource,
    Taken,
    Wanted,
    WantedOutput,
)
from vwplan.graph.providers import needed_hosts
from vwplan.graph.world import StackReader

__all__ = [
    "Cause",
    "CheckResult",
    "Identities",
    "ImportAsked",
    "Lifecycle",
    "Moved",
    "Resource",
    "StackReader",
    "Taken",
    "Wanted",
    "WantedOutput",
    "build",
    "hosts",
    "imports_volumes",
    "needed_hosts",
]

"""The door for hypervisors: what providers must do (`api`), the laws they share (`law`), how they are found (`registry`).

What it offers is found on first use, so that whoever only names a provider does not pay for what providers do.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vwplan.provider.api import (
        Action,
        Changed,
        Connection,
        Expectation,
        Foreign,
        HostConfiguration,
        HostFacts,
        Interrupted,
        Mark,
        NotReady,
        Observation,
        Observed,
        Outcome,
        Provider,
        ProviderError,
        Refused,
        Reporter,
        Unreachable,
        Verb,
    )
    from vwplan.provider.law import arguments_digest, check_expectation, image_digest
    from vwplan.provider.registry import find

__all__ = [
    "Action",
    "Changed",
    "Connection",
    "Expectation",
    "Foreign",
    "HostConfiguration",
    "HostFacts",
    "Interrupted",
    "Mark",
    "NotReady",
    "Observation",
    "Observed",
    "Outcome",
    "Provider",
    "ProviderError",
    "Refused",
    "Reporter",
    "Unreachable",
    "Verb",
    "arguments_digest",
    "check_expectation",
    "find",
    "image_digest",
]

_ELSEWHERE = {
    "arguments_digest": "vwplan.provider.law",
    "check_expectation": "vwplan.provider.law",
    "find": "vwplan.provider.registry",
    "image_digest": "vwplan.provider.law",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_ELSEWHERE.get(name, "vwplan.provider.api")), name)

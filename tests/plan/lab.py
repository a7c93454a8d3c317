"""A small cluster for plans to be about: an image, a network, a head, and workers that wait for it."""

from __future__ import annotations

import pytest
from site_of_tests import image, machine, network

from vwplan.diagnostics import DiagnosticError


def lab(workers: int = 2, **worker: object) -> list:
    """An image, a network, a head and workers that wait for it."""
    members = [machine("cluster.c.head", on="network.fabric", ready={"agent": True, "timeout": 300})]
    for index in range(workers):
        members.append(
            machine(
                f"cluster.c.workers.compute[{index}]",
                on="network.fabric",
                after=("cluster.c.head",),
                ready={"agent": True, "timeout": 300},
                **worker,
            )
        )
    return [image(), network(), *members]


def codes(error: pytest.ExceptionInfo[DiagnosticError]) -> list[str]:
    return [d.code for d in error.value.diagnostics]

"""Fixtures: a stack in a folder of its own, and what is wanted by key."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from small_stacks import Stack

from vwplan.graph import Resource, Wanted


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    """An empty stack."""
    return Stack(tmp_path)


@pytest.fixture
def by_key() -> Callable[[Wanted], dict[str, Resource]]:
    """Resources by their keys."""
    return lambda wanted: {resource.key: resource for resource in wanted.resources}

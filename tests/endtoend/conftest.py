"""Assertions in what the stories share tell their values, as those in test files do."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("stories", "workshop", "machines", "yard")

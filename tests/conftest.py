"""What all tests share: on CI machines properties are tried on the same examples each time, elsewhere on new ones; never by the clock."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
settings.register_profile("by hand", deadline=None)
settings.load_profile("ci" if os.environ.get("CI") else "by hand")

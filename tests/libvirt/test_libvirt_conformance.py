"""The libvirt provider keeps the law: on libvirt's own test driver, in this process, and on real machines."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("libvirt")

sys.path.insert(0, str(Path(__file__).parent.parent / "conformance"))
from suite import Conformance, Stage

from vwplan.provider import Connection, HostConfiguration, find

URI = os.environ.get("VWPLAN_TEST_LIBVIRT_URI", "")


def host(uri: str, directory: Path, **settings: Any) -> Callable[[], Connection]:
    configuration = HostConfiguration("libvirt", "default", {"uri": uri, **settings}, str(directory))
    return lambda: find("libvirt").open(configuration)


def small_image(folder: Path) -> tuple[Path, str]:
    """A disk of 1 MiB that nothing can boot from, and its digest."""
    path = folder / "empty.raw"
    path.write_bytes(bytes(1 << 20))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


class TestOnTheTestDriver(Conformance):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Stage:
        path, digest = small_image(tmp_path)
        return Stage(
            host("test:///default", tmp_path),
            {"source": str(path)},
            f"sha256:{digest}",
            lacks=frozenset({"volume growth"}),
        )


@pytest.mark.vm
@pytest.mark.skipif(not URI, reason="VWPLAN_TEST_LIBVIRT_URI is not set")
class TestOnRealMachines(Conformance):
    @pytest.fixture
    def stage(self, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Stage:
        path, digest = small_image(tmp_path)
        return Stage(
            host(URI, tmp_path_factory.getbasetemp(), accel="tcg", pool="vwplan-test", shutdown_timeout=1),
            {"source": str(path)},
            f"sha256:{digest}",
        )

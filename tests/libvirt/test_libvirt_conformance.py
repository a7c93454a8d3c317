"""The libvirt provider keeps the law: on libvirt's own test driver, in this process, and on real machines."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("libvirt")

sys.path.insert(0, str(Path(__file__).parent.parent / "conformance"))
sys.path.insert(0, str(Path(__file__).parent))
from libvirt_hosts import POOL, URI, foreign_network, host, small_image
from suite import Conformance, Stage


class TestOnTheTestDriver(Conformance):
    @pytest.fixture
    def stage(self, tmp_path: Path) -> Stage:
        path, digest = small_image(tmp_path)
        return Stage(
            host("test:///default", tmp_path),
            {"source": str(path)},
            f"sha256:{digest}",
            lacks=frozenset({"volume growth"}),
            foreign=foreign_network("test:///default"),
        )


@pytest.mark.vm
@pytest.mark.skipif(not URI, reason="VWPLAN_TEST_LIBVIRT_URI is not set")
class TestOnRealMachines(Conformance):
    @pytest.fixture
    def stage(self, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Stage:
        path, digest = small_image(tmp_path)
        return Stage(
            host(URI, tmp_path_factory.getbasetemp(), accel="tcg", pool=POOL, shutdown_timeout=1),
            {"source": str(path)},
            f"sha256:{digest}",
            foreign=foreign_network(URI),
        )

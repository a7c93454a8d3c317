"""Real domains through libvirt: vwplan beside a bare libvirt-python script that does the same, in turn in one run.

    VWPLAN_TEST_LIBVIRT_URI=… python tests/benchmarks/domains.py [--sizes 1,4,8]

A domain has 1 processor, 96 MiB, one overlay disk over a shared base, one nic on one network, and nothing to boot. The bare
script defines and starts them on 8 threads over one connection; vwplan plans, journals, marks and observes besides.
Figures are wall seconds of whole processes.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SPEC = """
provider "libvirt" {
  uri              = "%(uri)s"
  accel            = "tcg"
  shutdown_timeout = "0s"
}

image "base" {
  source = "${path.module}/base.qcow2"
}

network "bench" { mode = "isolated" }

workspace "w" {
  count = %(count)d
  image = image.base
  resources { memory = "96 MiB" }
  nic { network = network.bench }
}
"""

BARE = '''
import concurrent.futures, sys, uuid
import libvirt
uri, count, verb = sys.argv[1], int(sys.argv[2]), sys.argv[3]
libvirt.registerErrorHandler(lambda c, e: None, None)
conn = libvirt.open(uri)
POOL = """<pool type='dir'><name>vwbare</name><target><path>%s</path></target></pool>""" % sys.argv[4]
NET = """<network><name>vwbare</name><bridge name='vwbare0'/><ip address='10.97.3.1' prefix='24'>
<dhcp><range start='10.97.3.100' end='10.97.3.200'/></dhcp></ip></network>"""
DOM = """<domain type='qemu'><name>vwbare-%d</name><memory unit='MiB'>96</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='q35'>hvm</type></os><features><acpi/></features><devices>
<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='%s'/><target dev='vda' bus='virtio'/></disk>
<interface type='network'><source network='vwbare'/><model type='virtio'/></interface></devices></domain>"""
VOL = """<volume><name>vwbare-%d.qcow2</name><capacity unit='MiB'>64</capacity><target><format type='qcow2'/></target>
<backingStore><path>%s</path><format type='qcow2'/></backingStore></volume>"""
BASE = """<volume><name>vwbare-base.qcow2</name><capacity unit='MiB'>64</capacity><target><format type='qcow2'/></target></volume>"""
if verb == "up":
    pool = conn.storagePoolDefineXML(POOL); pool.build(); pool.create()
    base = pool.createXML(BASE)
    net = conn.networkDefineXML(NET); net.create()
    def make(i):
        vol = pool.createXML(VOL % (i, base.path()))
        conn.defineXML(DOM % (i, vol.path())).create()
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(make, range(count)))
else:
    pool = conn.storagePoolLookupByName("vwbare")
    def end(i):
        dom = conn.lookupByName("vwbare-%d" % i); dom.destroy(); dom.undefine()
    with concurrent.futures.ThreadPoolExecutor(8) as threads:
        list(threads.map(end, range(count)))
    for vol in pool.listAllVolumes(): vol.delete()
    pool.destroy(); pool.delete(); pool.undefine()
    net = conn.networkLookupByName("vwbare"); net.destroy(); net.undefine()
'''


def timed(command: list[str], folder: Path) -> float:
    """The wall seconds of a command, which must succeed."""
    started = time.monotonic()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return time.monotonic() - started


def main() -> int:
    """Print a line for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1,4,8")
    parser.add_argument("--uri", default=os.environ.get("VWPLAN_TEST_LIBVIRT_URI", "qemu:///system"))
    parser.add_argument(
        "--pool", default="/var/lib/libvirt/images/vwbare", help="the bare script's folder, on the host"
    )
    options = parser.parse_args()
    vwplan = str(Path(sys.executable).parent / "vwplan")
    print(f"{'domains':>7} {'':8} {'bare s':>8} {'vwplan s':>9} {'ratio':>6}")
    for count in map(int, options.sizes.split(",")):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "bare.py").write_text(BARE)
            subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", "base.qcow2", "64M"], cwd=folder, check=True)
            (folder / "main.vw.hcl").write_text(SPEC % {"uri": options.uri, "count": count})
            bare = [sys.executable, "bare.py", options.uri, str(count)]
            rows = [("apply", "up", ["apply"]), ("plan", "", ["plan"]), ("destroy", "down", ["destroy"])]
            for word, theirs, ours in rows:
                floor = timed([*bare, theirs, options.pool], folder) if theirs else 0.0
                extra = ["--auto-approve"] if theirs else []
                mine = timed([vwplan, *ours, "--stack", "bench", *extra], folder)
                ratio = f"{mine / floor:6.2f}" if floor else "     -"
                print(f"{count:>7} {word:8} {floor:8.2f} {mine:9.2f} {ratio}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

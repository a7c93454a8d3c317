"""Images: digests, where the bytes are, attestations; and the hosts."""

from __future__ import annotations

import hashlib

import pytest

from vwplan.diagnostics import DiagnosticError
from vwplan.graph import hosts, needed_hosts
from vwplan.provider.law import image_digest
from vwplan.spec.load import load
from vwplan.state.records import State

DIGEST = hashlib.sha256(b"disk").hexdigest()


def _image(*lines: str) -> str:
    return 'image "i" {\n' + "".join(f"  {line}\n" for line in lines) + "}\n"


def test_an_image_is_its_digest(stack, by_key):
    image = by_key(stack.write(_image('source = "disk.img"'), prelude="").build())["image.i"]
    assert image.name == f"vwplan-{DIGEST}"
    assert image.facts == {"id": f"sha256:{DIGEST}", "digest": DIGEST, "size": 4}
    assert image.arguments["source"] == str(stack.folder / "disk.img")


def test_kernel_initrd_and_command_line_are_part_of_it(stack, by_key):
    stack.file("kernel", b"k").file("initrd", b"i")
    stack.write(
        _image('source = "disk.img"', 'kernel = "kernel"', 'initrd = "initrd"', 'cmdline = "quiet"'), prelude=""
    )
    image = by_key(stack.build())["image.i"]
    parts = {"source": DIGEST, "kernel": hashlib.sha256(b"k").hexdigest(), "initrd": hashlib.sha256(b"i").hexdigest()}
    assert image.facts["digest"] == image_digest(parts, "quiet")
    assert image.arguments["kernel"] == str(stack.folder / "kernel")


def test_what_cannot_be_read_when_planning_says_its_digest(stack, by_key):
    stack.write(_image('source = "https://example.org/x.qcow2"', f'sha256 = "sha256:{"AB" * 32}"'), prelude="")
    image = by_key(stack.build())["image.i"]
    assert image.facts == {"id": "sha256:" + "ab" * 32, "digest": "ab" * 32}
    assert image.arguments["sha256"] == "ab" * 32


@pytest.mark.parametrize(
    ("lines", "code", "words"),
    [
        (['source = "missing.img"'], "no-such-file", "there is no such file"),
        (['source = "http://example.org/x"'], "late-digest", "sha256"),
        (['source = "/x"', "on_host = true"], "late-digest", "sha256"),
        (['source = "disk.img"', f'sha256 = "{"0" * 64}"'], "wrong-digest", DIGEST),
        (['source = "disk.img"', 'initrd = "disk.img"'], "missing-argument", "kernel"),
        (
            [
                'source = "disk.img"',
                "attestation {",
                '  issuer = "ops"',
                f'  public_key = "{"0" * 64}"',
                f'  signature = "{"0" * 128}"',
                "}",
            ],
            "bad-attestation",
            "ops",
        ),
    ],
)
def test_bad_images_are_refused(stack, lines, code, words):
    (problem,) = stack.write(_image(*lines), prelude="").problems()
    assert problem.code == code
    assert words in problem.detail
    assert problem.subject is not None


def test_a_good_attestation_is_taken(stack):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from vwplan.spec.attestation import AttestedImage, message

    key = Ed25519PrivateKey.generate()
    signature = key.sign(message("ops", AttestedImage(DIGEST, os="debian-12"))).hex()
    public = key.public_key().public_bytes_raw().hex()
    lines = [
        'source = "disk.img"',
        'os = "debian-12"',
        "attestation {",
        '  issuer = "ops"',
        f'  public_key = "{public}"',
        f'  signature = "{signature}"',
        "}",
    ]
    assert stack.write(_image(*lines), prelude="").problems() == ()


def _hosts(stack, simulate=False, variables=None):
    return hosts(load(stack.folder), variables or {}, directory="/private", simulate=simulate)


def test_without_a_provider_block_there_is_one_libvirt(stack):
    (host,) = _hosts(stack.write("")).values()
    assert (host.key, host.settings["uri"], host.directory) == ("libvirt/default", "qemu:///system", "/private")


def test_settings_come_from_variables_and_locals(stack):
    stack.write("""
variable "where" {
  default = "a"
}
locals {
  uri  = "qemu+ssh://${local.host}/system"
  host = "${var.where}.example"
}
provider "libvirt" {
  uri = local.uri
}
provider "simulated" {
  alias = "sim"
  cpus  = 8
}
""")
    found = _hosts(stack, variables={"where": "b"})
    assert found["libvirt/default"].settings["uri"] == "qemu+ssh://b.example/system"
    assert found["simulated.sim/default"].settings["cpus"] == 8


def test_simulate_puts_the_simulator_in_each_ones_place(stack, by_key):
    stack.write(
        'provider "libvirt" {\n}\nprovider "libvirt" {\n  alias = "site"\n  uri   = "qemu:///session"\n}\nvolume "v" {\n  provider = libvirt.site\n  size     = "1 GiB"\n}\n'
    )
    assert set(_hosts(stack, simulate=True)) == {"simulated/default", "simulated.site/default"}
    made = by_key(stack.build(simulate=True))
    assert (made["volume.v"].provider, made["network.fabric"].provider) == ("simulated.site", "simulated")
    assert by_key(stack.build(simulate=False))["volume.v"].provider == "libvirt.site"


def test_several_defaults_need_a_word(stack):
    text = 'provider "libvirt" {\n}\nprovider "simulated" {\n}\n'
    with pytest.raises(DiagnosticError, match="vwplan"):
        _hosts(stack.write(text))
    stack.write(text + "vwplan {\n  provider = simulated\n}\n")
    assert set(_hosts(stack)) == {"libvirt/default", "simulated/default"}


def test_only_hosts_that_are_used_are_needed(stack):
    stack.write(
        'provider "libvirt" {\n}\nprovider "simulated" {\n  alias = "sim"\n}\nvolume "v" {\n  provider = simulated.sim\n  size     = "1 GiB"\n}\n',
        prelude="",
    )
    configuration, found = load(stack.folder), _hosts(stack)
    assert needed_hosts(configuration, State("x"), found) == {"simulated.sim/default"}

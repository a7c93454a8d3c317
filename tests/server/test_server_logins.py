"""How one gets in at a server: TLS and passwords by libpq's own means, tried with the program itself."""

from __future__ import annotations

import datetime
import ipaddress
import os
import shutil
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

sys.path.insert(0, str(Path(__file__).parent))
from desk import Desk

from conftest import Postgres, binaries

pytestmark = pytest.mark.server

PASSWORD = "swordfish-4711"


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority of one's own."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @staticmethod
    def made(name: str) -> Authority:
        key = ec.generate_private_key(ec.SECP256R1())
        return Authority(key, signed(name, key, name, key, x509.BasicConstraints(ca=True, path_length=0)))

    def sign(self, name: str, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        names: list[x509.GeneralName] = [x509.DNSName(name)]
        if name == "localhost":
            names.append(x509.IPAddress(ipaddress.ip_address("127.0.0.1")))
        issuer = self.certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        return signed(name, key, str(issuer), self.key, x509.SubjectAlternativeName(names))


def signed(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: str, by: ec.EllipticCurvePrivateKey, extension: Any
) -> x509.Certificate:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]),
        key.public_key(),
        x509.random_serial_number(),
        now - datetime.timedelta(hours=1),
        now + datetime.timedelta(days=1),
    )
    return builder.add_extension(extension, critical=True).sign(by, hashes.SHA256())


def pem(of: Any) -> bytes:
    if isinstance(of, x509.Certificate):
        return of.public_bytes(serialization.Encoding.PEM)
    return bytes(
        of.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


class Guarded(Postgres):
    """A server that only lets in who comes with TLS and a password."""

    def __init__(self, programs: Path) -> None:
        super().__init__(programs)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        authority, key = Authority.made("vwplan test authority"), ec.generate_private_key(ec.SECP256R1())
        inside = self.folder / "data"
        self._put(inside / "server.key", pem(key))
        self._put(inside / "server.crt", pem(authority.sign("localhost", key)))
        self.authority = self.folder / "authority.crt"
        self.authority.write_bytes(pem(authority.certificate))
        self.stranger = self.folder / "stranger.crt"
        self.stranger.write_bytes(pem(Authority.made("somebody else").certificate))
        self._put(
            inside / "pg_hba.conf",
            b"local all all trust\nhostssl all all 127.0.0.1/32 scram-sha-256\nhostnossl all all 127.0.0.1/32 reject\n",
        )
        self.more = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "ssl": "on",
            "password_encryption": "scram-sha-256",
        }

    def _put(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        path.chmod(0o600)
        if self.user:
            shutil.chown(path, "postgres", "postgres")

    def conninfo(self, database: str) -> str:
        return f"host={self.folder} port={self.port} user=vwplan dbname={database}"

    def outside(self, database: str, more: str = "sslmode=verify-full", *, host: str = "localhost") -> str:
        """The conninfo of somebody elsewhere, who is `lab`."""
        name = psycopg.conninfo.conninfo_to_dict(database)["dbname"]
        return f"host={host} port={self.port} user=lab dbname={name} sslrootcert={self.authority} {more}"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed")
    server = Guarded(programs)
    try:
        server.folder.chmod(0o711)
        server.start()
        with psycopg.connect(server.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE ROLE lab LOGIN PASSWORD '{PASSWORD}'".encode())
        yield server
    finally:
        server.remove()


@pytest.fixture
def place(guarded: Guarded) -> str:
    database = guarded.database()
    with psycopg.connect(database, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"GRANT CREATE ON DATABASE {name} TO lab".encode())
    return database


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home without anything of libpq's."""
    for name in list(os.environ):
        if name.startswith("PG"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def passwords(folder: Path, line: str) -> str:
    path = folder / "passwords"
    path.write_text(line)
    path.chmod(0o600)
    return str(path)


def flat(text: str) -> str:
    return " ".join(text.split())


def test_a_password_file_and_a_certificate_that_is_checked_let_the_program_in(
    guarded: Guarded, place: str, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSFILE", passwords(alone, f"localhost:{guarded.port}:*:lab:{PASSWORD}\n"))
    desk = Desk(alone / "desk", guarded.outside(place))
    assert "6 added" in desk.run("apply", "--auto-approve")
    assert "No changes" in desk.run("plan")
    with psycopg.connect(guarded.outside(place)) as connection:
        found = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert found.fetchone() == (True,)
    with psycopg.connect(place) as connection:
        kept = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'lab'").fetchone()
        assert kept is not None and kept[0].startswith("SCRAM-SHA-256$")


def test_a_service_says_where_the_server_is_and_the_spec_only_names_it(
    guarded: Guarded, place: str, alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [word for word in guarded.outside(place).split() if word]
    services = alone / "services"
    services.write_text("[lab]\n" + "\n".join(words) + "\n")
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    monkeypatch.setenv("PGPASSFILE", passwords(alone, f"*:*:*:lab:{PASSWORD}\n"))
    desk = Desk(alone / "desk", "service=lab")
    assert "6 added" in desk.run("apply", "--auto-approve")
    # A service that is named by the environment alone does as well.
    monkeypatch.setenv("PGSERVICE", "lab")
    other = Desk(alone / "desk", "application_name=vwplan")
    assert "No changes" in other.run("plan")


@pytest.mark.parametrize(
    ("more", "host", "said"),
    [
        ("sslmode=verify-full sslrootcert=%(stranger)s", "localhost", "certificate verify failed"),
        ("sslmode=verify-full", "other.invalid hostaddr=127.0.0.1", "does not match host name"),
        ("sslmode=disable", "localhost", "rejects connection"),
    ],
    ids=["an authority that is not ours", "a server of another name", "without TLS"],
)
def test_who_is_not_who_is_meant_is_not_talked_to(
    guarded: Guarded, place: str, alone: Path, monkeypatch: pytest.MonkeyPatch, more: str, host: str, said: str
) -> None:
    monkeypatch.setenv("PGPASSFILE", passwords(alone, f"*:*:*:lab:{PASSWORD}\n"))
    told = guarded.outside(place, more % {"stranger": guarded.stranger}, host=host)
    if "sslrootcert" in more:
        told = told.replace(f"sslrootcert={guarded.authority} ", "")
    out = flat(Desk(alone / "desk", told).run("plan", code=1))
    assert "cannot be reached" in out
    assert said in out
    assert PASSWORD not in out


@pytest.mark.parametrize(
    ("line", "said"),
    [("localhost:*:*:lab:wrong\n", "password authentication failed"), ("", "no password supplied")],
    ids=["a wrong one", "none"],
)
def test_without_the_right_password_nobody_gets_in_and_it_is_said_at_once(
    guarded: Guarded, place: str, alone: Path, monkeypatch: pytest.MonkeyPatch, line: str, said: str
) -> None:
    monkeypatch.setenv("PGPASSFILE", passwords(alone, line))
    out = flat(Desk(alone / "desk", guarded.outside(place)).run("apply", "--auto-approve", code=1))
    assert said in out
    assert "PGPASSFILE" in out
    assert "nothing is planned" in out


@pytest.mark.parametrize(
    "conninfo",
    ["host=localhost user=lab password=x", "postgresql://lab:x@localhost/lab", "postgresql://localhost/lab?password=x"],
)
def test_a_password_in_the_spec_is_refused_before_anybody_is_asked(alone: Path, conninfo: str) -> None:
    out = flat(Desk(alone / "desk", conninfo).run("plan", code=1))
    assert "A password in the spec" in out
    assert "PGPASSFILE" in out

"""A PostgreSQL server of the tests' own: started in a temporary folder, reached by a Unix socket alone, ended with the tests."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/bin", "/usr/bin")


def binaries() -> Path | None:
    """The folder of the newest server's programs."""
    found = [path.parent for place in PLACES for path in Path("/").glob(f"{place[1:]}/initdb")]
    return max(found, key=lambda path: [int(part) for part in path.parts if part.isdigit()], default=None)


class Postgres:
    """A server that can be killed, stopped and started again. Whoever is root runs it as another user, as it demands."""

    def __init__(self, programs: Path, *, fsync: bool = False) -> None:
        self.programs = programs
        self.fsync = "on" if fsync else "off"
        self.folder = Path(tempfile.mkdtemp(prefix="vwplan-pg-"))
        self.user = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.getuid() == 0 else {}
        if self.user:
            shutil.chown(self.folder, "postgres", "postgres")
        self.more: dict[str, str] = {}
        self.process: subprocess.Popen[bytes] | None = None
        self._names = itertools.count(1)
        initdb = [programs / "initdb", "-D", self.folder / "data", "-U", "vwplan", "--auth=trust", "--no-sync"]
        self._run([*map(str, initdb), "-E", "UTF8", "--locale=C"])

    def _run(self, command: list[str]) -> None:
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **self.user)  # type: ignore[call-overload]

    def start(self) -> None:
        settings = {"listen_addresses": "", "fsync": self.fsync, "max_connections": "60", "shared_buffers": "16MB"}
        settings |= {"unix_socket_directories": str(self.folder), "unix_socket_permissions": "0700"}
        settings |= self.more
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data")]
        command += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd="/", stdout=log, stderr=log, **self.user)  # type: ignore[call-overload]
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                psycopg.connect(self.conninfo("postgres")).close()
                return None
            except psycopg.OperationalError:
                if self.process.poll() is not None:
                    # The old one's backends may not all have noticed yet.
                    time.sleep(0.2)
                    return self.start()
                time.sleep(0.025)
        raise AssertionError((self.folder / "log").read_text()[-2000:])

    def kill(self) -> None:
        """What a power cut does: nothing of the server goes on."""
        assert self.process is not None
        children = subprocess.run(
            ["ps", "-o", "pid=", "--ppid", str(self.process.pid)], capture_output=True, text=True, check=False
        ).stdout.split()
        for pid in (self.process.pid, *map(int, children)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def remove(self) -> None:
        """End it, and leave nothing."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def conninfo(self, database: str) -> str:
        return f"host={self.folder} user=vwplan dbname={database}"

    def database(self) -> str:
        """A fresh database; gives its conninfo."""
        name = f"t{next(self._names)}"
        with psycopg.connect(self.conninfo("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.conninfo(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed")
    server = Postgres(programs)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def database(postgres: Postgres) -> str:
    return postgres.database()

"""A shared state at rest: nothing readable in the database, nothing altered or put in another's place taken for true."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import psycopg
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from desk import SPEC, Desk
from stores import begun, lock, make, record, store_of

from vwplan.diagnostics import DiagnosticError
from vwplan.state import Ended, LocalStore, Result, RunEnded
from vwplan.state.claims import Claims
from vwplan.state.covered import CoveredDisk
from vwplan.state.encryption import Encryption, KeyFile, Passphrase, Sealed, Source
from vwplan.state.postgres.migrate import to_local, to_postgres
from vwplan.state.problems import WriteFailed

pytestmark = pytest.mark.server

SECRET = "only-for-us"


def key_file(folder: Path, name: str = "key", letter: bytes = b"k") -> KeyFile:
    path = folder / name
    path.write_bytes(base64.b64encode(letter * 32))
    path.chmod(0o600)
    return KeyFile(path)


def sealed(key: Source | None, fallback: Source | None = None, *, enforced: bool = False, **given: Any) -> Sealed:
    return Sealed(Encryption(key, fallback, enforced), **given)


def code(problem: pytest.ExceptionInfo[DiagnosticError]) -> str:
    return problem.value.diagnostics[0].code


def secret(name: str, **more: Any) -> Any:
    return record(name, arguments={"note": SECRET}, **more)


def everything(database: str) -> str:
    """All that the database holds, as text."""
    with psycopg.connect(database) as connection:
        tables = [name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'vwplan'")]
        found = [connection.execute(f"SELECT * FROM vwplan.{table}".encode()).fetchall() for table in tables]
    return repr(found)


def bodies(database: str, table: str) -> list[Any]:
    with psycopg.connect(database) as connection:
        return [body for (body,) in connection.execute(f"SELECT body FROM vwplan.{table}".encode())]


def test_nothing_of_what_is_recorded_can_be_read_in_the_database(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path, cover=sealed(key_file(tmp_path), enforced=True))
    make(store, secret("network.a"))
    with lock(store) as session:
        session.start("run-x", 1.0, "apply", plan=b'{"note": "only-for-us"}')
        session.write([begun("run-x", "s1", secret("network.b"))])
        assert SECRET not in everything(database)
        session.write([Ended("run-x", "s1", Result.DONE, secret("network.b"))])
        session.finish(RunEnded("run-x", 2.0, "done"))
    assert SECRET not in everything(database)
    stored = store.read()
    assert stored is not None
    assert stored.state.records == {name: secret(name) for name in ("network.a", "network.b")}
    assert store.version(1).records == {"network.a": secret("network.a")}
    store.restore(lock_holder(), 1)
    assert SECRET not in everything(database)
    with pytest.raises(DiagnosticError) as refused:
        store_of(database, tmp_path).read()
    assert code(refused) == "state-encrypted"
    with pytest.raises(DiagnosticError) as refused:
        store_of(database, tmp_path, cover=sealed(key_file(tmp_path, "other", b"o"))).read()
    assert code(refused) == "encryption-key-wrong"


def lock_holder() -> Any:
    from stores import holder

    return holder("restore")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE vwplan.records SET body = (SELECT body FROM vwplan.records WHERE address = 'network.b') WHERE address = 'network.a'",
        "UPDATE vwplan.records SET version = version + 1",
        "UPDATE vwplan.records SET deposed = true WHERE address = 'network.a'",
        "UPDATE vwplan.records SET address = 'network.c' WHERE address = 'network.a'",
        "UPDATE vwplan.records SET identity = 'another' WHERE address = 'network.a'",
        "UPDATE vwplan.outputs SET name = 'another'",
        "UPDATE vwplan.rosters SET address = 'cluster.other'",
        "UPDATE vwplan.stacks SET lineage = 'another'",
        "UPDATE vwplan.outputs SET body = (SELECT body FROM vwplan.records LIMIT 1)",
    ],
)
def test_a_row_that_was_altered_or_put_in_another_place_is_not_believed(
    database: str, tmp_path: Path, change: str
) -> None:
    cover = sealed(key_file(tmp_path), enforced=True)
    make(store_of(database, tmp_path, cover=cover), secret("network.a"), secret("network.b"))
    with psycopg.connect(database) as connection:
        connection.execute(change.encode())
    with pytest.raises(DiagnosticError) as refused:
        store_of(database, tmp_path / "elsewhere", cover=cover).read()
    assert code(refused) == "state-damaged"
    assert "vwplan state restore" in refused.value.diagnostics[0].detail


def test_an_old_row_is_not_believed_in_the_place_of_a_newer_one_and_the_history_brings_back_the_truth(
    database: str, tmp_path: Path
) -> None:
    store = store_of(database, tmp_path, cover=sealed(key_file(tmp_path)))
    make(store, secret("network.a"))
    old = bodies(database, "records")[0]
    make(store, secret("network.a", digest="newer"))
    with psycopg.connect(database) as connection:
        connection.execute("UPDATE vwplan.records SET body = %s::json", (json.dumps(old),))
    with pytest.raises(DiagnosticError, match="cannot be trusted"):
        store.read()
    store.restore(lock_holder())
    stored = store.read()
    assert stored is not None
    assert stored.state.records["network.a"].digest == "newer"


def test_every_byte_that_is_flipped_in_a_sealed_row_is_noticed(database: str, tmp_path: Path) -> None:
    cover = sealed(key_file(tmp_path), enforced=True)
    store = store_of(database, tmp_path, cover=cover)
    make(store, secret("network.a"))
    with psycopg.connect(database, autocommit=True) as connection:
        (text,) = connection.execute("SELECT body::text FROM vwplan.records").fetchone() or ("",)
        for at in range(len(text)):
            altered = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
            try:
                json.loads(altered)
            except ValueError:
                continue
            connection.execute("UPDATE vwplan.records SET body = %s::json", (altered,))
            try:
                found = store_of(database, tmp_path, cover=cover).read()
            except DiagnosticError:
                continue
            # What only names where the key is from may differ, if the key is found all the same.
            assert found is not None
            assert found.state.records == {"network.a": secret("network.a")}


def test_encryption_is_turned_on_its_key_is_changed_and_it_is_turned_off_again(database: str, tmp_path: Path) -> None:
    old, new = key_file(tmp_path, "old", b"o"), key_file(tmp_path, "new", b"n")
    make(store_of(database, tmp_path), secret("network.a"))
    assert SECRET in everything(database)
    strict = store_of(database, tmp_path, cover=sealed(old, enforced=True))
    with pytest.raises(DiagnosticError) as refused:
        strict.read()
    assert code(refused) == "not-encrypted"
    make(store_of(database, tmp_path, cover=sealed(old)), secret("network.b"))
    # All that there was is sealed too: rows, entries, bases.
    assert SECRET not in everything(database)
    assert set(strict.version(1).records) == {"network.a"}
    make(store_of(database, tmp_path, cover=sealed(new, old)), secret("network.c"))
    only = store_of(database, tmp_path, cover=sealed(new, enforced=True))
    assert set(only.version(1).records) == {"network.a"}
    stored = only.read()
    assert stored is not None
    assert len(stored.state.records) == 3
    with pytest.raises(DiagnosticError):
        strict.read()
    make(store_of(database, tmp_path, cover=sealed(None, new)), secret("network.d"))
    clear = store_of(database, tmp_path)
    assert set(clear.version(1).records) == {"network.a"}
    stored = clear.read()
    assert stored is not None
    assert len(stored.state.records) == 4


def test_the_key_may_change_while_others_are_at_work(database: str, tmp_path: Path) -> None:
    key = key_file(tmp_path)
    make(store_of(database, tmp_path), secret("network.a"))
    before = lock(store_of(database, tmp_path))
    before.claim(Claims(frozenset({"network.a"})))
    before.start("run-b", 1.0, "apply")
    make(
        store_of(database, tmp_path, cover=sealed(key)),
        secret("network.b"),
        session=claimed(store_of(database, tmp_path, cover=sealed(key)), "network.b", "cluster.c"),
    )
    # Who has begun in the clear ends in the clear; the next command seals that.
    before.write([Ended("run-b", "s1", Result.DONE, secret("network.a", digest="later"))])
    before.finish(RunEnded("run-b", 2.0, "done"))
    before.close()
    with lock(store_of(database, tmp_path, cover=sealed(key))) as session:
        assert session.state().records["network.a"].digest == "later"
    assert SECRET not in everything(database)


def claimed(store: Any, *names: str) -> Any:
    session = lock(store)
    session.claim(Claims(frozenset(names)))
    return session


def test_a_passphrase_is_made_into_one_key_for_all_commands(database: str, tmp_path: Path) -> None:
    environment = {"VW_PASSPHRASE": "correct horse battery"}
    for name in "abc":
        cover = sealed(Passphrase(), environment=environment)
        make(store_of(database, tmp_path, cover=cover), secret(f"network.{name}"))
    assert len({json.dumps(body["key"]) for body in bodies(database, "records")}) == 1


def test_what_could_not_be_written_is_sealed_beside_and_brought_back(database: str, tmp_path: Path) -> None:
    store = store_of(database, tmp_path, cover=sealed(key_file(tmp_path), enforced=True))
    session = lock(store)
    session.start("run-b", 1.0, "apply")
    session.write([begun("run-b", "s1", secret("network.a"))])
    store.force_unlock(session.holder.id)
    with pytest.raises(WriteFailed):
        session.write([Ended("run-b", "s1", Result.DONE, secret("network.a"))])
    path = session.save_rescue("run-b")
    assert path is not None
    assert SECRET not in path.read_text()
    assert SECRET not in session.rescue().decode()
    session.close()
    with lock(store) as taker:
        assert taker.state().records == {"network.a": secret("network.a")}


def test_a_sealed_state_migrates_to_the_database_and_back_and_is_sealed_in_both(database: str, tmp_path: Path) -> None:
    cover = sealed(key_file(tmp_path), enforced=True)
    files = LocalStore(tmp_path / ".vwplan", machine="here", disk=CoveredDisk(cover))
    shared = store_of(database, tmp_path, cover=cover)
    make(files, secret("network.a"))  # type: ignore[arg-type]
    to_postgres(files, shared, lock_holder())
    assert SECRET not in everything(database)
    make(shared, secret("network.b"))
    to_local(shared, files, lock_holder())
    found = files.read()
    assert found is not None
    assert set(found.state.records) == {"network.a", "network.b"}
    text = b"".join(path.read_bytes() for path in (tmp_path / ".vwplan").rglob("*") if path.is_file())
    assert SECRET.encode() not in text


def test_the_program_seals_what_it_keeps_in_the_database_as_the_spec_says(database: str, tmp_path: Path) -> None:
    key_file(tmp_path, "at-rest.key")
    block = 'vwplan {\n  encryption {\n    key_file { path = "at-rest.key" }\n    enforced = true\n  }'
    desk = Desk(
        tmp_path, database, spec=SPEC.replace("vwplan {", block, 1) + f'output "note" {{\n  value = "{SECRET}"\n}}\n'
    )
    assert "6 added" in desk.run("apply", "--auto-approve")
    assert SECRET not in everything(database)
    assert desk.run("output", "--raw", "note").strip() == SECRET
    desk.run("plan", "--var=size=3", "--out=saved")
    assert SECRET not in (tmp_path / "saved").read_text()
    assert "1 added" in desk.run("apply", "saved")
    assert SECRET in desk.run("state", "pull")
    (tmp_path / "at-rest.key").write_bytes(base64.b64encode(b"x" * 32))
    assert "The key is another one" in desk.run("plan", code=1)

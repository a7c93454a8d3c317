"""Files of a state under AES-256-GCM: nothing of it is to be read, nothing in them can be changed, and no key means no harm."""

from __future__ import annotations

import base64
import itertools
import json
import random
import stat
import sys
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from yard import LINEAGE, Yard, holder, record, some

from vwplan.diagnostics import DiagnosticError
from vwplan.state import Begun, Disk, Ended, Result, State, read_snapshot, write_snapshot
from vwplan.state.cover import CLEAR, PLAN, SEALED, STATE, About
from vwplan.state.covered import CoveredDisk
from vwplan.state.damage import Damaged, NewerFormat
from vwplan.state.encryption import Encryption, KeyFile, Passphrase, Program, Sealed, Source
from vwplan.state.journal import read_journal

SENTENCE = "a sentence that nobody guesses"
ABOUT = About(STATE, LINEAGE, 7)


def key_file(folder: Path, name: str = "key") -> KeyFile:
    path = folder / name
    if not path.exists():
        path.write_bytes(base64.b64encode(random.Random(name).randbytes(32)) + b"\n")
        path.chmod(0o600)
    return KeyFile(path)


def sealed(key: Source | None, fallback: Source | None = None, *, enforced: bool = False, **given: Any) -> Sealed:
    return Sealed(Encryption(key, fallback, enforced), **given)


def yard_of(tmp_path: Path, cover: Any = None) -> Yard:
    return Yard(tmp_path / ".vwplan", CoveredDisk(cover or sealed(key_file(tmp_path))))


def code(refused: pytest.ExceptionInfo[DiagnosticError]) -> str:
    return refused.value.diagnostics[0].code


def contents(yard: Yard) -> dict[str, bytes]:
    """The files of a state as they lie there, but for what is never covered."""
    known = ("snapshot", "journal", "rescue", "plan")
    paths = [path for path in yard.root.rglob("*") if path.is_file() and path.name.split(".")[0] in known]
    return {str(path.relative_to(yard.root)): path.read_bytes() for path in paths}


def history(yard: Yard) -> list[State]:
    return [yard.store.version(version.serial) for version in yard.store.history()]


def test_nothing_of_a_state_is_to_be_read_in_any_file_and_everything_comes_back(tmp_path: Path) -> None:
    yard = yard_of(tmp_path)
    first = yard.run(*some()[:2], compact=True)
    last = yard.run(*some()[2:])
    assert yard_of(tmp_path).state() == last
    assert history(yard)[:2] == [last, first]
    found = contents(yard)
    assert {name.split("/")[-1] for name in found} == {"snapshot", "journal.1.jsonl", "snapshot.0", "journal.0.jsonl"}
    for name, text in found.items():
        assert text.startswith(SEALED), name
        assert b"fabric" not in text and b"workspace" not in text and b"10.0.0.2" not in text, name
    for path in yard.root.rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600), path


def test_what_a_run_is_carrying_out_and_what_it_could_not_write_are_sealed_too(tmp_path: Path) -> None:
    yard = yard_of(tmp_path)
    one = record("network.a")
    with yard.session() as session:
        plan = b'{"format":"vwplan-plan","version":1,"lineage":"l","state_serial":3,"stack":"default","x":"secret"}'
        session.start("run-p", 1.0, "apply", plan=plan)
        session.write([Begun("run-p", "s1", "create", one.address, one.kind, one.identity, one.name, "h", record=one)])
        session.unsaved.append(Ended("run-p", "s1", Result.DONE, one))
        path = session.save_rescue("run-p")
        assert path is not None
        for text in (path.read_bytes(), session.rescue(), yard.folder.plan("run-p").read_bytes()):
            assert text.startswith(SEALED) and b"secret" not in text and b"network" not in text
    with yard.session() as session:
        assert set(session.state().records) == {"network.a"}
    assert not path.exists()


class Altered(CoveredDisk):
    """A covered disk of which one file is another than it was."""

    path = Path()
    text = b""

    def read(self, path: Path) -> bytes:
        before = path.read_bytes() if path == self.path else b""
        if path == self.path:
            path.write_bytes(self.text)
        try:
            return super().read(path)
        finally:
            if before:
                path.write_bytes(before)


def flips(text: bytes) -> Iterable[bytes]:
    for at in range(len(text)):
        yield text[:at] + bytes([text[at] ^ (1 << at % 8)]) + text[at + 1 :]


def cuts(text: bytes) -> Iterable[bytes]:
    return (text[:length] for length in range(len(text)))


@pytest.mark.parametrize("alterations", [flips, cuts])
def test_no_flip_and_no_cut_of_a_sealed_file_opens_as_anything_else(tmp_path: Path, alterations: Any) -> None:
    """Each byte. Of a journal the last line may be torn: what is left is then a beginning of it, and nothing else."""
    yard_of(tmp_path).run(some()[0], compact=True)
    yard = yard_of(tmp_path)
    yard.run(some()[1])
    cover = sealed(key_file(tmp_path))
    snapshot, journal = yard.folder.snapshot.read_bytes(), yard.folder.journal(1).read_bytes()
    for text in alterations(snapshot):
        with pytest.raises((Damaged, NewerFormat, DiagnosticError)):
            read_snapshot(cover.unwrap(text, STATE, "it"))
    good = read_journal(cover.uncover(journal, "it").text).entries
    shorter = 0
    for text in alterations(journal):
        try:
            found = read_journal(cover.uncover(text, "it").text).entries
        except (Damaged, NewerFormat, DiagnosticError):
            continue
        assert found == good[: len(found)] and len(found) < len(good)
        shorter += 1
    assert shorter


@pytest.mark.parametrize("alterations", [flips, cuts])
def test_flips_and_cuts_of_sealed_files_are_refused_by_the_store(tmp_path: Path, alterations: Any) -> None:
    yard_of(tmp_path).run(some()[0], compact=True)
    yard_of(tmp_path).run(some()[1])
    disk = Altered(sealed(key_file(tmp_path)))
    yard = Yard(tmp_path / ".vwplan", disk)
    for path in (yard.folder.snapshot, yard.folder.journal(1)):
        good = path.read_bytes()
        for text in itertools.islice(alterations(good), 0, None, 61):
            disk.path, disk.text = path, text
            with pytest.raises(DiagnosticError):
                yard.store.read()
        assert path.read_bytes() == good


def test_what_a_crash_may_have_torn_is_cut_off_and_damage_before_that_is_refused(tmp_path: Path) -> None:
    yard = yard_of(tmp_path)
    one = record("network.a")
    with yard.session() as session:
        session.start("run-a", 1.0, "apply")
        session.write([Begun("run-a", "s1", "create", one.address, one.kind, one.identity, one.name, "h", record=one)])
        session.write([Ended("run-a", "s1", Result.DONE, one)])
    path = yard.folder.journal(0)
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    stored = yard.store.read()
    assert stored is not None and not stored.state.records and len(stored.unfinished) == 1
    with yard.session() as session:
        assert [begun.identity for begun in session.unfinished] == [one.identity]
    lines = whole.splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:-2], lines[-2][:-9] + b"xxxxxxxx\n", lines[-1]]))
    with pytest.raises(DiagnosticError) as refused:
        yard.store.read()
    assert code(refused) == "state-damaged"
    assert yard.store.restore(holder()).state.serial == 2


def test_no_line_of_a_journal_opens_in_another_place_or_another_journal(tmp_path: Path) -> None:
    yard = yard_of(tmp_path)
    with yard.session() as session:
        session.start("run-a", 1.0, "apply")
        session.write([Ended("run-a", "s1", Result.DONE, record("network.a"))])
    path = yard.folder.journal(0)
    old = path.read_bytes().splitlines(keepends=True)
    with (
        yard.session() as session
    ):  # It was left by a dead run, and so is written anew: the same lines in another file.
        session.write([Ended("run-a", "s1", Result.DONE, None, drops="id-network.a")])
    new = path.read_bytes().splitlines(keepends=True)
    assert len(new) == 3
    for lines in ([new[0], new[2], new[1]], [new[0], old[1], new[2]], [old[0], *new[1:]], [*new, new[2]]):
        path.write_bytes(b"".join(lines))
        with pytest.raises(DiagnosticError):
            yard.store.read()
    path.write_bytes(b"".join([*new[:2], old[2]]))
    stored = yard.store.read()  # It counts as torn: it does not open, as if it had not been written to its end.
    assert stored is not None and set(stored.state.records) == {"network.a"}


def test_an_older_sealed_file_put_back_is_refused(tmp_path: Path) -> None:
    yard = yard_of(tmp_path)
    yard.run(some()[0], compact=True)
    old = {path: path.read_bytes() for path in (yard.folder.snapshot, yard.folder.journal(1))}
    yard.run(some()[1], compact=True)
    for path, text in old.items():
        path.write_bytes(text)
    with pytest.raises(DiagnosticError) as refused:
        yard.store.read()
    assert code(refused) == "state-older"


def test_a_file_says_for_itself_what_it_is_of_and_that_cannot_be_changed(tmp_path: Path) -> None:
    cover = sealed(key_file(tmp_path))
    text = cover.wrap(b"something", ABOUT)
    assert b'"serial":7' in text and LINEAGE.encode() in text
    assert cover.unwrap(text, STATE, "it") == b"something"
    for wrong in (text.replace(b'"serial":7', b'"serial":8'), text.replace(LINEAGE.encode(), LINEAGE[::-1].encode())):
        with pytest.raises(Damaged):
            cover.unwrap(wrong, STATE, "it")
    with pytest.raises(Damaged, match="a plan was wanted"):
        cover.unwrap(text, PLAN, "it")
    assert cover.wrap(b"something", ABOUT) != text


def test_a_clear_state_is_sealed_with_its_history_by_the_next_command_that_changes_it(tmp_path: Path) -> None:
    clear = Yard(tmp_path / ".vwplan")
    for number in range(3):
        good = clear.run(record(f"network.n{number}"), compact=number < 2)
    before = history(clear)
    yard = yard_of(tmp_path)
    assert yard.state() == good
    assert not any(text.startswith(SEALED) for text in contents(yard).values())
    with yard.session():
        pass
    assert all(text.startswith(SEALED) for text in contents(yard).values())
    assert yard.state() == good
    assert history(yard) == before
    assert yard.run(record("network.after")).serial == good.serial + 1


def test_a_crash_at_any_moment_of_sealing_everything_leaves_a_state_that_can_be_read(tmp_path: Path) -> None:
    class Dies(CoveredDisk):
        left = 0

        def rename(self, source: Path, target: Path) -> None:
            self.left -= 1
            if self.left < 0:
                raise KeyboardInterrupt
            super().rename(source, target)

    good = Yard(tmp_path / ".vwplan").run(*some(), compact=True)
    for at in range(9):
        disk = Dies(sealed(key_file(tmp_path)))
        disk.left = at
        try:
            with Yard(tmp_path / ".vwplan", disk).session():
                break
        except KeyboardInterrupt:
            assert yard_of(tmp_path).state() == good
    else:
        raise AssertionError("it never ended")


def test_a_new_key_reads_what_the_old_one_sealed_and_seals_all_anew(tmp_path: Path) -> None:
    old, new = key_file(tmp_path, "old"), key_file(tmp_path, "new")
    yard_of(tmp_path, sealed(old)).run(*some()[:2], compact=True)
    good = yard_of(tmp_path, sealed(old)).run(some()[2])
    both = yard_of(tmp_path, sealed(new, old))
    assert both.state() == good
    with pytest.raises(DiagnosticError) as refused:
        yard_of(tmp_path, sealed(new)).store.read()
    assert code(refused) == "encryption-key-wrong"
    with both.session():
        pass
    only = yard_of(tmp_path, sealed(new, enforced=True))
    assert only.state() == good
    assert [state.serial for state in history(only)] == [2, 1, 0]
    clear = yard_of(tmp_path, sealed(None, new))
    with clear.session():
        pass
    assert Yard(tmp_path / ".vwplan").state() == good
    assert not any(text.startswith(SEALED) for text in contents(clear).values())


@pytest.mark.parametrize("how", ["another key", "no block", "no passphrase", "another passphrase"])
def test_without_the_key_nothing_is_taken_for_nothing_and_nothing_is_overwritten(tmp_path: Path, how: str) -> None:
    passphrase = sealed(Passphrase(), environment={"VW_PASSPHRASE": SENTENCE})
    yard = yard_of(tmp_path, passphrase if "passphrase" in how else None)
    yard.run(*some(), compact=True)
    before = contents(yard)
    cover, expected = {
        "another key": (sealed(key_file(tmp_path, "other")), "encryption-key-wrong"),
        "no block": (CLEAR, "state-encrypted"),
        "no passphrase": (sealed(Passphrase()), "passphrase-missing"),
        "another passphrase": (
            sealed(Passphrase(), environment={"VW_PASSPHRASE": SENTENCE[::-1]}),
            "encryption-key-wrong",
        ),
    }[how]
    locked_out = yard_of(tmp_path, cover)
    for attempt in (
        lambda: locked_out.store.read(),
        lambda: locked_out.store.lock(holder(), lineage=LINEAGE),
        lambda: locked_out.store.restore(holder()),
        lambda: locked_out.store.push(holder(), write_snapshot(State(LINEAGE, 9))),
        lambda: locked_out.store.fork(holder(), "another"),
    ):
        with pytest.raises(DiagnosticError) as refused:
            attempt()
        assert code(refused) == expected
    assert contents(yard) == before
    assert set(yard.state().records) == {one.address for one in some()}


def test_where_it_is_enforced_nothing_in_the_clear_is_read(tmp_path: Path) -> None:
    good = Yard(tmp_path / ".vwplan").run(*some(), compact=True)
    strict = yard_of(tmp_path, sealed(key_file(tmp_path), enforced=True))
    with pytest.raises(DiagnosticError) as refused:
        strict.store.read()
    assert code(refused) == "not-encrypted"
    with yard_of(tmp_path).session():
        pass
    assert strict.state() == good
    strict.folder.snapshot.write_bytes(write_snapshot(replace(good, records={})))
    with pytest.raises(DiagnosticError) as refused:
        strict.store.read()
    assert code(refused) == "not-encrypted"


def test_a_passphrase_is_asked_for_once_and_twice_where_it_is_new(tmp_path: Path) -> None:
    asked: list[str] = []

    def ask(words: str) -> str:
        asked.append(words)
        return SENTENCE

    yard = yard_of(tmp_path, sealed(Passphrase(), ask=ask))
    yard.run(record("network.a"), compact=True)
    yard.run(record("network.b"))
    assert len(asked) == 2
    again = yard_of(tmp_path, sealed(Passphrase(), ask=ask))
    again.run(record("network.c"), compact=True)
    assert len(asked) == 3
    salts = {text.split(b'"salt":"')[1][:32] for text in contents(yard).values()}
    assert len(salts) == 1, "each salt costs a fifth of a second"
    answers = iter([SENTENCE, SENTENCE + "!"])
    with pytest.raises(DiagnosticError) as refused:
        sealed(Passphrase(), ask=lambda words: next(answers)).wrap(b"", ABOUT)
    assert code(refused) == "passphrase-differs"


def test_a_key_is_taken_from_a_file_a_program_or_the_environment_alike(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    program = Program(("cat", str(file.path)))
    text = sealed(file).wrap(b"x", ABOUT)
    assert sealed(program).unwrap(text, STATE, "it") == b"x"
    sentence = tmp_path / "sentence"
    sentence.write_text(SENTENCE + "\n")
    sentence.chmod(0o600)
    text = sealed(Passphrase("VW_OLD"), environment={"VW_OLD": SENTENCE}).wrap(b"y", ABOUT)
    by_file = sealed(Passphrase(), environment={"VW_PASSPHRASE_FILE": str(sentence)})
    assert by_file.unwrap(text, STATE, "it") == b"y"


@pytest.mark.parametrize(
    ("source", "expected", "words"),
    [
        (Program(("false",)), "encryption-key-unusable", "ended with 1"),
        (Program(("no-such-program-here",)), "encryption-key-unusable", "No such file"),
        (Program(("echo", "short")), "encryption-key-unusable", "32 bytes in base64"),
        (Program(("sh", "-c", "echo the vault is shut >&2; exit 3")), "encryption-key-unusable", "the vault is shut"),
        (KeyFile(Path("/no/such/key")), "encryption-key-unusable", "No such file"),
        (Passphrase("VW_SHORT"), "passphrase-short", "fewer than 12"),
    ],
)
def test_a_source_that_gives_no_key_is_told_and_tells_no_key(source: Source, expected: str, words: str) -> None:
    with pytest.raises(DiagnosticError, match=words) as refused:
        sealed(source, environment={"VW_SHORT": "short"}).wrap(b"", ABOUT)
    assert code(refused) == expected


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    file.path.chmod(0o640)
    with pytest.raises(DiagnosticError) as refused:
        sealed(file).wrap(b"", ABOUT)
    assert code(refused) == "key-file-open"


@pytest.mark.parametrize("told", [{"n": 1 << 30}, {"n": 3}, {"r": 10**6}, {"p": 999}, {"salt": "zz"}, {"n": "many"}])
def test_a_file_cannot_make_a_passphrase_cost_hours(told: dict[str, object]) -> None:
    cover = sealed(Passphrase(), environment={"VW_PASSPHRASE": SENTENCE})
    text = cover.wrap(b"", ABOUT)
    plain = json.loads(text)
    plain["key"] |= told
    started = time.monotonic()
    with pytest.raises(Damaged):
        sealed(Passphrase(), environment={"VW_PASSPHRASE": SENTENCE}).unwrap(
            json.dumps(plain, separators=(",", ":")).encode() + b"\n", STATE, "it"
        )
    assert time.monotonic() - started < 60


def test_a_file_sealed_by_a_later_version_is_named_as_such(tmp_path: Path) -> None:
    yard = yard_of(tmp_path)
    yard.run(record("network.a"), compact=True)
    text = yard.folder.snapshot.read_bytes()
    yard.folder.snapshot.write_bytes(text.replace(b'{"vwplan_sealed":1', b'{"vwplan_sealed":2'))
    with pytest.raises(DiagnosticError) as refused:
        yard.store.read()
    assert code(refused) == "state-newer-format"


def test_a_large_state_is_sealed_and_opened_in_little_time(tmp_path: Path) -> None:
    state = State(LINEAGE, 1, {f"volume.v[{i}]": record(f"volume.v[{i}]", identity=f"{i}") for i in range(10_000)})
    text = write_snapshot(state)
    cover = sealed(key_file(tmp_path))
    cover.wrap(b"", ABOUT)
    started = time.process_time()
    again = cover.unwrap(cover.wrap(text, ABOUT), STATE, "it")
    took = time.process_time() - started
    started = time.process_time()
    assert read_snapshot(again).records.keys() == state.records.keys()
    assert took < (time.process_time() - started) / 2, "it costs much less than reading what was sealed"


def test_a_disk_without_a_cover_gives_a_sealed_file_as_damaged(tmp_path: Path) -> None:
    yard_of(tmp_path).run(record("network.a"))
    with pytest.raises(DiagnosticError, match="does not open with its key"):
        Yard(tmp_path / ".vwplan", Disk()).store.read()

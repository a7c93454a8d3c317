"""What can be wrong with keys, as diagnostics that say what to do about it."""

from __future__ import annotations

from pathlib import Path

from vwplan.diagnostics import DiagnosticError
from vwplan.state.problems import Sort


def other_key(name: str, told: str, source: str) -> DiagnosticError:
    """No key that there is opens a file."""
    how = "a passphrase" if source == "passphrase" else "a key"
    return Sort("encryption-key-wrong", "The key is another one").error(
        f"{name} is encrypted under {how} named {told}, and what the encryption block gives is another. Give the right one, "
        f"or name the old one in its fallback block. Nothing was changed.",
    )


def in_the_clear(name: str) -> DiagnosticError:
    """A clear text where nothing but sealed ones is to be taken."""
    return Sort("not-encrypted", "It is not encrypted").error(
        f"{name} is in the clear, and enforced = true lets nothing in the clear be read. If that is how it was left, take "
        f"enforced away until the next command that changes the stack has encrypted it; else somebody has put it there.",
    )


def no_passphrase(variable: str) -> DiagnosticError:
    """Nobody says the passphrase."""
    return Sort("passphrase-missing", "No passphrase").error(
        f"The passphrase is wanted, and nobody can be asked: set {variable}, or {variable}_FILE to the path of a file "
        f"that holds it.",
    )


def short_passphrase(variable: str, least: int) -> DiagnosticError:
    """A passphrase that would be guessed."""
    return Sort("passphrase-short", "The passphrase is too short").error(
        f"A passphrase of fewer than {least} characters is soon guessed by whoever has the file. Choose a longer {variable}.",
    )


def other_passphrase() -> DiagnosticError:
    """Two passphrases that ought to be the same."""
    return Sort("passphrase-differs", "The two are not the same").error("The passphrase was typed twice, differently.")


def open_file(path: Path, mode: int) -> DiagnosticError:
    """A key that others may read."""
    return Sort("key-file-open", "Others may read the key").error(
        f"{path} has mode {mode:04o}. A key must be its owner's alone: chmod 600 {path}",
    )


def unreadable_key(what: str, reason: str) -> DiagnosticError:
    """A source that gives no key."""
    return Sort("encryption-key-unusable", "The key cannot be read").error(
        f"What encrypts the state cannot be read from {what}: {reason}. Nothing was changed.",
    )

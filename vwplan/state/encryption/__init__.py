"""Encryption at rest: state, journal, history, what was rescued, and plans, sealed with AES-256-GCM.

```hcl
vwplan {
  encryption {
    passphrase {}     # from VW_PASSPHRASE, from the file that VW_PASSPHRASE_FILE names, or asked for at the terminal
    enforced = true   # nothing in the clear is read or written
    fallback {        # while the key is being changed: what was sealed with this one is read too
      key_file { path = "old.key" }
    }
  }
}
```
The key comes from one of three places:

- `passphrase {}`: a sentence, made into a key by scrypt; its salt and parameters stand in each file. Another variable than
  VW_PASSPHRASE is named by `variable = "NAME"` (and NAME_FILE is looked at too).
- `key_file { path = "…" }`: 32 random bytes in base64 (`head -c 32 /dev/urandom | base64`), in a file that only its owner may read.
- `program { command = ["pass", "show", "vwplan"] }`: the same text on the standard output of a program, run without a shell.

**What is sealed.** Snapshot, journal, history, rescue files, the plan beside the journal, plans saved by `plan --out`, each as
`seal.py` says. In the clear stay the lock, the durations of steps, and what is remembered so that loss is noticed: lineage,
serials, counts, the folder's place. `state pull` and `show --json` print in the clear, for that is what they are asked for.

**What is bound in.** Sort, lineage, serial and stack of a file, and of each of the journal's batches its number and its file: none can
be put in another's place. The whole of a state put back to an earlier one is noticed by what is remembered.

**In PostgreSQL** the bodies of all rows are sealed (records, rosters, outputs, begun steps, entries, bases, plans), each for its table,
lineage, name and version, as `rows.py` says. In the clear stay what the database must compare: addresses of resources, identities,
IP and MAC addresses, capacity, names of outputs; and who ran what, when.

**Turning it on.** The next command that changes the stack seals all that there is, the history too. `enforced` comes after that. What
the disk, its snapshots and backups hold of the clear files from before is beyond our reach.
**Changing the key.** The new key in `encryption`, the old one in `fallback`; the next command that changes the stack seals everything
anew; then `fallback` can go. **Turning it off.** `encryption { fallback { … } }` alone, until the next command has written.
**Losing the key.** Nobody can read the files without it: there is no other way in. Keep a copy of it apart from the state. The machines
are untouched: put the stack's folder and `known/NAME` aside, and rebuild the state from their marks (`vwplan state adopt --from-hosts`).
"""

from vwplan.state.encryption.seal import Sealed
from vwplan.state.encryption.sources import Ask, Encryption, KeyFile, Passphrase, Program, Source

__all__ = ["Ask", "Encryption", "KeyFile", "Passphrase", "Program", "Sealed", "Source"]

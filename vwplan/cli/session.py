"""What one command works with: the folder, the stack, the spec and its variables, the state, the hosts as seen.

A `Session` is made once by a command from its options. Each property is computed when first asked for, so that a
command pays only for what it uses.
"""

from __future__ import annotations

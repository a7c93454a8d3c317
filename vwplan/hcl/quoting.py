"""Text as a quoted string of HCL."""

from __future__ import annotations

_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\"}


def quoted(text: str) -> str:
    """The text as a quoted string of HCL, quotes included."""
    parts: list[str] = ['"']
    for index, char in enumerate(text):
        if char in _ESCAPES:
            parts.append(_ESCAPES[char])
        elif char in "$%" and text[index + 1 : index + 2] == "{":
            parts.append(char + char)
        elif char.isprintable():
            parts.append(char)
        else:
            parts.append(f"\\u{ord(char):04x}" if ord(char) < 0x10000 else f"\\U{ord(char):08x}")
    parts.append('"')
    return "".join(parts)

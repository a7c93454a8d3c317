"""The canonical layout of HCL: the same text, indented, aligned and spaced as its users know it from elsewhere."""

from __future__ import annotations

from vwplan.diagnostics import DiagnosticError, Source
from vwplan.hcl.format_layout import lay_out
from vwplan.hcl.format_rewrite import rewritten
from vwplan.hcl.format_tokens import cut
from vwplan.hcl.parser import parse_file


def format_text(text: str, name: str = "<text>") -> str:
    """The text of a file in canonical layout. Formatting twice changes nothing more, save for few odd texts.

    Besides space, three things change: `"${x}"` alone as a value becomes `x`, labels are quoted, and an outdated type of a
    variable is spelled anew. Where the layout known from elsewhere would lose something (the index of `a[true]`, a label
    with `$` in it) or make the text invalid (`"${` with a comment before the value), the text is kept whole.

    A text with a syntax error is a `DiagnosticError`; `name` is what its diagnostics call it.
    """
    source = Source(name, text)
    body, problems = parse_file(source)
    if problems:
        raise DiagnosticError(problems)
    tokens = rewritten(cut(text), body)
    lay_out(tokens)
    return "".join([" " * token.spaces + token.text for token in tokens])

"""HCL: text into syntax into values. The only room that knows the language's grammar.

Pure: nothing here reads a file or keeps a state. A text comes in as a `Source`; syntax and diagnostics come out. Generated
configuration is written by `vwplan.hcl.writer`, text laid out by `vwplan.hcl.format` and the JSON syntax read by
`vwplan.hcl.jsonsyntax`; all three are imported only where that happens, because most commands need none.
"""

from vwplan.hcl.parser import parse_expression, parse_file, parse_template

__all__ = [
    "parse_expression",
    "parse_file",
    "parse_template",
]

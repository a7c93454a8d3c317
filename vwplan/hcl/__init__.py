"""HCL: text into syntax into values. The only room that knows the language's grammar.

Pure: nothing here reads a file or keeps a state. A text comes in as a `Source`; syntax and diagnostics come out. Generated
configuration is written by `vwplan.hcl.writer` and text laid out by `vwplan.hcl.format`; both are imported only where that
happens, because most commands need neither.
"""

from vwplan.hcl.jsonsyntax import JsonSchema, parse_json, parse_json_values
from vwplan.hcl.parser import parse_expression, parse_file, parse_template

__all__ = [
    "JsonSchema",
    "parse_expression",
    "parse_file",
    "parse_json",
    "parse_json_values",
    "parse_template",
]

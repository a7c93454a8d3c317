"""HCL: text into syntax into values. The only room that knows the language's grammar.

Pure: nothing here reads a file or keeps a state. A text comes in as a `Source`; syntax and diagnostics come out. Generated
configuration is written by `vwplan.hcl.writer`, which is imported only where that happens.
"""

from vwplan.hcl.format import format_text
from vwplan.hcl.jsonsyntax import JsonSchema, parse_json, parse_json_values
from vwplan.hcl.parser import parse_expression, parse_file, parse_template

__all__ = [
    "JsonSchema",
    "format_text",
    "parse_expression",
    "parse_file",
    "parse_json",
    "parse_json_values",
    "parse_template",
]

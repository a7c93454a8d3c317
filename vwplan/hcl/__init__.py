"""HCL: text into syntax into values. The only room that knows the language's grammar.

Pure: nothing here reads a file or keeps a state. A text comes in as a `Source`; syntax and diagnostics come out.
"""

from vwplan.hcl.format import format_text
from vwplan.hcl.parser import parse_expression, parse_file, parse_template

__all__ = ["format_text", "parse_expression", "parse_file", "parse_template"]

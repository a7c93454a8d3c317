"""Kinds: each noun that a spec may declare, told once, with its arguments, blocks, facts, claims and edit effects.

Everything that is known of them comes from these declarations: what is valid (`take`), the plan's words (`effect_of`), JSON
Schemas (`vwplan.kinds.schema`) and the reference (`vwplan.kinds.reference`). Pure; knows nothing of HCL.
"""

from vwplan.kinds.check import Unfit, take, with_defaults
from vwplan.kinds.lookup import KINDS, LATER_KINDS, argument_of, block_of, effect_of
from vwplan.kinds.model import Absent, Argument, BlockType, Effect, Fact, Kind, Phase, Unit
from vwplan.kinds.units import UnitError, duration_text, parse_duration, parse_size, size_text

__all__ = [
    "KINDS",
    "LATER_KINDS",
    "Absent",
    "Argument",
    "BlockType",
    "Effect",
    "Fact",
    "Kind",
    "Phase",
    "Unfit",
    "Unit",
    "UnitError",
    "argument_of",
    "block_of",
    "duration_text",
    "effect_of",
    "parse_duration",
    "parse_size",
    "size_text",
    "take",
    "with_defaults",
]

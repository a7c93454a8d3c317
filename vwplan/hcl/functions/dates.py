"""Functions on dates and times."""

from __future__ import annotations

import re

from vwplan.hcl.evaluation.scope import Scope
from vwplan.hcl.functions.arguments import text
from vwplan.hcl.functions.model import ArgumentProblem, Arguments, Function, Parameter, pure
from vwplan.hcl.functions.moments import Moment, read_duration, read_moment
from vwplan.values import NUMBER, STRING, Type, Value
from vwplan.values.numbers import ShortInt
from vwplan.values.text import normal
from vwplan.values.value import NOT_NULL

_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_DAYS = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"]
_TOKEN = re.compile(r"''|'(?>(?:[^']|'')*)('?)|([a-zA-Z])\2*+|[^a-zA-Z']++")


def _moment(value: Value, index: int, loose: bool = False) -> Moment:
    try:
        return read_moment(text(value), loose)
    except ValueError as error:
        raise ArgumentProblem(index, str(error)) from None


def _formatdate(arguments: Arguments, _: Type) -> Value:
    moment = _moment(arguments[1], 1)
    out: list[str] = []
    for token in _TOKEN.finditer(text(arguments[0])):
        found = token[0]
        if found == "''":
            out.append("'")
        elif found[0] == "'":
            if not token[1]:
                raise ArgumentProblem(0, "a quoted text in it does not end")
            out.append(found[1:-1].replace("''", "'"))
        elif token[2]:
            out.append(_verb(found, moment))
        else:
            out.append(found)
    return normal("".join(out))


def _verb(verb: str, moment: Moment) -> str:
    year, month, day = moment.date
    hour, minute, second = moment.clock
    half = hour % 12 or 12
    known = {
        "YY": f"{year % 100:02d}",
        "YYYY": f"{year:04d}",
        "M": f"{month}",
        "MM": f"{month:02d}",
        "MMM": _MONTHS[month - 1][:3],
        "MMMM": _MONTHS[month - 1],
        "D": f"{day}",
        "DD": f"{day:02d}",
        "EEE": _DAYS[moment.weekday][:3],
        "EEEE": _DAYS[moment.weekday],
        "h": f"{hour}",
        "hh": f"{hour:02d}",
        "H": f"{half}",
        "HH": f"{half:02d}",
        "AA": "AM" if hour < 12 else "PM",
        "aa": "am" if hour < 12 else "pm",
        "m": f"{minute}",
        "mm": f"{minute:02d}",
        "s": f"{second}",
        "ss": f"{second:02d}",
        "Z": moment.zone(":") if moment.offset else "Z",
        "ZZZ": moment.zone() if moment.offset else "UTC",
        "ZZZZ": moment.zone(),
        "ZZZZZ": moment.zone(":"),
    }
    if verb not in known:
        near = [each for each in known if each[0] == verb[0]]
        hint = f": there is {', '.join(near)}" if near else ""
        raise ArgumentProblem(
            0, f'"{verb}" stands for nothing{hint}. Put letters that stand for themselves in single quotes'
        )
    return known[verb]


def _timeadd(arguments: Arguments, _: Type) -> Value:
    moment = _moment(arguments[0], 0)
    try:
        return moment.plus(read_duration(text(arguments[1]))).rfc3339()
    except ValueError as error:
        raise ArgumentProblem(1, str(error)) from None


def _timecmp(arguments: Arguments, _: Type) -> Value:
    a, b = (_moment(argument, at, loose=True)[:2] for at, argument in enumerate(arguments))
    return ShortInt((a > b) - (a < b))


def _timestamp(arguments: Arguments, _: Type, scope: Scope) -> Value:
    return scope.chance.timestamp()


def _plantimestamp(arguments: Arguments, _: Type, scope: Scope) -> Value:
    return scope.chance.plan_timestamp()


FUNCTIONS = [
    pure("formatdate", [Parameter("format", STRING), Parameter("time", STRING)], STRING, _formatdate),
    Function("plantimestamp", (), STRING, scoped=_plantimestamp, refinement=NOT_NULL),
    pure("timeadd", [Parameter("timestamp", STRING), Parameter("duration", STRING)], STRING, _timeadd),
    pure("timecmp", [Parameter("timestamp_a", STRING), Parameter("timestamp_b", STRING)], NUMBER, _timecmp),
    Function("timestamp", (), STRING, scoped=_timestamp, refinement=NOT_NULL),
]

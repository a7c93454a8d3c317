"""Texts made from others: with a whole expression exchanged, with some pieces spoilt, or reshaped so that they stay JSON."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from vwplan.hcl.functions.table import FUNCTIONS

TESTS = Path(__file__).parents[1]
WORDS = r"""
    { } [ ] ( ) , . : = == != < > <= >= && || ! ? + - * / % ... => ${ %{ } ~} " \ # // /* */ <<E <<-E E
    for in if else endif endfor true false null each self count var local module data path u d s l m
    0 -1 1e400 1e-400 0.1 9007199254740993 [*] .* format("%[2]*d", regex("(a+)+$",
"""
FILE = re.compile(r"^-- ([a-z][\w.]{0,40}(?:/[a-z][\w.]{0,40})*)\n((?:(?!-- ).*\n)*)", re.MULTILINE)
PIECES = [
    *WORDS.split(),
    *("\0", "\n", "\r\n", "\ufeff", "\u202e", "\U0001f468\u200d\U0001f469", "e\u0301", "\ud800"),
]


@cache
def expressions() -> list[str]:
    """Expressions with Terraform's verdict, as seeds."""
    lines = (TESTS / "hcl" / "oracle.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line)["expr"] for line in lines]


def grafted(text: str, chance: random.Random) -> str:
    """The text with a whole expression where another one was, so that it mostly stays valid."""
    one, other = (chance.choice(expressions()) for _ in range(2))
    function = chance.choice(sorted(FUNCTIONS))
    operator = chance.choice(("+", "-", "*", "/", "%", "==", "!=", "<", ">=", "&&", "||"))
    made = chance.choice(
        (
            one,
            f"{function}({one})",
            f"{function}({one}, {other})",
            f"({one}) {operator} ({other})",
            f"[for k, v in ({one}) : v if k != ({other})]",
            f"{{for k, v in ({one}) : k => ({other})...}}",
            f"({one}) ? u : ({other})",
            f'"a${{({one})}}%{{ for x in ({other}) ~}} ${{x}} %{{ endfor }}"',
            f"({one})[{other}]",
            f"try(({one}).a[*].b, {other})",
        )
    )
    places = [*re.finditer(r'(?<=[=(,?:\[])(?: (?:[^\s{}][^\n{}]*(?=\n)|\d+|"\w*"|[uldms]\b)|\d+|"\w*")', text)]
    if "\n" in text and chance.randrange(2):
        return f'{text}\noutput "fuzz{len(text)}" {{\n  value = {made}\n}}\n'
    if not places:
        return made
    place = chance.choice(places)
    return text[: place.start()] + " " + made + text[place.end() :]


def mutated(text: str, seeds: list[str], chance: random.Random) -> str:
    """The text with some pieces cut, doubled, moved, replaced, nested, or spliced in from another."""
    pieces = re.findall(r"\w+|\s+|.", text, re.DOTALL)
    for _ in range(chance.choice((1, 1, 2, 3, 8))):
        at = chance.randrange(len(pieces) + 1)
        end = min(len(pieces), at + chance.choice((1, 1, 2, 5, 20)))
        piece = pieces[at:end]
        match chance.randrange(7):
            case 0:
                pieces[at:end] = []
            case 1:
                pieces[at:at] = piece * chance.choice((1, 1, 2, 30))
            case 2:
                pieces[at:end] = []
                back = chance.randrange(len(pieces) + 1)
                pieces[back:back] = piece
            case 3 | 4:
                pieces[at : at + chance.randrange(2)] = [chance.choice(PIECES)]
            case 5:
                other = re.findall(r"\w+|\s+|.", chance.choice(seeds), re.DOTALL)
                start = chance.randrange(len(other) + 1)
                pieces[at:end] = other[start : start + chance.randrange(20)]
            case _:
                left, right = chance.choice((("(", ")"), ("[", "]"), ("{a=", "}"), ('"${', '}"'), ("-", ""), ("!", "")))
                depth = chance.choice((1, 2, 40, 2000))
                pieces[at:end] = [left * depth, *piece, right * depth]
    return "".join(pieces)


def reshaped(text: str, seeds: list[str], chance: random.Random) -> str:
    """A spec in JSON with some values cut, doubled, wrapped, or put elsewhere, here or from another, so that it stays JSON."""
    body = chance.choice(FILE.findall(text) or [("", "{}")])[1]
    other = chance.choice(FILE.findall(chance.choice(seeds)) or [("", "{}")])[1]
    try:
        whole, spare = json.loads(body), json.loads(other)
    except ValueError:
        return mutated(text, seeds, chance)
    for _ in range(chance.choice((1, 1, 2, 4))):
        places, spares = list(places_in(whole)), list(places_in(spare))
        if not (places and spares):
            break
        (holder, key), (from_, at) = chance.choice(places), chance.choice(chance.choice((places, spares)))
        found = json.loads(json.dumps(from_[at]))
        match chance.randrange(7):
            case 0 | 1:
                holder[key] = found
            case 2:
                holder[key] = [holder[key], found]
            case 3:
                holder[key] = {chance.choice((str(at), "", "//", "dynamic", "é")): holder[key]}
            case 4:
                holder[key] = chance.choice((None, True, 0, -1, 1.5, 1e300, "", "${", "%{ if true }", [], {}, "\ud800"))
            case 5:
                holder[key] = f"${{{chance.choice(expressions())}}}"
            case _ if isinstance(holder, dict):
                holder[chance.choice((str(at), f"{key} ", "x"))] = found
    return text.replace(body, json.dumps(whole, indent=chance.choice((None, 1))) + "\n")


def places_in(node: Any) -> Iterator[tuple[Any, Any]]:
    """Each place in a JSON document, as what holds it and its key there."""
    for key in range(len(node)) if isinstance(node, list) else list(node) if isinstance(node, dict) else ():
        yield node, key
        yield from places_in(node[key])


def grown(text: str, seeds: list[str], chance: random.Random) -> str:
    """A text with some expressions in it exchanged, and half the time spoilt."""
    for _ in range(chance.randrange(3)):
        text = grafted(text, chance)
    return text if chance.randrange(2) else mutated(text, seeds, chance)


def either(text: str, seeds: list[str], chance: random.Random) -> str:
    """A spec in JSON, mostly reshaped, sometimes spoilt as text."""
    return reshaped(text, seeds, chance) if chance.randrange(4) else mutated(text, seeds, chance)

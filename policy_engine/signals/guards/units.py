"""Units: °C against °F, kilometres against miles, dollars against euros."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from policy_engine.signals.guards.numbers import is_number
from policy_engine.signals.guards.words import Pair, Text, Word

CLOSE: Final = 0.5
"""How close texts are where units of one kind in the place of units of another are the difference."""

# One line a dimension; the names of one unit are joined by commas.
_WRITTEN: Final[Mapping[str, str]] = {
    "temperature": "celsius,centigrade,°c,℃ fahrenheit,°f,℉ kelvin",
    "length": "mm,millimeter,millimetre cm,centimeter,centimetre m,meter,metre km,kilometer,kilometre in,inch,inche "
    "ft,foot,feet yd,yard mi,mile nm,nanometer,nanometre parsec furlong",
    "mass": "mg,milligram g,gram,gramme kg,kilogram,kilo lb,lbs,pound oz,ounce ton,tonne stone",
    "volume": "ml,millilitre,milliliter l,litre,liter gallon,gal pint quart cup tablespoon,tbsp teaspoon,tsp barrel",
    "time": "ms,millisecond sec,second min,minute h,hr,hour,hourly day,daily week,weekly month,monthly quarterly "
    "year,yearly,annual,annually decade century",
    "speed": "mph kph,kmh,km/h knot m/s",
    "area": "acre hectare sqm sqft",
    "energy": "joule kcal,kilocalorie cal,calorie kwh,kilowatt-hour wh btu",
    "power": "watt kw,kilowatt mw,megawatt horsepower,hp",
    "pressure": "psi pascal atm",
    "electricity": "volt amp,ampere ohm",
    "angle": "degree radian",
    "data": "bit byte kb,kilobyte mb,megabyte gb,gigabyte tb,terabyte pb,petabyte kib mib gib mbps gbps",
    "money": "$,usd,dollar,buck €,eur,euro £,gbp,sterling,quid ¥,jpy,yen cny,yuan,rmb,renminbi ₹,inr,rupee chf,franc "
    "cad aud nzd sek nok dkk,krone krona mxn,peso brl real rub,ruble,rouble krw,won try,lira zar,rand "
    "btc,bitcoin eth,ethereum cent penny,pence",
    "share": "%,percent,percentage permille",
}
_TEMPERATURES: Final = {"c": "celsius", "f": "fahrenheit", "k": "kelvin"}
# Abbreviations that are also words or letters: only beside a number.
_BESIDE_NUMBERS: Final = frozenset("m in g l h min sec cal mi stone cup won real try second rand bit cent".split())


def _table() -> dict[str, tuple[str, str]]:
    units: dict[str, tuple[str, str]] = {}
    for dimension, written in _WRITTEN.items():
        for names in written.split():
            unit, *_ = names.split(",")
            units |= dict.fromkeys(names.split(","), (dimension, unit))
    return units


_UNITS: Final = _table()
_NAMES: Final = frozenset((*_TEMPERATURES, *_UNITS, *(f"{name}s" for name in _UNITS)))
_DIGITS: Final = "0123456789.,"


def veto(pair: Pair) -> str | None:
    """Why one text's answer is wrong for the other: they speak of other units; None if that is not so."""
    first, second = pair.asked.note("units", units), pair.kept.note("units", units)
    for dimension in first.keys() & second.keys():
        left, right = first[dimension] - second[dimension], second[dimension] - first[dimension]
        if left and right:
            return f"`{min(left)}` against `{min(right)}`"
        if left or right:
            return f"`{min(left or right)}` in one only"
    if first and second and first.keys() != second.keys() and pair.closeness >= CLOSE:
        return f"units of {min(first)} against units of {min(second)}"
    return None


def units(text: Text) -> dict[str, set[str]]:
    """The units that a text names, by dimension."""
    found: dict[str, set[str]] = {}
    for position in [at for at, plain in enumerate(text.order) if plain in _NAMES or plain[:1] in _DIGITS]:
        unit = _unit(text.words, position, text.words[position])
        if unit is not None:
            found.setdefault(unit[0], set()).add(unit[1])
    return found


def tells(word: Word) -> bool:
    """Whether the guard looks at a word."""
    return word.plain in _NAMES or word.plain[:1] in _DIGITS


def _unit(words: tuple[Word, ...], position: int, word: Word) -> tuple[str, str] | None:
    before = words[position - 1] if position else None
    if word.plain in _TEMPERATURES and before is not None:
        is_degree = before.plain in ("degree", "degrees", "deg", "°") or (is_number(before) and word.written != "k")
        return ("temperature", _TEMPERATURES[word.plain]) if is_degree else None
    name = _singular(word.plain.lstrip(_DIGITS))
    unit = _UNITS.get(name)
    if unit is None or name not in _BESIDE_NUMBERS:
        return unit
    is_beside = word.plain[0].isdigit() or (before is not None and is_number(before))
    return unit if is_beside or (name == "second" and word.plain == "seconds") else None


def _singular(word: str) -> str:
    return word if word in _UNITS or not word.endswith("s") else word[:-1]

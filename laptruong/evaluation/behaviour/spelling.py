"""Cases from labelled articles: the same text in another spelling."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator

from laptruong.classifiers.base import Example
from laptruong.evaluation.behaviour.cases import Case, unchanged
from laptruong.evaluation.behaviour.edits import Source, by_letter, respell
from laptruong.scheme import Scheme
from laptruong.text import strip_diacritics

_NEW = ["òa", "óa", "ỏa", "õa", "ọa", "òe", "óe", "ỏe", "õe", "ọe", "ùy", "úy", "ủy", "ũy", "ụy"]
_OLD = ["oà", "oá", "oả", "oã", "oạ", "oè", "oé", "oẻ", "oẽ", "oẹ", "uỳ", "uý", "uỷ", "uỹ", "uỵ"]
_TONES = dict(zip([*_NEW, *_OLD], [*_OLD, *_NEW], strict=True))
_TONE = re.compile(rf"(?<![qQ])({'|'.join(_TONES)})(?!\w)")
_WORDS = {"Kyiv": "Kiev", "tỷ": "tỉ", "kỹ": "kĩ", "lý do": "lí do", "kỳ vọng": "kì vọng"}
_WORDS |= {new: old for old, new in _WORDS.items()}


def _one_of(*words: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)({'|'.join(words)})(?!\w)")


def _capital(unit: Source) -> Example:
    return respell(unit.example, _one_of("Kyiv", "Kiev"), _WORDS.__getitem__)


def _i_and_y(unit: Source) -> Example:
    return respell(unit.example, _one_of(*(word for word in _WORDS if word.islower())), _WORDS.__getitem__)


def _tone(unit: Source) -> Example:
    return respell(unit.example, _TONE, _TONES.__getitem__)


def _decomposed(unit: Source) -> Example:
    return by_letter(unit.example, lambda char: unicodedata.normalize("NFD", char))


def _bare(unit: Source) -> Example:
    return by_letter(unit.example, strip_diacritics)


def _headline_in_capitals(unit: Source) -> Example:
    if unit.unit.kind != "headline":
        return unit.example
    parts = unit.unit.parts
    return by_letter(unit.example, str.upper, parts[1][1] if len(parts) > 1 else None)


SPELLINGS: dict[str, tuple[str, Callable[[Source], Example]]] = {
    "Kiev and Kyiv": ("The capital of Ukraine is spelt the other way; topics and stances stay.", _capital),
    "i and y": ("Words such as tỷ and tỉ are spelt the other way; topics and stances stay.", _i_and_y),
    "place of the tone": ("The tone mark is put on the other vowel (hòa, hoà); topics and stances stay.", _tone),
    "decomposed": ("Letters and marks are separate characters (NFD); topics and stances stay.", _decomposed),
    "no diacritics": ("All marks are lost, the actors are still known by their place; topics and stances stay.", _bare),
    "headline in capitals": ("The headline is in capitals; topics and stances stay.", _headline_in_capitals),
}
"""By capability what it is about, and how it writes a unit; it leaves one alone that has nothing to write in another way."""


def respelt(units: list[Source], spelling: Callable[[Source], Example], changed: str, scheme: Scheme) -> Iterator[Case]:
    """Write units in another spelling; those that it does not touch are left out."""
    for unit in units:
        after = spelling(unit)
        if after.text != unit.example.text:
            yield Case(changed, unchanged(scheme, unit.example, after, unit.stances))

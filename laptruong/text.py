"""Vietnamese text: one spelling for what is written in several, with the way back to the raw characters."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

# Old and new placement of the tone mark are the same syllable: hoà = hòa, thuý = thúy. Same length, so offsets stay.
_TONES = {"à": "ò", "á": "ó", "ả": "ỏ", "ã": "õ", "ạ": "ọ"}
_OLD_STYLE = (
    {f"o{old}": f"{new}a" for old, new in _TONES.items()}
    | {f"o{old}": f"{new}e" for old, new in zip("èéẻẽẹ", "òóỏõọ", strict=True)}
    | {f"u{old}": f"{new}y" for old, new in zip("ỳýỷỹỵ", "ùúủũụ", strict=True)}
)
_OLD_STYLE |= {old[0].upper() + old[1]: new[0].upper() + new[1] for old, new in _OLD_STYLE.items()}
_TONE_PLACE = re.compile(r"[oOuU](?<![qQ].)[àáảãạèéẻẽẹỳýỷỹỵ](?!\w)")  # begins with plain letters, to which `re` skips fast
_PLAIN = {"–": "-", "—": "-", "‑": "-", "−": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "\xa0": " "}

_SMALL = "".join(char for char in map(chr, range(0x61, 0x1EFA)) if char.islower())
_SENTENCE_END = re.compile(rf"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[^\W\d_{_SMALL}])")

_WORD = re.compile(r"[^\W\d_]+")
_IN_CAPITALS = 4
"""Words in a row from which on capitals are no names and abbreviations."""
_ABBREVIATION = 4
"""Most letters of a word that is taken for an abbreviation."""
_INITIAL = r"(?:ngh|ng|nh|ch|gh|gi|kh|ph|qu|th|tr|[bcdđghklmnprstvx])?"
_VOWELS = (
    "(?:uyê|uya|uyu|iêu|yêu|oai|oao|oay|oeo|uây|uôi|ươi|ươu|ai|ao|au|ay|âu|ây|eo|êu|ia|iê|iu|oa|oă|oe|oi|ôi|ơi|oo"
    "|ua|uâ|uê|ui|uô|uơ|uy|ưa|ưi|ươ|ưu|yê|[aăâeêioôơuưy])"
)
_FINAL = r"(?:ch|ng|nh|[cmnpt])?"
_SYLLABLE = re.compile(rf"^{_INITIAL}{_VOWELS}{_FINAL}$")


@dataclass(frozen=True, slots=True)
class Normalized:
    """NFC text in one spelling, and for each of its characters the offset in the raw text.

    Attributes
    ----------
    text : str
    offsets : list of int or None
        ``offsets[i]`` is where character ``i`` starts in the raw text, ``offsets[len(text)]`` the raw length;
        None where both are the same.
    """

    text: str
    offsets: list[int] | None

    def raw(self, position: int) -> int:
        """Give the raw offset of a position in the normalized text."""
        return position if self.offsets is None else self.offsets[position]

    def position(self, raw: int) -> int:
        """Give the position in the normalized text that holds a raw offset."""
        if self.offsets is None:
            return raw
        low, high = 0, len(self.offsets) - 1
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.offsets[middle] <= raw else (low, middle - 1)
        return low


@lru_cache(maxsize=512)  # finding actors and cutting words ask for the same text one after the other
def normalize(raw: str) -> Normalized:
    """Compose to NFC, put tone marks in their modern place, make dashes, quotes and spaces plain.

    Only composing changes lengths, so the map back is built only for text that is not NFC.
    """
    if unicodedata.is_normalized("NFC", raw):
        return Normalized(_respell(raw), None)
    pieces, offsets, start = [], [], 0
    for end in range(1, len(raw) + 1):
        if end < len(raw) and (unicodedata.combining(raw[end]) or _joins(raw[start:end], raw[end])):
            continue  # a mark belongs to the letter before it
        composed = unicodedata.normalize("NFC", raw[start:end])
        pieces.append(composed)
        offsets += [start] * len(composed)
        start = end
    return Normalized(_respell("".join(pieces)), [*offsets, len(raw)])


def _joins(cluster: str, char: str) -> bool:
    """Tell whether a letter is composed with what stands before it, as the parts of a Korean syllable are."""
    compose = unicodedata.normalize
    return char >= "\u0900" and compose("NFC", cluster + char) != compose("NFC", cluster) + compose("NFC", char)


def _respell(text: str) -> str:
    for fancy, plain in _PLAIN.items():  # a tenth of the time of str.translate
        text = text.replace(fancy, plain)
    return _TONE_PLACE.sub(lambda match: _OLD_STYLE.get(match.group(), match.group()), text)


def strip_diacritics(text: str) -> str:
    """Give the letters without marks: ``Đức`` becomes ``Duc``."""
    marks = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return "".join([char for char in marks if char < "\u0300" or not unicodedata.combining(char)])  # no mark comes before it


@lru_cache(maxsize=16_384)
def is_vietnamese_syllable(word: str) -> bool:
    """Tell whether a word has the shape of one Vietnamese syllable (``Tuấn`` has, ``Starmer`` has not)."""
    toneless = "".join(char for char in unicodedata.normalize("NFD", word.lower()) if char not in "̣̀́̉̃")
    return bool(_SYLLABLE.match(unicodedata.normalize("NFC", toneless)))


def lower_capitals(text: str, names: Sequence[tuple[int, int]] = ()) -> str:
    """Write lines in capitals as sentences are written, each character in its place.

    Parameters
    ----------
    text : str
        In the one spelling of `normalize`.
    names : sequence of (int, int)
        Spans whose words keep their initials.

    Returns
    -------
    str
        As long as the text. Where four words or more in a row are in capitals they are lowered, save the first one's initial and
        abbreviations: words of up to four letters that are no Vietnamese syllable.
    """
    pieces = list(text)
    for capital, run in itertools.groupby(_WORD.finditer(text), key=lambda word: word.group().isupper()):
        words = list(run)
        if not capital or len(words) < _IN_CAPITALS:
            continue
        for word in words:
            start, end = word.span()
            lowered = word.group().lower()
            if len(lowered) != end - start or (len(lowered) <= _ABBREVIATION and not is_vietnamese_syllable(lowered)):
                continue
            initial = start == words[0].start() or any(begin <= start < stop for begin, stop in names)
            pieces[start + initial : end] = lowered[initial:]
    return "".join(pieces)


def vietnamese_share(text: str) -> float:
    """Give the share of words that are Vietnamese syllables, between 0 and 1; 0 for text without words."""
    words = re.findall(r"[^\W\d_]+", unicodedata.normalize("NFC", text))
    return sum(map(is_vietnamese_syllable, words)) / len(words) if words else 0.0


def sentence_spans(text: str) -> list[tuple[int, int]]:
    """Split text at sentence ends; the spans cover it without gaps."""
    ends = [match.end() for match in _SENTENCE_END.finditer(text)] + [len(text)]
    return [(start, end) for start, end in zip([0, *ends], ends, strict=False) if end > start]

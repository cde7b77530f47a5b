"""Words of Vietnamese text, exactly as pyvi cuts them, with their places, in a tenth of its time.

Vietnamese writes a space between syllables, not words; pyvi's conditional random field joins ``an ninh`` into one
word. pyvi spends four fifths of its time on dictionaries of features, and importing it loads scikit-learn. This module
reads the same weights and word list from the installed pyvi and decodes them itself: with two labels, Viterbi is a few
additions a syllable. A test holds its output against pyvi's own.
"""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

from laptruong.crfsuite import pyvi_weights

Weights = tuple[float, float]
"""What a feature adds to the score of starting a word and of continuing one."""

_Syllable = tuple[str, float, float, float, float, float, float]
"""A syllable in lower case; what it adds by itself, to the one after it, to the one before it, each to both labels."""

_START, _INSIDE = "B_W", "I_W"
_NOTHING: Weights = (0.0, 0.0)
_CACHE_LIMIT = 200_000
_PUNCTUATION = frozenset(string.punctuation)

# pyvi's syllables: abbreviations, arrows, links, mail addresses, numbers, single marks, words; the first that fits.
_SYLLABLE = re.compile(
    r"[A-ZĐ]+\.|Tp\.|Mr\.|Mrs\.|Ms\.|Dr\.|ThS\.|==>|->|\.\.\.|>>|\n|\w+://[^\s]+"
    r"|[a-zA-Z0-9_.+-]+@(?:[a-zA-Z0-9-]+\.)+[a-zA-Z0-9-]+|\d+(?:[.,_]\d+)+|[^\w\s]|\w+"
)


class Word(NamedTuple):
    """A word: its syllables joined by ``_``, and where it stands in the text given."""

    text: str
    start: int
    end: int


def segment(text: str, boundaries: Iterable[tuple[int, int]] = ()) -> list[Word]:
    """Cut a text into words.

    Parameters
    ----------
    text : str
        In NFC; pyvi composes before it cuts, and places would be off otherwise.
    boundaries : iterable of (int, int)
        Spans, such as mentions, that a word must not straddle: a word that does is cut at their edges.

    Returns
    -------
    list of Word
        In order, with pyvi's own segmentation wherever no boundary interferes.
    """
    if not unicodedata.is_normalized("NFC", text):
        raise ValueError("segment() needs text in NFC")
    matches = list(_SYLLABLE.finditer(text))
    syllables = [match.group() for match in matches]
    joins = _model().joins(syllables)
    edges = {edge for span in boundaries for edge in span}
    words: list[Word] = []
    for match, syllable, joined in zip(matches, syllables, joins, strict=True):
        start, end = match.span()
        if syllable.isspace():
            continue
        if joined and start not in edges and words[-1].end not in edges:
            words[-1] = Word(f"{words[-1].text}_{syllable}", words[-1].start, end)
        else:
            words.append(Word(syllable, start, end))
    return words


class _Model:
    """pyvi's weights, arranged by syllable."""

    def __init__(self, features: dict[tuple[str, str], float], transitions: dict[tuple[str, str], float], known: set[str]) -> None:
        self._weights: dict[str, Weights] = {}
        for (name, label), weight in features.items():
            start, inside = self._weights.get(name, _NOTHING)
            self._weights[name] = (start + weight, inside) if label == _START else (start, inside + weight)
        self._transitions = tuple(transitions.get((a, b), 0.0) for a in (_START, _INSIDE) for b in (_START, _INSIDE))
        self._known = known
        self._pair_before, self._pair_after = self._of("-1:word.bi_gram()"), self._of("+1:word.bi_gram()")
        self._three_before, self._three_after = self._of("-2:word.tri_gram()"), self._of("+2:word.tri_gram()")
        self._seen: dict[str, _Syllable] = {}

    def _of(self, name: str) -> Weights:
        return self._weights.get(name, _NOTHING)

    def _syllable(self, syllable: str) -> _Syllable:
        """Give a syllable in lower case and what it adds by itself, to the one after it and to the one before it."""
        lower = syllable.lower()
        own = [self._of("bias"), self._of(f"word.lower():{lower}")]
        before, after = [self._of(f"-1:word.lower():{lower}")], [self._of(f"+1:word.lower():{lower}")]
        for test, holds in (("isupper", syllable.isupper()), ("istitle", syllable.istitle()), ("isdigit", syllable.isdigit())):
            if holds:
                own.append(self._of(f"word.{test}()"))
                before.append(self._of(f"-1:word.{test}()"))
                after.append(self._of(f"+1:word.{test}()"))
        sums = [sum(pair[label] for pair in group) for group in (own, before, after) for label in (0, 1)]
        found = (lower, *sums)
        if len(self._seen) >= _CACHE_LIMIT:
            self._seen.clear()
        self._seen[syllable] = found  # type: ignore[assignment]
        return found  # type: ignore[return-value]

    def joins(self, syllables: Sequence[str]) -> list[bool]:
        """Tell of each syllable whether it continues the word before it."""
        if not syllables:
            return []
        labels = self._viterbi([self._seen.get(syllable) or self._syllable(syllable) for syllable in syllables])
        return [False] + [inside and _may_join(syllables[at - 1], syllables[at]) for at, inside in enumerate(labels[1:], 1)]

    def _viterbi(self, items: list[_Syllable]) -> list[bool]:
        start_start, start_inside, inside_start, inside_inside = self._transitions
        scores = self._scores(items)
        best_start, best_inside = next(scores)
        back: list[tuple[bool, bool]] = []
        for start, inside in scores:
            to_start = best_inside + inside_start > best_start + start_start
            to_inside = best_inside + inside_inside > best_start + start_inside
            back.append((to_start, to_inside))
            best_start, best_inside = (
                (best_inside + inside_start if to_start else best_start + start_start) + start,
                (best_inside + inside_inside if to_inside else best_start + start_inside) + inside,
            )
        label = best_inside > best_start
        labels = [label]
        for to_start, to_inside in reversed(back):
            label = to_inside if label else to_start
            labels.append(label)
        return labels[::-1]

    def _scores(self, items: list[_Syllable]) -> Iterator[Weights]:
        """Give for each syllable what its features add to starting a word and to continuing one."""
        known, last = self._known, len(items) - 1
        pairs = [f"{one[0]} {two[0]}" in known for one, two in pairwise(items)]
        threes = [f"{one[0]} {two[0]} {three[0]}" in known for one, two, three in zip(items, items[1:], items[2:], strict=False)]
        for at, item in enumerate(items):
            start, inside = item[1], item[2]
            if at > 0:
                start += items[at - 1][3]
                inside += items[at - 1][4]
                if pairs[at - 1]:
                    start += self._pair_before[0]
                    inside += self._pair_before[1]
                if at > 1 and threes[at - 2]:
                    start += self._three_before[0]
                    inside += self._three_before[1]
            if at < last:
                start += items[at + 1][5]
                inside += items[at + 1][6]
                if pairs[at]:
                    start += self._pair_after[0]
                    inside += self._pair_after[1]
                if at + 1 < last and threes[at]:
                    start += self._three_after[0]
                    inside += self._three_after[1]
            yield start, inside


def _may_join(one: str, two: str) -> bool:
    """Keep marks and numbers apart, and a capital from a small letter before it, whatever the labels say."""
    if one in _PUNCTUATION or two in _PUNCTUATION or one[0].isdigit() or two[0].isdigit():
        return False
    return not (two[0].istitle() and not one[0].istitle())


@cache
def _model() -> _Model:
    folder = files("pyvi") / "models"
    features, transitions = pyvi_weights((folder / "pyvi3.pkl").read_bytes())
    lines = (folder / "words.txt").read_text("utf-8").split("\n")
    return _Model(features, transitions, {line for line in lines if line.count(" ") in (1, 2)})

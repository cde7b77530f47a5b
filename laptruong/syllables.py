"""Syllables of Vietnamese text and what pyvi's model says of each, looked up once for all texts."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain

import numpy as np

_CACHE_CHARACTERS = 200_000
_ROOM = 4096
_PUNCTUATION = frozenset(string.punctuation)

# pyvi's syllables: abbreviations, arrows, links, mail addresses, numbers, single marks, words; the first that fits.
_SYLLABLE = re.compile(
    r"[A-ZĐ]+\.|Tp\.|Mr\.|Mrs\.|Ms\.|Dr\.|ThS\.|==>|->|\.\.\.|>>|\n|\w+://[^\s]+"
    r"|[a-zA-Z0-9_.+-]+@(?:[a-zA-Z0-9-]+\.)+[a-zA-Z0-9-]+|\d+(?:[.,_]\d+)+|[^\w\s]|\w+"
)
EDGE = 0
"""The number of what stands before, between and after texts: no syllable, and nothing is known of it."""

_Facts = tuple[int, int, int, tuple[float, float, float]]
"""Of a spelling: length, rank, number among the syllables of known words, scores."""


class Syllables:
    """The syllables seen so far, by number.

    No syllable holds a blank. So what stands between two blanks, a chunk, is taken apart once for all texts, and a text
    becomes a list of numbers. A syllable has a number for each chunk and place in it where it was seen.

    Parameters
    ----------
    weights : mapping of str to float
        From a feature of pyvi's to what speaks for "continues a word" against "starts one".
    known : iterable of str
        The words of two and three syllables.

    Attributes
    ----------
    spelling : list of str
    offset, length, step : ndarray, shape (n_numbers,)
        Where a syllable starts in its chunk, how long it is (0: a line break, which is no word), and, if it is the chunk's
        last, what leads to the next chunk.
    rank : ndarray, shape (n_numbers,)
        How it may join whatever the model says: only with one before it of its own rank or above, and never at 0. So marks
        and numbers stay apart, and a capital from a small letter before it. -1: it is no syllable, only a wide space.
    """

    def __init__(self, weights: Mapping[str, float], known: Iterable[str]) -> None:
        self._weight = weights
        words = [word.split(" ") for word in known]
        self._grams = {syllable: number for number, syllable in enumerate(sorted(set(chain.from_iterable(words))), 1)}
        self._known = {count: self._codes([word for word in words if len(word) == count]) for count in (2, 3)}
        self._forget()

    def look_up(self, texts: Sequence[str]) -> np.ndarray:
        """Give the numbers of the syllables of texts, with `EDGE` before, between and after them."""
        if self._characters > _CACHE_CHARACTERS:
            self._forget()
        parts = [text.split(" ") for text in texts]
        self._learn(set(chain.from_iterable(parts)).difference(self._chunks))
        numbers = [EDGE]
        for chunks in parts:
            numbers.extend(chain.from_iterable(map(self._chunks.__getitem__, chunks)))
            numbers.append(EDGE)
        return np.array(numbers)

    def scores(self, numbers: np.ndarray) -> np.ndarray:
        """Give for each syllable what its features add to "continues a word" against "starts one"."""
        own, to_next, to_last = self._scores
        scores: np.ndarray = own[numbers]
        scores[1:] += to_next[numbers[:-1]]
        scores[:-1] += to_last[numbers[1:]]
        grams = self._gram[numbers]
        for count, name in ((2, "bi"), (3, "tri")):
            ahead = count - 1
            is_word = self._are_known([grams[at : len(grams) - ahead + at] for at in range(count)])
            scores[ahead:] += is_word * self._of(f"-{ahead}:word.{name}_gram()")
            scores[:-ahead] += is_word * self._of(f"+{ahead}:word.{name}_gram()")
        return scores

    def _of(self, feature: str) -> float:
        return self._weight.get(feature, 0.0)

    def _codes(self, words: Sequence[Sequence[str]]) -> np.ndarray:
        """Give a number for each known word, sorted; the last is a guard."""
        grams = np.array([[self._grams[each] for each in word] for word in words])
        return np.append(np.sort(self._code(list(grams.T))), np.iinfo(np.int64).max)

    def _code(self, grams: Sequence[np.ndarray]) -> np.ndarray:
        code: np.ndarray = np.zeros(len(grams[0]), dtype=np.int64)
        for each in grams:
            code = code * (len(self._grams) + 1) + each
        return code

    def _are_known(self, grams: Sequence[np.ndarray]) -> np.ndarray:
        codes, known = self._code(grams), self._known[len(grams)]
        found: np.ndarray = known[known.searchsorted(codes)] == codes
        return found

    def _forget(self) -> None:
        self._chunks: dict[str, list[int]] = {}
        self._seen: dict[str, _Facts] = {}
        self._characters = 0
        self.spelling: list[str] = [""]
        self._places: np.ndarray = np.zeros((5, _ROOM), dtype=np.int64)
        self._scores: np.ndarray = np.zeros((3, _ROOM))
        self._name_rows()

    def _name_rows(self) -> None:
        self.offset, self.length, self.step, self.rank, self._gram = self._places

    def _learn(self, chunks: Iterable[str]) -> None:
        start = len(self.spelling)
        places: list[tuple[int, ...]] = []
        scores: list[tuple[float, ...]] = []
        for chunk in chunks:
            self._characters += len(chunk)
            found = [(match.start(), match.group()) for match in _SYLLABLE.finditer(chunk)] or [(0, "")]
            self._chunks[chunk] = list(range(len(self.spelling), len(self.spelling) + len(found)))
            for offset, syllable in found:
                length, rank, gram, score = self._seen.get(syllable) or self._see(syllable)
                self.spelling.append(syllable)
                places.append((offset, length, 0, rank, gram))
                scores.append(score)
            places[-1] = (*places[-1][:2], len(chunk) + 1, *places[-1][3:])
        if places:
            end = len(self.spelling)
            while end > self._places.shape[1]:
                self._places = np.hstack([self._places, np.zeros_like(self._places)])
                self._scores = np.hstack([self._scores, np.zeros_like(self._scores)])
                self._name_rows()
            self._places[:, start:end], self._scores[:, start:end] = np.array(places).T, np.array(scores).T

    def _see(self, syllable: str) -> _Facts:
        length = 0 if syllable == "\n" else len(syllable)
        self._seen[syllable] = length, _rank(syllable), self._grams.get(syllable.lower(), 0), self._score(syllable)
        return self._seen[syllable]

    def _score(self, syllable: str) -> tuple[float, float, float]:
        """Give what a syllable adds to the score of itself, of the one after it and of the one before it."""
        lower = syllable.lower()
        own = self._of("bias") + self._of(f"word.lower():{lower}")
        to_next, to_last = self._of(f"-1:word.lower():{lower}"), self._of(f"+1:word.lower():{lower}")
        for test, holds in (("isupper", syllable.isupper()), ("istitle", syllable.istitle()), ("isdigit", syllable.isdigit())):
            if holds:
                own += self._of(f"word.{test}()")
                to_next += self._of(f"-1:word.{test}()")
                to_last += self._of(f"+1:word.{test}()")
        return own, to_next, to_last


def _rank(syllable: str) -> int:
    if not syllable:
        return -1
    if syllable in _PUNCTUATION or syllable == "\n" or syllable[0].isdigit():
        return 0
    return 2 if syllable[0].istitle() else 1

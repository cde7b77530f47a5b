"""The features of `features`, counted for many units at once: numbers in arrays where there they are strings in lists.

Training and the tests read the strings, labelling the numbers; a test holds the two against each other. A feature is one
token or two neighbouring ones, of a kind (which side of the actor, how far). Its code is made of the numbers of these three.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import chain

import numpy as np

from laptruong.classifiers import features
from laptruong.classifiers.features import Analysis
from laptruong.classifiers.vectors import Tfidf

_BITS = 24  # for a token; two of them and a kind go into 64
_UNKNOWN, _NONE = 0, 1
"""The numbers of a token that no feature has, and of the second one of a feature that has only one."""
_KINDS = {kind: number for number, kind in enumerate(["", "L:", "R:", *(f"{side}{distance}:" for side in "lr" for distance in (1, 2, 3))])}

Cells = tuple[np.ndarray, np.ndarray]
"""Rows and what stands in each: codes, or columns."""


class _Columns:
    """The column of each code, in a hash table that is asked for thousands at once: a fifth of the time of a binary search."""

    def __init__(self, codes: np.ndarray, columns: np.ndarray) -> None:
        self._codes, self._columns = np.append(codes, -1), np.append(columns, -1)
        self._bits = (4 * len(codes) + 1).bit_length()
        self._table = np.full(1 << self._bits, len(codes), dtype=np.int32)
        left, slots = np.arange(len(codes)), self._slots(codes)
        while len(left):
            free = self._table[slots] == len(codes)
            self._table[slots[free]] = left[free]
            lost = self._table[slots] != left
            left, slots = left[lost], self._next(slots[lost])

    def find(self, codes: np.ndarray) -> np.ndarray:
        """Give the columns of codes, -1 for those that have none."""
        found = np.full(len(codes), -1)
        left, slots = np.arange(len(codes)), self._slots(codes)
        while len(left):
            at = self._table[slots]
            hit = self._codes[at] == codes[left]
            found[left[hit]] = self._columns[at[hit]]
            on = ~hit & (at < len(self._codes) - 1)
            left, slots = left[on], self._next(slots[on])
        return found

    def _slots(self, codes: np.ndarray) -> np.ndarray:
        spread = (codes.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - self._bits)  # Fibonacci hashing
        return spread.astype(np.int64)

    def _next(self, slots: np.ndarray) -> np.ndarray:
        return (slots + 1) & ((1 << self._bits) - 1)


class Codebook:
    """The vocabularies of several blocks, by code.

    Parameters
    ----------
    vectors : mapping of str to Tfidf
        By block; those of character n-grams are not for here.
    """

    def __init__(self, vectors: Mapping[str, Tfidf]) -> None:
        self._numbers = {"": _NONE}
        self._blocks = {block: self._read(each.vocabulary, block == "near") for block, each in vectors.items()}
        self.asked, self.other = (self._numbers.get(mask, _UNKNOWN) for mask in (features.ASKED, features.OTHER))

    def _read(self, vocabulary: Sequence[str], with_kinds: bool) -> _Columns:
        cells: list[int] = []
        for column, feature in enumerate(vocabulary):  # the plain ones here: there are a hundred thousand when a model is loaded
            if "@" in feature or (with_kinds and feature[0] == "#"):
                for kind, one, two in _readings(feature, with_kinds):
                    cells += column, kind, self._add(one), self._add(two)
                continue
            head, colon, rest = feature.partition(":") if with_kinds else ("", "", feature)
            if (kind := _KINDS.get(f"{head}{colon}", -1)) >= 0:
                one, _, two = rest.partition(" ")
                cells += column, kind, self._add(one), self._add(two)
        columns, kinds, ones, twos = np.array(cells, dtype=np.int64).reshape(-1, 4).T
        return _Columns(_code(kinds, ones, twos), columns)

    def _add(self, token: str) -> int:
        return self._numbers.setdefault(token, len(self._numbers) + _NONE)

    def number(self, tokens: Sequence[str]) -> list[int]:
        """Give the numbers of tokens."""
        known = self._numbers.get
        return [known(token, _UNKNOWN) for token in tokens]

    def look_up(self, block: str, cells: Sequence[Cells]) -> Cells:
        """Give the rows and columns of the codes that a block's vocabulary has."""
        rows, codes = (np.concatenate(each) for each in zip(*cells, strict=True))
        columns = self._blocks[block].find(codes)
        known = columns >= 0
        return rows[known], columns[known]


def _readings(feature: str, with_kinds: bool) -> list[tuple[int, str, str]]:
    """Give the kind and the tokens of which a feature may be made: several where a mention's name may hold the blank."""
    kind = 0
    if with_kinds and feature[0] != "#":
        head, colon, feature = feature.partition(":")
        kind = _KINDS.get(f"{head}{colon}", -1)
        if kind < 0:
            return []
    words = feature.split(" ")
    if "@" not in feature:
        return [(kind, words[0], " ".join(words[1:]))]
    return [(kind, " ".join(words[:cut]), " ".join(words[cut:])) for cut in range(1, len(words) + 1)]


def _code(kind: int | np.ndarray, one: np.ndarray, two: int | np.ndarray = _NONE) -> np.ndarray:
    return (kind << 2 * _BITS) + (one << _BITS) + two


def words_and_pairs(rows: np.ndarray, tokens: np.ndarray) -> list[Cells]:
    """Give the codes of tokens and of neighbours in one row."""
    same = rows[1:] == rows[:-1]
    return [(rows, _code(0, tokens)), (rows[1:][same], _code(0, tokens[:-1][same], tokens[1:][same]))]


def topic_cells(documents: Sequence[Sequence[str]], book: Codebook) -> Cells:
    """Give rows and columns of `features.topic_words`, given the words alone."""
    rows = np.repeat(np.arange(len(documents)), [len(words) for words in documents])
    return book.look_up("word", words_and_pairs(rows, np.array(book.number(list(chain.from_iterable(documents))), dtype=np.int64)))


class StanceCells:
    """Rows and columns of `features.stance_views`, for many views at once.

    The tokens of each unit are laid out once for every actor asked about, masked for that actor, one view after the other.

    Parameters
    ----------
    analyses : sequence of Analysis
    views : sequence of (int, str or None)
        The unit and the actor of each.
    book : Codebook
    """

    def __init__(self, analyses: Sequence[Analysis], views: Sequence[tuple[int, str | None]], book: Codebook) -> None:
        self.book = book
        where = {unit: features.mentions(analyses[unit]) for unit in dict.fromkeys(unit for unit, _ in views)}
        self._shape = [
            (row, name)
            for row, (unit, actor) in enumerate(views)
            if actor in where[unit]
            for name in features.shape(analyses[unit], where[unit], actor)
        ]
        self._lay_out(analyses, views, list(where))

    def _lay_out(self, analyses: Sequence[Analysis], views: Sequence[tuple[int, str | None]], units: Sequence[int]) -> None:
        names: dict[str | None, int] = {None: -1}
        actors = np.array([names.setdefault(who, len(names)) for unit in units for who in analyses[unit].actors], dtype=np.int64)
        sentences = np.fromiter(chain.from_iterable(analyses[unit].sentences for unit in units), np.int64)
        tokens = np.array(self.book.number(list(chain.from_iterable(analyses[unit].tokens for unit in units))), dtype=np.int64)
        firsts = dict(zip(units, np.cumsum([0, *(len(analyses[unit].tokens) for unit in units)]).tolist(), strict=False))
        lengths = np.array([len(analyses[unit].tokens) for unit, _ in views])
        self.rows = np.arange(len(views)).repeat(lengths)
        shift = np.array([firsts[unit] for unit, _ in views]) - (lengths.cumsum() - lengths)
        here = np.arange(len(self.rows)) + shift.repeat(lengths)
        asked = np.array([-2 if actor is None else names.get(actor, -2) for _, actor in views])[self.rows]
        mine = actors[here] == asked
        self.others = (actors[here] >= 0) & ~mine
        self.tokens = np.where(mine, self.book.asked, np.where(self.others, self.book.other, tokens[here]))
        self._find_sentences(sentences[here], mine)

    def _find_sentences(self, sentences: np.ndarray, mine: np.ndarray) -> None:
        """Find where the actors stand, the bounds of their sentences, and which tokens those sentences hold."""
        new = np.ones(len(sentences), dtype=bool)
        new[1:] = (sentences[1:] != sentences[:-1]) | (self.rows[1:] != self.rows[:-1])
        starts, number = new.nonzero()[0], new.cumsum() - 1
        self.places = mine.nonzero()[0]
        self.starts, self.ends = starts[number[self.places]], np.append(starts[1:], len(new))[number[self.places]]
        naming = np.zeros(len(starts), dtype=bool)
        naming[number[self.places]] = True
        named = np.zeros(len(sentences) and self.rows[-1] + 1, dtype=bool)
        named[self.rows[self.places]] = True
        self.inside = naming[number] | ~named[self.rows]

    def of(self, block: str) -> Cells:
        """Give the cells of one of `features.BLOCKS`."""
        make: dict[str, Callable[[], list[Cells]]] = {
            "near": self._near, "clause": self._clause,
            "sentence": lambda: words_and_pairs(self.rows[self.inside], self.tokens[self.inside]),
            "unit": lambda: [(self.rows, _code(0, self.tokens))],
        }  # fmt: skip
        return self.book.look_up(block, make[block]())

    def _near(self) -> list[Cells]:
        names = self.book.number([name for _, name in self._shape])
        cells = [(np.array([row for row, _ in self._shape], dtype=np.int64), _code(0, np.array(names, dtype=np.int64)))]
        for side, step, width in (("l", -1, features.LEFT), ("r", 1, features.RIGHT)):
            for distance in range(1, width + 1):
                at = self.places + step * distance
                at = at[(at >= self.starts) & (at < self.ends)]
                rows, whole = self.rows[at], _KINDS[f"{side.upper()}:"]
                cells.append((rows, _code(whole, self.tokens[at])))
                if distance <= features.CLOSEST:
                    cells.append((rows, _code(_KINDS[f"{side}{distance}:"], self.tokens[at])))
                if distance > 1:
                    first = np.minimum(at, at - step)
                    cells.append((rows, _code(whole, self.tokens[first], self.tokens[first + 1])))
        return cells

    def _clause(self) -> list[Cells]:
        cells: list[Cells] = []
        at, ends = self.places, self.ends
        for distance in range(1, features.CLAUSE + 1):
            going = at + 1 < ends
            going[going] = ~self.others[at[going] + 1]
            at, ends = at[going] + 1, ends[going]
            cells.append((self.rows[at], _code(0, self.tokens[at])))
            if distance > 1:
                cells.append((self.rows[at], _code(0, self.tokens[at - 1], self.tokens[at])))
        return cells

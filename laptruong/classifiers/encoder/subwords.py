"""Subwords of a text, with the places in the raw text that they come from.

Two kinds of tokenizer, both of the ``tokenizers`` library: one that cuts raw text by itself (``tokenizer.json`` of any
encoder), and PhoBERT's, which wants words segmented first (`laptruong.segmentation`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tokenizers import Tokenizer

from laptruong.errors import ModelError
from laptruong.segmentation import segment
from laptruong.text import lower_capitals, normalize

FILE = "tokenizer.json"
_CACHE_LIMIT = 200_000
_LONGEST_WORD = 200
"""Characters of a word that are looked at: byte-pair merging takes time quadratic in the length."""


class Marks(NamedTuple):
    """Ids of the special tokens."""

    start: int
    end: int
    padding: int
    unknown: int


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as subwords, special tokens left out.

    Attributes
    ----------
    ids : list of int
    starts, ends : list of int
        Where each stands, in characters of the text in its one spelling (`laptruong.text.normalize`).
    """

    ids: list[int]
    starts: list[int]
    ends: list[int]


class Subwords:
    """Cuts texts into subwords.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
    marks : Marks
    size : int
        Ids from here on are not the encoder's and are taken for unknown.
    segmented : bool
        Whether it cuts words that pyvi's model found, as PhoBERT learnt them, rather than raw text.
    """

    def __init__(self, tokenizer: Tokenizer, marks: Marks, size: int, *, segmented: bool) -> None:
        tokenizer.no_padding()
        tokenizer.no_truncation()
        tokenizer.encode_special_tokens = True  # '<s>' in an article is text and no mark; some models hold it as a piece, too
        self.tokenizer, self.marks, self.size, self.segmented = tokenizer, marks, size, segmented
        self._marks = frozenset(marks[:3])
        self._known: dict[str, list[int]] = {}

    def cut(self, texts: Sequence[str], spans: Sequence[Sequence[tuple[int, int]]]) -> list[Tokens]:
        """Cut texts.

        Parameters
        ----------
        texts : sequence of str
            In the one spelling of `laptruong.text.normalize`.
        spans : sequence of sequences of (int, int)
            For each text the mentions in it; no segmented word straddles one.
        """
        if self.segmented:
            return [self._words(text, where) for text, where in zip(texts, spans, strict=True)]
        return [self._tokens(each.ids, each.offsets) for each in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def _tokens(self, ids: Sequence[int], offsets: Sequence[tuple[int, int]]) -> Tokens:
        return Tokens([self._valid(i) for i in ids], [start for start, _ in offsets], [end for _, end in offsets])

    def _valid(self, subword: int) -> int:
        return subword if subword < self.size and subword not in self._marks else self.marks.unknown

    def _words(self, text: str, spans: Sequence[tuple[int, int]]) -> Tokens:
        found = Tokens([], [], [])
        for word in segment(text, spans):
            ids = self.word(word.text)
            found.ids.extend(ids)
            found.starts.extend([word.start] * len(ids))
            found.ends.extend([word.end] * len(ids))
        return found

    def word(self, word: str) -> list[int]:
        """Give the subwords of a segmented word; each distinct word is merged once."""
        if known := self._known.get(word):
            return known
        encoding = self.tokenizer.encode([word[:_LONGEST_WORD]], is_pretokenized=True, add_special_tokens=False)
        ids = [self._valid(i) for i in encoding.ids] or [self.marks.unknown]
        if len(self._known) >= _CACHE_LIMIT:
            self._known.clear()
        self._known[word] = ids
        return ids

    def save(self, folder: Path) -> None:
        """Write ``tokenizer.json``."""
        self.tokenizer.save(str(folder / FILE))

    @classmethod
    def load(cls, folder: Path, marks: Marks, size: int, *, segmented: bool) -> Subwords:
        """Read ``tokenizer.json``; see `read_tokenizer`."""
        return cls(read_tokenizer(folder), marks, size, segmented=segmented)


def read_tokenizer(folder: Path) -> Tokenizer:
    """Read a folder's ``tokenizer.json``.

    Raises
    ------
    ModelError
        If it is missing or no such file.
    """
    path = folder / FILE
    try:
        text = path.read_text("utf-8")
    except OSError as err:
        raise ModelError(f"{path}: cannot be read: {err.strerror}; get the whole folder again") from None
    try:
        return Tokenizer.from_str(text)
    except Exception as err:  # the library raises nothing more exact
        raise ModelError(f"{path}: is no tokenizer ({' '.join(str(err).split())[:100]}); get the folder again") from None


def spell(text: str, spans: Sequence[tuple[int, int]]) -> tuple[str, list[tuple[int, int]]]:
    """Give a text in its one spelling, lines in capitals lowered, and its mentions' raw spans as spans of that."""
    plain = normalize(text)
    places = [(plain.position(start), plain.position(end)) for start, end in spans]
    return lower_capitals(plain.text, places), places

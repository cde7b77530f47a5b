"""Words of Vietnamese text, by pyvi, with their places.

Vietnamese writes a space between syllables, not words; pyvi's CRF joins ``an ninh`` into one word. Its own
``tokenize`` gives back a string without places, so this module finds each word again in the text.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from functools import cache
from typing import NamedTuple


class Word(NamedTuple):
    """A word: its syllables joined by ``_``, and where it stands in the text given."""

    text: str
    start: int
    end: int


@cache
def _tokenize() -> Callable[[str], str]:
    """Import pyvi when first needed: its model takes most of the start-up time."""
    from pyvi.ViTokenizer import ViTokenizer

    tokenize: Callable[[str], str] = ViTokenizer.tokenize
    return tokenize


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
    edges = {edge for span in boundaries for edge in span}
    words: list[Word] = []
    at = 0
    for token in _tokenize()(text).split():
        at = _skip_blank(text, at)
        pieces = [token] if text.startswith(token, at) else token.split("_")
        joined = False
        for piece in pieces:
            start = text.index(piece, at)
            at = start + len(piece)
            if joined and not any(words[-1].end <= edge <= start for edge in edges):
                words[-1] = Word(f"{words[-1].text}_{piece}", words[-1].start, at)
            else:
                words.append(Word(piece, start, at))
            joined = True
    return words


def _skip_blank(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at

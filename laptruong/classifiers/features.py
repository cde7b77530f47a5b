"""What the TF-IDF classifier looks at: words for the topics, and the words around an actor for its stance.

Topics see the whole unit, with each actor in one spelling whatever the text calls it. A stance sees the text from
where the actor stands: the actor asked about is ``@A``, all others are ``@B``, so that the model knows whom it is
asked about and cannot learn who usually says no (SemEval-2016 Task 6 showed what a model that does not know it costs).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from laptruong.classifiers.base import Example
from laptruong.segmentation import segment
from laptruong.text import normalize, sentence_spans

_DIGITS = re.compile(r"\d+")
_LEFT, _RIGHT, _CLAUSE = 6, 8, 14
_ASKED, _OTHER = "@A", "@B"
BLOCKS = ("near", "clause", "sentence", "unit")
"""The views of a stance, each weighted and normed by itself so that a long unit cannot drown the words near the actor."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A unit cut into tokens.

    Attributes
    ----------
    tokens : list of str
        Words in lower case with digits made ``0``; a mention is one token, ``@`` and the actor's id.
    actors : list of (str or None)
        The actor of each token that is a mention.
    sentences : list of int
        The sentence of each token.
    """

    tokens: list[str]
    actors: list[str | None]
    sentences: list[int]


@lru_cache(maxsize=100_000)
def _spell(word: str) -> str:
    return _DIGITS.sub("0", word.lower())


def analyze(example: Example) -> Analysis:
    """Cut a unit into tokens, each mention into one."""
    plain = normalize(example.text)
    spans = [(plain.position(m.start), plain.position(m.end), m.actor) for m in example.mentions]
    starts = [start for start, _, _ in spans]
    ends = [end for _, end in sentence_spans(plain.text)]
    tokens: list[str] = []
    actors: list[str | None] = []
    sentences: list[int] = []
    last = -1
    for word in segment(plain.text, [(start, end) for start, end, _ in spans]):
        at = bisect_right(starts, word.start) - 1
        inside = at >= 0 and word.start < spans[at][1]
        if inside and at == last:
            continue
        last = at if inside else -1
        tokens.append(f"@{spans[at][2]}" if inside else _spell(word.text))
        actors.append(spans[at][2] if inside else None)
        sentences.append(bisect_right(ends, word.start))
    return Analysis(tokens, actors, sentences)


def topic_words(analysis: Analysis) -> list[str]:
    """Give the words and pairs of neighbouring words, punctuation left out."""
    words = [token for token in analysis.tokens if token[0] == "@" or token[0].isalnum()]
    return words + [f"{one} {two}" for one, two in pairwise(words)]


def character_words(analysis: Analysis) -> list[str]:
    """Give the words of which character n-grams are made: all but mentions and punctuation."""
    return [token for token in analysis.tokens if token[0].isalnum()]


def character_ngrams(word: str, shortest: int, longest: int) -> list[str]:
    """Give the character n-grams of a word with a blank on either side."""
    padded = f" {word} "
    return [padded[at : at + n] for n in range(shortest, longest + 1) for at in range(len(padded) - n + 1)]


def stance_views(analysis: Analysis, actor: str | None) -> dict[str, list[str]]:
    """Give the features of one actor's stance, by view.

    Parameters
    ----------
    analysis : Analysis
    actor : str or None
        Whom the stance is asked of; None: the author, so every mention is another's.

    Returns
    -------
    dict from str to list of str
        For each of `BLOCKS` its features; ``near`` and ``clause`` are empty for an actor that is not named.
    """
    masked = [
        token if who is None else (_ASKED if who == actor else _OTHER) for token, who in zip(analysis.tokens, analysis.actors, strict=True)
    ]
    places = [at for at, who in enumerate(analysis.actors) if who is not None and who == actor]
    inside = {analysis.sentences[at] for at in places}
    sentence = [token for token, number in zip(masked, analysis.sentences, strict=True) if number in inside] if places else masked
    near: list[str] = []
    clause: list[str] = []
    for at in places:
        start, end = _sentence_of(analysis.sentences, at)
        near += _near(masked, at, start, end)
        clause += _clause(masked, at, end)
    return {
        "near": near + list(_shape(analysis, places)) if places else [],
        "clause": clause,
        "sentence": _with_pairs(sentence),
        "unit": masked,
    }


def _sentence_of(sentences: Sequence[int], at: int) -> tuple[int, int]:
    start, end = at, at + 1
    while start and sentences[start - 1] == sentences[at]:
        start -= 1
    while end < len(sentences) and sentences[end] == sentences[at]:
        end += 1
    return start, end


def _near(masked: Sequence[str], at: int, start: int, end: int) -> list[str]:
    """Give the neighbours of a mention by side and, for the closest, by distance."""
    left, right = masked[max(start, at - _LEFT) : at], masked[at + 1 : min(end, at + 1 + _RIGHT)]
    features = [f"l{distance}:{token}" for distance, token in enumerate(reversed(left[-3:]), 1)]
    features += [f"r{distance}:{token}" for distance, token in enumerate(right[:3], 1)]
    features += [f"L:{token}" for token in left] + [f"R:{token}" for token in right]
    features += [f"L:{one} {two}" for one, two in pairwise(left)]
    features += [f"R:{one} {two}" for one, two in pairwise(right)]
    return features


def _clause(masked: Sequence[str], at: int, end: int) -> list[str]:
    """Give the words from a mention to the next one of somebody else: mostly what this actor does."""
    words = []
    for token in masked[at + 1 : min(end, at + 1 + _CLAUSE)]:
        if token == _OTHER:
            break
        words.append(token)
    return _with_pairs(words)


def _with_pairs(words: Sequence[str]) -> list[str]:
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]


def _shape(analysis: Analysis, places: Sequence[int]) -> Iterator[str]:
    """Give how the actor stands among the others: named first, how often, among how many."""
    order = list(dict.fromkeys(who for who in analysis.actors if who is not None))
    rank = order.index(analysis.actors[places[0]] or "")
    yield f"#rank:{min(rank, 3)}"
    yield f"#named:{min(len(places), 3)}"
    yield f"#actors:{min(len(order), 5)}"
    if places[0] == 0 or analysis.sentences[places[0] - 1] != analysis.sentences[places[0]]:
        yield "#opens"

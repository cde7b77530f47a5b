"""What the TF-IDF classifier looks at: words for the topics, and the words around an actor for its stance.

Topics see the whole unit, with each actor in one spelling whatever the text calls it. A stance sees the text from
where the actor stands: the actor asked about is ``@A``, all others are ``@B``, so that the model knows whom it is
asked about and cannot learn who usually says no (SemEval-2016 Task 6 showed what a model that does not know it costs).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from laptruong.classifiers.base import Example
from laptruong.segmentation import segment_all
from laptruong.text import normalize, sentence_spans

_DIGITS = re.compile(r"\d+")
LEFT, RIGHT, CLAUSE, CLOSEST = 6, 8, 14, 3
"""How many tokens each view of an actor reaches, and how many of the nearest are told apart by distance."""
ASKED, OTHER = "@A", "@B"
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


@lru_cache(maxsize=16_384)
def spell(word: str) -> str:
    """Give a word in lower case, its digits made ``0``."""
    return _DIGITS.sub("0", word.lower())


def analyze(example: Example) -> Analysis:
    """Cut a unit into tokens, each mention into one."""
    return analyze_all([example])[0]


def analyze_all(examples: Sequence[Example]) -> list[Analysis]:
    """Cut many units at once, which is several times as fast."""
    plain = [normalize(example.text) for example in examples]
    spans = [
        [(text.position(m.start), text.position(m.end), m.actor) for m in example.mentions]
        for text, example in zip(plain, examples, strict=True)
    ]
    words = segment_all([text.text for text in plain], [[(start, end) for start, end, _ in each] for each in spans])
    bounds, starts = words.bounds.tolist(), words.starts.tolist()
    return [
        _analysis(text.text, each, list(map(spell, words.texts[first:last])), starts[first:last])
        for text, each, first, last in zip(plain, spans, bounds, bounds[1:], strict=False)
    ]


def _analysis(text: str, spans: Sequence[tuple[int, int, str]], tokens: list[str], starts: list[int]) -> Analysis:
    """Put mentions in the place of the words in them, and number the sentences."""
    actors: list[str | None] = [None] * len(tokens)
    for start, end, actor in reversed(spans):
        first, last = bisect_left(starts, start), bisect_left(starts, end)
        if first < last:
            tokens[first:last], actors[first:last], starts[first:last] = [f"@{actor}"], [actor], [starts[first]]
    sentences: list[int] = []
    for number, (_, end) in enumerate(sentence_spans(text)):
        sentences += [number] * (bisect_left(starts, end) - len(sentences))
    return Analysis(tokens, actors, sentences)


def plain_words(analysis: Analysis) -> list[str]:
    """Give the words and mentions, punctuation left out."""
    return [token for token in analysis.tokens if token[0] == "@" or token[0].isalnum()]


def topic_words(analysis: Analysis) -> list[str]:
    """Give the words and pairs of neighbouring words, punctuation left out."""
    words = plain_words(analysis)
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
        token if who is None else (ASKED if who == actor else OTHER) for token, who in zip(analysis.tokens, analysis.actors, strict=True)
    ]
    where = mentions(analysis)
    places = where.get(actor, [])
    inside = {analysis.sentences[at] for at in places}
    sentence = [token for token, number in zip(masked, analysis.sentences, strict=True) if number in inside] if places else masked
    near: list[str] = []
    clause: list[str] = []
    for at in places:
        start, end = _sentence_of(analysis.sentences, at)
        near += _near(masked, at, start, end)
        clause += _clause(masked, at, end)
    return {
        "near": near + list(shape(analysis, where, actor)) if places else [],
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
    left, right = masked[max(start, at - LEFT) : at], masked[at + 1 : min(end, at + 1 + RIGHT)]
    features = [f"l{distance}:{token}" for distance, token in enumerate(reversed(left[-CLOSEST:]), 1)]
    features += [f"r{distance}:{token}" for distance, token in enumerate(right[:CLOSEST], 1)]
    features += [f"L:{token}" for token in left] + [f"R:{token}" for token in right]
    features += [f"L:{one} {two}" for one, two in pairwise(left)]
    features += [f"R:{one} {two}" for one, two in pairwise(right)]
    return features


def _clause(masked: Sequence[str], at: int, end: int) -> list[str]:
    """Give the words from a mention to the next one of somebody else: mostly what this actor does."""
    words = []
    for token in masked[at + 1 : min(end, at + 1 + CLAUSE)]:
        if token == OTHER:
            break
        words.append(token)
    return _with_pairs(words)


def _with_pairs(words: Sequence[str]) -> list[str]:
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]


def mentions(analysis: Analysis) -> dict[str | None, list[int]]:
    """Give the places of each actor, in the order of the first."""
    where: dict[str | None, list[int]] = {}
    for at, who in enumerate(analysis.actors):
        if who is not None:
            where.setdefault(who, []).append(at)
    return where


def shape(analysis: Analysis, where: Mapping[str | None, Sequence[int]], actor: str | None) -> Iterator[str]:
    """Give how the actor stands among the others: named first, how often, among how many."""
    first = where[actor][0]
    yield f"#rank:{min(list(where).index(actor), 3)}"
    yield f"#named:{min(len(where[actor]), 3)}"
    yield f"#actors:{min(len(where), 5)}"
    if first == 0 or analysis.sentences[first - 1] != analysis.sentences[first]:
        yield "#opens"

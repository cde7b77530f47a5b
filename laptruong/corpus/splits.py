"""Whether a split keeps its sides apart: by id, by event, by time, and by wording."""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from datasketch import MinHash, MinHashLSH

from laptruong.corpus.rules import Entry

NEAR = 0.5
"""Two texts are near-duplicates where their sets of three-word shingles have this Jaccard similarity or more."""
SAME_STORY, DAYS = 0.27, 2
"""Two heads tell the same story where their sets of words have this similarity or more, so many days apart at most."""
HELD_OUT = "held out"
"""The side of texts that no training article may repeat."""
_PERMUTATIONS, _BANDS = 128, (64, 2)
"""Bands and rows that propose a pair of similarity 0.5 with probability 1 - 1e-8, one of 0.27 with 0.99."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text to compare, where it stands, and on which side."""

    place: str
    side: str
    text: str


def near_duplicates(texts: Sequence[Text], threshold: float = NEAR, *, shingle: int = 3) -> Iterator[tuple[Text, Text, float]]:
    """Find pairs of near-duplicate texts that stand on different sides.

    MinHash signatures (Broder 1997) of word shingles propose the pairs; the exact Jaccard similarity decides.

    Parameters
    ----------
    texts : sequence of Text
    threshold : float
        Smallest Jaccard similarity, from 0 to 1.
    shingle : int
        Words in a shingle; shorter texts are one shingle.

    Yields
    ------
    tuple of (Text, Text, float)
        The earlier text, the later one, and their similarity.
    """
    index = MinHashLSH(num_perm=_PERMUTATIONS, params=_BANDS)
    shingles = [_shingles(each.text, shingle) for each in texts]
    signatures = MinHash.bulk([[each.encode() for each in sorted(group)] for group in shingles], num_perm=_PERMUTATIONS)
    for number, (each, signature) in enumerate(zip(texts, signatures, strict=True)):
        if not any(shingles[number]):
            continue  # no words
        for other in sorted(index.query(signature)):
            if texts[other].side == each.side:
                continue
            similarity = len(shingles[other] & shingles[number]) / len(shingles[other] | shingles[number])
            if similarity >= threshold:
                yield texts[other], each, similarity
        index.insert(number, signature)


def _shingles(text: str, size: int) -> set[str]:
    seen = "".join(character for character in text if unicodedata.category(character) != "Cf")
    words = re.findall(r"\w+", seen.lower())
    return {" ".join(words[at : at + size]) for at in range(max(1, len(words) - size + 1))}


def apart(entries: Sequence[Entry], held_out: Sequence[Text] = ()) -> Iterator[tuple[str, str, str]]:
    """Find what stands on two sides of a split.

    Parameters
    ----------
    entries : sequence of Entry
        Articles; those set aside are on no side.
    held_out : sequence of Text
        Texts that no training article may repeat.

    Yields
    ------
    tuple of str
        Rule, place and sentence of each mistake.
    """
    sided = [each for each in entries if each.record.split != "aside"]
    yield from _ids(entries)
    yield from _events(sided)
    yield from _times(sided)
    yield from _wording(sided, held_out)
    yield from _stories(sided)


def _ids(entries: Sequence[Entry]) -> Iterator[tuple[str, str, str]]:
    first: dict[str, str] = {}
    for each in entries:
        if each.record.id in first:
            yield "ids", each.place, f"the id {each.record.id!r} is given twice (first: {first[each.record.id]})"
        first.setdefault(each.record.id, each.place)


def _events(entries: Sequence[Entry]) -> Iterator[tuple[str, str, str]]:
    first: dict[str, Entry] = {}
    for each in entries:
        other = first.setdefault(each.record.event, each)
        if other.record.split != each.record.split:
            where = f"in split '{each.record.split}' here and in '{other.record.split}' in {other.place}"
            yield "events", each.place, f"the event {each.record.event!r} is {where}"


def _times(entries: Sequence[Entry]) -> Iterator[tuple[str, str, str]]:
    """Real news is split by time, and nothing that builds on facts of the test's time is on another side.

    Constructed articles tell what never happened, undated ones cannot be placed: both are passed over.
    """
    dated = [each for each in entries if each.record.date is not None and each.record.origin != "constructed"]
    real = [each for each in dated if each.record.origin == "real"]
    for side, later in (("train", "dev"), ("train", "test"), ("dev", "test")):
        begins = min((each.record.date for each in real if each.record.split == later and each.record.date), default=dt.date.max)
        for each in dated if later == "test" else real:
            if each.record.split == side and each.record.date and each.record.date >= begins:
                yield "time", each.place, f"of {each.record.date}, in split '{side}', while the real news of '{later}' begins on {begins}"


def _wording(entries: Sequence[Entry], held_out: Sequence[Text]) -> Iterator[tuple[str, str, str]]:
    texts = [Text(each.place, each.record.split, unit.text) for each in entries for unit, _ in each.labelled.units]
    for one, two, similarity in near_duplicates([*texts, *held_out]):
        if two.side != HELD_OUT:
            yield "duplicates", two.place, f"near-duplicate of {one.place} ({similarity:.2f}), on another side: {two.text[:50]!r}"
        elif one.side == "train":
            yield "duplicates", one.place, f"near-duplicate of {two.place} ({similarity:.2f}), which is held out: {one.text[:50]!r}"


def _stories(entries: Sequence[Entry]) -> Iterator[tuple[str, str, str]]:
    heads = [
        (each, Text(each.place, each.record.split, unit.text))
        for each in entries if each.record.date is not None
        for unit, _ in each.labelled.units if unit.is_head
    ]  # fmt: skip
    day = {text.place: each.record.date for each, text in heads}
    for one, two, similarity in near_duplicates([text for _, text in heads], SAME_STORY, shingle=1):
        first, second = day[one.place], day[two.place]
        if first and second and abs((first - second).days) <= DAYS:
            yield "story", two.place, f"tells the story of {one.place} ({similarity:.2f}), which is on another side"

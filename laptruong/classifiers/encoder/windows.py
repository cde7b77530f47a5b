"""What the network sees of a unit: windows of subwords, and which of them name whom.

A unit longer than the encoder's window becomes several that end at sentence ends and share a sentence. What they say is
merged: the highest score of a topic counts (a paragraph is about what any of its parts is about), and the scores of
an actor's stance are averaged over its mentions, wherever they stand. So no mention is ever outside.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from laptruong.classifiers.base import Example
from laptruong.classifiers.encoder.subwords import Marks, Subwords, Tokens, spell
from laptruong.text import sentence_spans

SHORTEST = 16
"""Fewest positions of a window: less holds no sentence."""


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of a unit.

    Attributes
    ----------
    unit : int
        Which unit it is of.
    ids : list of int
        Subwords, special tokens included.
    places : dict from (str or None) to list of int
        For each actor asked about the positions in ``ids`` of the subwords that name it; None is the author, who has all.
    """

    unit: int
    ids: list[int]
    places: dict[str | None, list[int]]


class Batch(NamedTuple):
    """Windows as arrays; what the network takes.

    Attributes
    ----------
    ids, mask : ndarray of int64, shape (n_windows, n_positions)
        Subwords, and 1 where there is one.
    pool : ndarray of float32, shape (n_windows, n_actors, n_positions)
        What each position adds to an actor's vector; a row sums to 1, or to 0 where the window does not name the actor.
    """

    ids: np.ndarray
    mask: np.ndarray
    pool: np.ndarray


def make_windows(examples: Sequence[Example], actors: Sequence[Sequence[str | None]], subwords: Subwords, limit: int) -> list[Window]:
    """Cut units into windows.

    Parameters
    ----------
    examples : sequence of Example
    actors : sequence of sequences of (str or None)
        For each unit whom it will be asked about.
    subwords : Subwords
    limit : int
        Most positions of a window, special tokens included.

    Returns
    -------
    list of Window
        At least one a unit; those of a unit in reading order.
    """
    spelt = [spell(each.text, [(m.start, m.end) for m in each.mentions]) for each in examples]
    cut = subwords.cut([text for text, _ in spelt], [spans for _, spans in spelt])
    found = []
    for unit, ((text, spans), tokens, example, asked) in enumerate(zip(spelt, cut, examples, actors, strict=True)):
        named = _named(tokens, spans, [mention.actor for mention in example.mentions])
        for start, end in _stretches(text, tokens, limit - 2):
            ids = [subwords.marks.start, *tokens.ids[start:end], subwords.marks.end]
            everything = list(range(len(ids)))
            places = {
                actor: everything if actor is None else [at - start + 1 for at in named.get(actor, ()) if start <= at < end]
                for actor in asked
            }
            found.append(Window(unit, ids, places))
    return found


def _named(tokens: Tokens, spans: Sequence[tuple[int, int]], actors: Sequence[str]) -> dict[str, list[int]]:
    """Give for each actor the subwords that overlap one of its mentions; both lists are in reading order."""
    found: dict[str, list[int]] = {}
    at = 0
    for (start, end), actor in sorted(zip(spans, actors, strict=True)):
        while at and tokens.ends[at - 1] > start:
            at -= 1
        while at < len(tokens.ids) and tokens.ends[at] <= start:
            at += 1
        inside = at
        while inside < len(tokens.ids) and tokens.starts[inside] < end:
            found.setdefault(actor, []).append(inside)
            inside += 1
    return {actor: sorted(set(places)) for actor, places in found.items()}  # two mentions may share a subword


def _stretches(text: str, tokens: Tokens, limit: int) -> Iterator[tuple[int, int]]:
    """Give stretches of subwords no longer than the limit, cut at sentence ends where there are any."""
    count = len(tokens.ids)
    if count <= limit:
        yield 0, count
        return
    begins = [at for at in _sentence_starts(text, tokens) if 0 < at < count]
    start = 0
    while start + limit < count:
        end = max((at for at in begins if start < at <= start + limit), default=None)
        if end is None:  # one sentence fills the window: the next one repeats half of it
            yield start, start + limit
            start += limit - limit // 2
            continue
        yield start, end
        last = max((at for at in begins if start < at < end), default=end)
        following = min((at for at in begins if at > end), default=count)
        start = last if following - last <= limit else end  # repeat the last sentence where the next one still fits behind it
    yield start, count


def _sentence_starts(text: str, tokens: Tokens) -> Iterator[int]:
    at = 0
    for start, _ in sentence_spans(text):
        while at < len(tokens.ids) and tokens.ends[at] <= start:  # a subword may begin with the blank before it
            at += 1
        yield at


def batches(windows: Sequence[Window], positions: int) -> Iterator[list[int]]:
    """Group windows of like length, no more than so many positions a batch, padding counted.

    Yields
    ------
    list of int
        Indexes of windows; the longest first, so that memory is known from the start.
    """
    batch: list[int] = []
    for index in sorted(range(len(windows)), key=lambda i: (-len(windows[i].ids), i)):
        if batch and (len(batch) + 1) * len(windows[batch[0]].ids) > positions:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def collate(windows: Sequence[Window], actors: Sequence[Sequence[str | None]], marks: Marks, *, step: int = 1, limit: int = 0) -> Batch:
    """Pad windows to arrays.

    Parameters
    ----------
    windows : sequence of Window
    actors : sequence of sequences of (str or None)
        For each *unit* whom it is asked about, in the order of ``pool``.
    marks : Marks
    step, limit : int
        The number of positions is made a multiple of `step`, but not above `limit`.
    """
    longest = max(len(each.ids) for each in windows)
    longest = max(longest, min(-(-longest // step) * step, limit))
    most = max(1, *(len(actors[each.unit]) for each in windows))
    ids = np.full((len(windows), longest), marks.padding, dtype=np.int64)
    mask = np.zeros((len(windows), longest), dtype=np.int64)
    pool = np.zeros((len(windows), most, longest), dtype=np.float32)
    for row, window in enumerate(windows):
        ids[row, : len(window.ids)] = window.ids
        mask[row, : len(window.ids)] = 1
        for column, actor in enumerate(actors[window.unit]):
            if places := window.places[actor]:
                pool[row, column, places] = 1 / len(places)
    return Batch(ids, mask, pool)

"""Other versions of labelled units, of which the labels are known: other actors' names in them.

Counterfactual augmentation (after Kaushik et al. 2020, "Learning the difference that makes a difference with counterfactually-augmented
data"), by rule: a model that meets the same sentence about others learns a stance from the sentence and not from the name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from random import Random

from laptruong.classifiers.base import Example, Gold
from laptruong.corpus import Dataset
from laptruong.evaluation.behaviour.edits import Names
from laptruong.evaluation.behaviour.sheet import sheet_of
from laptruong.scheme import Scheme

_RENAMINGS = 3
"""Most renamings of a unit."""


def versions(data: Dataset, scheme: Scheme, seed: int) -> list[list[tuple[Example, Gold]]]:
    """Write other versions of units.

    Parameters
    ----------
    data : Dataset
    scheme : Scheme
    seed : int
        Decides who stands for whom.

    Returns
    -------
    list of lists of (Example, Gold)
        For each unit those that it has: up to three with other actors' names in the place of some. All traces of an actor must
        be names that may be another's, see `Names.movable`.
    """
    names, draw = Names(scheme, sheet_of(scheme)), Random(seed)  # noqa: S311
    return [list(_renamed(example, gold, names, draw)) for example, gold in zip(data.examples, data.gold, strict=True)]


def _renamed(example: Example, gold: Gold, names: Names, draw: Random) -> Iterator[tuple[Example, Gold]]:
    """Let some actors take each other's places, or give theirs to one whom the unit does not name."""
    movable = names.movable(example)
    if not gold.topics or not movable:
        return
    there = {actor for actor, _ in gold.stances} | set(example.actors)
    strangers = [actor for actor in names.interchangeable if actor not in there]
    seen = {example.text}
    for _ in range(_RENAMINGS):
        after = draw.sample([*movable, *draw.sample(strangers, min(2, len(strangers)))], len(movable))
        new = {old: actor for old, actor in zip(movable, after, strict=True) if old != actor}
        other = names.renamed(example, new)
        if other.text not in seen:
            seen.add(other.text)
            yield other, Gold(gold.topics, {(_now(actor, new), topic): stance for (actor, topic), stance in gold.stances.items()})


def _now(actor: str | None, new: Mapping[str, str]) -> str | None:
    return actor if actor is None else new.get(actor, actor)

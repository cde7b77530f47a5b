"""Every single decision of a model beside the right one: a row each, and all figures follow from the rows.

Decisions are forced: what a model would withhold is told as it would have decided, with ``given`` false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from laptruong.aggregate import article_stances, article_topics, topic_probability
from laptruong.articles import Statement
from laptruong.classifiers.base import Classifier, Example, Gold, Prediction
from laptruong.corpus import Dataset
from laptruong.corpus.cues import CUES
from laptruong.corpus.rules import article_gold
from laptruong.decision import decide_stance, label_unit
from laptruong.evaluation.results import Level
from laptruong.labelling import Labeller
from laptruong.labels import TopicLabel, UnitLabels
from laptruong.scheme import Pair, Scheme

KEY = ["level", "task", "article", "unit", "actor", "topic"]
"""What names an item; two models' items on the same data are matched by it."""
SLICES = ("outlet", "month", "origin", "part", "length", "actors", "quotation", "negation", "condition")
"""Properties of a unit by which scores are sliced, beside topic and actor."""
COLUMNS = [*KEY, "gold", "predicted", "confidence", "right", "given", "probabilities", "title", "text", *SLICES]
_LENGTHS = ((25, "up to 25 words"), (60, "26 to 60 words"), (120, "61 to 120 words"))


@dataclass(frozen=True, slots=True)
class _Row:
    """A decision before it has a place."""

    task: str
    actor: str | None
    topic: str | None
    gold: str | None
    predicted: str | None
    confidence: float
    given: bool
    probabilities: tuple[float, ...] = ()


def collect(labeller: Labeller, data: Dataset) -> pd.DataFrame:
    """Let a model decide labelled units and their articles.

    Parameters
    ----------
    labeller : Labeller
    data : Dataset

    Returns
    -------
    DataFrame
        Columns `COLUMNS`. Task ``topic``: a row for each topic of each unit, yes or no. ``stance``: a row for each labelled
        pair, right topics and actors given. ``statement``: end to end, a row for each pair for which a position (no
        neutral stance) is right or was told; gold is None where none is right, predicted where none was told.
        ``confidence`` is the probability of what was decided.
    """
    classifier, decision, scheme = labeller.classifier, labeller.decision, labeller.scheme
    pairs = [
        list(dict.fromkeys([*gold.stances, *scheme.pairs(example.actors, scheme.topic_ids)]))
        for example, gold in zip(data.examples, data.gold, strict=True)
    ]
    told = classifier.predict(data.examples, pairs)  # all at once: an encoder reads a unit but once
    found = [_end_to_end(classifier, *each, decision.floor(scheme)) for each in zip(data.examples, told, strict=True)]
    forced = Labeller(classifier, replace(decision, topic_abstain=decision.topic, stance_abstain=0.0), {})
    rows: list[dict[str, Any]] = []
    for members in _by_article(data.groups):
        right, asked = [data.gold[i] for i in members], [told[i] for i in members]
        ends = [
            [
                label_unit(data.units[i], data.examples[i].mentions, found[i], each.decision, scheme)
                for i in members
            ]
            for each in (forced, labeller)
        ]  # fmt: skip
        first = members[0]
        common = _of_article(data, first)
        for place, i in enumerate(members):
            of_unit = common | _of_unit(data, i)
            for row in _unit_rows(right[place], asked[place], found[i], ends[0][place], ends[1][place], labeller):
                rows.append(of_unit | _told(row, "paragraph"))
        for row in _article_rows(data, members, asked, found, ends, labeller):
            rows.append(common | {"unit": "", "text": common["title"]} | _told(row, "article"))
    return typed(pd.DataFrame(rows, columns=COLUMNS))


def _end_to_end(classifier: Classifier, example: Example, told: Prediction, floor: np.ndarray) -> Prediction:
    """Keep what a classifier tells that is asked about nobody in particular."""
    return Prediction(told.topics, {pair: told.stances[pair] for pair in classifier.default_pairs(example, told.topics, floor)})


def typed(items: pd.DataFrame) -> pd.DataFrame:
    """Give items the types that all figures count on: what is missing is None, in every version of pandas."""
    plain = items.astype(object)
    return plain.where(items.notna(), None).astype({"right": bool, "given": bool, "confidence": float})


def _by_article(groups: Sequence[str]) -> list[list[int]]:
    members: dict[str, list[int]] = {}
    for unit, group in enumerate(groups):
        members.setdefault(group, []).append(unit)
    return list(members.values())


def _told(row: _Row, level: Level) -> dict[str, Any]:
    return {
        "level": level, "task": row.task, "actor": row.actor, "topic": row.topic, "gold": row.gold, "predicted": row.predicted,
        "confidence": row.confidence, "right": row.gold == row.predicted, "given": row.given, "probabilities": list(row.probabilities),
    }  # fmt: skip


def _unit_rows(
    gold: Gold, asked: Prediction, found: Prediction, forced: UnitLabels, careful: UnitLabels, labeller: Labeller
) -> Iterator[_Row]:
    """Give a unit's decisions."""
    scheme, decision = labeller.scheme, labeller.decision
    topics = {label.topic for label in forced.topics}
    yield from _topic_rows(gold, topics, {label.topic for label in careful.topics}, dict(zip(scheme.topic_ids, found.topics, strict=True)))
    for pair, stance in gold.stances.items():
        guess, p = decide_stance(asked.stances[pair], scheme)
        yield _Row("stance", *pair, stance, guess, p, p >= decision.stance_abstain, tuple(map(float, asked.stances[pair])))
    yield from _statement_rows(gold, forced.stances, careful.stances, scheme)


def _topic_rows(gold: Gold, decided: set[str], given: set[str], probabilities: Mapping[str, float]) -> Iterator[_Row]:
    for topic, p in probabilities.items():
        yes = topic in decided
        yield _Row(
            "topic", None, topic, _yes(topic in gold.topics), _yes(yes), float(p if yes else 1 - p), not yes or topic in given, (float(p),)
        )


def _statement_rows(gold: Gold, decided: Sequence[Statement], given: Sequence[Statement], scheme: Scheme) -> Iterator[_Row]:
    right = {pair: stance for pair, stance in gold.stances.items() if stance != scheme.neutral}
    said = {(each.actor, each.topic): each for each in decided if each.stance != scheme.neutral}
    kept = {(each.actor, each.topic) for each in given}
    for pair in dict.fromkeys([*right, *said]):
        told = said.get(pair)
        confidence = told.probability if told else np.nan
        yield _Row("statement", *pair, right.get(pair), told.stance if told else None, confidence, told is None or pair in kept)


def _article_rows(
    data: Dataset, members: Sequence[int], asked: Sequence[Prediction], found: Sequence[Prediction], ends: Sequence[list[UnitLabels]],
    labeller: Labeller,
) -> Iterator[_Row]:  # fmt: skip
    """Give an article's decisions, which follow from its units' by section 5 of the codebook."""
    scheme, decision = labeller.scheme, labeller.decision
    gold = article_gold(data.articles[members[0]], scheme)
    probabilities = [found[i].topics for i in members]
    (topics, stances), (given, kept) = (_end(each, probabilities, scheme) for each in ends)
    head = [data.units[i].is_head for i in members]
    p = {topic: topic_probability(head, [float(each[at]) for each in probabilities]) for at, topic in enumerate(scheme.topic_ids)}
    yield from _topic_rows(gold, {each.topic for each in topics}, {each.topic for each in given}, p)
    units = [
        UnitLabels(
            data.units[i],
            topics=tuple(TopicLabel(topic, 1.0) for topic in scheme.topic_ids if topic in data.gold[i].topics),
            stances=tuple(Statement(*pair, *decide_stance(one.stances[pair], scheme)) for pair in data.gold[i].stances),
        )
        for i, one in zip(members, asked, strict=True)
    ]
    certain = [TopicLabel(topic, 1.0) for topic in scheme.topic_ids if topic in gold.topics]
    told: dict[Pair, Statement] = {(each.actor, each.topic): each for each in article_stances(units, certain, scheme)[0]}
    for pair, stance in gold.stances.items():
        each = told[pair]
        yield _Row("stance", *pair, stance, each.stance, each.probability, each.probability >= decision.stance_abstain)
    yield from _statement_rows(gold, stances, kept, scheme)


def _end(units: Sequence[UnitLabels], probabilities: Sequence[np.ndarray], scheme: Scheme) -> tuple[list[TopicLabel], list[Statement]]:
    topics, _ = article_topics(units, probabilities, scheme)
    return topics, article_stances(units, topics, scheme)[0]


def _yes(has: bool) -> str:
    return "yes" if has else "no"


def _of_article(data: Dataset, unit: int) -> dict[str, Any]:
    article = data.articles[unit].article
    return {
        "article": data.groups[unit], "title": article.title or article.id, "outlet": article.outlet,
        "month": (article.date or "")[:7] or None,
        "origin": data.articles[unit].origin,
    }  # fmt: skip


def _of_unit(data: Dataset, i: int) -> dict[str, Any]:
    unit, text = data.units[i], data.units[i].text.lower()
    words, actors = len(text.split()), len(data.examples[i].actors)
    return {
        "unit": "+".join(str(index) for index, _ in unit.parts), "text": unit.text,
        "part": "headline and lead" if unit.is_head else "body",
        "length": next((name for most, name in _LENGTHS if words <= most), "over 120 words"),
        "actors": str(actors) if actors < 4 else "4 or more",
        "quotation": _yes(_shows("quotation", text)), "negation": _yes(_shows("negation", text)),
        "condition": _yes(_shows("condition before the main clause", text) or _shows("condition after it", text)),
    }  # fmt: skip


def _shows(cue: str, text: str) -> bool:
    return re.search(CUES[cue], text) is not None

"""Scores of a model on labelled units: topic, stance, statement, and the actors found.

Each task names its primary figure, macro-F1 (for statements F1); higher is better. Decisions are forced here:
what a model would withhold is scored as it would have decided, and coverage is told beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.metrics import f1_score, precision_recall_fscore_support

from laptruong.classifiers.base import Gold, Prediction
from laptruong.corpus import Dataset
from laptruong.decision import Decision, decide_stance, decide_topics
from laptruong.errors import CorpusError
from laptruong.labelling import Labeller
from laptruong.scheme import Scheme

Scores = dict[str, Any]


def evaluate(labeller: Labeller, data: Dataset) -> Scores:
    """Score a model on labelled units.

    Returns
    -------
    dict
        ``units``, and for each task that the scheme has: ``topic``, ``stance`` (given the right topics and actors),
        ``statement`` (end to end: the triples that are not neutral), ``actors``.

    Raises
    ------
    CorpusError
        If there is nothing to score.
    """
    if not len(data):
        raise CorpusError("there is no labelled unit to score on: the data holds nothing but boilerplate")
    classifier, decision, scheme = labeller.classifier, labeller.decision, labeller.scheme
    given = classifier.predict(data.examples, [list(gold.stances) for gold in data.gold])
    found = classifier.predict(data.examples, floor=decision.floor(scheme))
    scores: Scores = {"units": len(data)}
    if scheme.topics is not None:
        scores["topic"] = topic_scores(given, data.gold, decision, scheme)
    if any(gold.stances for gold in data.gold):
        scores["stance"] = stance_scores(given, data.gold, decision, scheme)
        scores["statement"] = statement_scores(found, data.gold, decision, scheme)
    if scheme.actors is not None:
        scores["actors"] = actor_scores(data)
    return scores


def topic_scores(predictions: Sequence[Prediction], gold: Sequence[Gold], decision: Decision, scheme: Scheme) -> Scores:
    """Score the topics of units; multi-label."""
    decided = [{label.topic for label in decide_topics(each, decision, scheme)} for each in predictions]
    y = np.array([[topic in labels.topics for topic in scheme.topic_ids] for labels in gold], dtype=int)
    guess = np.array([[topic in each for topic in scheme.topic_ids] for each in decided], dtype=int)
    return {
        "macro_f1": float(f1_score(y, guess, average="macro", zero_division=0)),
        "micro_f1": float(f1_score(y, guess, average="micro", zero_division=0)),
        "classes": _classes(y, guess, scheme.topic_ids, labels=None),
    }


def stance_scores(predictions: Sequence[Prediction], gold: Sequence[Gold], decision: Decision, scheme: Scheme) -> Scores:
    """Score the stances of the gold pairs; those below the abstention threshold count as withheld in ``coverage``."""
    pairs = [
        (stance, *decide_stance(prediction.stances[pair], scheme))
        for prediction, labels in zip(predictions, gold, strict=True)
        for pair, stance in labels.stances.items()
    ]
    y, guess = [each[0] for each in pairs], [each[1] for each in pairs]
    sure = [each for each in pairs if each[2] >= decision.stance_abstain]
    ids = list(scheme.stance_ids)
    return {
        "macro_f1": float(f1_score(y, guess, labels=ids, average="macro", zero_division=0)),
        "accuracy": float(np.mean([a == b for a, b in zip(y, guess, strict=True)])),
        "coverage": len(sure) / len(pairs),
        "accuracy_where_sure": float(np.mean([a == b for a, b, _ in sure])) if sure else None,
        "classes": _classes(y, guess, scheme.stance_ids, labels=ids),
    }


def statement_scores(predictions: Sequence[Prediction], gold: Sequence[Gold], decision: Decision, scheme: Scheme) -> Scores:
    """Score whole statements, end to end: found topics, found actors, stances that are not neutral."""
    right = wrong = missed = 0
    for prediction, labels in zip(predictions, gold, strict=True):
        topics = {label.topic for label in decide_topics(prediction, decision, scheme)}
        said = {
            (*pair, decide_stance(distribution, scheme)[0])
            for pair, distribution in prediction.stances.items()
            if scheme.topics is None or pair[1] in topics
        }
        said = {triple for triple in said if triple[2] != scheme.neutral}
        true = {(*pair, stance) for pair, stance in labels.stances.items() if stance != scheme.neutral}
        right, wrong, missed = right + len(said & true), wrong + len(said - true), missed + len(true - said)
    precision, recall = right / max(right + wrong, 1), right / max(right + missed, 1)
    f1 = 2 * right / max(2 * right + wrong + missed, 1)
    return {"f1": f1, "precision": precision, "recall": recall, "support": right + missed}


def actor_scores(data: Dataset) -> Scores:
    """Score the actors found: the share of the labelled ones found, and of those found in units with a topic labelled."""
    labelled = found = right = 0
    for example, gold in zip(data.examples, data.gold, strict=True):
        true, named = {actor for actor, _ in gold.stances}, set(example.actors)
        labelled, right = labelled + len(true), right + len(true & named)
        found += len(named) if gold.topics or gold.stances else 0
    return {"recall": right / max(labelled, 1), "precision": right / max(found, 1), "labelled": labelled, "found": found}


def _classes(y: Any, guess: Any, names: Sequence[str], labels: list[str] | None) -> list[Scores]:
    columns = precision_recall_fscore_support(y, guess, labels=labels, average=None, zero_division=0)
    return [
        {"class": name, "precision": float(p), "recall": float(r), "f1": float(f), "support": int(n)}
        for name, p, r, f, n in zip(names, *columns, strict=True)
    ]

"""Figures of a task as functions of counts, for any number of resamples at once.

A task is counted per article, so that a resample of articles is a weighted sum of counts. The last axes hold the counts, all
before them are free (articles, resamples): topics ``(K, 3)`` and statements ``(S, 3)`` true positives, false positives and false
negatives by label; stances ``(S, S)``, gold by predicted.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from laptruong.evaluation.results import Task
from laptruong.scheme import Scheme

PRIMARY: dict[Task, str] = {"topic": "macro_f1", "stance": "macro_f1", "statement": "f1"}
"""The figure to judge a task by; higher is better."""


def labels_of(task: Task, scheme: Scheme) -> tuple[str, ...]:
    """Give the labels that a task tells apart, each a class with an F1."""
    if task == "topic":
        return tuple(scheme.topic_ids)
    return tuple(stance for stance in scheme.stance_ids if task == "stance" or stance != scheme.neutral)


def count(task: Task, items: pd.DataFrame, articles: Sequence[str], scheme: Scheme) -> np.ndarray:
    """Count a task's items by article.

    Parameters
    ----------
    task : str
    items : DataFrame
        The task's items at one level; see `items`.
    articles : sequence of str
        All articles, in the order of the resamples.
    scheme : Scheme

    Returns
    -------
    ndarray of float32, shape (n_articles, K, 3), (n_articles, S, S) or (n_articles, S, 3)
    """
    labels = labels_of(task, scheme)
    place = {label: at for at, label in enumerate(labels)}
    row = pd.Index(articles).get_indexer(pd.Index(items["article"]))
    gold, predicted = items["gold"].to_numpy(object), items["predicted"].to_numpy(object)
    if task == "stance":
        found = np.zeros((len(articles), len(labels), len(labels)), dtype=np.float32)
        np.add.at(found, (row, [place[each] for each in gold], [place[each] for each in predicted]), 1)
        return found
    found = np.zeros((len(articles), len(labels), 3), dtype=np.float32)
    if task == "topic":
        column = np.array([place[topic] for topic in items["topic"]], dtype=int)
        for at, (has, said) in enumerate(((True, True), (False, True), (True, False))):
            chosen = ((gold == "yes") == has) & ((predicted == "yes") == said)
            np.add.at(found, (row[chosen], column[chosen], at), 1)
        return found
    for at, (which, where) in enumerate(((gold, gold == predicted), (predicted, gold != predicted), (gold, gold != predicted))):
        chosen = where & np.array([each is not None for each in which], dtype=bool)
        np.add.at(found, (row[chosen], [place[each] for each in which[chosen]], at), 1)
    return found


def by_label(task: Task, counts: np.ndarray) -> np.ndarray:
    """Give true positives, false positives and false negatives by label, shape (..., n_labels, 3)."""
    if task != "stance":
        return counts
    right = np.diagonal(counts, axis1=-2, axis2=-1)
    return np.stack([right, counts.sum(axis=-2) - right, counts.sum(axis=-1) - right], axis=-1)


def precision_recall_f1(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Give precision, recall and F1 from counts of shape (..., 3); 0 where nothing is there to divide by."""
    right, wrong, missed = counts[..., 0], counts[..., 1], counts[..., 2]
    return _ratio(right, right + wrong), _ratio(right, right + missed), _ratio(2 * right, 2 * right + wrong + missed)


def figures(task: Task, counts: np.ndarray, scheme: Scheme, among: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """Give a task's figures.

    Parameters
    ----------
    task : str
    counts : ndarray, shape (..., counts of the task)
    scheme : Scheme
    among : ndarray of bool, shape (n_labels,), optional
        Labels over which macro-F1 is the mean; by default all of the task.

    Returns
    -------
    dict from str to ndarray, shape (...)
        Topic: macro- and micro-F1. Stance: macro-F1, accuracy (micro-F1 is the same), and ``f_avg``, the mean F1 of the
        positive and the negative stance (SemEval-2016 task 6), where the scheme has both. Statement: F1, precision, recall.
    """
    each = by_label(task, counts)
    _, _, f1 = precision_recall_f1(each)
    precision, recall, micro = precision_recall_f1(each.sum(axis=-2))
    if task == "statement":
        return {"f1": micro, "precision": precision, "recall": recall}
    chosen = f1 if among is None else f1[..., among]
    macro = chosen.mean(axis=-1) if chosen.shape[-1] else np.zeros(f1.shape[:-1])
    found = {"macro_f1": macro, "micro_f1" if task == "topic" else "accuracy": micro}
    sides = [at for at, stance in enumerate(scheme.stances) if stance.tone in ("positive", "negative")]
    tones = {scheme.stances[at].tone for at in sides}
    if task == "stance" and among is None and len(tones) == len(sides) == 2:
        found["f_avg"] = f1[..., sides].mean(axis=-1)
    return found


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.asarray(np.divide(part, whole, out=np.zeros(np.shape(whole), dtype=np.float64), where=whole > 0))

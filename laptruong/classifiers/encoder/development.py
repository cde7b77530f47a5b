"""Score and calibrate a network on held-out units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import log_softmax
from sklearn.metrics import f1_score

from laptruong.classifiers.base import Example, Gold
from laptruong.classifiers.encoder.runtime import Run, run_windows
from laptruong.classifiers.encoder.subwords import Subwords
from laptruong.classifiers.encoder.windows import make_windows
from laptruong.scheme import Scheme

METRIC = "mean_macro_f1"
"""The primary figure, higher is better: the mean of the macro-F1 of topics and of stances, those that the scheme has."""


class Dev:
    """Held-out units, cut into windows once.

    Parameters
    ----------
    examples, gold : sequences of equal length
    scheme : Scheme
    subwords : Subwords
    limit : int
        Longest window.
    """

    def __init__(self, examples: Sequence[Example], gold: Sequence[Gold], scheme: Scheme, subwords: Subwords, limit: int) -> None:
        self.scheme, self.marks = scheme, subwords.marks
        self.actors = [list(dict.fromkeys(actor for actor, _ in each.stances)) for each in gold]
        self.windows = make_windows(examples, self.actors, subwords, limit)
        self.topics = np.array([[topic in each.topics for topic in scheme.topic_ids] for each in gold], dtype=int)
        slots = {topic: at for at, topic in enumerate(scheme.topic_ids or (None,))}
        self.places = [
            (unit, self.actors[unit].index(actor), slots[topic]) for unit, each in enumerate(gold) for actor, topic in each.stances
        ]
        self.stances = np.array([scheme.stance_ids.index(stance) for each in gold for stance in each.stances.values()], dtype=int)

    def outputs(self, run: Run) -> tuple[np.ndarray, np.ndarray]:
        """Give the logits of topics, shape (n_units, n_topics), and of the labelled pairs, shape (n_pairs, n_stances)."""
        topics, stances = run_windows(run, self.windows, self.actors, self.marks, len(self.scheme.topic_ids))
        pairs = [stances[unit][actor, slot] for unit, actor, slot in self.places]
        return topics, np.array(pairs).reshape(len(pairs), len(self.scheme.stance_ids))

    def score(self, run: Run) -> dict[str, float]:
        """Give macro-F1 of topics (at a probability of 0.5) and of stances, and their mean, `METRIC`."""
        topics, stances = self.outputs(run)
        scores = {}
        if self.scheme.topic_ids:
            columns = zip(self.topics.T, self._chosen(topics).T, strict=True)
            scores["topic_macro_f1"] = float(np.mean([f1_score(right, given, zero_division=0) for right, given in columns]))
        if len(self.stances):
            labels = range(len(self.scheme.stance_ids))
            scores["stance_macro_f1"] = float(f1_score(self.stances, stances.argmax(1), labels=labels, average="macro", zero_division=0))
        return scores | {METRIC: float(np.mean(list(scores.values())))}

    def _chosen(self, topics: np.ndarray) -> np.ndarray:
        """Take the topics of a probability above 0.5; of those that exclude one another the likeliest, if each unit has one."""
        likely: np.ndarray = topics > 0
        if self.scheme.exclusive:
            likeliest: np.ndarray = topics == topics.max(axis=1, keepdims=True)
            return likeliest if self.topics.any(axis=1).all() else likeliest & likely
        return likely

    def calibrate(self, run: Run) -> tuple[np.ndarray, np.ndarray, float]:
        """Fit Platt's sigmoid to each topic and one temperature to the stances, by likelihood.

        Returns
        -------
        slope, shift : ndarray, shape (n_topics,)
        temperature : float
        """
        topics, stances = self.outputs(run)
        fitted = [platt(topics[:, column], self.topics[:, column]) for column in range(topics.shape[1])]
        slope, shift = (np.array([each[part] for each in fitted]) for part in (0, 1))
        return slope, shift, temperature(stances, self.stances)


def mean_holds(seeds: Sequence[Mapping[str, float]], mean: Mapping[str, float]) -> bool:
    """Tell from dev scores whether the mean of runs' weights is a model: it is no worse than the runs are on average.

    The best run is no measure: chosen on the units that it is scored on, it flatters itself.
    """
    return bool(mean[METRIC] >= np.mean([run[METRIC] for run in seeds]))


def platt(scores: np.ndarray, has: np.ndarray) -> tuple[float, float]:
    """Fit ``p = 1 / (1 + exp(-(slope * score + shift)))``, with Platt's (1999) targets, which are never quite 0 or 1."""
    positive, negative = has.sum(), len(has) - has.sum()
    target = np.where(has, (positive + 1) / (positive + 2), 1 / (negative + 2))

    def loss(values: np.ndarray) -> float:
        z = values[0] * scores + values[1]
        return float(np.mean(np.logaddexp(0, z) - target * z))

    slope, shift = minimize(loss, np.array([1.0, 0.0]), method="L-BFGS-B", bounds=[(1e-2, 1e2), (-50, 50)]).x
    return float(slope), float(shift)


def temperature(scores: np.ndarray, labels: np.ndarray) -> float:
    """Find the temperature under which the labels are likeliest (Guo et al. 2017); 1 where there is none."""
    if not len(labels):
        return 1.0
    rows = np.arange(len(labels))
    found = minimize_scalar(lambda t: -log_softmax(scores / np.exp(t), axis=1)[rows, labels].mean(), bounds=(-3, 3), method="bounded")
    return float(np.exp(found.x))

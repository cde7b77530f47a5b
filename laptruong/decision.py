"""From probabilities to labels: thresholds chosen on dev, and when to say "not sure"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from laptruong.articles import Mention, Statement, Unit
from laptruong.classifiers.base import Gold, Prediction
from laptruong.labels import Abstention, TopicLabel, UnitLabels
from laptruong.scheme import Pair, Scheme

_RESAMPLES = 500


@dataclass(frozen=True, slots=True)
class Decision:
    """The thresholds of a model.

    Attributes
    ----------
    topic : dict from str to float
        A topic is decided from this probability on.
    topic_abstain : dict from str to float
        A decided topic below this is withheld; never less than its threshold.
    stance_abstain : float
        A stance below this is withheld.
    """

    topic: dict[str, float]
    topic_abstain: dict[str, float]
    stance_abstain: float

    def floor(self, scheme: Scheme) -> np.ndarray:
        """Give the thresholds as an array; shape (n_topics,)."""
        return np.array([self.topic[topic] for topic in scheme.topic_ids])


def decide_topics(prediction: Prediction, decision: Decision, scheme: Scheme) -> list[TopicLabel]:
    """Decide the topics of a unit, whether sure or not; at most one where the scheme's topics are exclusive."""
    decided = [
        TopicLabel(topic, float(p)) for topic, p in zip(scheme.topic_ids, prediction.topics, strict=True) if p >= decision.topic[topic]
    ]
    if scheme.exclusive and decided:
        return [max(decided, key=lambda label: label.probability)]
    return decided


def decide_stance(distribution: np.ndarray, scheme: Scheme) -> tuple[str, float]:
    """Decide the stance of a pair: the most probable one."""
    best = int(distribution.argmax())
    return scheme.stance_ids[best], float(distribution[best])


def label_unit(unit: Unit, mentions: Sequence[Mention], prediction: Prediction, decision: Decision, scheme: Scheme) -> UnitLabels:
    """Give the labels of a unit that are sure enough, and list those that are not."""
    index = unit.parts[0][0]
    topics, stances, withheld = [], [], []
    for label in decide_topics(prediction, decision, scheme):
        if label.probability >= decision.topic_abstain[label.topic]:
            topics.append(label)
        else:
            withheld.append(Abstention("paragraph", index, None, label.topic, None, label.probability))
    given = {label.topic for label in topics}
    for (actor, topic), distribution in prediction.stances.items():
        if scheme.topics is not None and topic not in given:
            continue
        stance, p = decide_stance(distribution, scheme)
        if p >= decision.stance_abstain:
            stances.append(Statement(actor, topic, stance, p))
        else:
            withheld.append(Abstention("paragraph", index, actor, topic, stance, p))
    return UnitLabels(unit, tuple(mentions), tuple(topics), tuple(stances), tuple(withheld))


def choose(predictions: Sequence[Prediction], gold: Sequence[Gold], scheme: Scheme, *, abstention_cost: float) -> Decision:
    """Choose the thresholds on dev.

    A topic's threshold is that of `f1_threshold`. Abstention follows Chow (1970, "On optimum recognition error and reject
    tradeoff"), who weighs ``wrong labels given + abstention_cost * labels withheld``; see `abstention_threshold`.

    Parameters
    ----------
    predictions, gold : sequences of equal length
        The predictions must hold the gold pairs.
    abstention_cost : float
        What withholding a label costs, between 0 and 1, where a wrong label costs 1.
    """
    topic, topic_abstain = {}, {}
    for column, each in enumerate(scheme.topic_ids):
        p = np.array([prediction.topics[column] for prediction in predictions])
        y = np.array([each in labels.topics for labels in gold])
        topic[each] = f1_threshold(p, y)
        decided = p >= topic[each]
        topic_abstain[each] = max(topic[each], abstention_threshold(p[decided], y[decided], abstention_cost))
    confidence, right = _stance_confidence(predictions, gold, scheme)
    return Decision(topic, topic_abstain, abstention_threshold(confidence, right, abstention_cost))


def _stance_confidence(predictions: Sequence[Prediction], gold: Sequence[Gold], scheme: Scheme) -> tuple[np.ndarray, np.ndarray]:
    confidence, right = [], []
    for prediction, labels in zip(predictions, gold, strict=True):
        pair: Pair
        for pair, stance in labels.stances.items():
            guess, p = decide_stance(prediction.stances[pair], scheme)
            confidence.append(p)
            right.append(guess == stance)
    return np.array(confidence), np.array(right, dtype=bool)


def f1_threshold(p: np.ndarray, y: np.ndarray, seed: int = 0) -> float:
    """Find the threshold nearest to 0.5 whose F1 is within one standard error of the best.

    The best threshold of a few hundred units is mostly chance; 0.5 is where calibrated probabilities would put it
    near. This is the one-standard-error rule of Breiman et al. (1984, "Classification and Regression Trees"), with
    the error of the best F1 taken from a bootstrap over units.
    """
    edges = np.unique(p)
    candidates = np.concatenate([edges[:1] / 2, (edges[1:] + edges[:-1]) / 2, [0.5]])
    return _nearest_good(candidates, lambda t, draw: -_f1(p[draw] >= t, y[draw]), len(p), 0.5, seed)


def _nearest_good(candidates: np.ndarray, loss: Callable[[float, np.ndarray], float], count: int, expected: float, seed: int) -> float:
    """Find the candidate nearest to what calibration expects among those within one standard error of the least loss."""
    losses = np.array([loss(t, np.arange(count)) for t in candidates])
    best = candidates[int(losses.argmin())]
    draws = np.random.default_rng(seed).integers(0, count, size=(_RESAMPLES, count))
    error = np.std([loss(best, draw) for draw in draws])
    good = candidates[losses <= losses.min() + error]
    return float(good[np.argmin(np.abs(good - expected))])


def _f1(guess: np.ndarray, y: np.ndarray) -> float:
    return float(2 * np.sum(guess & y) / max(np.sum(guess) + np.sum(y), 1))


def abstention_threshold(confidence: np.ndarray, right: np.ndarray, cost: float, seed: int = 0) -> float:
    """Find the confidence below which a label is withheld.

    With calibrated probabilities it is Chow's ``1 - cost``; dev moves it where that is more than one standard error
    dearer than the cheapest threshold.
    """
    if not len(confidence):
        return 1.0 - cost
    edges = np.unique(confidence)
    candidates = np.concatenate([[0.0], (edges[1:] + edges[:-1]) / 2, [1.0, 1.0 - cost]])

    def risk(t: float, draw: np.ndarray) -> float:
        given = confidence[draw] >= t
        return float(np.mean(np.where(given, ~right[draw], cost)))

    return _nearest_good(candidates, risk, len(confidence), 1.0 - cost, seed)

"""How far two blind labelling passes agree: Cohen's kappa and Krippendorff's alpha, with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score

from laptruong.corpus.annotation import Annotation, Key, complete
from laptruong.scheme import Scheme

Row = tuple[str, str, str]
"""A decision both took: the article, and what each said."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement on one question.

    Attributes
    ----------
    question : str
        A topic's id, ``stance``, ``off_topic`` or ``statements``.
    decisions : int
        How many both took; for statements, how many either gave.
    kappa, alpha : float or None
        Cohen's kappa and Krippendorff's nominal alpha; None for statements, and where only one value occurs.
    kappa_interval, alpha_interval : tuple of float or None
        95 % percentile bootstrap intervals, articles resampled.
    agreed : float or None
        Share of decisions on which both said the same; for statements, F1 of one pass against the other.
    """

    question: str
    decisions: int
    kappa: float | None
    kappa_interval: tuple[float, float] | None
    alpha: float | None
    alpha_interval: tuple[float, float] | None
    agreed: float | None


def agreement(annotation: Annotation, scheme: Scheme, *, resamples: int = 1000, seed: int = 0) -> list[Agreement]:
    """Compare the two blind passes of an annotation.

    Stances are compared where both passes give the unit the topic and list the actor; statements (the triples that are
    not neutral) over all units, so that they also count what only one pass saw.

    Parameters
    ----------
    annotation : Annotation
    scheme : Scheme
    resamples : int
        Bootstrap resamples of the articles.
    seed : int

    Returns
    -------
    list of Agreement
        One per topic, then stance, kind of paragraph without a topic, and whole statements.

    References
    ----------
    Cohen (1960), A coefficient of agreement for nominal scales. Krippendorff (2004), Content Analysis, chapter 11.
    """
    keys = sorted(set(annotation.pass_a) & set(annotation.pass_b))
    found = [_compared(topic, list(_topic_rows(annotation, keys, topic)), resamples, seed) for topic in scheme.topic_ids]
    found.append(_compared("stance", list(_stance_rows(annotation, keys, scheme)), resamples, seed))
    kinds = list(_kind_rows(annotation, keys))
    if kinds:
        found.append(_compared("off_topic", kinds, resamples, seed))
    found.append(_statements(annotation, keys, scheme))
    return found


def _topic_rows(annotation: Annotation, keys: Iterable[Key], topic: str) -> Iterable[Row]:
    for key in keys:
        yield key[0], str(topic in annotation.pass_a[key].topics), str(topic in annotation.pass_b[key].topics)


def _stance_rows(annotation: Annotation, keys: Iterable[Key], scheme: Scheme) -> Iterable[Row]:
    for key in keys:
        one, two = (complete(each[key].gold, scheme).stances for each in (annotation.pass_a, annotation.pass_b))
        yield from ((key[0], one[pair], two[pair]) for pair in one if pair in two)


def _kind_rows(annotation: Annotation, keys: Iterable[Key]) -> Iterable[Row]:
    for key in keys:
        one, two = annotation.pass_a[key].off_topic, annotation.pass_b[key].off_topic
        if one and two:
            yield key[0], one, two


def _statements(annotation: Annotation, keys: Iterable[Key], scheme: Scheme) -> Agreement:
    sides = []
    for each in (annotation.pass_a, annotation.pass_b):
        sides.append({(key, pair, stance) for key in keys for pair, stance in each[key].gold.stances.items() if stance != scheme.neutral})
    both, either = len(sides[0] & sides[1]), len(sides[0] | sides[1])
    return Agreement("statements", either, None, None, None, None, 2 * both / max(both + either, 1))


def _compared(question: str, rows: Sequence[Row], resamples: int, seed: int) -> Agreement:
    if not rows:
        return Agreement(question, 0, None, None, None, None, None)
    tables = _tables(rows)
    total = tables.sum(axis=0)
    generator = np.random.default_rng(seed)
    draws = [tables[generator.integers(len(tables), size=len(tables))].sum(axis=0) for _ in range(resamples)]
    agreed = float(np.trace(total) / total.sum())
    return Agreement(question, len(rows), kappa(total), _interval(kappa, draws), alpha(total), _interval(alpha, draws), agreed)


def _tables(rows: Sequence[Row]) -> np.ndarray:
    """Count each article's decisions: shape (n_articles, n_values, n_values), first pass by second."""
    values = sorted({value for _, *said in rows for value in said})
    articles = {article: number for number, article in enumerate(sorted({row[0] for row in rows}))}
    tables = np.zeros((len(articles), len(values), len(values)), dtype=int)
    for (article, one, two), count in Counter(rows).items():
        tables[articles[article], values.index(one), values.index(two)] += count
    return tables


def kappa(table: np.ndarray) -> float | None:
    """Give Cohen's kappa of a table of counts, shape (n_values, n_values); None where only one value occurs."""
    one, two = np.indices(table.shape).reshape(2, -1)
    return float(cohen_kappa_score(one, two, sample_weight=table.ravel())) if _varies(table) else None


def alpha(table: np.ndarray) -> float | None:
    """Give Krippendorff's nominal alpha of a table of counts; None where only one value occurs."""
    one, two = np.indices(table.shape).reshape(2, -1)
    counts = [np.bincount([a, b], minlength=len(table)) for a, b in zip(one, two, strict=True)]
    values = np.repeat(counts, table.ravel(), axis=0)
    return float(krippendorff.alpha(value_counts=values, level_of_measurement="nominal")) if _varies(table) else None


def _varies(table: np.ndarray) -> bool:
    return int(((table.sum(axis=0) + table.sum(axis=1)) > 0).sum()) > 1


def _interval(statistic: Callable[[np.ndarray], float | None], draws: Sequence[np.ndarray]) -> tuple[float, float] | None:
    values = [value for draw in draws if (value := statistic(draw)) is not None]
    if not values:
        return None
    low, high = np.percentile(values, [2.5, 97.5])
    return float(low), float(high)

"""How far two blind labelling passes agree: Cohen's kappa and Krippendorff's alpha, with intervals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass

import krippendorff
import numpy as np
from sklearn.metrics import cohen_kappa_score

from laptruong.corpus.annotation import Annotation, PassRecord
from laptruong.scheme import Scheme

Row = tuple[str, str, str]
"""A decision both took: the article, and what each said."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreement on one question.

    Attributes
    ----------
    question : str
        ``boilerplate``, a topic's id, ``stance``, ``off_topic`` or ``statements``.
    decisions : int
        How many both took; for statements, how many either gave.
    kappa, alpha : float or None
        Cohen's kappa and Krippendorff's nominal alpha; None for statements, and where only one value occurs.
    kappa_interval, alpha_interval : tuple of float or None
        95 % percentile bootstrap intervals, articles resampled.
    agreed : float or None
        Share of decisions on which both said the same; for statements, F1 of one pass against the other.
    agreed_interval : tuple of float or None
        Likewise resampled.
    """

    question: str
    decisions: int
    kappa: float | None
    kappa_interval: tuple[float, float] | None
    alpha: float | None
    alpha_interval: tuple[float, float] | None
    agreed: float | None
    agreed_interval: tuple[float, float] | None


def agreement(
    annotation: Annotation, scheme: Scheme, *, articles: Container[str] | None = None, resamples: int = 1000, seed: int = 0
) -> list[Agreement]:
    """Compare the two blind passes of an annotation.

    Topics are compared on units that neither pass takes for boilerplate; stances where both give the unit the topic
    and list the actor; statements (the triples that are not neutral) over all units, so that they also count what
    only one pass saw.

    Parameters
    ----------
    annotation : Annotation
    scheme : Scheme
    articles : container of str, optional
        Ids of the articles to look at; by default all.
    resamples : int
        Bootstrap resamples of the articles.
    seed : int

    Returns
    -------
    list of Agreement
        Boilerplate, one per topic, stance, kind of unit without a topic, and whole statements.

    References
    ----------
    Cohen (1960), A coefficient of agreement for nominal scales. Krippendorff (2004), Content Analysis, chapter 11.
    """
    keys = sorted(key for key in set(annotation.pass_a) & set(annotation.pass_b) if articles is None or key[0] in articles)
    both = [(key[0], annotation.pass_a[key], annotation.pass_b[key]) for key in keys]
    text = [(article, one, two) for article, one, two in both if not (one.boilerplate or two.boilerplate)]
    rows: dict[str, list[Row]] = {"boilerplate": [(article, str(one.boilerplate), str(two.boilerplate)) for article, one, two in both]}
    for topic in scheme.topic_ids:
        rows[topic] = [(article, str(topic in one.topics), str(topic in two.topics)) for article, one, two in text]
    rows["stance"] = [
        (article, stance, two.gold.stances[pair])
        for article, one, two in text for pair, stance in one.gold.stances.items() if pair in two.gold.stances
    ]  # fmt: skip
    rows["off_topic"] = [(article, one.off_topic, two.off_topic) for article, one, two in text if one.off_topic and two.off_topic]
    found = [_compared(question, said, resamples, seed) for question, said in rows.items() if said]
    return [*found, _statements(both, scheme, resamples, seed)]


def _statements(both: Sequence[tuple[str, PassRecord, PassRecord]], scheme: Scheme, resamples: int, seed: int) -> Agreement:
    counts: dict[str, list[int]] = {}
    for article, *sides in both:
        one, two = ({(*pair, stance) for pair, stance in each.gold.stances.items() if stance != scheme.neutral} for each in sides)
        row = counts.setdefault(article, [0, 0])
        row[0] += len(one & two)
        row[1] += len(one) + len(two)
    table = np.array(list(counts.values()) or [[0, 0]])
    draws = _draws(table, resamples, seed)

    def f1(total: np.ndarray) -> float | None:
        return float(2 * total[0] / total[1]) if total[1] else None

    same, said = table.sum(axis=0)
    return Agreement("statements", int(said - same), None, None, None, None, f1(table.sum(axis=0)), _interval(f1, draws))


def _compared(question: str, rows: Sequence[Row], resamples: int, seed: int) -> Agreement:
    tables = _tables(rows)
    total, draws = tables.sum(axis=0), _draws(tables, resamples, seed)

    def same(table: np.ndarray) -> float:
        return float(np.trace(table) / table.sum())

    return Agreement(
        question,
        len(rows),
        kappa(total),
        _interval(kappa, draws),
        alpha(total),
        _interval(alpha, draws),
        same(total),
        _interval(same, draws),
    )


def _draws(tables: np.ndarray, resamples: int, seed: int) -> list[np.ndarray]:
    """Sum the counts of as many articles as there are, drawn with replacement."""
    generator = np.random.default_rng(seed)
    return [tables[generator.integers(len(tables), size=len(tables))].sum(axis=0) for _ in range(resamples)]


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

"""Can a model's probabilities be believed, and what does abstaining save?

Over the items of the paragraph level. Brier score: mean squared distance of the distribution from the truth (Brier 1950; for topics
of the probability of yes). Adaptive ECE: bins of equally many items (Nixon et al. 2019, "Measuring calibration in deep
learning"). Coverage-risk: labels are given from the most confident on; AURC is the mean risk over all coverages (Geifman et al.
2019).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from laptruong.evaluation.resampling import Draws, interval
from laptruong.evaluation.results import Bin, Budget, Calibration, CoverageRisk, Interval, RiskPoint, Task
from laptruong.evaluation.scores import articles_of, task_items
from laptruong.scheme import Scheme

BINS = 10
BUDGETS = (0.01, 0.02, 0.05, 0.1, 0.2)
_POINTS = 100
_RESAMPLES = 500
"""Sorting makes the area and the calibration error dearer than counts; so many resamples are enough for two digits."""


def calibration(items: pd.DataFrame, task: Task, scheme: Scheme, draws: Draws) -> Calibration:
    """Measure how far the probabilities of topics (yes) or stances (the one decided) can be believed."""
    mine = task_items(items, "paragraph", task)
    row = pd.Index(articles_of(items)).get_indexer(pd.Index(mine["article"]))
    if task == "topic":
        p, right = np.array([each[0] for each in mine["probabilities"]]), (mine["gold"] == "yes").to_numpy(float)
        brier = (p - right) ** 2
    else:
        shares = np.stack(mine["probabilities"].to_list())
        truth = np.array([[stance == gold for stance in scheme.stance_ids] for gold in mine["gold"]], dtype=float)
        brier = ((shares - truth) ** 2).sum(axis=1)
        p, right = mine["confidence"].to_numpy(), mine["right"].to_numpy(float)
    weights = draws.weights[:_RESAMPLES, row]
    bins = _bins(p)
    spread = [_ece(p, right, bins, weight) for weight in weights]
    return Calibration(
        task=task, items=len(mine), brier=interval(float(brier.mean()), _mean(brier, weights)),
        ece=interval(_ece(p, right, bins, np.ones(len(p))), np.array(spread)),
        bins=[Bin(confidence=p[each].mean(), accuracy=right[each].mean(), count=len(each)) for each in bins],
    )  # fmt: skip


def _bins(p: np.ndarray) -> list[np.ndarray]:
    return [each for each in np.array_split(np.argsort(p, kind="stable"), BINS) if len(each)]


def _ece(p: np.ndarray, right: np.ndarray, bins: Sequence[np.ndarray], weight: np.ndarray) -> float:
    return float(sum(abs(np.sum(weight[each] * (p[each] - right[each]))) for each in bins) / max(weight.sum(), 1))


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.asarray((weights @ values) / np.maximum(weights.sum(axis=1), 1))


def coverage_risk(items: pd.DataFrame, task: Task, draws: Draws) -> CoverageRisk:
    """Say what each threshold gives: labels kept, and the share of them that is wrong.

    For topics and statements the labels that can be given count (a topic decided, a position told), for stances all pairs.
    """
    mine = decided(task_items(items, "paragraph", task), task)
    row = pd.Index(articles_of(items)).get_indexer(pd.Index(mine["article"]))
    order = np.argsort(-mine["confidence"].to_numpy(), kind="stable")
    confidence, wrong = mine["confidence"].to_numpy()[order], ~mine["right"].to_numpy()[order]
    weights = draws.weights[:_RESAMPLES, row[order]]
    area = interval(_area(wrong[None], np.ones((1, len(wrong))))[0], _area(wrong, weights)) if len(mine) else Interval(value=0.0)
    ends = _last_of_ties(confidence)
    risks = np.cumsum(wrong)[ends] / (ends + 1)
    shown = np.unique(np.linspace(0, len(ends) - 1, _POINTS).astype(int))[: len(ends)]
    points = [RiskPoint(threshold=confidence[ends[i]], coverage=(ends[i] + 1) / len(wrong), risk=risks[i]) for i in shown]
    budgets = [cut(most, keep_to(most, confidence, wrong), confidence, wrong) for most in BUDGETS]
    return CoverageRisk(task=task, items=len(mine), aurc=area, points=points, budgets=budgets)


def decided(items: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Give the items in which a label would be given: topics decided, positions told, every stance."""
    if task == "topic":
        return items[items["predicted"] == "yes"]
    return items[items["predicted"].notna()]


def _area(wrong: np.ndarray, weights: np.ndarray) -> np.ndarray:
    given = np.cumsum(weights, axis=1)
    risk = np.cumsum(weights * wrong, axis=1) / np.maximum(given, 1)
    return np.asarray((risk * weights).sum(axis=1) / np.maximum(given[:, -1], 1))


def _last_of_ties(confidence: np.ndarray) -> np.ndarray:
    """Give the places after which a threshold can cut: equal confidences are given or withheld together."""
    return np.flatnonzero(np.append(np.diff(confidence) != 0, True)) if len(confidence) else np.array([], dtype=int)


def keep_to(max_error: float, confidence: np.ndarray, wrong: np.ndarray, *others: tuple[np.ndarray, np.ndarray]) -> float | None:
    """Find the lowest threshold that keeps to an error budget.

    Parameters
    ----------
    max_error : float
        The largest share of the labels given that may be wrong.
    confidence, wrong : ndarray, shape (n_labels,)
    *others : tuple of (confidence, wrong)
        Further kinds of labels that the same threshold gives; each kind must keep to the budget.

    Returns
    -------
    float or None
        The confidence of a label, the last to be given; None where no threshold keeps to the budget.
    """
    curves = [(confidence, wrong), *others]
    candidates = np.unique(np.concatenate([each for each, _ in curves]))
    kept = np.ones(len(candidates), dtype=bool)
    for surety, mistaken in curves:
        order = np.argsort(surety, kind="stable")
        first = np.searchsorted(surety[order], candidates)  # equal confidences are given or withheld together
        mistakes = np.append(np.cumsum(mistaken[order][::-1])[::-1], 0)[first]
        kept &= mistakes / np.maximum(len(surety) - first, 1) <= max_error
    return float(candidates[kept][0]) if kept.any() else None


def cut(max_error: float, threshold: float | None, confidence: np.ndarray, wrong: np.ndarray) -> Budget:
    """Say what a threshold gives and withholds; None withholds all. The error's interval is Wilson's (1927)."""
    given = confidence >= (np.inf if threshold is None else threshold)
    count, mistakes = int(given.sum()), int(wrong[given].sum())
    error = Interval(value=0.0)
    if count:
        bounds = binomtest(mistakes, count).proportion_ci(method="wilson")
        error = Interval(value=mistakes / count, low=float(bounds.low), high=float(bounds.high))
    return Budget(
        max_error=max_error, threshold=threshold, coverage=count / len(wrong) if len(wrong) else 0.0, error=error,
        right_withheld=int((~wrong[~given]).sum()), wrong_withheld=int(wrong[~given].sum()),
    )  # fmt: skip

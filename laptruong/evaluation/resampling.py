"""The cluster bootstrap: articles are drawn with replacement, as many as there are, the same ones for every figure and model.

Paragraphs of an article are not independent, articles are; so articles are what is drawn (Davison and Hinkley 1997, "Bootstrap
Methods and their Application", section 3.8). Intervals are percentile intervals.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.stats import norm

from laptruong.evaluation.results import Interval

RESAMPLES = 2000
LEVEL = 0.95
_POWER = 0.8


class Draws:
    """How often each article is in each resample.

    Parameters
    ----------
    articles : int
    resamples : int
    seed : int

    Attributes
    ----------
    weights : ndarray of float32, shape (n_resamples, n_articles)
        Each row sums to the number of articles.
    """

    def __init__(self, articles: int, resamples: int = RESAMPLES, seed: int = 0) -> None:
        draw = np.random.default_rng(seed)
        self.weights = np.zeros((resamples, articles), dtype=np.float32)
        for row in self.weights:
            row[:] = np.bincount(draw.integers(0, articles, articles), minlength=articles) if articles else 0

    def sums(self, counts: np.ndarray) -> np.ndarray:
        """Add up counts of shape (n_articles, ...) in each resample; shape (n_resamples, ...)."""
        flat = self.weights @ counts.reshape(len(counts), -1).astype(np.float32)
        return flat.reshape(len(self.weights), *counts.shape[1:]).astype(np.float64)

    def interval(self, counts: np.ndarray, figure: Callable[[np.ndarray], np.ndarray]) -> Interval:
        """Give a figure of summed counts, with its interval."""
        return interval(float(figure(counts.sum(axis=0, dtype=np.float64))), figure(self.sums(counts)))


def interval(value: float, resampled: np.ndarray) -> Interval:
    """Give the percentile interval of a figure from its values in the resamples; no bounds where there are none."""
    known = resampled[np.isfinite(resampled)]
    if not len(known):
        return Interval(value=value)
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(value=value, low=float(low), high=float(high))


def p_value(difference: float, resampled: np.ndarray) -> float:
    """Test a difference against 0, two-sided, by its standard error over the resamples (normal approximation).

    Shares of resamples would be no smaller than one in their number, too coarse for Holm's correction.
    """
    error = float(resampled.std())
    if error == 0:
        return 1.0 if difference == 0 else 0.0
    return float(2 * norm.sf(abs(difference) / error))


def more_needed(difference: float, resampled: np.ndarray, articles: int) -> int | None:
    """Say how many more articles would decide a difference with a power of 80 %, were it as large as seen; None where none is seen.

    The standard error falls with the root of the number of articles.
    """
    if difference == 0:
        return None
    wanted = float(norm.ppf((1 + LEVEL) / 2) + norm.ppf(_POWER))
    needed = articles * (wanted * float(resampled.std()) / abs(difference)) ** 2
    return max(1, int(np.ceil(needed)) - articles)


def holm(p: list[float]) -> list[float]:
    """Correct p values for their number (Holm 1979, "A simple sequentially rejective multiple test procedure")."""
    order = np.argsort(p, kind="stable")
    scaled = np.array(p, dtype=float)[order] * np.arange(len(p), 0, -1)
    corrected = np.empty(len(p))
    corrected[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return [float(each) for each in corrected]

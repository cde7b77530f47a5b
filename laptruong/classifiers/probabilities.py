"""From scores to probabilities, as in `scipy.special`, which takes longer to import than a page to label."""

from __future__ import annotations

import numpy as np


def expit(scores: np.ndarray) -> np.ndarray:
    """Give the logistic function of scores, ``1 / (1 + exp(-x))``; same shape."""
    return np.asarray(np.exp(-np.logaddexp(0, -scores)))


def softmax(scores: np.ndarray, axis: int) -> np.ndarray:
    """Give distributions along an axis, ``exp(x) / sum(exp(x))``; same shape."""
    powers = np.exp(scores - np.max(scores, axis=axis, keepdims=True, initial=-np.inf))
    return np.asarray(powers / powers.sum(axis=axis, keepdims=True))

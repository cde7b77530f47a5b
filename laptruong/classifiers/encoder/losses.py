"""Losses: what training makes small. Shapes as in `heads`."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

IGNORED = -100
"""In the place of a stance that nobody labelled."""


def topic_loss(logits: Tensor, gold: Tensor) -> Tensor:
    """Give the mean binary cross-entropy of topics.

    Parameters
    ----------
    logits, gold : Tensor, shape (B, K)
        ``gold`` is 1 where the unit has the topic and 0 where not.
    """
    return binary_cross_entropy_with_logits(logits, gold)


def stance_loss(logits: Tensor, gold: Tensor, weights: Tensor) -> Tensor:
    """Give the weighted mean cross-entropy of stances; 0 where a batch has no labelled pair.

    Parameters
    ----------
    logits : Tensor, shape (B, A, Q, S)
    gold : Tensor of int, shape (B, A, Q)
        Indexes of stances, `IGNORED` for pairs without a label.
    weights : Tensor, shape (S,)
        How much a pair of each stance counts.
    """
    flat, labels = logits.flatten(0, 2), gold.flatten()
    if not bool((labels != IGNORED).any()):
        return logits.sum() * 0.0
    return cross_entropy(flat, labels, weight=weights, ignore_index=IGNORED)


def balance(counts: Tensor, strength: float) -> Tensor:
    """Give class weights ``count ** -strength``, their mean over the training pairs being 1.

    Parameters
    ----------
    counts : Tensor, shape (S,)
        Training pairs of each stance, none of them 0.
    strength : float
        0: all pairs alike; 1: all classes alike.
    """
    weights = counts.double() ** -strength
    return (weights * counts.sum() / (weights * counts).sum()).to(torch.float32)

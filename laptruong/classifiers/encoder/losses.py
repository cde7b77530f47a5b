"""Losses: what training makes small. Shapes as in `heads`."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, log_softmax


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
    gold : Tensor, shape (B, A, Q, S)
        1 for the stance that was labelled; all 0 for pairs without a label.
    weights : Tensor, shape (S,)
        How much a pair of each stance counts.
    """
    weighted = gold * weights
    return -(weighted * log_softmax(logits, dim=-1)).sum() / weighted.sum().clamp(min=torch.finfo(weighted.dtype).tiny)


def balance(counts: Tensor, strength: float) -> Tensor:
    """Give class weights ``count ** -strength``, their mean over the training pairs being 1.

    Parameters
    ----------
    counts : Tensor, shape (S,)
        Training pairs of each stance; none 0.
    strength : float
        0: all pairs alike; 1: all classes alike.
    """
    weights = counts.double() ** -strength
    return (weights * counts.sum() / (weights * counts).sum()).to(torch.float32)

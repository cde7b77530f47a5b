"""Dropout that does not hold a CPU up.

torch draws the mask of a dropout on a CPU one number after the other on one core, which takes as long as the
encoder's own arithmetic (`benchmarks/encoder.py`). Here one byte decides about a value, so the rate is a multiple of 1/256,
and the bytes come from NumPy's SFC64, seeded from torch's generator: a checkpoint that keeps torch's state keeps the masks.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn


class ByteDropout(nn.Module):
    """Dropout with one random byte a value; on a GPU torch's own.

    Parameters
    ----------
    p : float
        Share of the values that are made 0, rounded to a multiple of 1/256.
    """

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, values: Tensor) -> Tensor:
        """Drop values of a tensor of any shape while training, and scale the others up by ``1 / (1 - p)``."""
        threshold = round(self.p * 256)
        if not self.training or not threshold:
            return values
        if values.device.type != "cpu":
            return nn.functional.dropout(values, self.p)
        seed = int(torch.randint(2**62, ()))
        drawn = bytearray(np.random.Generator(np.random.SFC64(seed)).bytes(values.numel()))
        keep = torch.frombuffer(drawn, dtype=torch.uint8).view(values.shape) >= threshold
        return values * (keep.to(values.dtype) * (256 / (256 - threshold)))


def lighten(model: Any, p: float | None = None) -> None:
    """Put this dropout, in place, wherever a model has torch's.

    Parameters
    ----------
    model : torch.nn.Module
    p : float, optional
        The share to drop; by default what each had.
    """
    for parent in list(model.modules()):
        for name, child in parent.named_children():
            if isinstance(child, nn.Dropout):
                setattr(parent, name, ByteDropout(child.p if p is None else min(p, child.p)))

"""The order of training: batches of like length, in no order of length.

transformers' own grouping sorts what it groups and keeps it sorted, so that an epoch goes from the longest texts to the shortest;
here the batches are shuffled afterwards. With it sorted, the offline encoder had learnt no topic after an epoch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

_GROUP = 32
"""Batches of which the lengths are sorted together."""


class ShuffledBatches(Sampler[int]):
    """Indexes such that each run of ``batch_size`` of them has like lengths.

    Parameters
    ----------
    lengths : sequence of int
    batch_size : int
    seed : int
        With the epoch it decides the order, so that a training that resumes finds the same one.
    """

    def __init__(self, lengths: Sequence[int], batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = np.asarray(lengths), batch_size, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next; the trainer does."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.lengths)

    def __iter__(self) -> Iterator[int]:
        draw = np.random.default_rng((self.seed, self.epoch))
        order = draw.permutation(len(self.lengths))
        whole: list[np.ndarray] = []
        short: list[np.ndarray] = []
        for start in range(0, len(order), self.batch_size * _GROUP):
            group = order[start : start + self.batch_size * _GROUP]
            group = group[np.argsort(self.lengths[group], kind="stable")]
            for at in range(0, len(group), self.batch_size):
                batch = group[at : at + self.batch_size]
                (whole if len(batch) == self.batch_size else short).append(batch)
        draw.shuffle(whole)
        return iter([int(i) for batch in whole + short for i in batch])

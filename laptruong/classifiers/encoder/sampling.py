"""The order of training: batches of like length, in no order of length, of units that have several texts one at a time.

transformers' own grouping sorts what it groups and keeps it sorted, so that an epoch goes from the longest texts to the shortest;
here the batches are shuffled afterwards. With it sorted, the offline encoder had learnt no topic after an epoch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from torch.utils.data import Sampler

ALTERED = 0.4
"""How often a unit that has other versions is seen in one of them."""
_GROUP = 32
"""Batches of which the lengths are sorted together."""


class ShuffledBatches(Sampler[int]):
    """Indexes of rows, one of each unit, such that each run of ``batch_size`` of them has like lengths.

    Parameters
    ----------
    lengths : sequence of int
        Of each row.
    units : sequence of int
        Which unit a row is of. A unit's first row is the true one, the others are other versions of it.
    batch_size : int
    seed : int
        With the epoch it decides versions and order, so that a training that resumes finds the same ones.
    """

    def __init__(self, lengths: Sequence[int], units: Sequence[int], batch_size: int, seed: int) -> None:
        self.lengths, self.batch_size, self.seed, self.epoch = np.asarray(lengths), batch_size, seed, 0
        rows: dict[int, list[int]] = {}
        for row, unit in enumerate(units):
            rows.setdefault(unit, []).append(row)
        self.rows = list(rows.values())

    def set_epoch(self, epoch: int) -> None:
        """Say which epoch comes next; the trainer does."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.rows)

    def __iter__(self) -> Iterator[int]:
        draw = np.random.default_rng((self.seed, self.epoch))
        seen = np.array([_version(rows, draw) for rows in self.rows], dtype=np.int64)
        order = seen[draw.permutation(len(seen))]
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


def _version(rows: Sequence[int], draw: np.random.Generator) -> int:
    """Choose the row in which a unit is seen."""
    altered = len(rows) > 1 and draw.random() < ALTERED
    return rows[int(draw.integers(1, len(rows)))] if altered else rows[0]

"""What the trainer reads: units and other versions of them as rows, and rows as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from datasets import Dataset

from laptruong.classifiers.base import Example, Gold
from laptruong.classifiers.encoder.subwords import Marks, Subwords
from laptruong.classifiers.encoder.windows import Window, collate, make_windows
from laptruong.scheme import Scheme

if TYPE_CHECKING:
    from laptruong.classifiers.encoder.classifier import EncoderClassifier


def table(
    owner: EncoderClassifier, examples: Sequence[Example], gold: Sequence[Gold], versions: Sequence[Sequence[tuple[Example, Gold]]]
) -> Dataset:
    """Give all that is learnt from, in rows of `encode`: the units, and their other versions."""
    texts, labels = [*examples], [*gold]
    units = list(range(len(examples)))
    for unit, mine in enumerate(versions):
        texts += [example for example, _ in mine]
        labels += [label for _, label in mine]
        units += [unit] * len(mine)
    return encode(texts, labels, owner.scheme, owner.subwords_, owner.window_, units)


def encode(
    examples: Sequence[Example], labels: Sequence[Gold], scheme: Scheme, subwords: Subwords, limit: int,
    units: Sequence[int] | None = None,
) -> Dataset:  # fmt: skip
    """Turn texts into what the trainer feeds: one row a text.

    Parameters
    ----------
    examples, labels : sequences of equal length
    scheme, subwords : Scheme, Subwords
    limit : int
        Longest window.
    units : sequence of int, optional
        Which unit a text is of; by default each is one of its own.

    Returns
    -------
    datasets.Dataset
        ``ids`` and ``places`` (windows; windows x actors x positions), ``topics`` (1 or 0 each), ``stances`` (actors
        x topics asked about x stances; see `losses.stance_loss`), ``length`` of the longest window, ``unit``.
    """
    asked = [list(dict.fromkeys(actor for actor, _ in each.stances)) for each in labels]
    rows: list[dict[str, Any]] = [
        {"ids": [], "places": [], "topics": _topics(each, scheme), "stances": _stances(each, actors, scheme), "length": 0, "unit": unit}
        for each, actors, unit in zip(labels, asked, units or range(len(examples)), strict=True)
    ]
    for window in make_windows(examples, asked, subwords, limit):
        row = rows[window.unit]
        row["ids"].append(window.ids)
        row["places"].append([window.places[actor] for actor in asked[window.unit]])
        row["length"] = max(row["length"], len(window.ids))
    return Dataset.from_list(rows)


def _topics(label: Gold, scheme: Scheme) -> list[float]:
    return [float(topic in label.topics) for topic in scheme.topic_ids]


def _stances(label: Gold, actors: Sequence[str | None], scheme: Scheme) -> list[list[list[float]]]:
    slots = scheme.topic_ids or (None,)
    return [[[float(stance == label.stances.get((actor, slot))) for stance in scheme.stance_ids] for slot in slots] for actor in actors]


@dataclass(frozen=True, slots=True)
class Collator:
    """Makes tensors of rows."""

    marks: Marks
    shape: tuple[int, int]
    """Topics asked about, and stances."""

    def __call__(self, rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
        """Give the network's input, the unit of each window, and the labels; see `network` and `losses` for shapes."""
        actors: list[range] = [range(len(row["stances"])) for row in rows]
        windows = [
            Window(unit, ids, dict(enumerate(places)))  # type: ignore[arg-type]  # actors by number
            for unit, row in enumerate(rows)
            for ids, places in zip(row["ids"], row["places"], strict=True)
        ]
        batch = collate(windows, actors, self.marks)  # type: ignore[arg-type]
        stances = np.zeros((len(rows), batch.pool.shape[1], *self.shape), dtype=np.float32)
        for unit, row in enumerate(rows):
            if row["stances"]:
                stances[unit, : len(row["stances"])] = row["stances"]
        return {name: torch.from_numpy(each) for name, each in batch._asdict().items()} | {
            "units": torch.tensor([window.unit for window in windows]),
            "topics": torch.tensor([row["topics"] for row in rows], dtype=torch.float32),
            "stances": torch.from_numpy(stances),
        }

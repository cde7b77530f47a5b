"""Parts of the data that share a property: where is a model good, and where not?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from laptruong.evaluation import metrics
from laptruong.evaluation.items import SLICES
from laptruong.evaluation.resampling import Draws
from laptruong.evaluation.results import SMALL, Slice, Task
from laptruong.evaluation.scores import TASKS, articles_of, task_items
from laptruong.scheme import Scheme


@dataclass(frozen=True, slots=True)
class Part:
    """Items of a task at paragraph level whose property ``by`` is ``name``."""

    by: str
    name: str
    task: Task
    items: pd.DataFrame

    @property
    def small(self) -> bool:
        """Whether it has too few items to be a finding."""
        return len(self.items) < SMALL


def parts(items: pd.DataFrame) -> Iterator[Part]:
    """Cut items by topic, actor and the properties of their units; a property that all share cuts nothing."""
    for task in TASKS:
        mine = task_items(items, "paragraph", task)
        for by in (*(("topic", "actor") if task != "topic" else ()), *SLICES):  # each topic is a class of the task topic
            values = mine[by].dropna()
            if values.nunique() > 1:
                for name, part in mine.loc[values.index].groupby(by, sort=True):
                    yield Part(by, str(name), task, part)


def figure(part: Part, scheme: Scheme) -> Callable[[np.ndarray], np.ndarray]:
    """Give a part's primary figure as a function of counts: macro-F1 is the mean over the labels that the part has."""
    labels = metrics.labels_of(part.task, scheme)
    has = set(part.items.loc[part.items["gold"] == "yes", "topic"] if part.task == "topic" else part.items["gold"].dropna())
    among = np.array([label in has for label in labels])
    return lambda counts: metrics.figures(part.task, counts, scheme, among)[metrics.PRIMARY[part.task]]


def slices(items: pd.DataFrame, scheme: Scheme, draws: Draws) -> list[Slice]:
    """Score each part."""
    articles: Sequence[str] = articles_of(items)
    return [
        Slice(
            by=part.by, name=part.name, task=part.task, items=len(part.items), small=part.small,
            score=draws.interval(metrics.count(part.task, part.items, articles, scheme), figure(part, scheme)),
        )
        for part in parts(items)
    ]  # fmt: skip

"""Scores of a model's items: topic, stance, statement, at paragraph and article level, each with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

import numpy as np
import pandas as pd

from laptruong.corpus import Dataset
from laptruong.evaluation import metrics
from laptruong.evaluation.items import collect
from laptruong.evaluation.resampling import Draws, interval
from laptruong.evaluation.results import ActorScores, ClassScore, Confusion, Interval, Level, RunScores, Task, TaskScores
from laptruong.labelling import Labeller
from laptruong.scheme import Scheme

TASKS: tuple[Task, ...] = get_args(Task)
LEVELS: tuple[Level, ...] = get_args(Level)


def judge(labeller: Labeller, data: Dataset) -> RunScores:
    """Score a model on labelled units: what a run keeps of itself.

    Parameters
    ----------
    labeller : Labeller
    data : Dataset
        With at least one unit.
    """
    items = collect(labeller, data)
    draws = Draws(len(articles_of(items)))
    stances = task_items(items, "paragraph", "stance")
    sure = stances[stances["given"]]
    return RunScores(
        units=len(data), scores=score(items, labeller.scheme, draws),
        actors=score_actors(data, draws) if labeller.scheme.actors is not None else None,
        stance_given=len(sure) / len(stances) if len(stances) else None,
        stance_right_where_given=float(sure["right"].mean()) if len(sure) else None,
    )  # fmt: skip


def articles_of(items: pd.DataFrame) -> list[str]:
    """Give the articles of items in the order in which resamples count them."""
    return sorted(items["article"].unique())


def task_items(items: pd.DataFrame, level: Level, task: Task) -> pd.DataFrame:
    """Give the items of a task at a level."""
    return items[(items["level"] == level) & (items["task"] == task)]


def score(items: pd.DataFrame, scheme: Scheme, draws: Draws) -> list[TaskScores]:
    """Score a model's items.

    Parameters
    ----------
    items : DataFrame
        See `items.collect`.
    scheme : Scheme
    draws : Draws
        Of the items' articles, in the order of `articles_of`.

    Returns
    -------
    list of TaskScores
        For each level the tasks that the data have.
    """
    articles = articles_of(items)
    found = []
    for level in LEVELS:
        for task in TASKS:
            mine = task_items(items, level, task)
            if len(mine):
                found.append(_task(level, task, mine, articles, scheme, draws))
    return found


def _task(level: Level, task: Task, items: pd.DataFrame, articles: Sequence[str], scheme: Scheme, draws: Draws) -> TaskScores:
    counts = metrics.count(task, items, articles, scheme)
    whole, resampled = counts.sum(axis=0, dtype=np.float64), draws.sums(counts)
    spread = metrics.figures(task, resampled, scheme)
    each, spreads = metrics.by_label(task, whole), metrics.by_label(task, resampled)
    precision, recall, f1 = metrics.precision_recall_f1(each)
    _, _, f1s = metrics.precision_recall_f1(spreads)
    return TaskScores(
        level=level, task=task, items=len(items), primary=metrics.PRIMARY[task],
        figures={name: interval(float(value), spread[name]) for name, value in metrics.figures(task, whole, scheme).items()},
        classes=[
            ClassScore(
                name=name, precision=precision[at], recall=recall[at], f1=interval(float(f1[at]), f1s[:, at]),
                support=int(each[at, 0] + each[at, 2]),
            )
            for at, name in enumerate(metrics.labels_of(task, scheme))
        ],
        confusions=_confusions(task, items, scheme),
    )  # fmt: skip


def _confusions(task: Task, items: pd.DataFrame, scheme: Scheme) -> dict[str, Confusion]:
    if task == "topic":
        return {topic: _confusion(items[items["topic"] == topic], ["yes", "no"]) for topic in scheme.topic_ids}
    if task == "stance":
        return {task: _confusion(items, list(scheme.stance_ids))}
    return {task: _confusion(items, [*metrics.labels_of(task, scheme), "none"])}


def _confusion(items: pd.DataFrame, labels: list[str]) -> Confusion:
    counts = np.zeros((len(labels), len(labels)), dtype=int)
    sides = [[labels.index("none" if each is None else each) for each in items[side].to_numpy(object)] for side in ("gold", "predicted")]
    np.add.at(counts, tuple(sides), 1)
    return Confusion(labels=labels, counts=counts.tolist())


def score_actors(data: Dataset, draws: Draws) -> ActorScores:
    """Score the actors found: the share of the labelled ones found, and of those found in units with a topic labelled."""
    groups = sorted(set(data.groups))
    place = {group: at for at, group in enumerate(groups)}
    counts = np.zeros((len(groups), 3))  # labelled, found, both
    for example, gold, group in zip(data.examples, data.gold, data.groups, strict=True):
        true, named = {actor for actor, _ in gold.stances}, set(example.actors)
        counts[place[group]] += len(true), len(named) if gold.topics or gold.stances else 0, len(true & named)
    labelled, found, both = counts.sum(axis=0)
    resampled = draws.sums(counts)

    def share(of: int) -> Interval:
        whole = (labelled, found)[of]
        return interval(both / max(whole, 1), resampled[:, 2] / np.maximum(resampled[:, of], 1))

    return ActorScores(recall=share(0), precision=share(1), labelled=int(labelled), found=int(found))

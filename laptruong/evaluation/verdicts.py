"""What a comparison finds, as it stands in ``comparison.json``: closed, typed, versioned."""

from __future__ import annotations

from typing import Literal

from laptruong.evaluation.results import DataInfo, Interval, Level, SchemeInfo, Task
from laptruong.schemas import Closed

Verdict = Literal["better", "worse", "not decided"]


class Difference(Closed):
    """The second model's figure minus the first's, on the same resamples.

    ``holm`` is the p value after Holm's correction over the comparison's slices and classes; a task's own figure is not
    corrected. ``more_articles``: how many more such articles would decide it with a power of 80 %, None where it is decided or
    no difference is seen.
    """

    level: Level
    task: Task
    figure: str
    by: str | None
    name: str | None
    items: int
    first: float
    second: float
    difference: Interval
    p: float
    holm: float | None
    verdict: Verdict
    more_articles: int | None


class McNemar(Closed):
    """Decisions that only one of the two got right, and the exact test of whether that is chance."""

    level: Level
    task: Task
    only_first: int
    only_second: int
    p: float


class Rank(Closed):
    """A model's place; models that share a place are not told apart."""

    place: int
    name: str
    score: float


class Ranking(Closed):
    """Models by a task's primary figure."""

    level: Level
    task: Task
    ranks: list[Rank]


class Pairing(Closed):
    """The second model against the first."""

    first: str
    second: str
    differences: list[Difference]
    decisions: list[McNemar]


class Comparison(Closed):
    """Models on the same data: all against the first named, and a ranking."""

    schema_version: Literal[1]
    names: list[str]
    data: DataInfo
    scheme: SchemeInfo
    seed: int
    resamples: int
    pairings: list[Pairing]
    rankings: list[Ranking]

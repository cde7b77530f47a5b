"""What an evaluation finds, as it stands in ``report.json``: closed, typed, versioned."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from laptruong.schemas import Closed

SCHEMA_VERSION = 1
Level = Literal["paragraph", "article"]
Task = Literal["topic", "stance", "statement"]
SMALL = 30
"""A slice of fewer items is shown, but is no finding."""


class Interval(Closed):
    """A figure and its 95 % interval; the bounds are None where there is none."""

    value: float
    low: float | None = None
    high: float | None = None


class ClassScore(Closed):
    """Scores of one label: ``support`` counts the items that have it."""

    name: str
    precision: float
    recall: float
    f1: Interval
    support: int


class Confusion(Closed):
    """How often which label was taken for which: ``counts[gold][predicted]``, in the order of ``labels``."""

    labels: list[str]
    counts: list[list[int]]


class TaskScores(Closed):
    """Scores of a task at a level; ``figures[primary]`` is the one to judge by, higher is better."""

    level: Level
    task: Task
    items: int
    primary: str
    figures: dict[str, Interval]
    classes: list[ClassScore]
    confusions: dict[str, Confusion] = Field(description="by topic for the task topic (yes and no), else under the task's name")


class ActorScores(Closed):
    """Actors found: the share of the ``labelled`` ones, and the share of those ``found`` in units with a topic that is labelled."""

    recall: Interval
    precision: Interval
    labelled: int
    found: int


class RunScores(Closed):
    """What a run tells of itself on dev; ``stance_given``: the share of stances that is not withheld, and what is right of it."""

    units: int
    scores: list[TaskScores]
    actors: ActorScores | None
    stance_given: float | None
    stance_right_where_given: float | None

    def of(self, task: Task) -> TaskScores | None:
        """Give a task's scores at paragraph level; None where the data ask for no such thing."""
        return next((each for each in self.scores if each.level == "paragraph" and each.task == task), None)


class Bin(Closed):
    """Items of like confidence: their mean confidence, and the share that is right."""

    confidence: float
    accuracy: float
    count: int


class Calibration(Closed):
    """How far probabilities can be believed; see `trust`."""

    task: Task
    items: int
    brier: Interval
    ece: Interval
    bins: list[Bin]


class RiskPoint(Closed):
    """What a threshold gives: the share of labels given, and the share of those that is wrong."""

    threshold: float
    coverage: float
    risk: float


class Budget(Closed):
    """The threshold that keeps to an error budget, and what it costs: labels withheld, right ones among them."""

    max_error: float
    threshold: float | None = Field(description="None: no threshold keeps to it")
    coverage: float
    error: Interval
    right_withheld: int
    wrong_withheld: int


class CoverageRisk(Closed):
    """The coverage-risk curve of a task, its area, and thresholds for error budgets; see `trust`."""

    task: Task
    items: int
    aurc: Interval
    points: list[RiskPoint]
    budgets: list[Budget]


class Slice(Closed):
    """The primary figure on a part of the items (paragraph level): those whose property ``by`` is ``name``."""

    by: str
    name: str
    task: Task
    items: int
    score: Interval
    small: bool


class Failure(Closed):
    """A case that failed: the text, what was changed in it, and what the model should and did say."""

    text: str
    changed: str
    actor: str | None
    topic: str | None
    expected: str
    got: str


class Capability(Closed):
    """A test of behaviour: same (must not change), moves (must change, in a direction not told), must (must say this)."""

    name: str
    kind: Literal["must", "same", "moves"]
    about: str = Field(description="one sentence: what is changed and what is expected")
    cases: int
    passed: int
    rate: Interval
    failures: list[Failure]


class Behaviour(Closed):
    """All tests of behaviour; ``awareness``: how often the stance changes when it should and stays when it should."""

    capabilities: list[Capability]
    awareness: Interval | None
    changes_when_it_should: Interval | None
    stays_when_it_should: Interval | None


class Leak(Closed):
    """A text of the evaluation that is a near-duplicate of one of the training."""

    place: str
    of: str
    similarity: float


class Leakage(Closed):
    """Near-duplicates between training and evaluation data; ``apart``: primary figures without them, by task."""

    looked_at: list[str]
    missing: list[str]
    units: int
    leaks: list[Leak]
    apart: dict[str, Interval]


class Cost(Closed):
    """What labelling costs, measured in a process of its own."""

    paragraphs: int
    paragraphs_per_second: float
    load_seconds: float
    peak_mb: float
    size_mb: float
    cores: int


class Source(Closed):
    """A file by name and hash."""

    file: str
    sha256: str


class ModelInfo(Closed):
    """The model that was evaluated."""

    name: str
    kind: str
    version: str
    sha256: str
    seed: int | None
    commit: str | None


class SchemeInfo(Closed):
    """The labels."""

    name: str
    version: str
    sha256: str


class DataInfo(Closed):
    """What was evaluated on; ``sha256`` is that of the units and their right labels."""

    files: list[Source]
    split: str | None
    articles: int
    units: int
    sha256: str


class Report(Closed):
    """All that evaluating one model on one data set found; its items lie beside it as Parquet."""

    schema_version: Literal[1]
    name: str
    created: str
    commit: str | None
    libraries: dict[str, str]
    seed: int
    resamples: int
    model: ModelInfo
    scheme: SchemeInfo
    data: DataInfo
    items_sha256: str
    scores: list[TaskScores]
    actors: ActorScores | None
    calibration: list[Calibration]
    coverage_risk: list[CoverageRisk]
    slices: list[Slice]
    behaviour: Behaviour | None
    leakage: Leakage | None
    cost: Cost | None

"""Thresholds for an error budget: which labels may be given so that, by an evaluation, at most so many of them are wrong.

Held to the budget is what a reader of the labels gets, paragraph by paragraph; there are three kinds of it:

- **topics**: a topic that the model gives, right or wrong. One threshold for all topics, the lowest that keeps to the budget (the one
  that the report's error budgets tell); a topic whose own threshold is higher keeps that.
- **positions**: a stance other than neutral, end to end. It is wrong where the stance is, and also where the topic is or where the actor
  is none: this is the report's task ``statement``.
- **stances**: all of them, neutral ones included, of the pairs that really are to be judged: the report's task ``stance``.

A stance is only given where its topic is, so positions and stances count only where the topic passes the threshold just found; the
report's own curves count them all. One threshold decides both, the lowest with which *each* keeps to the budget. Neither alone would
do: most stances are neutral, which is easy, and so a twentieth of them wrong may mean far more of the positions; positions
alone would not count a position taken for neutral. What neither counts is a *neutral* on a pair that is not to be judged at
all: it claims nothing beyond the topic, which is held to the budget itself.

The thresholds are chosen on the items on which the error is then told, so it is told a little low, the more so the fewer the items;
the interval (Wilson 1927, "Probable inference, the law of succession, and statistical inference") shows how far. It holds for news like
that of the report. The article's labels follow from those of its paragraphs, and have no budget of their own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from laptruong.decision import Decision
from laptruong.errors import ReportError
from laptruong.evaluation.report import REPORT, Evaluation, read_report
from laptruong.evaluation.results import SMALL, Interval, Task
from laptruong.evaluation.scores import task_items
from laptruong.evaluation.trust import cut, decided, keep_to
from laptruong.labelling import Labeller
from laptruong.models import shipped_models

REPORTS = Path("reports")
NEVER = 2.0
"""A threshold that no probability reaches."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of labels, and what the budget does to it.

    Attributes
    ----------
    name : str
        topics, positions or stances.
    items : int
        Labels of this kind that there would be if none were withheld.
    given : int
        Those that are still given.
    threshold : float or None
        None: no threshold keeps to the budget.
    error : Interval
        The share of those given that is wrong.
    """

    name: str
    items: int
    given: int
    threshold: float | None
    error: Interval

    def __str__(self) -> str:
        if not self.given or self.threshold is None:
            return f"{self.name}: NONE of {self.items} is given"
        share, error = self.given / self.items, self.error
        rough = "; too few to rely on" if self.given < SMALL else ""
        bounds = f"95 % interval {_percent(error.low)} to {_percent(error.high)}, {self.given} of {self.items} labels{rough}"
        kept = f"given from {self.threshold:.3f} on: {_percent(share)}, the other {_percent(1 - share)} withheld"
        return f"{self.name}: {kept}; {_percent(error.value)} of those given wrong ({bounds})"


@dataclass(frozen=True, slots=True)
class Budgeted:
    """The thresholds of an error budget, and what to tell of them.

    Attributes
    ----------
    decision : Decision
    kinds : tuple of Kind
        Topics, positions, stances; those that the scheme has and the report can judge.
    lines : tuple of str
        What a user must know, one line a kind, and where the figures are from.
    warnings : tuple of str
        What must not be overlooked: labels that are all withheld, figures that are too good.
    """

    decision: Decision
    kinds: tuple[Kind, ...]
    lines: tuple[str, ...]
    warnings: tuple[str, ...]


def decision_for(labeller: Labeller, report: str | Path, max_error: float) -> Budgeted:
    """Set the thresholds below which labels are withheld from a report's items; see the module.

    Parameters
    ----------
    labeller : Labeller
    report : str or Path
        The folder of a report of this very model.
    max_error : float
        The largest share of the labels given that may be wrong, between 0 and 1.

    Raises
    ------
    ReportError
        If ``max_error`` is no such share, or the report is damaged, or of another model or scheme.
    """
    if not 0 < max_error < 1:
        raise ReportError(f"an error budget of {max_error:g} is none: give a share between 0 and 1, such as 0.05 (5 % of the labels wrong)")
    found = read_report(report)
    _check(found, labeller)
    own, scheme = labeller.decision, labeller.scheme
    kinds, topic_abstain = [], own.topic_abstain
    if scheme.topics is not None:
        topics = _Labels(found.items, "topic")
        threshold = keep_to(max_error, topics.confidence, topics.wrong)
        topic_abstain = {topic: max(least, NEVER if threshold is None else threshold) for topic, least in own.topic.items()}
        kinds.append(topics.kind("topics", max_error, threshold))
    judged = [_Labels(found.items, task, topic_abstain if scheme.topics else None) for task in ("statement", "stance")]
    positions, stances = judged
    threshold = keep_to(max_error, positions.confidence, positions.wrong, (stances.confidence, stances.wrong))
    kinds += [each.kind(name, max_error, threshold) for name, each in (("positions", positions), ("stances", stances))]
    decision = replace(own, topic_abstain=topic_abstain, stance_abstain=NEVER if threshold is None else threshold)
    return Budgeted(decision, tuple(kinds), tuple(_lines(found, kinds, max_error)), tuple(_warnings(found, kinds, max_error)))


class _Labels:
    """Labels of a task that can be given: how sure each is, whether it is wrong, and how many there are before topics are withheld."""

    def __init__(self, items: pd.DataFrame, task: Task, topic_abstain: dict[str, float] | None = None) -> None:
        mine = decided(task_items(items, "paragraph", task), task)
        self.items = len(mine)
        if topic_abstain is not None:
            mine = mine[_topic_given(items, mine, topic_abstain)]
        self.confidence, self.wrong = mine["confidence"].to_numpy(float), ~mine["right"].to_numpy(bool)

    def kind(self, name: str, max_error: float, threshold: float | None) -> Kind:
        given = int((self.confidence >= (NEVER if threshold is None else threshold)).sum())
        return Kind(name, self.items, given, threshold, cut(max_error, threshold, self.confidence, self.wrong).error)


def _topic_given(items: pd.DataFrame, mine: pd.DataFrame, topic_abstain: dict[str, float]) -> np.ndarray:
    """Say of each label on a topic whether that topic is given in its unit."""
    topics = decided(task_items(items, "paragraph", "topic"), "topic")
    sure = topics[topics["confidence"] >= topics["topic"].map(topic_abstain)]
    given = pd.MultiIndex.from_frame(sure[["article", "unit", "topic"]])
    return np.asarray(pd.MultiIndex.from_frame(mine[["article", "unit", "topic"]]).isin(given))


def _check(found: Evaluation, labeller: Labeller) -> None:
    report, model = found.report, labeller.model
    if report.model.sha256 != model["sha256"]:
        raise ReportError(
            f"{found.folder}: is the report of another model ({report.model.name} {report.model.sha256[:8]}, not {model['name']} "
            f"{model['sha256'][:8]}), whose probabilities mean something else; make one of this model: {_command(labeller)}"
        )
    if report.scheme.sha256 != labeller.scheme.sha256:
        raise ReportError(f"{found.folder}: was made with another scheme; make a report with this one: {_command(labeller)}")


def _lines(found: Evaluation, kinds: list[Kind], max_error: float) -> Iterator[str]:
    data = found.report.data
    split = f", split {data.split}" if data.split else ""
    files = ", ".join(each.file for each in data.files)
    yield f"at most {_percent(max_error)} wrong by {found.folder}, {data.units} units of {data.articles} articles ({files}{split})"
    yield from map(str, kinds)


def _warnings(found: Evaluation, kinds: list[Kind], max_error: float) -> Iterator[str]:
    for each in kinds:
        if not each.given:
            why = f"no threshold keeps them to {_percent(max_error)} errors" if each.items else "the report has none to judge by"
            yield f"ALL {each.name.upper()} ARE WITHHELD: {why}"
    leaked = found.report.leakage.units if found.report.leakage is not None else 0
    if leaked:
        yield f"{leaked} of {found.report.data.units} units there are near-duplicates of training texts: expect more errors on others"


def find_report(labeller: Labeller, folder: Path = REPORTS) -> Path:
    """Find the report of a model among those in a folder.

    Raises
    ------
    ReportError
        If there is none, or more than one: which news is like the one to be labelled, only the user knows.
    """
    mine = [each.parent for each in sorted(folder.glob(f"*/{REPORT}")) if _model_of(each) == labeller.model["sha256"]]
    if not mine:
        raise ReportError(
            f"no report of the model '{labeller.model['name']}' ({labeller.model['sha256'][:8]}) in {folder}; make one on labelled news "
            f"like that to be labelled: {_command(labeller)}, or name one with --report"
        )
    if len(mine) > 1:
        raise ReportError(f"{len(mine)} reports of the model '{labeller.model['name']}': {', '.join(map(str, mine))}; choose with --report")
    return mine[0]


def _model_of(report: Path) -> str | None:
    """Read the hash of a report's model; None where there is none, since that is no report to be found."""
    try:
        model = json.loads(report.read_text("utf-8"))["model"]["sha256"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return model if isinstance(model, str) else None


def _command(labeller: Labeller) -> str:
    """Give the command that makes a report of a model."""
    name = labeller.model["name"]
    if labeller.folder is not None and shipped_models().get(name) != labeller.folder:
        name = str(labeller.folder)
    return f"laptruong evaluate {name} --data FILE"


def _percent(share: float | None) -> str:
    return f"{100 * (share or 0.0):.1f} %"

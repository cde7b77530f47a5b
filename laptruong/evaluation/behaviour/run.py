"""Ask a model all cases at once, and tell what its answers say of actor awareness."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import replace

from scipy.stats import binomtest

from laptruong.corpus import Dataset
from laptruong.evaluation.behaviour.cases import Answers, Suite, asks_stance
from laptruong.evaluation.behaviour.suites import suites
from laptruong.evaluation.results import Behaviour, Capability, Interval
from laptruong.labelling import Labeller
from laptruong.scheme import Scheme

_SHOWN = 20


def behave(labeller: Labeller, data: Dataset, *, seed: int, most: int = 200) -> Behaviour:
    """Test a model's behaviour.

    Actor awareness asks whether a model tells one actor of a text from another. ``changes_when_it_should`` is the share of cases in
    which names were exchanged, or one of two actors denied, and the stances followed; ``stays_when_it_should`` the share in which
    nothing that matters to the actor was changed, and no stance did. Only stances count, not topics. ``awareness`` is their harmonic
    mean, as F1 is of precision and recall, because one without the other is had for nothing: a model that gives all actors of a
    text one stance, or always the same, stays whenever it should and never changes; the arithmetic mean would give it one half.
    Its bounds are the harmonic means of the two lower and of the two upper bounds.

    Parameters
    ----------
    labeller : Labeller
    data : Dataset
        Labelled units to make cases from.
    seed : int
        Decides which cases are drawn.
    most : int
        The most cases of one capability.

    Returns
    -------
    Behaviour
        Capabilities without cases are left out; awareness is None without actors, or where one of its sides has no cases.
    """
    made = [replace(suite, cases=list(itertools.islice(suite.cases, most))) for suite in suites(labeller, data, seed)]
    found = [suite for suite in made if suite.cases]
    answers = Answers(labeller, found)
    changes, stays = _side(answers, found, "changes", labeller.scheme), _side(answers, found, "stays", labeller.scheme)
    return Behaviour(
        capabilities=[_capability(answers, suite) for suite in found],
        awareness=_harmonic(changes, stays) if changes and stays else None,
        changes_when_it_should=changes,
        stays_when_it_should=stays,
    )


def _capability(answers: Answers, suite: Suite) -> Capability:
    cases = list(suite.cases)
    failures = [failure for case in cases if (failure := answers.failure(case))]
    passed = len(cases) - len(failures)
    return Capability(
        name=suite.name, kind=suite.kind, about=suite.about, cases=len(cases), passed=passed,
        rate=_rate(passed, len(cases)), failures=failures[:_SHOWN],
    )  # fmt: skip


def _side(answers: Answers, found: Iterable[Suite], side: str, scheme: Scheme) -> Interval | None:
    """Give the share of a side's cases whose stances are as they should be; None without actors or cases."""
    cases = [case for suite in found if suite.side == side for case in suite.cases if asks_stance(case)]
    if scheme.actors is None or not cases:
        return None
    return _rate(sum(answers.failure(case, stances_only=True) is None for case in cases), len(cases))


def _rate(passed: int, cases: int) -> Interval:
    bounds = binomtest(passed, cases).proportion_ci(method="wilson")
    return Interval(value=passed / cases, low=float(bounds.low), high=float(bounds.high))


def _harmonic(first: Interval, second: Interval) -> Interval:
    def mean(one: float | None, two: float | None) -> float:
        return 2 * one * two / (one + two) if one and two else 0.0

    return Interval(value=mean(first.value, second.value), low=mean(first.low, second.low), high=mean(first.high, second.high))

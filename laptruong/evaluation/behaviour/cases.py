"""What a case of behaviour is: questions, what their answers must be, and the one batch in which a model answers them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from laptruong.classifiers.base import Example, Prediction
from laptruong.decision import decide_stance, decide_topics
from laptruong.evaluation.results import Failure
from laptruong.labelling import Labeller
from laptruong.scheme import Pair, Scheme


@dataclass(frozen=True, slots=True)
class Ask:
    """A question on a text: the stance of a pair or, with ``of_topic``, whether the text has the pair's topic.

    Answers are forced as in the scores: the likeliest stance, ``yes`` or ``no``.
    """

    example: Example
    pair: Pair
    of_topic: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """An answer compared with a label or with another answer: equal to it or, with ``differs``, not."""

    ask: Ask
    to: Ask | str
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """Checks that belong together, all of which must hold; ``changed`` says what was done to the text."""

    changed: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Suite:
    """The cases of one capability.

    Attributes
    ----------
    side : str or None
        The side of actor awareness on which its stances count: ``changes`` when they should, ``stays`` when they should.
    """

    name: str
    kind: Literal["must", "same", "moves"]
    about: str
    cases: Iterable[Case]
    side: Literal["changes", "stays"] | None = None


class Answers:
    """All answers of a model, from one batch in which each text stands once.

    Parameters
    ----------
    labeller : Labeller
    suites : iterable of Suite
        What will be asked.
    """

    def __init__(self, labeller: Labeller, suites: Iterable[Suite]) -> None:
        self._scheme, self._decision = labeller.scheme, labeller.decision
        pairs: dict[Example, dict[Pair, None]] = {}
        for check in (check for suite in suites for case in suite.cases for check in case.checks):
            for each in (check.ask, check.to):
                if isinstance(each, Ask):
                    mine = pairs.setdefault(each.example, {})
                    if not each.of_topic:
                        mine[each.pair] = None
        asked = [list(each) for each in pairs.values()]
        self._said: dict[Example, Prediction] = dict(zip(pairs, labeller.classifier.predict(list(pairs), asked), strict=True))

    def __call__(self, ask: Ask) -> str:
        prediction = self._said[ask.example]
        if ask.of_topic:
            decided = {label.topic for label in decide_topics(prediction, self._decision, self._scheme)}
            return "yes" if ask.pair[1] in decided else "no"
        return decide_stance(prediction.stances[ask.pair], self._scheme)[0]

    def failure(self, case: Case, *, stances_only: bool = False) -> Failure | None:
        """Give the first check of a case that does not hold; None where it passes."""
        for check in case.checks:
            if stances_only and check.ask.of_topic:
                continue
            expected = self(check.to) if isinstance(check.to, Ask) else check.to
            got = self(check.ask)
            if (got == expected) == check.differs:
                actor, topic = check.ask.pair
                wanted = f"not {expected}" if check.differs else expected
                return Failure(text=check.ask.example.text, changed=case.changed, actor=actor, topic=topic, expected=wanted, got=got)
        return None


def unchanged(scheme: Scheme, before: Example, after: Example, pairs: Iterable[Pair]) -> tuple[Check, ...]:
    """Check that a change moves neither the topics of a text nor the stances of pairs."""
    topics = [Check(Ask(after, (None, topic), True), Ask(before, (None, topic), True)) for topic in scheme.topic_ids]
    return (*topics, *(Check(Ask(after, pair), Ask(before, pair)) for pair in pairs))


def exchanged(before: Example, after: Example, first: str, second: str, topic: str | None) -> tuple[Check, ...]:
    """Check that each of two actors now has the stance that the other had, and that it is another one."""
    one, two = (first, topic), (second, topic)
    return (
        Check(Ask(after, one), Ask(before, two)),
        Check(Ask(after, two), Ask(before, one)),
        Check(Ask(after, one), Ask(before, one), differs=True),
    )


def asks_stance(case: Case) -> bool:
    """Tell whether a case asks for a stance at all."""
    return any(not check.ask.of_topic for check in case.checks)

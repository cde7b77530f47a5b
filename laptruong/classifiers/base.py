"""The contract that every classifier keeps: ``fit``, ``predict``, ``save``, ``load``."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar, Self

import numpy as np

from laptruong.articles import Mention
from laptruong.errors import CorpusError
from laptruong.scheme import Pair, Scheme


@dataclass(frozen=True, slots=True)
class Example:
    """A unit of labelling as a classifier sees it: the raw text and where it names whom."""

    text: str
    mentions: tuple[Mention, ...] = ()

    @property
    def actors(self) -> tuple[str, ...]:
        """Ids of the actors named, each once, in reading order."""
        return tuple(dict.fromkeys(mention.actor for mention in self.mentions))


@dataclass(frozen=True, slots=True)
class Gold:
    """The right labels of a unit: its topics, and for each pair asked about the stance."""

    topics: frozenset[str] = frozenset()
    stances: Mapping[Pair, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Prediction:
    """What a classifier says of one unit.

    Attributes
    ----------
    topics : ndarray, shape (n_topics,)
        Calibrated probability of each topic, in the scheme's order.
    stances : dict from Pair to ndarray, shape (n_stances,)
        A calibrated distribution over the stances for each pair asked about.
    """

    topics: np.ndarray
    stances: dict[Pair, np.ndarray]


@dataclass(frozen=True, slots=True)
class FitContext:
    """What a training has at hand beside its data; a classifier uses what it needs.

    Attributes
    ----------
    dev : (sequence of Example, sequence of Gold), optional
        Held-out units to stop early and to calibrate on; without them some articles are held out for it.
    work : Path, optional
        A folder for checkpoints: a training that was interrupted goes on from there. Without it none are kept.
    tell : callable
        Called with a line at each step.
    versions : sequence of sequences of (Example, Gold), optional
        For each training unit other texts of which the labels are known, in the place of which it may be seen.
    """

    dev: tuple[Sequence[Example], Sequence[Gold]] | None = None
    work: Path | None = None
    tell: Callable[[str], None] = lambda text: None
    versions: Sequence[Sequence[tuple[Example, Gold]]] | None = None

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """Give the folder for checkpoints; a passing one where none is to be kept."""
        if self.work is None:
            with TemporaryDirectory(prefix="laptruong-") as place:
                yield Path(place)
        else:
            self.work.mkdir(parents=True, exist_ok=True)
            yield self.work


class Classifier(ABC):
    """A model that tells topics and stances.

    Constructors only store parameters; `fit` validates them, and what it learns ends in an underscore.

    Parameters
    ----------
    scheme : Scheme
        The labels.
    """

    kind: ClassVar[str]
    """The name by which configs and model folders ask for it."""
    fills_all_cores: ClassVar[bool] = False
    """Whether one process already uses every core to predict, so that more of them gain nothing."""

    def __init__(self, scheme: Scheme) -> None:
        self.scheme = scheme

    @abstractmethod
    def fit(
        self, examples: Sequence[Example], gold: Sequence[Gold], groups: Sequence[str], *, seed: int = 0, context: FitContext | None = None
    ) -> Self:
        """Learn from labelled units.

        Parameters
        ----------
        examples, gold, groups : sequences of equal length
            Units, their labels, and the article of each: calibration never splits an article.
        seed : int
        context : FitContext, optional

        Raises
        ------
        CorpusError
            If there is too little to learn from: a label that no unit, or every unit, has.
        """

    @abstractmethod
    def predict(
        self,
        examples: Sequence[Example],
        pairs: Sequence[Sequence[Pair]] | None = None,
        floor: np.ndarray | None = None,
    ) -> list[Prediction]:
        """Tell the topics of each unit and the stance of each pair.

        Parameters
        ----------
        examples : sequence of Example
        pairs : sequence of sequences of Pair, optional
            Whom and what to ask, per unit; by default every actor that the unit names, on every topic.
        floor : ndarray, shape (n_topics,), optional
            Where `pairs` is not given: ask only about topics whose probability reaches this, and save the rest.

        Returns
        -------
        list of Prediction
            One per example, in order.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the model's files into a folder: safetensors and JSON, nothing that runs code when read."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, scheme: Scheme) -> Self:
        """Read a model's files.

        Raises
        ------
        ModelError
            If a file is missing, damaged or of another kind.
        """

    def facts(self) -> dict[str, Any]:
        """Give what is worth telling of the training, for the model card."""
        return {}

    def default_pairs(self, example: Example, topics: np.ndarray, floor: np.ndarray | None) -> list[Pair]:
        """List every actor that the unit names, on every topic that reaches the floor."""
        likely = topics >= (0.0 if floor is None else floor)
        return self.scheme.pairs(example.actors, [each for each, reached in zip(self.scheme.topic_ids, likely, strict=True) if reached])


def check_labels(scheme: Scheme, examples: Sequence[Example], gold: Sequence[Gold], groups: Sequence[str]) -> None:
    """Check that there is something to learn from.

    Raises
    ------
    ValueError
        If the three are not of equal length.
    CorpusError
        If no unit, or every unit, has a topic, or no pair a stance.
    """
    if not len(examples) == len(gold) == len(groups):
        raise ValueError(f"{len(examples)} examples, {len(gold)} labels and {len(groups)} groups; there must be as many of each")
    for topic in scheme.topic_ids:
        count = sum(topic in each.topics for each in gold)
        if not 0 < count < len(gold):
            raise CorpusError(f"{'no' if not count else 'every'} training unit has the topic '{topic}'; there is nothing to learn from")
    known = {stance for each in gold for stance in each.stances.values()}
    for stance in scheme.stance_ids:
        if stance not in known:
            raise CorpusError(f"no training pair has the stance '{stance}'; there is nothing to learn from")

"""Distillation: trained models label unlabelled news, and a new model learns from their mean.

After Hinton et al. (2015, "Distilling the knowledge in a neural network"): probabilities are passed on, not decisions, so
that the pupil learns where its teachers were in doubt. It earns its place where teachers of different kinds err
differently; the pupil costs no more than one of them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from pathlib import Path

import numpy as np

from laptruong.actors import ActorFinder
from laptruong.classifiers.base import Example, Prediction
from laptruong.errors import ConfigError, ModelError
from laptruong.labelling import Labeller
from laptruong.models import find_model, load
from laptruong.scheme import Scheme
from train.config import Teaching
from train.encoder import chosen_texts

FLOOR = 0.1
"""A unit of this probability of a topic is worth learning from; of a topic below it, no stance is passed on."""


def find_teachers(config: Teaching, base: Path, scheme: Scheme) -> list[Labeller]:
    """Load the models that are to teach.

    Raises
    ------
    ConfigError
        If one is missing, damaged or of another scheme.
    """
    found, problems = [], []
    for name in config.teachers:
        try:
            teacher = load(find_model(base / name if (base / name).is_dir() else name))
        except ModelError as err:
            problems.append(f"{err}; train it first")
            continue
        if teacher.scheme.sha256 != scheme.sha256:
            problems.append(f"{name}: was trained with another scheme; train it with that of this config")
        found.append(teacher)
    if problems:
        raise ConfigError("phobert.teaching", problems)
    return found


def lessons(
    config: Teaching, teachers: Sequence[Labeller], base: Path, known: Collection[str], seed: int, tell: Callable[[str], None]
) -> tuple[list[Example], list[Prediction]]:
    """Let models label unlabelled news.

    Parameters
    ----------
    config : Teaching
    teachers : sequence of Labeller
    base : Path
        The config file's folder.
    known : collection of str
        Texts of labelled units; they are not labelled again.
    seed : int
        Of the draw of paragraphs.
    tell : callable

    Returns
    -------
    examples, labels : lists of equal length
        Paragraphs that the teachers find a topic in, and as many others; the mean of what the teachers say.

    Raises
    ------
    ConfigError, ReadError
        If no paragraph is left to learn from, or a file cannot be read.
    """
    examples = _paragraphs(chosen_texts(config, base), known, teachers[0].finder)
    if not examples:
        raise ConfigError("phobert.teaching", ["no paragraph is left to learn from; look at 'keep', 'before' and 'without'"])
    tell(f"{len(teachers)} models label {len(examples)} paragraphs")
    labels = _mean([teacher.classifier.predict(examples) for teacher in teachers])
    chosen = _choose(labels, config.units, seed)
    tell(f"learning from {len(chosen)} of them, too")
    return [examples[i] for i in chosen], [_likely(labels[i], teachers[0].scheme) for i in chosen]


def _paragraphs(texts: Iterable[str], known: Collection[str], finder: ActorFinder) -> list[Example]:
    """Give the paragraphs that name somebody; each once."""
    lines = dict.fromkeys(line.strip() for text in texts for line in text.split("\n"))
    examples = (Example(line, tuple(finder.find(line))) for line in lines if line and line not in known)
    return [each for each in examples if each.mentions or finder.scheme.actors is None]


def _mean(said: Sequence[Sequence[Prediction]]) -> list[Prediction]:
    return [
        Prediction(
            np.mean([each.topics for each in unit], axis=0),
            {pair: np.mean([each.stances[pair] for each in unit], axis=0) for pair in unit[0].stances},
        )
        for unit in zip(*said, strict=True)
    ]


def _choose(labels: Sequence[Prediction], most: int, seed: int) -> list[int]:
    """Choose the units that likely have a topic, and as many others, in their order."""
    order = np.random.default_rng(seed).permutation(len(labels))
    likely = np.array([labels[i].topics.max(initial=0) >= FLOOR or not labels[i].topics.size for i in order])
    some = order[likely][:most]
    return sorted([*some.tolist(), *order[~likely][: min(len(some), most - len(some))].tolist()])


def _likely(label: Prediction, scheme: Scheme) -> Prediction:
    """Leave out the stances on topics that the unit hardly has."""
    p: dict[str | None, float] = dict(zip(scheme.topic_ids, label.topics.tolist(), strict=True))
    return Prediction(label.topics, {pair: shares for pair, shares in label.stances.items() if p.get(pair[1], 1.0) >= FLOOR})

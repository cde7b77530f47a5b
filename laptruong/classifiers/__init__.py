"""The classifiers, by the name that configs and model folders use."""

from __future__ import annotations

from laptruong.classifiers.base import Classifier, Example, FitContext, Gold, Prediction
from laptruong.classifiers.encoder import EncoderClassifier
from laptruong.classifiers.tfidf import TfidfClassifier
from laptruong.errors import ModelError

CLASSIFIERS: dict[str, type[Classifier]] = {each.kind: each for each in (TfidfClassifier, EncoderClassifier)}


def classifier_class(kind: str) -> type[Classifier]:
    """Give the classifier of a name.

    Raises
    ------
    ModelError
        If there is none.
    """
    if kind not in CLASSIFIERS:
        raise ModelError(f"no classifier is called '{kind}'; there is: {', '.join(CLASSIFIERS)}")
    return CLASSIFIERS[kind]


__all__ = [
    "CLASSIFIERS", "Classifier", "EncoderClassifier", "Example", "FitContext", "Gold", "Prediction", "TfidfClassifier",
    "classifier_class",
]  # fmt: skip

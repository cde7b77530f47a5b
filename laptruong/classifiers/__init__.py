"""The classifiers, by the name that configs and model folders use; each is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from laptruong.classifiers.base import Classifier, Example, FitContext, Gold, Prediction
from laptruong.errors import ModelError

if TYPE_CHECKING:
    from laptruong.classifiers.encoder import EncoderClassifier
    from laptruong.classifiers.tfidf import TfidfClassifier

CLASSIFIERS = {"tfidf": "TfidfClassifier", "phobert": "EncoderClassifier"}
_HOMES = {"TfidfClassifier": "laptruong.classifiers.tfidf", "EncoderClassifier": "laptruong.classifiers.encoder"}


def __getattr__(name: str) -> Any:
    """Import a classifier when it is named: one need not load the libraries of the other, which take a third of a second."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def classifier_class(kind: str) -> type[Classifier]:
    """Give the classifier of a name.

    Raises
    ------
    ModelError
        If there is none.
    """
    if kind not in CLASSIFIERS:
        raise ModelError(f"no classifier is called '{kind}'; there is: {', '.join(CLASSIFIERS)}")
    found: type[Classifier] = __getattr__(CLASSIFIERS[kind])
    return found


__all__ = [
    "CLASSIFIERS", "Classifier", "EncoderClassifier", "Example", "FitContext", "Gold", "Prediction", "TfidfClassifier",
    "classifier_class",
]  # fmt: skip

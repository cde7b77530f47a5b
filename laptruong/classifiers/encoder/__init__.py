"""The encoder classifier; `classifier` is its face, the other modules are its parts."""

from laptruong.classifiers.encoder.classifier import EncoderClassifier

__all__ = ["EncoderClassifier"]

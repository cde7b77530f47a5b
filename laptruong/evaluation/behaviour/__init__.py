"""Tests of behaviour in the manner of CheckList (Ribeiro et al. 2020): does a model read the sentence, and about whom it is asked?

Cases come from labelled articles, changed in a way whose effect is known, and for the scheme ``ukraine`` from sentences of our own.
"""

from laptruong.evaluation.behaviour.run import behave

__all__ = ["behave"]

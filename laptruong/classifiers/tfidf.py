"""The TF-IDF baseline: logistic regression on words and character n-grams, trained with scikit-learn, run without.

Topics are one-vs-rest over the whole unit, calibrated by Platt's sigmoid. A stance is one multinomial regression over
what stands around the actor, its features once shared by all topics and once crossed with the topic asked about
(Daumé III 2007, "Frustratingly easy domain adaptation"), calibrated by a temperature (Guo et al. 2017). Both
calibrations are fitted on out-of-fold scores, folds by article.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from laptruong.classifiers import codes, features, storage
from laptruong.classifiers.base import Classifier, Example, FitContext, Gold, Prediction
from laptruong.classifiers.probabilities import expit, softmax
from laptruong.classifiers.vectors import Tfidf, Weighed, product
from laptruong.errors import ModelError
from laptruong.scheme import Pair, Scheme

TOPIC_BLOCKS = ("word", "character")


class TfidfClassifier(Classifier):
    """Topics and stances by TF-IDF and logistic regression.

    Parameters
    ----------
    scheme : Scheme
    topic_c, stance_c : float
        Inverse strength of the L2 penalty of each model.
    min_df : int
        A feature that fewer training units have is left out.
    ngrams : (int, int)
        Shortest and longest character n-gram, the blanks around a word included.
    weights : dict from str to float
        Weight of each view of a stance; see `features.BLOCKS`.
    cross_weight : float
        Weight of the features crossed with the topic against those shared by all topics.

    Attributes
    ----------
    topic_vectors_ : dict from str to Tfidf
    topic_weights_ : ndarray, shape (n_features, n_topics)
    topic_bias_, topic_slope_, topic_shift_ : ndarray, shape (n_topics,)
        ``p = 1 / (1 + exp(slope * (x @ weights + bias) + shift))``.
    stance_vectors_ : dict from str to Tfidf
    stance_weights_ : ndarray, shape (n_slots, n_features, n_stances)
        A slot is a topic, shared part already added; a single slot where the scheme has no topics.
    stance_bias_ : ndarray, shape (n_slots, n_stances)
    temperature_ : float
        ``p = softmax((x @ weights[slot] + bias[slot]) / temperature)``.
    """

    kind: ClassVar[str] = "tfidf"

    def __init__(
        self, scheme: Scheme, *, topic_c: float = 10.0, stance_c: float = 3.0, min_df: int = 2,
        ngrams: tuple[int, int] = (2, 5), weights: dict[str, float] | None = None, cross_weight: float = 0.5,
    ) -> None:  # fmt: skip
        super().__init__(scheme)
        self.topic_c, self.stance_c, self.min_df, self.ngrams = topic_c, stance_c, min_df, ngrams
        self.weights = weights or {"near": 1.0, "clause": 1.0, "sentence": 0.5, "unit": 0.3}
        self.cross_weight = cross_weight
        self.topic_vectors_: dict[str, Tfidf] = {}
        self.stance_vectors_: dict[str, Tfidf] = {}
        self._codebooks: list[tuple[dict[str, Tfidf], codes.Codebook]] = []

    def fit(
        self, examples: Sequence[Example], gold: Sequence[Gold], groups: Sequence[str], *, seed: int = 0, context: FitContext | None = None
    ) -> Self:
        from laptruong.classifiers import tfidf_fit  # scikit-learn is needed here only

        tfidf_fit.fit(self, examples, gold, groups, seed)
        return self

    def predict(
        self,
        examples: Sequence[Example],
        pairs: Sequence[Sequence[Pair]] | None = None,
        floor: np.ndarray | None = None,
    ) -> list[Prediction]:
        analyses = features.analyze_all(examples)
        topics = self.topic_probabilities(analyses)
        if pairs is None:
            pairs = [self.default_pairs(example, row, floor) for example, row in zip(examples, topics, strict=True)]
        stances = self.stance_probabilities(analyses, pairs)
        return [Prediction(row, each) for row, each in zip(topics, stances, strict=True)]

    def topic_features(self, analyses: Sequence[features.Analysis]) -> list[Weighed]:
        """Weigh units for the topics; blocks, each of shape (n_units, n_features)."""
        cells = codes.topic_cells([features.plain_words(each) for each in analyses], self._codebook(self.topic_vectors_))
        words = self.topic_vectors_["word"].weigh(*cells, len(analyses))
        characters = self.topic_vectors_["character"].transform([features.character_words(each) for each in analyses])
        return [words, characters]

    def topic_probabilities(self, analyses: Sequence[features.Analysis]) -> np.ndarray:
        """Give calibrated probabilities; shape (n_units, n_topics)."""
        if not self.topic_vectors_ or not analyses:
            return np.zeros((len(analyses), len(self.scheme.topic_ids)))
        scores = product(self.topic_features(analyses), self.topic_weights_) + self.topic_bias_
        return np.asarray(expit(-(self.topic_slope_ * scores + self.topic_shift_)))

    def stance_features(self, analyses: Sequence[features.Analysis], views: Sequence[tuple[int, str | None]]) -> list[Weighed]:
        """Weigh the views that actors, each in a unit, are seen in; blocks, each of shape (n_views, n_features)."""
        cells = codes.StanceCells(analyses, views, self._codebook(self.stance_vectors_))
        return [vectors.weigh(*cells.of(name), len(views), self.weights[name]) for name, vectors in self.stance_vectors_.items()]

    def stance_probabilities(self, analyses: Sequence[features.Analysis], pairs: Sequence[Sequence[Pair]]) -> list[dict[Pair, np.ndarray]]:
        """Give for each unit a calibrated distribution, shape (n_stances,), for each of its pairs."""
        places: dict[tuple[int, str | None], int] = {}
        for unit, asked in enumerate(pairs):
            for actor, _ in asked:
                places.setdefault((unit, actor), len(places))
        found: list[dict[Pair, np.ndarray]] = [{} for _ in analyses]
        if not places:
            return found
        shares = self._shares(self.stance_features(analyses, list(places)), places, pairs)
        for unit, asked in enumerate(pairs):
            for actor, topic in asked:
                found[unit][actor, topic] = shares[places[unit, actor], self.slot(topic)]
        return found

    def _shares(self, weighed: list[Weighed], places: dict[tuple[int, str | None], int], pairs: Sequence[Sequence[Pair]]) -> np.ndarray:
        """Give distributions, shape (n_views, n_slots, n_stances), for the slots that a view is asked about."""
        asked = np.zeros((len(places), len(self.stance_weights_)), dtype=bool)
        for unit, each in enumerate(pairs):
            for actor, topic in each:
                asked[places[unit, actor], self.slot(topic)] = True
        scores = np.zeros((*asked.shape, self.stance_bias_.shape[1]))
        for slot, (weights, bias) in enumerate(zip(self.stance_weights_, self.stance_bias_, strict=True)):
            if asked[:, slot].any():
                scores[:, slot] = product([each.only(asked[:, slot]) for each in weighed], weights) + bias
        return softmax(scores / self.temperature_, axis=2)

    def _codebook(self, vectors: dict[str, Tfidf]) -> codes.Codebook:
        """Give the codes of fitted vectors, which are made when first asked for."""
        for of, book in self._codebooks:
            if of is vectors:
                return book
        self._codebooks.append((vectors, codes.Codebook({name: each for name, each in vectors.items() if name != "character"})))
        return self._codebooks[-1][1]

    def slot(self, topic: str | None) -> int:
        """Give the place of a topic in the stance weights."""
        return 0 if topic is None else self.scheme.topic_ids.index(topic)

    def parameters(self) -> dict[str, Any]:
        """Give the constructor's parameters, as a config has them."""
        return {
            "topic_c": self.topic_c, "stance_c": self.stance_c, "min_df": self.min_df, "ngrams": list(self.ngrams),
            "weights": self.weights, "cross_weight": self.cross_weight,
        }  # fmt: skip

    def save(self, folder: Path) -> None:
        arrays = {
            "stance.weights": self.stance_weights_, "stance.bias": self.stance_bias_,
            "stance.temperature": np.array([self.temperature_]),
        }  # fmt: skip
        if self.topic_vectors_:
            arrays |= {
                "topic.weights": self.topic_weights_, "topic.bias": self.topic_bias_,
                "topic.slope": self.topic_slope_, "topic.shift": self.topic_shift_,
            }  # fmt: skip
        vectors = {f"topic.{name}": each for name, each in self.topic_vectors_.items()}
        vectors |= {f"stance.{name}": each for name, each in self.stance_vectors_.items()}
        arrays |= {f"{name}.idf": each.idf for name, each in vectors.items()}
        storage.write_arrays(folder, arrays)
        storage.write_json(folder, "vocabulary.json", {name: each.vocabulary for name, each in vectors.items()})
        storage.write_json(folder, "parameters.json", self.parameters())

    @classmethod
    def load(cls, folder: Path, scheme: Scheme) -> Self:
        parameters = storage.read_json(folder, "parameters.json")
        vocabulary = storage.read_json(folder, "vocabulary.json")
        arrays = storage.read_arrays(folder)
        try:
            model = cls(scheme, **{**parameters, "ngrams": tuple(parameters["ngrams"])})
            model._restore(arrays, vocabulary)
        except (KeyError, TypeError, ValueError) as err:
            raise ModelError(f"{folder}: is no TF-IDF model of this version ({err}); train it again") from None
        return model

    def _restore(self, arrays: dict[str, np.ndarray], vocabulary: dict[str, list[str]]) -> None:
        for part, blocks, kept in (("topic", TOPIC_BLOCKS, self.topic_vectors_), ("stance", features.BLOCKS, self.stance_vectors_)):
            for block in blocks:  # in the order of the weights' rows, which JSON does not keep
                if (name := f"{part}.{block}") in vocabulary:
                    kept[block] = self.make_vectors(block, vocabulary[name], arrays[f"{name}.idf"])
        if self.topic_vectors_:
            self.topic_weights_, self.topic_bias_ = arrays["topic.weights"], arrays["topic.bias"]
            self.topic_slope_, self.topic_shift_ = arrays["topic.slope"], arrays["topic.shift"]
        self.stance_weights_, self.stance_bias_ = arrays["stance.weights"], arrays["stance.bias"]
        self.temperature_ = float(arrays["stance.temperature"][0])
        self._check_shapes()

    def _check_shapes(self) -> None:
        slots, stances = max(len(self.scheme.topic_ids), 1), len(self.scheme.stance_ids)
        width = sum(len(each.vocabulary) for each in self.stance_vectors_.values())
        if self.stance_weights_.shape != (slots, width, stances):
            raise ValueError(f"stance weights are {self.stance_weights_.shape}, the scheme needs {(slots, width, stances)}")
        if self.topic_vectors_:
            width = sum(len(each.vocabulary) for each in self.topic_vectors_.values())
            if self.topic_weights_.shape != (width, len(self.scheme.topic_ids)):
                raise ValueError(f"topic weights are {self.topic_weights_.shape}, the scheme needs {(width, slots)}")

    def make_vectors(self, block: str, vocabulary: Sequence[str], idf: np.ndarray) -> Tfidf:
        """Build the vectors of one block; only characters are expanded."""
        shortest, longest = self.ngrams
        expand = partial(features.character_ngrams, shortest=shortest, longest=longest) if block == "character" else None
        return Tfidf(vocabulary, idf, expand)

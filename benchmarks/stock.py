"""The shipped TF-IDF model run with stock parts: pyvi's tokenizer, scikit-learn's vectorizers and linear models.

    .venv/bin/python benchmarks/stock.py [--model tfidf]

It is what `label.py` times beside ours: the same actors, features and coefficients, in batches, and a stance is asked
only where the topic reaches its threshold. Run by itself it checks on the written corpus that both say the same.
"""

from __future__ import annotations

import argparse
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from pyvi.ViTokenizer import ViTokenizer
from scipy import sparse
from scipy.special import expit, softmax
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

import laptruong
from laptruong import ActorFinder
from laptruong.classifiers import TfidfClassifier, features
from laptruong.classifiers.base import Example, Prediction
from laptruong.classifiers.vectors import Tfidf
from laptruong.corpus import flatten, read_corpus
from laptruong.labelling import Labeller
from laptruong.scheme import Pair
from laptruong.text import normalize, sentence_spans

ROOT = Path(__file__).resolve().parent.parent
BATCH = 500
TOLERANCE = 2e-6


class Stock:
    """A labeller's model, rebuilt of stock parts.

    Parameters
    ----------
    labeller : Labeller
        With a TF-IDF classifier.
    """

    def __init__(self, labeller: Labeller) -> None:
        model = labeller.classifier
        if not isinstance(model, TfidfClassifier):
            raise TypeError("only a TF-IDF model has stock parts")
        self.model, self.floor = model, labeller.decision.floor(model.scheme)
        ngrams = lru_cache(50_000)(lambda word: features.character_ngrams(word, *model.ngrams))
        analyzers = {"character": lambda words: [ngram for word in words for ngram in ngrams(word)]}
        self.topic_vectorizers = {name: _vectorizer(each, analyzers.get(name, list)) for name, each in model.topic_vectors_.items()}
        self.stance_vectorizers = {name: _vectorizer(each, list) for name, each in model.stance_vectors_.items()}
        self.topics = _linear(model.topic_weights_, model.topic_bias_)
        self.stances = [_linear(weights, bias) for weights, bias in zip(model.stance_weights_, model.stance_bias_, strict=True)]

    def predict(self, examples: Sequence[Example]) -> list[Prediction]:
        """Tell topics and stances, a batch at a time."""
        return [each for at in range(0, len(examples), BATCH) for each in self._batch(examples[at : at + BATCH])]

    def _batch(self, examples: Sequence[Example]) -> Iterator[Prediction]:
        analyses = [analyze(example) for example in examples]
        topics = self._topic_probabilities(analyses)
        pairs = [self.model.default_pairs(example, row, self.floor) for example, row in zip(examples, topics, strict=True)]
        stances = self._stance_probabilities(analyses, pairs)
        yield from map(Prediction, topics, stances)

    def _topic_probabilities(self, analyses: Sequence[features.Analysis]) -> np.ndarray:
        documents = {
            "word": [features.topic_words(each) for each in analyses],
            "character": [features.character_words(each) for each in analyses],
        }
        weighed = sparse.hstack([each.transform(documents[name]) for name, each in self.topic_vectorizers.items()], format="csr")
        scores = self.topics.decision_function(weighed)
        return np.asarray(expit(-(self.model.topic_slope_ * scores + self.model.topic_shift_)))

    def _stance_probabilities(self, analyses: Sequence[features.Analysis], pairs: Sequence[Sequence[Pair]]) -> list[dict[Pair, np.ndarray]]:
        rows = list(dict.fromkeys((unit, actor) for unit, asked in enumerate(pairs) for actor, _ in asked))
        found: list[dict[Pair, np.ndarray]] = [{} for _ in pairs]
        if not rows:
            return found
        views = [features.stance_views(analyses[unit], actor) for unit, actor in rows]
        blocks = [
            self.model.weights[name] * each.transform([view[name] for view in views]) for name, each in self.stance_vectorizers.items()
        ]
        weighed = sparse.hstack(blocks, format="csr")
        shares = [softmax(each.decision_function(weighed) / self.model.temperature_, axis=1) for each in self.stances]
        place = {row: number for number, row in enumerate(rows)}
        for unit, asked in enumerate(pairs):
            for actor, topic in asked:
                found[unit][actor, topic] = shares[self.model.slot(topic)][place[unit, actor]]
        return found


def _vectorizer(vectors: Tfidf, analyzer: Any) -> TfidfVectorizer:
    vectorizer = TfidfVectorizer(analyzer=analyzer, vocabulary=vectors.vocabulary, sublinear_tf=True)
    vectorizer.idf_ = vectors.idf
    return vectorizer


def _linear(weights: np.ndarray, bias: np.ndarray) -> LogisticRegression:
    model = LogisticRegression()
    model.coef_, model.intercept_, model.classes_ = weights.T, bias, np.arange(len(bias))
    return model


def analyze(example: Example) -> features.Analysis:
    """Cut a unit into pyvi's words, each mention into one token; a word that straddles a mention's edge is cut there."""
    plain = normalize(example.text)
    spans = [(plain.position(m.start), plain.position(m.end), m.actor) for m in example.mentions]
    starts, ends = [start for start, _, _ in spans], [end for _, end in sentence_spans(plain.text)]
    analysis = features.Analysis([], [], [])
    last = -1
    edges = {edge for span in spans for edge in span[:2]}
    for word, start in _words(plain.text, edges):
        at = bisect_right(starts, start) - 1
        inside = at >= 0 and start < spans[at][1]
        if inside and at == last:
            continue
        last = at if inside else -1
        analysis.tokens.append(f"@{spans[at][2]}" if inside else features.spell(word))
        analysis.actors.append(spans[at][2] if inside else None)
        analysis.sentences.append(bisect_right(ends, start))
    return analysis


def _words(text: str, edges: Iterable[int]) -> Iterator[tuple[str, int]]:
    """Give pyvi's words, cut at the edges, with where each starts."""
    at = 0
    for token in ViTokenizer.tokenize(text).split():
        word, start = "", 0
        for number, syllable in enumerate(token.split("_")):
            place = text.index(syllable, at)
            if number and (place in edges or at in edges):
                yield word, start
                word, start = syllable, place
            elif number:
                word = f"{word}_{syllable}"
            else:
                word, start = syllable, place
            at = place + len(syllable)
        yield word, start


def check(labeller: Labeller, examples: Sequence[Example]) -> float:
    """Give the largest difference between our probabilities and the stock ones.

    Raises
    ------
    ValueError
        If one is above the tolerance, or other stances are asked.
    """
    ours = labeller.classifier.predict(examples, floor=labeller.decision.floor(labeller.scheme))
    worst = 0.0
    for number, (one, two) in enumerate(zip(ours, Stock(labeller).predict(examples), strict=True)):
        if one.stances.keys() != two.stances.keys():
            raise ValueError(f"example {number}: ours asks {list(one.stances)}, stock {list(two.stances)}")
        found = [(one.topics, two.topics), *((one.stances[pair], two.stances[pair]) for pair in one.stances)]
        worst = max([worst, *(float(np.abs(mine - theirs).max(initial=0.0)) for mine, theirs in found)])
    if worst > TOLERANCE:
        raise ValueError(f"probabilities differ by {worst:.2g}")
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="tfidf", help="a shipped model's name or a run folder")
    labeller = laptruong.load(parser.parse_args().model)
    paths = sorted((ROOT / "data/corpus").glob("*.jsonl"))
    examples = flatten(read_corpus(paths, labeller.scheme), ActorFinder(labeller.scheme)).examples
    print(f"{len(examples)} units of the written corpus: probabilities differ by {check(labeller, examples):.2g} at most")


if __name__ == "__main__":
    main()

"""Fit the TF-IDF classifier with scikit-learn and keep of it nothing but arrays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import sparse
from sklearn.calibration import CalibratedClassifierCV
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold

from laptruong.classifiers import features
from laptruong.classifiers.base import Example, Gold, check_labels
from laptruong.classifiers.vectors import Tfidf, side_by_side
from laptruong.errors import CorpusError

if TYPE_CHECKING:
    from laptruong.classifiers.tfidf import TfidfClassifier

_FOLDS = 5


def fit(model: TfidfClassifier, examples: Sequence[Example], gold: Sequence[Gold], groups: Sequence[str], seed: int) -> None:
    """Fit both parts of a model; see `Classifier.fit`."""
    check_labels(model.scheme, examples, gold, groups)
    analyses = [features.analyze(example) for example in examples]
    if model.scheme.topics is not None:
        _fit_topics(model, analyses, gold, groups, seed)
    _fit_stances(model, analyses, examples, gold, groups, seed)


def _fit_topics(model: TfidfClassifier, analyses: list[features.Analysis], gold: Sequence[Gold], groups: Sequence[str], seed: int) -> None:
    has = np.array([[topic in each.topics for topic in model.scheme.topic_ids] for each in gold], dtype=int)
    model.topic_vectors_ = {
        "word": _vectors(model, "word", [features.topic_words(each) for each in analyses]),
        "character": _vectors(model, "character", [features.character_words(each) for each in analyses]),
    }
    _check_features(model, {name: each for name, each in model.topic_vectors_.items() if each.vocabulary})
    weighed = side_by_side(model.topic_features(analyses))
    fitted = []
    for column in range(has.shape[1]):
        classifier = LogisticRegression(C=model.topic_c, class_weight="balanced", max_iter=5000, random_state=seed)
        fitted.append(_calibrated(classifier, "sigmoid", weighed, has[:, column], groups, seed))
    inner = [each.calibrated_classifiers_[0] for each in fitted]
    model.topic_weights_ = np.stack([each.estimator.coef_[0] for each in inner], axis=1)
    model.topic_bias_ = np.array([each.estimator.intercept_[0] for each in inner])
    model.topic_slope_ = np.array([each.calibrators[0].a_ for each in inner])
    model.topic_shift_ = np.array([each.calibrators[0].b_ for each in inner])


def _fit_stances(
    model: TfidfClassifier, analyses: list[features.Analysis], examples: Sequence[Example], gold: Sequence[Gold],
    groups: Sequence[str], seed: int,
) -> None:  # fmt: skip
    rows = [
        (unit, pair, stance)
        for unit, (example, each) in enumerate(zip(examples, gold, strict=True))
        for pair, stance in sorted(each.stances.items(), key=lambda item: tuple(map(str, item[0])))
        if pair[0] is None or pair[0] in example.actors  # of an actor not found in the text nothing can be learnt
    ]
    labels = [model.scheme.stance_ids.index(stance) for _, _, stance in rows]
    for index, stance in enumerate(model.scheme.stance_ids):
        if index not in labels:
            raise CorpusError(f"no training pair has the stance '{stance}'; there is nothing to learn from")
    views = [features.stance_views(analyses[unit], pair[0]) for unit, pair, _ in rows]
    model.stance_vectors_ = {name: _vectors(model, name, [view[name] for view in views]) for name in features.BLOCKS}
    model.stance_vectors_ = {name: each for name, each in model.stance_vectors_.items() if each.vocabulary}
    _check_features(model, model.stance_vectors_)
    slots = np.array([model.slot(pair[1]) for _, pair, _ in rows])
    crossed = cross(model, side_by_side(model.stance_features(analyses, [(unit, pair[0]) for unit, pair, _ in rows])), slots)
    classifier = LogisticRegression(C=model.stance_c, class_weight="balanced", max_iter=5000, random_state=seed)
    fitted = _calibrated(classifier, "temperature", crossed, np.array(labels), [groups[unit] for unit, _, _ in rows], seed)
    _keep_stances(model, fitted)


def _check_features(model: TfidfClassifier, vectors: dict[str, Tfidf]) -> None:
    if not vectors:
        raise CorpusError(f"no feature is in {model.min_df} training units (min_df); lower min_df or give more data")


def cross(model: TfidfClassifier, weighed: sparse.csr_matrix, slots: np.ndarray) -> sparse.csr_matrix:
    """Put beside the shared features those of each topic, empty but for the topic asked about.

    Returns
    -------
    csr_matrix, shape (n_pairs, (1 + n_slots) * n_features + n_slots)
        The last columns say which topic it is.
    """
    count = max(len(model.scheme.topic_ids), 1)
    blocks = [weighed]
    for slot in range(count):
        blocks.append(sparse.diags(model.cross_weight * (slots == slot).astype(float)) @ weighed)
    return sparse.csr_matrix(sparse.hstack([*blocks, sparse.csr_matrix(np.eye(count)[slots])], format="csr"))


def _keep_stances(model: TfidfClassifier, fitted: Any) -> None:
    """Add the shared part to each topic's, so that labelling needs one product a topic."""
    inner = fitted.calibrated_classifiers_[0]
    coefficients, bias = inner.estimator.coef_, inner.estimator.intercept_
    if len(coefficients) == 1:  # two stances: scikit-learn scores only the second and takes (-x, x) for logits
        coefficients, bias = np.vstack([-coefficients, coefficients]), np.concatenate([-bias, bias])
    count = max(len(model.scheme.topic_ids), 1)
    width = (coefficients.shape[1] - count) // (count + 1)
    shared, own = coefficients[:, :width], coefficients[:, width : (count + 1) * width]
    model.stance_weights_ = np.stack([(shared + model.cross_weight * own[:, slot * width : (slot + 1) * width]).T for slot in range(count)])
    model.stance_bias_ = np.stack([bias + coefficients[:, -count + slot] for slot in range(count)])
    model.temperature_ = float(1 / inner.calibrators[0].beta_)


def _vectors(model: TfidfClassifier, block: str, documents: list[list[str]]) -> Tfidf:
    """Fit a vocabulary with scikit-learn; empty where no feature is frequent enough."""
    expand: Callable[[str], list[str]] | None = model.make_vectors(block, [], np.zeros(0))._expand
    analyzer = (lambda items: items) if expand is None else (lambda items: [part for item in items for part in expand(item)])
    counts = Counter(feature for items in documents for feature in set(analyzer(items)))
    if not any(count >= model.min_df for count in counts.values()):
        return model.make_vectors(block, [], np.zeros(0))
    fitted = TfidfVectorizer(analyzer=analyzer, min_df=model.min_df, sublinear_tf=True).fit(documents)
    return model.make_vectors(block, fitted.get_feature_names_out().tolist(), fitted.idf_)


def _calibrated(
    classifier: LogisticRegression, method: str, weighed: sparse.csr_matrix, labels: np.ndarray, groups: Sequence[str], seed: int
) -> CalibratedClassifierCV:
    """Fit on everything, and the calibration on scores of folds that kept an article whole."""
    rarest = min(len({group for group, label in zip(groups, labels, strict=True) if label == each}) for each in set(labels.tolist()))
    if rarest < 2:
        raise CorpusError("a label occurs in one article only; calibration needs it in two at least")
    folds = StratifiedGroupKFold(min(_FOLDS, rarest), shuffle=True, random_state=seed)
    splits = [(learn, check) for learn, check in folds.split(weighed, labels, groups) if set(labels[learn]) == set(labels)]
    covered = np.concatenate([check for _, check in splits]) if splits else np.array([])
    if len(covered) != len(labels):
        raise CorpusError("the labels are too unevenly spread over the articles to calibrate; add articles of the rare ones")
    return CalibratedClassifierCV(classifier, method=method, cv=splits, ensemble=False).fit(weighed, labels)

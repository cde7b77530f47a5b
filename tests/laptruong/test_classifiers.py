"""One suite that every classifier passes, over schemes of every shape."""

from __future__ import annotations

import numpy as np
import pytest
from moods import ALONE, SAVED, SHAPES, fit, make
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from support import SCHEMES, mood_records, write_jsonl

import laptruong
from laptruong import ActorFinder, load_scheme
from laptruong.articles import Mention
from laptruong.classifiers import CLASSIFIERS, Example, FitContext, TfidfClassifier, features, tfidf_fit
from laptruong.classifiers.vectors import Tfidf
from laptruong.corpus import Dataset, flatten, read_corpus
from laptruong.errors import CorpusError, ModelError


@pytest.fixture(scope="module", params=list(SHAPES))
def fitted(request, tmp_path_factory):
    scheme, data = make(tmp_path_factory.mktemp("shape"), request.param)
    return {kind: fit(kind, scheme, data) for kind in CLASSIFIERS}, scheme, data


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_the_contract(kind, fitted, tmp_path):
    models, scheme, data = fitted
    model = models[kind]
    predictions = model.predict(data.examples)
    assert len(predictions) == len(data)
    for example, prediction in zip(data.examples, predictions, strict=True):
        assert prediction.topics.shape == (len(scheme.topic_ids),)
        assert np.all((prediction.topics >= 0) & (prediction.topics <= 1))
        assert set(prediction.stances) == set(scheme.pairs(example.actors, scheme.topic_ids))
        for shares in prediction.stances.values():
            assert shares.shape == (len(scheme.stance_ids),)
            assert shares.sum() == pytest.approx(1)
    folder = tmp_path / "saved"
    folder.mkdir()
    model.save(folder)
    loaded = type(model).load(folder, scheme)
    for one, two in zip(predictions, loaded.predict(data.examples), strict=True):
        assert np.allclose(one.topics, two.topics, rtol=0, atol=SAVED[kind])
        assert all(np.allclose(one.stances[pair], two.stances[pair], rtol=0, atol=SAVED[kind]) for pair in one.stances)
    alone = [model.predict([example])[0] for example in data.examples[:5]]
    for one, two in zip(predictions, alone, strict=False):
        assert np.allclose(one.topics, two.topics, atol=ALONE[kind])
        assert all(np.allclose(one.stances[pair], two.stances[pair], atol=ALONE[kind]) for pair in one.stances)
    assert model.predict([]) == []


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_it_learns_what_there_is_to_learn(kind, fitted):
    models, scheme, data = fitted
    pairs = [list(gold.stances) for gold in data.gold]
    predictions = models[kind].predict(data.examples, pairs)
    right = [
        scheme.stance_ids[int(prediction.stances[pair].argmax())] == stance
        for prediction, gold in zip(predictions, data.gold, strict=True)
        for pair, stance in gold.stances.items()
    ]
    assert np.mean(right) > 0.9
    for column, topic in enumerate(scheme.topic_ids):
        assert (
            np.mean(
                [
                    (prediction.topics[column] > 0.5) == (topic in gold.topics)
                    for prediction, gold in zip(predictions, data.gold, strict=True)
                ]
            )
            > 0.9
        )


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_it_knows_whom_it_is_asked_about(kind, tmp_path):
    """Each text has one actor who judges and one who only looks on; the same words, another answer."""
    scheme, data = make(tmp_path, "actors and topics")
    for prediction, gold in zip(fit(kind, scheme, data).predict(data.examples), data.gold, strict=True):
        for topic in gold.topics:
            stance = gold.stances["alpha", topic]
            if stance != scheme.neutral:
                place = scheme.stance_ids.index(stance)
                assert prediction.stances["alpha", topic][place] > prediction.stances["beta", topic][place]


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_fitted_again_it_forgets_what_it_learnt_first(kind, tmp_path):
    scheme, data = make(tmp_path, "topics")
    once = fit(kind, scheme, data, **({"epochs": 2} if kind == "phobert" else {}))
    half = Dataset(*(each[::2] for each in (data.examples, data.gold, data.groups, data.units, data.articles)))
    twice = fit(kind, scheme, half, **({"epochs": 2} if kind == "phobert" else {}))
    twice.predict(data.examples[:1])
    twice.fit(data.examples, data.gold, data.groups, seed=3, context=FitContext(dev=(data.examples, data.gold)))
    for one, two in zip(once.predict(data.examples), twice.predict(data.examples), strict=True):
        assert np.allclose(one.topics, two.topics)


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_same_seed_same_model(kind, tmp_path):
    scheme, data = make(tmp_path, "topics")
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
        fit(kind, scheme, data, **({"epochs": 2} if kind == "phobert" else {})).save(folder)
    for path in folders[0].iterdir():
        assert path.read_bytes() == (folders[1] / path.name).read_bytes()


@pytest.mark.parametrize("kind", CLASSIFIERS)
def test_too_little_to_learn_from(kind, tmp_path):
    scheme, data = make(tmp_path, "topics")
    with pytest.raises(CorpusError, match="every training unit has the topic 'football'"):
        fit(kind, scheme, Dataset(*(each[:15] for each in (data.examples, data.gold, data.groups, data.units, data.articles))))


@pytest.fixture(scope="module", params=["tfidf", "offline"])
def model(request):
    return laptruong.load(request.param).classifier


def test_the_floor_spares_topics_that_are_unlikely(model):
    example = Example("Nga và Ukraine đàm phán ngừng bắn.", (Mention("russia", 0, 3, "Nga"),))
    assert {topic for _, topic in model.predict([example])[0].stances} == set(model.scheme.topic_ids)
    assert {topic for _, topic in model.predict([example], floor=np.array([1.1, 0.1, 1.1]))[0].stances} == {"negotiations"}


def test_tfidf_gives_scikit_learns_probabilities(tmp_path, monkeypatch):
    """Everything from the vectors to the calibration is held against the fitted scikit-learn objects."""
    scheme, data = make(tmp_path, "actors and topics")
    kept = []
    real = tfidf_fit._calibrated
    monkeypatch.setattr(tfidf_fit, "_calibrated", lambda *args: kept.append(real(*args)) or kept[-1])
    model = fit("tfidf", scheme, data)
    analyses = [features.analyze(example) for example in data.examples]

    def vectors(block, documents, expand=None):
        analyzer = (lambda items: items) if expand is None else (lambda items: [part for item in items for part in expand(item)])
        return TfidfVectorizer(analyzer=analyzer, min_df=model.min_df, sublinear_tf=True).fit_transform(documents)

    words = vectors("word", [features.topic_words(each) for each in analyses])
    characters = vectors(
        "character", [features.character_words(each) for each in analyses], lambda word: features.character_ngrams(word, *model.ngrams)
    )
    weighed = sparse.hstack([words, characters], format="csr")
    expected = np.stack([each.predict_proba(weighed)[:, 1] for each in kept[:2]], axis=1)
    found = np.stack([prediction.topics for prediction in model.predict(data.examples)])
    assert np.abs(found - expected).max() < 1e-6

    rows = [(unit, pair) for unit, gold in enumerate(data.gold) for pair in sorted(gold.stances)]
    views = [features.stance_views(analyses[unit], pair[0]) for unit, pair in rows]
    blocks = [model.weights[name] * vectors(name, [view[name] for view in views]) for name in features.BLOCKS]
    slots = np.array([scheme.topic_ids.index(pair[1]) for _, pair in rows])
    expected = kept[2].predict_proba(tfidf_fit.cross(model, sparse.hstack(blocks, format="csr"), slots))
    predictions = model.predict(data.examples)
    found = np.stack([predictions[unit].stances[pair] for unit, pair in rows])
    assert np.abs(found - expected).max() < 1e-6


def test_two_stances_follow_scikit_learn_too(tmp_path):
    text = (SCHEMES / "moods.yaml").read_text("utf-8").replace("  - {id: blame, vi: chê, en: blame, tone: negative}\n", "")
    (tmp_path / "two.yaml").write_text(text, "utf-8")
    scheme = load_scheme(tmp_path / "two.yaml")
    records = [record for record in mood_records() if not any(each["stance"] == "blame" for each in record["paragraphs"][0]["stances"])]
    data = flatten(read_corpus([write_jsonl(tmp_path / "c.jsonl", records)], scheme), ActorFinder(scheme))
    model = fit("tfidf", scheme, data)
    for prediction, gold in zip(model.predict(data.examples), data.gold, strict=True):
        for (_, topic), stance in gold.stances.items():
            assert scheme.stance_ids[int(prediction.stances[None, topic].argmax())] == stance


def test_an_actor_that_is_not_named_still_gets_an_answer(model):
    example = Example("Các bên đồng ý ngừng bắn.", ())
    prediction = model.predict([example], [[("russia", "negotiations")]])[0]
    assert prediction.stances["russia", "negotiations"].sum() == pytest.approx(1)


def test_vectors_of_nothing():
    assert Tfidf([], np.zeros(0)).transform([["a"], []]).shape == (2, 0)
    assert Tfidf(["a"], np.ones(1)).transform([["b"], []]).to_csr().nnz == 0


def test_an_alias_is_as_good_as_another():
    shipped = laptruong.load("tfidf")
    texts = [
        "Nga bác bỏ đề xuất ngừng bắn của Mỹ.",
        "Matxcơva bác bỏ đề xuất ngừng bắn của Washington.",
        "Moskva bác bỏ đề xuất ngừng bắn của Nhà Trắng.",
    ]
    found = [shipped.classifier.predict([Example(text, tuple(shipped.finder.find(text)))])[0] for text in texts]
    for each in found[1:]:
        assert np.allclose(each.topics, found[0].topics)
        assert np.allclose(each.stances["russia", "negotiations"], found[0].stances["russia", "negotiations"])


def test_a_model_of_another_shape_is_refused(tmp_path):
    laptruong.load("tfidf").classifier.save(tmp_path)
    with pytest.raises(ModelError, match="is no TF-IDF model of this version"):
        TfidfClassifier.load(tmp_path, load_scheme(SCHEMES / "moods.yaml"))

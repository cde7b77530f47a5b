"""Figures, intervals, calibration, slices, leakage: held against scikit-learn, against counts by hand, against known truth."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import brier_score_loss, confusion_matrix, f1_score, precision_recall_fscore_support
from support import ROOT, mood_records, write_jsonl

import laptruong
from laptruong import ActorFinder
from laptruong.classifiers import Classifier, Prediction
from laptruong.corpus import flatten, read_corpus
from laptruong.decision import Decision
from laptruong.evaluation import Draws, collect, judge, metrics
from laptruong.evaluation.cost import cost
from laptruong.evaluation.leakage import leakage
from laptruong.evaluation.resampling import holm, interval, more_needed, p_value
from laptruong.evaluation.slices import slices
from laptruong.evaluation.trust import calibration, coverage_risk
from laptruong.labelling import Labeller
from train.run import train

TEST = ROOT / "data" / "corpus" / "test.jsonl"


@pytest.fixture(scope="module")
def baseline():
    return laptruong.load("tfidf")


@pytest.fixture(scope="module")
def data(ukraine):
    return flatten(read_corpus([TEST], ukraine), ActorFinder(ukraine))


@pytest.fixture(scope="module")
def items(baseline, data):
    return collect(baseline, data)


def test_scores_agree_with_scikit_learn_and_a_count_by_hand(baseline, ukraine, data):
    scores = judge(baseline, data)
    predictions = baseline.classifier.predict(data.examples, [list(gold.stances) for gold in data.gold])
    y = [stance for gold in data.gold for stance in gold.stances.values()]
    guess = [
        ukraine.stance_ids[int(p.stances[pair].argmax())] for p, gold in zip(predictions, data.gold, strict=True) for pair in gold.stances
    ]
    stance, ids = scores.of("stance"), list(ukraine.stance_ids)
    assert stance.figures["macro_f1"].value == pytest.approx(f1_score(y, guess, average="macro"))
    assert stance.figures["accuracy"].value == pytest.approx(np.mean([a == b for a, b in zip(y, guess, strict=True)]))
    assert stance.figures["f_avg"].value == pytest.approx(f1_score(y, guess, labels=["support", "oppose"], average="macro"))
    assert stance.confusions["stance"].counts == confusion_matrix(y, guess, labels=ids).tolist()
    for each, precision, recall, f1, support in zip(stance.classes, *precision_recall_fscore_support(y, guess, labels=ids), strict=True):
        assert (each.precision, each.recall, each.f1.value, each.support) == pytest.approx((precision, recall, f1, support))
    found = baseline.classifier.predict(data.examples)
    has = np.array([[topic in gold.topics for topic in ukraine.topic_ids] for gold in data.gold])
    says = np.array([p.topics >= baseline.decision.floor(ukraine) for p in found])
    assert scores.of("topic").figures["macro_f1"].value == pytest.approx(f1_score(has, says, average="macro"))
    assert scores.of("topic").figures["micro_f1"].value == pytest.approx(f1_score(has, says, average="micro"))
    right = said = true = 0
    for p, gold in zip(found, data.gold, strict=True):
        for column, topic in enumerate(ukraine.topic_ids):
            for actor in {actor for actor, _ in p.stances} | {actor for actor, _ in gold.stances}:
                gives = (actor, topic) in p.stances and p.topics[column] >= baseline.decision.topic[topic]
                one = ukraine.stance_ids[int(p.stances[actor, topic].argmax())] if gives else "neutral"
                two = gold.stances.get((actor, topic), "neutral")
                right, said, true = right + (one == two != "neutral"), said + (one != "neutral"), true + (two != "neutral")
    assert scores.of("statement").figures["f1"].value == pytest.approx(2 * right / (said + true))
    assert scores.actors.recall.value > 0.97
    assert scores.actors.precision.value > 0.9


class Oracle:
    """Says what it is told to, sure of it."""

    kind = "oracle"
    default_pairs = Classifier.default_pairs

    def __init__(self, scheme, topics, stances):
        self.scheme, self.topics, self.stances = scheme, topics, stances

    def predict(self, examples, pairs=None, floor=None):
        found = []
        for unit, example in enumerate(examples):
            wanted = pairs[unit] if pairs is not None else [(actor, topic) for actor in example.actors for topic in self.scheme.topic_ids]
            shares = {}
            for pair in wanted:
                shares[pair] = np.full(4, 0.05)
                shares[pair][self.scheme.stance_ids.index(self.stances(unit, pair))] = 0.85
            found.append(Prediction(np.array([0.9 if topic in self.topics(unit) else 0.1 for topic in self.scheme.topic_ids]), shares))
        return found


def decide(scheme, **changes) -> Decision:
    half = dict.fromkeys(scheme.topic_ids, 0.5)
    return Decision(**({"topic": half, "topic_abstain": half, "stance_abstain": 0.0} | changes))


def test_a_model_that_is_right_has_full_scores_at_both_levels(ukraine, data):
    model = Oracle(ukraine, lambda unit: data.gold[unit].topics, lambda unit, pair: data.gold[unit].stances.get(pair, "neutral"))
    scores = judge(Labeller(model, decide(ukraine), {}), data)
    assert {(each.level, each.task) for each in scores.scores} == {
        (level, task) for level in ("paragraph", "article") for task in ("topic", "stance", "statement")
    }
    assert all(each.figures[each.primary].value == 1 for each in scores.scores if each.task != "statement")
    assert scores.of("statement").figures["precision"].value == 1
    assert scores.of("statement").figures["recall"].value == pytest.approx(scores.actors.recall.value, abs=0.02), (
        "who is not found is missed"
    )


def test_an_article_is_judged_by_its_headline_first(ukraine, tmp_path):
    """The headline's stance outweighs two paragraphs (codebook, section 5)."""
    said = {0: "oppose", 1: "support", 2: "support"}
    paragraphs = [
        {"text": f"Đức nói về viện trợ cho Ukraine, lần {n}.", "kind": "headline" if n == 0 else "body", "topics": ["aid"],
         "stances": [{"actor": "germany", "topic": "aid", "stance": "support"}, {"actor": "ukraine", "topic": "aid", "stance": "neutral"}]}
        for n in range(3)
    ]  # fmt: skip
    path = write_jsonl(tmp_path / "a.jsonl", [{"id": "a", "paragraphs": paragraphs}])
    one = flatten(read_corpus([path], ukraine), ActorFinder(ukraine))
    model = Oracle(ukraine, lambda unit: {"aid"}, lambda unit, pair: said[unit] if pair == ("germany", "aid") else "neutral")
    found = collect(Labeller(model, decide(ukraine, stance_abstain=0.9), {}), one)
    article = found[(found.level == "article") & (found.task == "stance")].set_index("actor")
    assert article.loc["germany", ["gold", "predicted", "right", "given"]].tolist() == ["support", "oppose", False, False]
    assert found[(found.level == "paragraph") & (found.task == "stance") & (found.actor == "germany")]["right"].tolist() == [
        False,
        True,
        True,
    ]
    wrong = found[(found.level == "article") & (found.task == "statement")]
    assert wrong[["actor", "gold", "predicted"]].values.tolist() == [["germany", "support", "oppose"]]


def test_resamples_are_whole_seeded_and_the_same_for_all():
    draws = Draws(50, 200, seed=4)
    assert (draws.weights.sum(axis=1) == 50).all()
    assert np.array_equal(draws.weights, Draws(50, 200, seed=4).weights)
    assert not np.array_equal(draws.weights, Draws(50, 200, seed=5).weights)
    counts = np.random.default_rng(0).integers(0, 5, (50, 2, 3))
    assert np.array_equal(draws.sums(counts)[7], sum(int(weight) * each for weight, each in zip(draws.weights[7], counts, strict=True)))


def articles_of_noise(draw: np.random.Generator, articles: int) -> np.ndarray:
    """Confusions of a classifier whose mistakes come in clusters: whole articles are easy or hard."""
    confusions = np.zeros((articles, 4, 4))
    for each in confusions:
        accuracy = draw.beta(3.5, 1.5)
        for gold in draw.choice(4, size=draw.integers(1, 6), p=[0.35, 0.12, 0.13, 0.4]):
            each[gold, gold if draw.random() < accuracy else draw.integers(0, 4)] += 1
    return confusions


def test_intervals_cover_the_truth_as_often_as_they_say(ukraine):
    draw = np.random.default_rng(0)
    figure = lambda sums: metrics.figures("stance", sums, ukraine)["macro_f1"]  # noqa: E731
    truth = float(figure(articles_of_noise(draw, 60_000).sum(axis=0)))
    draws, trials = Draws(250, 400), 400
    found = [draws.interval(articles_of_noise(draw, 250), figure) for _ in range(trials)]
    covered = sum(each.low <= truth <= each.high for each in found)
    assert 0.92 <= covered / trials <= 0.98


def test_tests_of_differences_agree_with_what_is_known():
    spread = np.random.default_rng(0).normal(0.02, 0.01, 20_000)
    assert p_value(0.02, spread) == pytest.approx(0.0455, abs=0.002)
    assert p_value(0.0, np.zeros(10)) == 1
    assert p_value(0.1, np.full(10, 0.1)) == 0
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    assert more_needed(0.01, spread, 100) == pytest.approx(685, rel=0.03), "at half the effect of 2.8 standard errors: 7.85 times as many"
    assert more_needed(0.0, spread, 100) is None
    assert interval(1.0, np.array([])).low is None


def test_calibration_is_told_as_it_is(ukraine):
    draw = np.random.default_rng(1)
    count = 6000
    shares = draw.dirichlet([1, 1, 1, 1], count)
    gold = [ukraine.stance_ids[int(draw.choice(4, p=each))] for each in shares]

    def rows(said):
        best = said.argmax(axis=1)
        predicted = [ukraine.stance_ids[at] for at in best]
        return pd.DataFrame({
            "level": "paragraph", "task": "stance", "article": [f"{n // 3}" for n in range(count)], "gold": gold, "predicted": predicted,
            "confidence": said.max(axis=1), "right": [a == b for a, b in zip(gold, predicted, strict=True)], "probabilities": list(said),
        })  # fmt: skip

    draws = Draws(count // 3, 200)
    honest = calibration(rows(shares), "stance", ukraine, draws)
    assert honest.ece.value < 0.03
    assert sum(each.count for each in honest.bins) == count
    assert max(each.count for each in honest.bins) - min(each.count for each in honest.bins) <= 1
    sharp = shares**3 / (shares**3).sum(axis=1, keepdims=True)
    boastful = calibration(rows(sharp), "stance", ukraine, draws)
    assert boastful.ece.value > 0.15
    assert boastful.brier.value > honest.brier.value
    one_hot = np.array([[stance == each for stance in ukraine.stance_ids] for each in gold], dtype=float)
    assert honest.brier.value == pytest.approx(((shares - one_hot) ** 2).sum(axis=1).mean())


def test_the_brier_score_of_topics_is_scikit_learns(ukraine, items):
    found = calibration(items, "topic", ukraine, Draws(items["article"].nunique(), 100))
    mine = items[(items.level == "paragraph") & (items.task == "topic")]
    p = [each[0] for each in mine["probabilities"]]
    assert found.brier.value == pytest.approx(brier_score_loss(mine["gold"] == "yes", p))


def test_error_budgets_and_the_area_by_hand():
    """Four labels, wrong at the second and the last; the two in the middle are equally sure."""
    rows = pd.DataFrame({
        "level": "paragraph", "task": "stance", "article": ["a", "b", "c", "d"], "predicted": "support",
        "confidence": [0.9, 0.7, 0.7, 0.6], "right": [True, False, True, False],
    })  # fmt: skip
    found = coverage_risk(rows, "stance", Draws(4, 200))
    curve = [(each.threshold, each.coverage, each.risk) for each in found.points]
    assert [value for point in curve for value in point] == pytest.approx([0.9, 0.25, 0, 0.7, 0.75, 1 / 3, 0.6, 1, 0.5])
    assert found.aurc.value == pytest.approx(np.mean([0, 1 / 2, 1 / 3, 1 / 2]))
    strict = found.budgets[0]
    assert (strict.threshold, strict.coverage, strict.error.value) == (0.9, 0.25, 0)
    assert (strict.right_withheld, strict.wrong_withheld) == (1, 2)
    hopeless = coverage_risk(rows.assign(right=False), "stance", Draws(4, 200)).budgets[0]
    assert hopeless.threshold is None
    assert (hopeless.coverage, hopeless.wrong_withheld) == (0, 4)


def test_slices_are_those_of_the_units_and_small_ones_say_so(ukraine, items, data):
    found = slices(items, ukraine, Draws(items["article"].nunique(), 100))
    stances = {(each.by, each.name): each for each in found if each.task == "stance"}
    total = sum(len(gold.stances) for gold in data.gold)
    for by in ("topic", "actor", "part", "length", "negation", "quotation", "condition"):
        assert sum(each.items for (one, _), each in stances.items() if one == by) == total
    assert {each.name for each in found if each.by == "part"} == {"headline and lead", "body"}
    assert all(each.small == (each.items < 30) for each in found)
    russia = items[(items.level == "paragraph") & (items.task == "stance") & (items.actor == "russia")]
    assert stances["actor", "russia"].score.value == pytest.approx(f1_score(russia["gold"], russia["predicted"], average="macro"))
    negated = items[(items.level == "paragraph") & (items.task == "topic") & (items.negation == "yes")]["text"].unique()
    assert all(any(word in text.lower() for word in ("không", "chưa", "chẳng", "từ chối", "bác bỏ", "phủ nhận")) for text in negated)


CONFIG = """name: moods
classifier: tfidf
scheme: moods.yaml
output: models
data: {train: [../learn.jsonl], dev: [../learn.jsonl]}
"""


def test_what_the_model_has_seen_is_counted_listed_and_scored_apart(tmp_path):
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "moods.yaml").write_text((ROOT / "tests/schemes/moods.yaml").read_text("utf-8"), "utf-8")
    (tmp_path / "configs" / "c.yaml").write_text(CONFIG.replace("output: models", "output: ../models"), "utf-8")
    records = mood_records()
    for each in records:
        each["paragraphs"][0]["text"] += " Bản tin do phóng viên địa phương ghi lại trong ngày."
    write_jsonl(tmp_path / "learn.jsonl", records)
    run = train(tmp_path / "configs" / "c.yaml")
    usual, other = "Bản tin do phóng viên địa phương ghi lại trong ngày", "Người xem bình luận đủ kiểu, chẳng ai giống ai"
    fresh = json.loads(json.dumps(records[:12], ensure_ascii=False).replace(usual, other))
    seen = json.loads(json.dumps(records[12:15], ensure_ascii=False).replace("trong ngày.", "trong ngày!"))
    path = write_jsonl(tmp_path / "eval.jsonl", [each | {"id": f"e{n}"} for n, each in enumerate(fresh + seen)])
    labeller = laptruong.load(run)
    units = flatten(read_corpus([path], labeller.scheme), labeller.finder)
    items = collect(labeller, units)
    found = leakage(run, [path], units, items, labeller.scheme, Draws(15, 100))
    assert found.looked_at == ["learn.jsonl"]
    assert found.units == 3
    assert {(each.place.partition(",")[0], each.of) for each in found.leaks} == {(str(path), f"learn.jsonl: m{n}") for n in (12, 13, 14)}
    clean = items[items["article"].isin([f"{n}:e{n}" for n in range(12)]) & (items.level == "paragraph") & (items.task == "stance")]
    assert found.apart["stance"].value == pytest.approx(
        f1_score(clean["gold"], clean["predicted"], labels=["praise", "blame", "flat"], average="macro")
    )
    (tmp_path / "learn.jsonl").write_text("changed", "utf-8")
    assert leakage(run, [path], units, items, labeller.scheme, Draws(15, 100)).missing == ["learn.jsonl"], (
        "another file of that name is not it"
    )


def test_the_cost_is_the_models_own(baseline, data):
    """Neither what this process holds counts, nor what it has let go of."""
    held = np.ones(120_000_000)
    found = cost(baseline.folder, data.examples[:40])
    assert held.nbytes / 1e6 > found.peak_mb > found.size_mb > 10
    assert found.paragraphs == len({each.text for each in data.examples[:40]})
    assert found.load_seconds > 0
